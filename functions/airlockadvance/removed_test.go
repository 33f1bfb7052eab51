package airlockadvance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// removals are the lines of the trail about removed files.
func removals(w *roomtest.World, r airlock.Request) (all []audit.Line) {
	w.T.Helper()
	lines, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) { return w.Store.Lines(w.T.Context(), r.Key(), p) })
	w.Must(err)
	for _, l := range lines {
		if l.Action == airlock.FileRemoved {
			all = append(all, l)
		}
	}
	return all
}

// bury leaves a tombstone on every file of a draft but one, as a call does that
// ended then.
func bury(w *roomtest.World, r airlock.Request, but string, at time.Time) (all []airlock.File) {
	w.T.Helper()
	for _, f := range w.Known(r, airlock.Everything) {
		if f.Name != but {
			f = airlock.File{Name: f.Name, ETag: f.ETag, Removal: &airlock.Removal{By: roomtest.Ada.OID, At: at}}
			w.Put(r, f)
			all = append(all, f)
		}
	}
	return all
}

// told has the trail tell of removals, as the call does that comes so far.
func told(w *roomtest.World, r airlock.Request, files []airlock.File) {
	w.T.Helper()
	for _, f := range files {
		w.Commit(w.Reload(r).Note(audit.Line{At: w.Now(), Action: airlock.FileRemoved, Detail: f.RemovedDetail()}))
	}
}

// Each row is a sentence: a file was removed, and the trail tells of it once,
// wherever the call that removed it ended.
func TestRemovalsAreTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		files  int
		happen func(w *roomtest.World, r airlock.Request)
		lines  int
		stage  airlock.Stage
	}{
		"the call died after its tombstone": {1, func(w *roomtest.World, r airlock.Request) { bury(w, r, "a", w.Now().Add(-time.Hour)) }, 1, airlock.Draft},
		"its line may come yet":             {1, func(w *roomtest.World, r airlock.Request) { bury(w, r, "a", w.Now()) }, 0, airlock.Draft},
		"it died after its line":            {1, func(w *roomtest.World, r airlock.Request) { told(w, r, bury(w, r, "a", w.Now().Add(-time.Hour))) }, 1, airlock.Draft},
		"it lost against a submit":          {1, func(w *roomtest.World, r airlock.Request) { w.Submit(r); bury(w, r, "a", w.Now()) }, 1, airlock.InReview},
		"it won, and the submit went on":    {1, func(w *roomtest.World, r airlock.Request) { w.Submit(r); told(w, r, bury(w, r, "a", w.Now())) }, 1, airlock.InReview},
		"many lost against a submit":        {120, func(w *roomtest.World, r airlock.Request) { w.Submit(r); bury(w, r, "a", w.Now()) }, 120, airlock.InReview},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				r := w.Draft(airlock.Import)
				w.Ready(r, "a", "x")
				for i := range tt.files {
					w.Ready(r, fmt.Sprint("gone", i), "x")
				}
				tt.happen(w, w.Reload(r))
				return w
			}
			w := set(t)
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			look(w)
			if tt.stage != airlock.Draft {
				w.Must(follow(w))
			}
			lines := removals(w, r)
			if now := w.Reload(r); len(lines) != tt.lines || now.Stage != tt.stage || now.Stage == airlock.InReview && now.Files != 1 {
				t.Errorf("%d lines in %s with %d files, want %d in %s", len(lines), now.Stage, now.Files, tt.lines, tt.stage)
			}
			w.Actions(r) // checks the chain
			once := map[string]bool{}
			for _, l := range lines {
				if once[l.Detail] || l.Actor.Role == string(airlock.Engine) && l.Person != roomtest.Ada.OID {
					t.Errorf("the trail says %+v, twice: %t", l, once[l.Detail])
				}
				once[l.Detail] = true
			}
			if tt.files == 1 && tt.stage == airlock.InReview {
				roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: follow})
			}
		})
	}
}
