package azstore

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Drift returns airlock.ErrNotFound when there is no report.
func (s *Store) Drift(ctx context.Context) (workspace.Drift, error) {
	return one(ctx, s, system, keyDrift, unversioned[workspace.Drift])
}

// SaveDrift replaces the report.
func (s *Store) SaveDrift(ctx context.Context, d workspace.Drift) error {
	r, err := newRow(system, keyDrift).withData(d)
	if err != nil {
		return err
	}
	return s.write(ctx, "drift", r)
}
