package airlockadvance_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// Each row is a sentence: a draft with this in it has that ordered.
func TestLookAtADraft(t *testing.T) {
	t.Parallel()
	few := func(ws *airlock.Workspace) { ws.Policy.MaxFiles, ws.Policy.MaxBytes = 4, 40 }
	tests := []struct {
		name    string
		fill    func(w *roomtest.World, r airlock.Request)
		ordered string
		stage   airlock.Stage
		notice  airlock.Event
	}{
		{"nothing", func(*roomtest.World, airlock.Request) {}, "", airlock.Draft, ""},
		{"a file nobody inspected", func(w *roomtest.World, r airlock.Request) { w.Drop(r, "a", "x") }, "inspect a", airlock.Draft, ""},
		{"a file that was inspected", func(w *roomtest.World, r airlock.Request) { w.Ready(r, "a", "x") }, "", airlock.Draft, ""},
		{"a file inspected in another version", func(w *roomtest.World, r airlock.Request) { w.Ready(r, "a", "x"); w.Drop(r, "a", "y") }, "inspect a", airlock.Draft, ""},
		{"names that events damage", func(w *roomtest.World, r airlock.Request) {
			w.Drop(r, "a💎.csv", "x")
			w.Drop(r, "a?.csv", "x")
		}, "inspect a?.csv, inspect a💎.csv", airlock.Draft, ""},
		{"a file being inspected", func(w *roomtest.World, r airlock.Request) {
			b := w.Drop(r, "a", "x")
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Progress: &airlock.Progress{Offset: 1, At: w.Now()}})
		}, "", airlock.Draft, ""},
		{"a file whose inspection died", func(w *roomtest.World, r airlock.Request) {
			b := w.Drop(r, "a", "x")
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Progress: &airlock.Progress{Offset: 1, At: w.Now().Add(-time.Hour)}})
		}, "inspect a", airlock.Draft, ""},
		{"an archived file", func(w *roomtest.World, r airlock.Request) {
			_, err := w.Files.PutBlob(r.Place(airlock.DraftFiles, 1), airlock.Blob{Name: "a", Tier: "Archive"}, []byte("x"))
			w.Must(err)
		}, "", airlock.Draft, ""},
		{"a removed file still there", func(w *roomtest.World, r airlock.Request) {
			b := w.Drop(r, "a", "x")
			w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Removal: &airlock.Removal{At: w.Now().Add(-time.Hour)}})
		}, "purge a", airlock.Draft, ""},
		{"a file just removed", func(w *roomtest.World, r airlock.Request) {
			w.Ready(r, "a", "x")
			told(w, r, bury(w, r, "", w.Now()))
		}, "", airlock.Draft, ""},
		{"one file too many", func(w *roomtest.World, r airlock.Request) { fill(w, r, 5) }, "notify", airlock.Draft, airlock.ToldOverLimit},
		{"removed ones without end, which nobody reads on", func(w *roomtest.World, r airlock.Request) {
			fill(w, r, 4)
			for i := range 20 {
				b := w.Drop(r, fmt.Sprint("gone", i), "x")
				w.Put(r, airlock.File{Name: b.Name, ETag: b.ETag, Removal: &airlock.Removal{At: w.Now()}})
			}
		}, "notify, purge", airlock.Failed, airlock.ToldFailed},
		{"too many bytes", func(w *roomtest.World, r airlock.Request) {
			w.Ready(r, "a", "0123456789012345678901234567890123456789!")
		}, "notify", airlock.Draft, airlock.ToldOverLimit},
		{"files far past the limit", func(w *roomtest.World, r airlock.Request) { fill(w, r, 9) }, "notify, purge", airlock.Failed, airlock.ToldFailed},
		{"ten thousand versions of one name", func(w *roomtest.World, r airlock.Request) {
			for i := range 10_000 {
				w.Put(r, airlock.File{Name: "a", ETag: fmt.Sprint("0x", i), Inspection: w.Inspected("x")})
			}
			w.Ready(r, "a", "y")
		}, "", airlock.Draft, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t, few)
				tt.fill(w, w.Draft(airlock.Export))
				return w
			}
			w := set(t)
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			out := look(w)
			if got := short(out); got != tt.ordered {
				t.Errorf("ordered %q, want %q", got, tt.ordered)
			}
			now := w.Reload(r)
			if now.Stage != tt.stage || tt.notice != "" && (len(now.Notices) != 1 || now.Notices[0].Event != tt.notice) {
				t.Errorf("is %s, notices %+v", now.Stage, now.Notices)
			}
			for _, m := range out.Inspect {
				if m.Account != roomtest.HereAccount || m.Turn != 1 || m.ETag != "" || m.Submitted || m.Trace != "trace" {
					t.Errorf("order %+v", m)
				}
			}
			if len(w.Known(r, airlock.Everything)) < 100 {
				roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
			}
		})
	}
}

