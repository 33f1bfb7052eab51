package airlockadvance_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// A removal that was slow leaves its tombstone while the files are sealed. One
// worker has read the rows before and is about to commit, another one reads it
// and takes the file away: what is reviewed is what is there.
func TestRemovedBetweenTwoWorkers(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	b := w.Ready(r, "a", "alpha")
	w.Ready(r, "b", "beta")
	r = w.Submit(r)
	w.Faults.Before("Requests.Commit", func() {
		w.Faults.Before("Requests.Commit", nil)
		w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Removal: &airlock.Removal{By: roomtest.Ada.OID}})
		look(w)
	})
	now := settle(w, r)
	sealed := w.Contents(r.Place(airlock.SealedFiles, 1))
	if now.Stage != airlock.InReview || len(sealed) != 1 || sealed["b"] != "beta" {
		t.Errorf("is %s (%s), sealed %v", now.Stage, now.Message, sealed)
	}
	manifestIs(t, w, now, sealed)
}

// A worker that holds the draft against the list, and finds it gone because
// another one has sealed the files meanwhile, takes nothing back.
func TestReconciledAfterTheSealing(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Draft(airlock.Import)
	b := w.Drop(r, "a", "alpha")
	r = w.Submit(r)
	look(w)
	w.Pass(2 * time.Minute)
	w.Faults.Before("Desk.List", func() {
		w.Faults.Before("Desk.List", nil)
		clean := roomtest.Clean
		w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Inspection: w.Inspected("alpha"), Verdict: &clean})
		look(w)
		if now := w.Reload(r); now.Stage != airlock.InReview {
			t.Errorf("the other worker left it %s (%s)", now.Stage, now.Message)
		}
		_, err := w.Files.Purge(t.Context(), r.Place(airlock.DraftFiles, 1))
		w.Must(err)
	})
	look(w)
	if f := w.Row(r, "a", b.ETag); f.Refused() || f.Inspection == nil || f.Inspection.SHA256 == "" {
		t.Errorf("the file is kept as %+v", f.Inspection)
	}
	if now := w.Reload(r); now.Stage != airlock.InReview {
		t.Errorf("is %s (%s)", now.Stage, now.Message)
	}
}

// Malware blocks a request wherever it stands among files that are refused, on
// whichever page of them.
func TestMalwareAmongRefusedFiles(t *testing.T) {
	t.Parallel()
	const files = 9
	for infected := range files {
		w := roomtest.New(t)
		r := w.Draft(airlock.Import)
		for i := range files {
			name := fmt.Sprint("f", i)
			f := airlock.File{Name: name, ETag: w.Drop(r, name, "x").ETag, Inspection: w.Inspected("x", refusal)}
			if i == infected {
				f.Malware = &airlock.Verdict{Class: airlock.Malicious, Result: "Malicious"}
			}
			w.Put(r, f)
		}
		r = w.Seal(w.Submit(r))
		w.Must(follow(w))
		if now := w.Reload(r); now.Stage != airlock.Blocked {
			t.Errorf("infected file %d: is %s (%s)", infected, now.Stage, now.Message)
		}
	}
}

// A draft that is handed in while it is looked at is looked at again as soon as
// any other that is being sealed, and its sealing is nobody's turn yet.
func TestHandedInWhileTheDraftIsLookedAt(t *testing.T) {
	t.Parallel()
	for _, port := range []string{"Work.Open", "Desk.List", "Files.List"} {
		w := roomtest.New(t)
		r := w.Draft(airlock.Import)
		w.Ready(r, "a", "alpha")
		w.Pass(time.Hour)
		w.Faults.Before(port, func() {
			w.Faults.Before(port, nil)
			w.Submit(r)
		})
		look(w)
		open, err := w.Store.Open(t.Context(), r.Key())
		w.Must(err)
		if open.Stage != airlock.Sealing || open.Due.After(w.Now().Add(roomtest.HintAfter)) {
			t.Errorf("handed in before %s: %s is due %v later", port, open.Stage, open.Due.Sub(w.Now()))
		}
		if mine, err := w.Ledger.Begin(t.Context(), w.Work, w.Reload(r)); err != nil || !mine {
			t.Errorf("handed in before %s: somebody else has the turn, %v", port, err)
		}
	}
}
