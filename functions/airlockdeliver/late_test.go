package airlockdeliver_test

import (
	"slices"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// Malware that is found while the last file crosses ends the delivery, as long
// as it is not committed; what was delivered is not the request's any more.
func TestMalwareBeforeTheEnd(t *testing.T) {
	t.Parallel()
	set := func(t testing.TB) *roomtest.World {
		w := roomtest.New(t)
		r := approved(w, airlock.Import)
		f := w.Known(r, airlock.Listed)[0]
		w.Put(r, f.Recorded(airlock.NewVerdict("Malicious", "EICAR", "", w.Now()), ""))
		return w
	}
	w := set(t)
	for range 100 {
		out, err := room(w).Handle(w.Context("airlockdeliver"), order(1))
		w.Must(err)
		if out.Deliver == nil {
			if out.Advance == nil || out.Purge == nil || out.Notify == nil {
				t.Errorf("ordered %+v", out)
			}
			break
		}
	}
	r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
	if r.Stage != airlock.Blocking || slices.ContainsFunc(r.Owns(), func(m airlock.Made) bool { return m.Kind == airlock.ReleasedFiles }) {
		t.Errorf("is %s, owns %v", r.Stage, r.Owns())
	}
	roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
}