func fill(w *roomtest.World, r airlock.Request, n int) {
	for i := range n {
		w.Ready(r, fmt.Sprint("f", i), "x")
	}
}

// Removed files do not count against the limits.
func TestRemovedFilesDoNotCount(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t, func(ws *airlock.Workspace) { ws.Policy.MaxFiles = 4 })
	r := w.Draft(airlock.Import)
	fill(w, r, 4)
	for i := range 8 {
		b := w.Drop(r, fmt.Sprint("gone", i), "x")
		w.Put(r, airlock.File{Name: b.Name, ETag: b.ETag, Removal: &airlock.Removal{At: w.Now()}})
	}
	if got := short(look(w)); got != "" || w.Reload(r).Stage != airlock.Draft {
		t.Errorf("ordered %q in %s", got, w.Reload(r).Stage)
	}
}

// A container is listed at most once a pause, and when a look fails the next
// one comes after a pause, not after the whole cadence.
func TestDraftIsListedNowAndThen(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	w.Drop(r, "a", "x")
	due := func() time.Duration {
		open, err := w.Store.Open(t.Context(), r.Key())
		w.Must(err)
		return open.Due.Sub(w.Now())
	}
	listed := 0
	w.Faults.Before("Desk.List", func() { listed++ })
	for n := 4; ; n++ {
		w.Faults.Fail(n, false)
		if _, err := room(w).Handle(w.Context("airlockadvance"), order); errors.Is(err, roomtest.ErrAway) && listed > 0 {
			break
		}
	}
	if got := due(); got > 30*time.Second {
		t.Fatalf("after a failed look the next comes in %v", got)
	}
	w.Faults.Fail(0, false)
	look(w)
	if listed != 1 || due() > 30*time.Second {
		t.Errorf("listed %d times within the pause, next look in %v", listed, due())
	}
	w.Pass(30 * time.Second)
	if got := short(look(w)); got != "inspect a" || due() != time.Minute {
		t.Errorf("ordered %q, to be verified in %v", got, due())
	}
	w.Pass(time.Minute)
	w.Ready(r, "a", "x")
	if look(w); due() != 5*time.Minute || listed != 3 {
		t.Errorf("a quiet draft is looked at again in %v, listed %d times", due(), listed)
	}
}

// Only so many inspections are ordered by one look, and the rest soon after.
func TestInspectionsAreOrderedInPages(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	for i := range 7 {
		w.Drop(r, fmt.Sprint("f", i), "x")
	}
	f := room(w)
	f.Looks = 5
	out, err := f.Handle(w.Context("airlockadvance"), order)
	w.Must(err)
	open, err := w.Store.Open(t.Context(), r.Key())
	w.Must(err)
	if len(out.Inspect) != 5 || open.Due.Sub(w.Now()) > time.Minute {
		t.Errorf("%d ordered, next look in %v", len(out.Inspect), open.Due.Sub(w.Now()))
	}
}
