// Package azfiles is the engine's side of the files on Azure Blob: it streams
// and copies them, deletes them, and purges containers. The app that faces
// outside must not import it.
package azfiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/lease"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
)

// Vault implements airlock.Vault. Fields other than Accounts and Now have
// useful zero values; those of a copy may change between its slices, which
// then begins again. It is safe for concurrent use.
type Vault struct {
	Accounts *azblobs.Accounts
	Now      func() time.Time // clock for the end of a source's signature

	// PutBlobMax is the largest file copied by one request, in bytes; 0 means
	// 256 MiB: that takes seconds, so a request cut off loses little, and most
	// files cost one request. Azure's own limit is 5,000 MiB.
	// https://learn.microsoft.com/rest/api/storageservices/put-blob-from-url
	PutBlobMax int64
	// BlockBytes is the least block of a larger file; 0 means 64 MiB. A file
	// has at most 50,000 blocks, so those of more than 3 TiB are larger.
	BlockBytes int64
	// BlocksPerSlice is how many blocks one slice copies; 0 means 64: 4 GiB.
	BlocksPerSlice int
	// Parallel is how many blocks are copied at once; 0 means 8.
	Parallel int
}

// sourceLife is how long the signature lasts by which the service reads a
// source: longer than any slice may take.
const sourceLife = time.Hour

// Open implements airlock.Vault. A connection that breaks while the content is
// read is made anew under the same ETag, a few times.
func (v *Vault) Open(ctx context.Context, ref airlock.Ref, from, count int64) (airlock.Content, error) {
	b, err := v.blob(ref)
	if err != nil {
		return airlock.Content{}, err
	}
	if count <= 0 {
		return v.nothing(ctx, ref)
	}
	from = max(0, from)
	ctx = asStored(ctx)
	got, err := b.DownloadStream(ctx, &blob.DownloadStreamOptions{
		Range:            blob.HTTPRange{Offset: from, Count: min(count, math.MaxInt64-from)},
		AccessConditions: ifMatch(ref.ETag),
	})
	if status(err) == http.StatusRequestedRangeNotSatisfiable {
		return v.nothing(ctx, ref) // there is nothing at from, as in all of an empty file
	}
	if err != nil {
		return airlock.Content{}, fmt.Errorf("open: %w", v.explain(ctx, ref, err))
	}
	return airlock.Content{
		ReadCloser: &body{got.NewRetryReader(ctx, nil)},
		ETag:       normal(got.ETag), Size: total(got), Type: value(got.ContentType),
	}, nil
}

// asStored asks for the bytes as they are. Else net/http asks for gzip, and
// unpacks in silence a file whose uploader said that it is packed: then other
// bytes would be hashed and checked than those that cross.
func asStored(ctx context.Context) context.Context {
	return policy.WithHTTPHeader(ctx, http.Header{"Accept-Encoding": {"identity"}})
}

// nothing is an empty part of a file, under its ETag.
func (v *Vault) nothing(ctx context.Context, ref airlock.Ref) (airlock.Content, error) {
	p, err := v.head(ctx, ref)
	if err != nil {
		return airlock.Content{}, fmt.Errorf("open: %w", v.explain(ctx, ref, err))
	}
	return airlock.Content{ReadCloser: http.NoBody, ETag: normal(p.ETag), Size: value(p.ContentLength), Type: value(p.ContentType)}, nil
}

// Remove implements airlock.Vault.
func (v *Vault) Remove(ctx context.Context, ref airlock.Ref) error {
	b, err := v.blob(ref)
	if err != nil {
		return err
	}
	// Whoever may write may also leave snapshots behind: they go along.
	options := &blob.DeleteOptions{AccessConditions: ifMatch(ref.ETag), DeleteSnapshots: to.Ptr(blob.DeleteSnapshotsOptionTypeInclude)}
	_, err = b.Delete(ctx, options)
	if azblobs.Leased(err) {
		if err = breakLease(ctx, b, ref.ETag); err == nil {
			_, err = b.Delete(ctx, options)
		}
	}
	err = azblobs.Translate(err)
	if err == nil || errors.Is(err, airlock.ErrNotFound) || errors.Is(err, airlock.ErrChanged) {
		return nil
	}
	return fmt.Errorf("remove: %w", err)
}

// breakLease ends a lease at once, if the blob is still this version.
func breakLease(ctx context.Context, b *blob.Client, etag string) error {
	client, err := lease.NewBlobClient(b, nil)
	if err != nil {
		return err
	}
	o := &lease.BlobBreakOptions{BreakPeriod: to.Ptr(int32(0))}
	if c := ifMatch(etag); c != nil {
		o.ModifiedAccessConditions = c.ModifiedAccessConditions
	}
	if _, err = client.BreakLease(ctx, o); azblobs.Leased(err) {
		return nil // it ended by itself
	}
	return err
}

func (v *Vault) blob(ref airlock.Ref) (*blob.Client, error) {
	c, err := v.Accounts.Container(ref.Place)
	if err != nil {
		return nil, err
	}
	return c.NewBlobClient(ref.Name), nil
}

func (v *Vault) block(ref airlock.Ref) (*blockblob.Client, error) {
	c, err := v.Accounts.Container(ref.Place)
	if err != nil {
		return nil, err
	}
	return c.NewBlockBlobClient(ref.Name), nil
}

// head returns the properties of a blob under its ETag, with translated errors.
func (v *Vault) head(ctx context.Context, ref airlock.Ref) (blob.GetPropertiesResponse, error) {
	b, err := v.blob(ref)
	if err != nil {
		return blob.GetPropertiesResponse{}, err
	}
	p, err := b.GetProperties(ctx, &blob.GetPropertiesOptions{AccessConditions: ifMatch(ref.ETag)})
	return p, azblobs.Translate(err)
}

// explain translates the error of a request under the file's ETag. A condition
// is not met either by a file that is not there: then that is the error.
func (v *Vault) explain(ctx context.Context, ref airlock.Ref, err error) error {
	err = azblobs.Translate(err)
	if errors.Is(err, airlock.ErrChanged) {
		ref.ETag = ""
		if _, gone := v.head(ctx, ref); errors.Is(gone, airlock.ErrNotFound) {
			return gone
		}
	}
	return err
}

// body is a stream whose errors hold no URL.
type body struct{ io.ReadCloser }

// Read reads; see io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = azblobs.Translate(err)
	}
	return n, err
}

// total is the size of the whole blob: what follows the slash of Content-Range.
func total(got blob.DownloadStreamResponse) int64 {
	_, text, found := strings.Cut(value(got.ContentRange), "/")
	if size, err := strconv.ParseInt(text, 10, 64); found && err == nil {
		return size
	}
	return value(got.ContentLength)
}

func ifMatch(etag string) *blob.AccessConditions {
	if etag == "" {
		return nil
	}
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: quoted(etag)}}
}

func quoted(etag string) *azcore.ETag { return to.Ptr(azcore.ETag(`"` + etag + `"`)) }

func normal(etag *azcore.ETag) string { return airlock.NormalizeETag(string(value(etag))) }

func status(err error) int {
	if answer, ok := errors.AsType[*azcore.ResponseError](err); ok {
		return answer.StatusCode
	}
	return 0
}

// value is what a pointer of the SDK points to, or zero.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
