package memstore

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Name keeps whose a suffix in the names of things in the cloud is.
func (s *Store) Name(_ context.Context, suffix string, key workspace.Key) error {
	r, err := newRow(key)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.version = s.nextVersion()
	s.makePartition(workspace.NamesPartition).rows.put(rowPrefix(kindName, suffix), r)
	return nil
}

// Named returns ErrNotFound for a suffix of nobody.
func (s *Store) Named(_ context.Context, suffix string) (workspace.Key, error) {
	return readRow(s, workspace.NamesPartition, rowPrefix(kindName, suffix), unversioned[workspace.Key])
}
