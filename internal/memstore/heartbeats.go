package memstore

import (
	"context"
	"maps"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/health"
)

// Beat writes the row of a heartbeat's source and instance.
func (s *Store) Beat(_ context.Context, h health.Heartbeat) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.heartbeats == nil {
		s.heartbeats = map[string]health.Heartbeat{}
	}
	s.heartbeats[h.Source+"."+h.Instance] = h.Clone()
	return nil
}

// Heartbeats lists all of them, in the order of source and instance.
func (s *Store) Heartbeats(context.Context) ([]health.Heartbeat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []health.Heartbeat
	for _, key := range slices.Sorted(maps.Keys(s.heartbeats)) {
		all = append(all, s.heartbeats[key].Clone())
	}
	return all, nil
}

// ForgetHeartbeat removes a heartbeat's row; one that is gone is fine.
func (s *Store) ForgetHeartbeat(_ context.Context, source, instance string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.heartbeats, source+"."+instance)
	return nil
}
