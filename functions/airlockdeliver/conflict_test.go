package airlockdeliver_test

import (
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// TestNotedMeanwhile has somebody note something about the request, a purge or
// a notice, just before the delivery is committed: it ends in the same call and
// does not wait for the message to come back.
func TestNotedMeanwhile(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := approved(w, airlock.Import)
	once := false
	w.Faults.Before("Requests.Commit", func() {
		if once {
			return
		}
		once = true
		now := w.Reload(r)
		if _, err := w.Store.Commit(t.Context(), now.Note().WithOpen(airlock.Policy{}, w.Ledger.Cadence)); err != nil {
			t.Error(err)
		}
	})
	if err := follow(w); err != nil {
		t.Fatalf("a note came first: %v, want no error", err)
	}
	if got := w.Reload(r).Stage; got != airlock.Approved {
		t.Errorf("stage %s, want %s", got, airlock.Approved)
	}
}
