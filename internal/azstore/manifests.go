package azstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// maxManifest bounds what is read of a manifest, in bytes: 10,000 entries with
// the longest names and twenty findings each stay below it.
const maxManifest = 256 << 20

// SaveManifest keeps a manifest under its digest. What is there already stays:
// the digest says that it is the same.
func (s *Store) SaveManifest(ctx context.Context, key airlock.Key, digest string, text []byte) error {
	to := s.Manifests.NewBlockBlobClient(manifestName(key, digest))
	anything := azcore.ETagAny
	once := &blockblob.UploadOptions{AccessConditions: &blob.AccessConditions{
		ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfNoneMatch: &anything},
	}}
	upload := func() error {
		_, err := to.Upload(ctx, streaming.NopCloser(bytes.NewReader(text)), once)
		return err
	}
	err := upload()
	if bloberror.HasCode(err, bloberror.ContainerNotFound) {
		if _, err := s.Manifests.Create(ctx, nil); err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
			return fmt.Errorf("manifests: %w", err)
		}
		err = upload()
	}
	if bloberror.HasCode(err, bloberror.BlobAlreadyExists, bloberror.UnauthorizedBlobOverwrite) { // the second: who may add, but not overwrite
		return nil
	}
	return translateNil(fmt.Sprintf("manifest %q of request %q", digest, key.Request), err)
}

// LoadManifest returns airlock.ErrNotFound when there is none of that digest.
func (s *Store) LoadManifest(ctx context.Context, key airlock.Key, digest string) ([]byte, error) {
	what := fmt.Sprintf("manifest %q of request %q", digest, key.Request)
	res, err := s.Manifests.NewBlobClient(manifestName(key, digest)).DownloadStream(ctx, nil)
	if err != nil {
		return nil, translate(what, err)
	}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxManifest+1))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	if len(text) > maxManifest {
		return nil, fmt.Errorf("%s: more than %d bytes: %w", what, maxManifest, airlock.ErrInvalid)
	}
	return text, nil
}

// manifestName is the blob's name: <workspace>/<request>/<digest>.json.
func manifestName(key airlock.Key, digest string) string {
	return part(key.Workspace) + "/" + part(key.Request) + "/" + part(digest) + ".json"
}
