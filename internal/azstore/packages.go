package azstore

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// maxPackage bounds what is read of a template package, in bytes: its files
// have 8 MiB at most, of which base64 makes a third more.
const maxPackage = 12 << 20

// SavePackage keeps a package under its digest, as one JSON object of its
// files. What is there already stays: the digest says that it is the same.
func (s *Store) SavePackage(ctx context.Context, digest string, files map[string][]byte) error {
	what := fmt.Sprintf("template package %q", digest)
	if got := template.Sum(files); got != digest {
		return fmt.Errorf("%s: the files have the digest %s: %w", what, got, airlock.ErrInvalid)
	}
	text, err := json.Marshal(files)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", what, err, airlock.ErrInvalid)
	}
	if len(text) > maxPackage {
		return fmt.Errorf("%s: %d bytes, at most %d: %w", what, len(text), maxPackage, airlock.ErrInvalid)
	}
	return translateNil(what, saveBlob(ctx, s.Packages, packageName(digest), text))
}

// LoadPackage returns airlock.ErrNotFound when there is none of that digest,
// airlock.ErrInvalid when what is kept does not have it any more.
func (s *Store) LoadPackage(ctx context.Context, digest string) (map[string][]byte, error) {
	what := fmt.Sprintf("template package %q", digest)
	text, err := loadBlob(ctx, s.Packages, packageName(digest), maxPackage)
	if err != nil {
		return nil, translate(what, err)
	}
	var files map[string][]byte
	if err := json.Unmarshal(text, &files); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", what, err, airlock.ErrInvalid)
	}
	if got := template.Sum(files); got != digest {
		return nil, fmt.Errorf("%s: what is kept has the digest %s: %w", what, got, airlock.ErrInvalid)
	}
	return files, nil
}

// packageName is the blob's name: <digest>.json.
func packageName(digest string) string { return part(digest) + ".json" }
