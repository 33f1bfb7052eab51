package health_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/memstore"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// counted is a store that counts writes, and fails while it is told to.
type counted struct {
	health.Store
	writes int
	away   error
}

func (c *counted) Beat(ctx context.Context, h health.Heartbeat) error {
	if c.writes++; c.away != nil {
		return c.away
	}
	return c.Store.Beat(ctx, h)
}

// TestRecorderWritesSeldom: however busy it is, a source costs one write in
// Every, also while storage is away, and what happened between is in the next.
func TestRecorderWritesSeldom(t *testing.T) {
	t.Parallel()
	now, store := start, &counted{Store: &memstore.Store{}}
	r := &health.Recorder{Store: store, Now: func() time.Time { return now }, Every: 15 * time.Second, Log: slog.New(slog.DiscardHandler)}
	busy := func() {
		for range 100 {
			now = now.Add(100 * time.Millisecond)
			r.Failed(t.Context(), health.Mail, "temporary")
		}
	}
	busy()
	if store.writes != 1 {
		t.Errorf("%d writes in 10 seconds, want 1", store.writes)
	}
	now = now.Add(10 * time.Second)
	r.Failed(t.Context(), health.Mail, "refused")
	all, err := store.Heartbeats(t.Context())
	if err != nil || len(all) != 1 || all[0].Failures != 101 || all[0].Class != "refused" || !all[0].FailedAt.Equal(now) {
		t.Errorf("%+v, %v", all, err)
	}
	store.away, store.writes = errors.New("away"), 0
	now = now.Add(15 * time.Second)
	busy()
	if store.writes != 1 {
		t.Errorf("%d writes in 10 seconds while storage is away, want 1", store.writes)
	}
	var none *health.Recorder
	none.Well(t.Context(), health.Mail, "", nil) // records nothing
}

// TestMerged: instances that die, come up and disagree are one source.
func TestMerged(t *testing.T) {
	t.Parallel()
	at := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	old := health.Heartbeat{Source: "mail", Instance: "old", Since: at(0), At: at(1), Busy: at(0), FailedAt: at(2), Failures: 5, Class: "refused"}
	young := health.Heartbeat{Source: "mail", Instance: "young", Since: at(3), At: at(4), Busy: at(3), Detail: "d"}
	worse := health.Heartbeat{Source: "mail", Instance: "worse", Since: at(3), FailedAt: at(6), Failures: 2, Class: "temporary"}
	other := health.Heartbeat{Source: "topic", Instance: "old", Since: at(0), At: at(100)}
	tests := []struct {
		name string
		all  []health.Heartbeat
		want health.Heartbeat
	}{
		{"nobody said anything", []health.Heartbeat{other}, health.Heartbeat{}},
		{"one failed", []health.Heartbeat{old}, health.Heartbeat{Source: "mail", Instance: "old", Since: at(0), At: at(1), Busy: at(0), FailedAt: at(2), Failures: 5, Class: "refused"}},
		{"another went well since", []health.Heartbeat{old, other, young}, health.Heartbeat{Source: "mail", Instance: "young", Since: at(0), At: at(4), Busy: at(0), FailedAt: at(2), Class: "refused", Detail: "d"}},
		{"a third failed since", []health.Heartbeat{old, young, worse}, health.Heartbeat{Source: "mail", Instance: "young", Since: at(0), At: at(4), Busy: at(0), FailedAt: at(6), Failures: 2, Class: "temporary", Detail: "d"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, health.Merged(tt.all, "mail")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	stale := health.Stale([]health.Heartbeat{old, young, worse, other}, at(5))
	if len(stale) != 1 || stale[0].Instance != "old" {
		t.Errorf("stale: %+v, want the old one alone: it tells neither the last success nor the last failure", stale)
	}
	if stale := health.Stale([]health.Heartbeat{old, young, worse, other}, at(1)); len(stale) != 0 {
		t.Errorf("stale too early: %+v", stale)
	}
}
