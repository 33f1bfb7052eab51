package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/memstore"
)

func TestRememberedWorkspaces(t *testing.T) {
	t.Parallel()
	store, now, id := &memstore.Store{}, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), uuid.NewString()
	r := &ledger.Remembered{Store: store, For: time.Minute, Now: func() time.Time { return now }}
	name := func() string {
		t.Helper()
		w, err := r.Workspace(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		return w.DisplayName
	}
	if _, err := r.Workspace(t.Context(), id); !errors.Is(err, airlock.ErrNotFound) {
		t.Fatalf("no workspace: %v, want %v", err, airlock.ErrNotFound)
	}
	for _, w := range []struct {
		put   string
		later time.Duration
		want  string
	}{{"first", 0, "first"}, {"second", 59 * time.Second, "first"}, {"second", time.Second, "second"}} {
		now = now.Add(w.later)
		if err := store.PutWorkspace(t.Context(), airlock.Workspace{ID: id, DisplayName: w.put}); err != nil {
			t.Fatal(err)
		}
		if got := name(); got != w.want {
			t.Errorf("%s after %v: %q, want %q", w.put, w.later, got, w.want)
		}
	}
}
