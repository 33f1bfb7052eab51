package retain_test

import (
	"errors"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/retain"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

func tick(w *roomtest.World) (retain.Out, error) {
	return retain.Function{Ledger: w.Ledger, Work: w.Work, Janitor: w.Janitor, Keys: w.Store, Members: w.Members, Rolls: w.Rolls, Records: w.Records}.Handle(w.Context("retain"), azfunc.Tick{})
}

const day = 24 * time.Hour

// Retention is over for what rests, and only then.
func TestRetained(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]int{0: 0, 89 * day: 0, 90 * day: 1} {
		w := roomtest.New(t)
		r := w.InReview(airlock.Import, "a", "x")
		r = w.Move(r, airlock.Approve)
		w.Must(w.Files.Create(t.Context(), r.Place(airlock.ReleasedFiles, 1)))
		w.Told(w.Move(r, airlock.Delivered))
		w.Pass(after)
		out, err := tick(w)
		if err != nil || len(out.Advance) != want || w.Contents(r.Place(airlock.SealedFiles, 1)) == nil || w.Contents(r.Place(airlock.ReleasedFiles, 1)) == nil {
			t.Errorf("after %v: %d hints, %v", after, len(out.Advance), err)
		}
	}
	w := roomtest.New(t)
	w.Draft(airlock.Import)
	w.Pass(90 * day)
	if out, err := tick(w); err != nil || len(out.Advance) != 0 {
		t.Errorf("a draft is the business of sweep: %+v, %v", out, err)
	}
}

// Each row is a sentence: such a container is purged, or left.
func TestOrphans(t *testing.T) {
	t.Parallel()
	box := func(kind airlock.Kind, request string, n int) string {
		return airlock.Container{Kind: kind, Key: airlock.Key{Workspace: roomtest.Here, Request: request}, Number: n}.String()
	}
	tests := []struct {
		name  string
		place airlock.Place
		after time.Duration
		left  bool
	}{
		{"the request's own draft", airlock.Place{Account: airlock.AirlockAccount, Container: box(airlock.DraftFiles, roomtest.RequestID, 1)}, 100 * day, true},
		{"a draft of a turn that never was", airlock.Place{Account: airlock.AirlockAccount, Container: box(airlock.DraftFiles, roomtest.RequestID, 2)}, 2 * day, false},
		{"one that is young", airlock.Place{Account: airlock.AirlockAccount, Container: box(airlock.DraftFiles, roomtest.RequestID, 2)}, day - time.Second, true},
		{"a released one that nobody delivers", airlock.Place{Account: roomtest.HereAccount, Container: box(airlock.ReleasedFiles, roomtest.RequestID, 1)}, 2 * day, false},
		{"the draft's name in the wrong account", airlock.Place{Account: roomtest.HereAccount, Container: box(airlock.DraftFiles, roomtest.RequestID, 1)}, 2 * day, false},
		{"of a request that never was", airlock.Place{Account: roomtest.HereAccount, Container: box(airlock.SealedFiles, roomtest.NobodysID, 1)}, 2 * day, false},
		{"of another workspace's account", airlock.Place{Account: roomtest.ThereAccount, Container: box(airlock.DraftFiles, roomtest.RequestID, 1)}, 2 * day, false},
		{"somebody else's", airlock.Place{Account: roomtest.HereAccount, Container: "logs"}, 100 * day, true},
		{"one that looks like ours", airlock.Place{Account: roomtest.HereAccount, Container: "draft-x-y-1"}, 100 * day, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				w.Draft(airlock.Import)
				w.Must(w.Files.Create(t.Context(), tt.place))
				w.Pass(tt.after)
				return w
			}
			w := set(t)
			_, err := tick(w)
			w.Must(err)
			if left := w.Contents(tt.place) != nil; left != tt.left {
				t.Errorf("left %t, want %t", left, tt.left)
			}
			lines := w.Strange()
			if (len(lines) == 1) == tt.left || !tt.left && (lines[0].Action != "purged" || lines[0].Detail != tt.place.Container) {
				t.Errorf("audited %+v", lines)
			}
			if tt.after < day { // a repeat comes later, when it is no longer young
				return
			}
			roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: func(w *roomtest.World) error { _, err := tick(w); return err }})
		})
	}
}

// What fails does not keep the rest from being done.
func TestRetainInTrouble(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	w.Told(w.Move(w.InReview(airlock.Import, "a", "x"), airlock.Broke))
	w.Faults.Fail(1, false)
	if _, err := tick(w); !errors.Is(err, roomtest.ErrAway) {
		t.Errorf("no workspaces: %v", err)
	}
	w.Pass(8 * day)
	w.Faults.Fail(2, false)
	if out, err := tick(w); err != nil || len(out.Advance) != 1 {
		t.Errorf("%d hints, %v", len(out.Advance), err)
	}
}

// TestForgetsKeys: a key of a call that nobody repeats any more goes, a younger
// one stays.
func TestForgetsKeys(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	now := w.Ledger.Now()
	for name, since := range map[string]time.Time{"old": now.Add(-8 * 24 * time.Hour), "young": now.Add(-6 * 24 * time.Hour)} {
		if _, err := w.Store.Claim(t.Context(), calls.Key{Owner: "o", Name: name, Print: "first", Since: since}, since); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := tick(w); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"old": "second", "young": "first"} {
		got, err := w.Store.Claim(t.Context(), calls.Key{Owner: "o", Name: name, Print: "second", Since: now}, time.Time{})
		if err != nil || got.Print != want {
			t.Errorf("%s: %+v, %v, want the %s", name, got, err, want)
		}
	}
}
