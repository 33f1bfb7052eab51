package azstore

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// maxManifest bounds what is read of a manifest, in bytes: 10,000 entries with
// the longest names and twenty findings each stay below it.
const maxManifest = 256 << 20

// SaveManifest keeps a manifest under its digest. What is there already stays:
// the digest says that it is the same.
func (s *Store) SaveManifest(ctx context.Context, key airlock.Key, digest string, text []byte) error {
	return translateNil(manifestOf(key, digest), saveBlob(ctx, s.Manifests, manifestName(key, digest), text))
}

// LoadManifest returns airlock.ErrNotFound when there is none of that digest.
func (s *Store) LoadManifest(ctx context.Context, key airlock.Key, digest string) ([]byte, error) {
	text, err := loadBlob(ctx, s.Manifests, manifestName(key, digest), maxManifest)
	return text, translateNil(manifestOf(key, digest), err)
}

func manifestOf(key airlock.Key, digest string) string {
	return fmt.Sprintf("manifest %q of request %q", digest, key.Request)
}

// manifestName is the blob's name: <workspace>/<request>/<digest>.json.
func manifestName(key airlock.Key, digest string) string {
	return part(key.Workspace) + "/" + part(key.Request) + "/" + part(digest) + ".json"
}
