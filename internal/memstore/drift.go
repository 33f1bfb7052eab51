package memstore

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Drift returns ErrNotFound when there is no report.
func (s *Store) Drift(context.Context) (workspace.Drift, error) {
	return readRow(s, workspace.System, rowPrefix(kindDrift), unversioned[workspace.Drift])
}

// SaveDrift replaces the report.
func (s *Store) SaveDrift(_ context.Context, d workspace.Drift) error {
	r, err := newRow(d)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.version = s.nextVersion()
	s.makePartition(workspace.System).rows.put(rowPrefix(kindDrift), r)
	return nil
}
