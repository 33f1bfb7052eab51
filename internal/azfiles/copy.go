package azfiles

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azblobs"
)

const (
	// sourceMark is the metadata of a copy: the ETag of what it was copied
	// from, by which a repeat knows that the work is done. Nobody but the
	// engine writes to where copies go.
	sourceMark = "source"
	// maxWrites is how often a destination that others write at the same time
	// is looked at again.
	maxWrites = 4

	defaultPutBlobMax = 256 << 20
	defaultBlock      = 64 << 20
	defaultPerSlice   = 64
	defaultParallel   = 8
)

// Copy implements airlock.Vault. A slice that should be the last but finds
// blocks missing, because they aged or the settings changed, answers with
// offset 0: begin again. airlock.ErrInvalid: the source has no ETag.
func (v *Vault) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	if c.From.ETag == "" || c.Size < 0 {
		return airlock.Copied{}, fmt.Errorf("copy of %d bytes from version %q: %w", c.Size, c.From.ETag, airlock.ErrInvalid)
	}
	target, err := v.block(c.To)
	if err != nil {
		return airlock.Copied{}, err
	}
	source, err := v.Accounts.Sign(ctx, azblobs.Grant{Place: c.From.Place, Blob: c.From.Name, Permissions: "r", Until: v.Now().Add(sourceLife)})
	if err != nil {
		return airlock.Copied{}, fmt.Errorf("copy source: %w", err)
	}
	w := work{vault: v, copy: c, to: target, source: source}
	switch {
	case c.Size == 0:
		return w.write(ctx, nobody(), w.empty)
	case c.Size <= cmp.Or(v.PutBlobMax, defaultPutBlobMax):
		return w.write(ctx, nobody(), w.put)
	}
	return w.slice(ctx)
}

// work is one slice of a copy at work.
type work struct {
	vault  *Vault
	copy   airlock.Copy
	to     *blockblob.Client
	source string // signed URL
}

// write calls put, which makes the destination under a condition, until it is
// made by this or by another copy of the same version. What else is there is
// overwritten as it was seen.
func (w *work) write(ctx context.Context, seen *blob.AccessConditions, put func(context.Context, *blob.AccessConditions) (*azcore.ETag, error)) (airlock.Copied, error) {
	var failed error
	for range maxWrites {
		etag, err := put(ctx, seen)
		if err == nil {
			return airlock.Copied{Offset: w.copy.Size, ETag: normal(etag)}, nil
		}
		failed = azblobs.Translate(err)
		there := azblobs.HasCode(err, bloberror.BlobAlreadyExists)
		if !there && !errors.Is(failed, airlock.ErrChanged) && !errors.Is(failed, airlock.ErrNotFound) {
			break
		}
		done, now, headErr := w.look(ctx)
		if headErr != nil {
			return airlock.Copied{}, fmt.Errorf("copy destination: %w", headErr)
		}
		if done != "" {
			return airlock.Copied{Offset: w.copy.Size, ETag: done}, nil
		}
		if same(now, seen) {
			break // so it was the source that is gone or changed
		}
		seen = now
	}
	return airlock.Copied{}, fmt.Errorf("copy: %w", w.vault.explain(ctx, w.copy.From, failed))
}

// look says what is at the destination: the ETag of this very copy when it was
// made before, and the condition under which anything may be written now.
func (w *work) look(ctx context.Context) (done string, now *blob.AccessConditions, err error) {
	p, err := w.vault.head(ctx, airlock.Ref{Place: w.copy.To.Place, Name: w.copy.To.Name})
	if errors.Is(err, airlock.ErrNotFound) {
		return "", nobody(), nil
	}
	if err != nil {
		return "", nil, err
	}
	etag := normal(p.ETag)
	if mark(p.Metadata) == w.copy.From.ETag && value(p.ContentLength) == w.copy.Size {
		return etag, nil, nil
	}
	return "", ifMatch(etag), nil
}

// put copies a small file by one request. The service would copy the source's
// other headers too; see headers for why it must not.
// https://learn.microsoft.com/rest/api/storageservices/put-blob-from-url
func (w *work) put(ctx context.Context, under *blob.AccessConditions) (*azcore.ETag, error) {
	headers, err := w.headers(ctx)
	if err != nil {
		return nil, err
	}
	made, err := w.to.UploadBlobFromURL(ctx, w.source, &blockblob.UploadBlobFromURLOptions{
		Metadata:                       w.marks(),
		HTTPHeaders:                    headers,
		CopySourceBlobProperties:       to.Ptr(false),
		AccessConditions:               under,
		SourceModifiedAccessConditions: &blob.SourceModifiedAccessConditions{SourceIfMatch: quoted(w.copy.From.ETag)},
	})
	return made.ETag, err
}

// empty makes an empty file: Azure does not take an empty source by URL.
// https://github.com/Azure/azure-sdk-for-js/issues/6577
func (w *work) empty(ctx context.Context, under *blob.AccessConditions) (*azcore.ETag, error) {
	headers, err := w.headers(ctx)
	if err != nil {
		return nil, err
	}
	made, err := w.to.Upload(ctx, streaming.NopCloser(strings.NewReader("")), &blockblob.UploadOptions{
		Metadata: w.marks(), HTTPHeaders: headers, AccessConditions: under,
	})
	return made.ETag, err
}

// headers are those of the copy: the source's content type, which the manifest
// names. Whatever else an uploader can attach to a file, such as disposition,
// cache control or metadata, nobody reviews, so it does not cross.
func (w *work) headers(ctx context.Context) (*blob.HTTPHeaders, error) {
	if w.copy.Type != "" && w.copy.Size > 0 { // an empty file's source is asked by nothing else
		return &blob.HTTPHeaders{BlobContentType: &w.copy.Type}, nil
	}
	source, err := w.vault.head(ctx, w.copy.From)
	if err != nil {
		return nil, err
	}
	return &blob.HTTPHeaders{BlobContentType: source.ContentType}, nil
}

func (w *work) marks() map[string]*string {
	return map[string]*string{sourceMark: &w.copy.From.ETag}
}

// mark reads the mark of a copy; the SDK may have changed the case of its key.
func mark(metadata map[string]*string) string {
	for key, text := range metadata {
		if strings.EqualFold(key, sourceMark) {
			return value(text)
		}
	}
	return ""
}

// nobody is the condition that nothing is there yet.
func nobody() *blob.AccessConditions {
	return &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: to.Ptr(azcore.ETagAny)}}
}

func same(a, b *blob.AccessConditions) bool {
	x, y := a.ModifiedAccessConditions, b.ModifiedAccessConditions
	return value(x.IfMatch) == value(y.IfMatch) && value(x.IfNoneMatch) == value(y.IfNoneMatch)
}
