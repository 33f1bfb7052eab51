package azstore

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Name keeps whose a suffix in the names of things in the cloud is.
func (s *Store) Name(ctx context.Context, suffix string, key workspace.Key) error {
	r, err := newRow(workspace.NamesPartition, kindName+part(suffix)).withData(key)
	if err != nil {
		return err
	}
	return s.write(ctx, fmt.Sprintf("name %q", suffix), r)
}

// Named returns airlock.ErrNotFound for a suffix of nobody.
func (s *Store) Named(ctx context.Context, suffix string) (workspace.Key, error) {
	return one(ctx, s, workspace.NamesPartition, kindName+part(suffix), unversioned[workspace.Key])
}
