package azfiles

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
)

const (
	// maxBlocks is how many blocks a blob may have.
	// https://learn.microsoft.com/azure/storage/blobs/scalability-targets
	maxBlocks = 50_000
	// idBytes of a block's id: all ids of a blob must have one length, and no
	// two blocks of different versions may share one.
	idBytes = 24
)

// slice copies one slice of a large file in blocks, and commits them all when
// the last is there.
// https://learn.microsoft.com/rest/api/storageservices/put-block-from-url
func (w *work) slice(ctx context.Context) (airlock.Copied, error) {
	done, seen, err := w.look(ctx)
	if err != nil {
		return airlock.Copied{}, fmt.Errorf("copy destination: %w", err)
	}
	if done != "" {
		return airlock.Copied{Offset: w.copy.Size, ETag: done}, nil
	}
	size := w.blockSize()
	blocks := (w.copy.Size + size - 1) / size
	first := min(max(0, w.copy.Offset/size), blocks)
	end := min(first+int64(cmp.Or(w.vault.BlocksPerSlice, defaultPerSlice)), blocks)
	if err := w.stage(ctx, first, end); err != nil {
		return airlock.Copied{}, fmt.Errorf("copy of block %d to %d: %w", first, end-1, w.vault.explain(ctx, w.copy.From, err))
	}
	if end < blocks {
		return airlock.Copied{Offset: end * size}, nil
	}
	got, err := w.write(ctx, seen, w.commit)
	if azblobs.HasCode(err, bloberror.InvalidBlockList) {
		return airlock.Copied{}, nil
	}
	return got, err
}

// blockSize keeps a file within the number of blocks a blob may have.
func (w *work) blockSize() int64 {
	return max(cmp.Or(w.vault.BlockBytes, defaultBlock), (w.copy.Size+maxBlocks-1)/maxBlocks)
}

// stage copies the blocks from first to before end, several at once.
func (w *work) stage(ctx context.Context, first, end int64) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cmp.Or(w.vault.Parallel, defaultParallel))
	for index := first; index < end; index++ {
		group.Go(func() error {
			at := index * w.blockSize()
			_, err := w.to.StageBlockFromURL(ctx, w.id(index), w.source, &blockblob.StageBlockFromURLOptions{
				Range:                          blob.HTTPRange{Offset: at, Count: min(w.blockSize(), w.copy.Size-at)},
				SourceModifiedAccessConditions: &blob.SourceModifiedAccessConditions{SourceIfMatch: quoted(w.copy.From.ETag)},
			})
			return err
		})
	}
	return group.Wait()
}

// commit makes the file of its blocks.
func (w *work) commit(ctx context.Context, under *blob.AccessConditions) (*azcore.ETag, error) {
	headers, err := w.headers(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	for at := int64(0); at < w.copy.Size; at += w.blockSize() {
		ids = append(ids, w.id(at/w.blockSize()))
	}
	made, err := w.to.CommitBlockList(ctx, ids, &blockblob.CommitBlockListOptions{
		Metadata: w.marks(), HTTPHeaders: headers, AccessConditions: under,
	})
	return made.ETag, err
}

// id names a block by the version it comes from and by where it lies, so that
// a repeat writes the same block, and blocks of another version or cut are
// never mixed in.
func (w *work) id(index int64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", w.copy.From.ETag, w.blockSize(), index))
	return base64.StdEncoding.EncodeToString(sum[:idBytes])
}
