package azstore

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/health"
)

// Beat writes the row of a heartbeat's source and instance. See health.Store.
func (s *Store) Beat(ctx context.Context, h health.Heartbeat) error {
	r, err := newRow(system, heartbeatKey(h.Source, h.Instance)).withData(h)
	if err != nil {
		return err
	}
	return s.write(ctx, "heartbeat of "+h.Source, r)
}

// Heartbeats lists all of them.
func (s *Store) Heartbeats(ctx context.Context) ([]health.Heartbeat, error) {
	rows, err := s.every(ctx, span{workspace: system, prefix: kindHeartbeat})
	if err != nil {
		return nil, translate("heartbeats", err)
	}
	return decode[health.Heartbeat](rows)
}

// ForgetHeartbeat removes a heartbeat's row; one that is gone is fine.
func (s *Store) ForgetHeartbeat(ctx context.Context, source, instance string) error {
	_, err := s.Table.DeleteEntity(ctx, system, heartbeatKey(source, instance), nil)
	if absent(err) {
		return nil
	}
	return translateNil("heartbeat of "+source, err)
}

func heartbeatKey(source, instance string) string {
	return kindHeartbeat + part(source) + "." + part(instance)
}
