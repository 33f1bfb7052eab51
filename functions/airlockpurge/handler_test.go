package airlockpurge_test

import (
	"errors"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/airlockpurge"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

func handle(w *roomtest.World, m message.Purge) error {
	f := airlockpurge.Function{Ledger: w.Ledger, Files: w.Rows, Vault: w.Vault, Janitor: w.Janitor, Settle: roomtest.SettleFor}
	_, err := f.Handle(w.Context("airlockpurge"), m)
	return err
}

var order = message.Purge{Workspace: roomtest.Here, Request: roomtest.RequestID}

// A disowned container is forgotten when it was seen gone twice, far enough
// apart; what a slow slice makes again is purged again.
func TestPurge(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	w.Files.HoldName = 30 * time.Second
	r := w.Draft(airlock.Import)
	w.Ready(r, "a", "alpha")
	w.Must(w.Files.Lease(r.Place(airlock.DraftFiles, 1), "a"))
	r = w.Move(r, airlock.Cancel)
	place := r.Place(airlock.DraftFiles, 1)
	steps := []struct {
		name   string
		before func()
		kept   int  // containers that the request still has to see gone
		absent bool // seen gone once
	}{
		{"is being deleted", func() {}, 1, false},
		{"its name is held", func() { w.Pass(20 * time.Second) }, 1, false},
		{"is gone", func() { w.Pass(20 * time.Second) }, 1, true},
		{"is gone, at once again", func() {}, 1, true},
		{"is there again", func() { w.Pass(time.Minute); w.Must(w.Files.Create(t.Context(), place)) }, 1, false},
		{"is gone once more", func() { w.Pass(time.Minute) }, 1, true},
		{"is gone, not long enough", func() { w.Pass(roomtest.SettleFor - time.Second) }, 1, true},
		{"is gone for good", func() { w.Pass(time.Second) }, 0, false},
		{"nothing is left", func() { w.Pass(time.Hour) }, 0, false},
	}
	for _, s := range steps {
		s.before()
		w.Must(handle(w, order))
		made := w.Reload(r).Containers
		if len(made) != s.kept || s.kept == 1 && made[0].Absent.IsZero() == s.absent {
			t.Fatalf("%s: %+v", s.name, made)
		}
	}
	if _, err := w.Store.Open(t.Context(), r.Key()); err != nil {
		t.Errorf("the cancellation was not told yet, and the work ended: %v", err)
	}
	if got := w.Actions(r); len(got) != 3 { // cancel, and each time that it was first seen gone
		t.Errorf("trail %v", got)
	}
}

// What the stage owns is never touched.
func TestPurgeKeepsWhatIsOwned(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.InReview(airlock.Export, "a", "alpha")
	for range 3 {
		w.Must(handle(w, order))
		w.Pass(time.Hour)
	}
	if w.Contents(r.Place(airlock.DraftFiles, 1)) != nil || len(w.Contents(r.Place(airlock.SealedFiles, 1))) != 1 {
		t.Error("the draft is there, or the sealed container is not")
	}
	r = w.Move(r, airlock.Approve)
	w.Must(w.Files.Create(t.Context(), r.Place(airlock.ReleasedFiles, 1)))
	r = w.Move(w.Move(r, airlock.Delivered), airlock.Revoke)
	w.Must(handle(w, order))
	if w.Contents(r.Place(airlock.ReleasedFiles, 1)) != nil {
		t.Error("revoked, and still there")
	}
}

// What was in a deleted workspace's account went with it, and nobody asks an
// account that is not there.
func TestPurgeInADeletedWorkspace(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := w.Move(w.Draft(airlock.Export), airlock.Cancel) // the draft is in the workspace's own account
	w.Must(w.Store.PutWorkspace(t.Context(), airlock.Workspace{ID: roomtest.Here, StorageAccount: roomtest.HereAccount, Gone: true}))
	w.Faults.Before("Janitor.Purge", func() { t.Error("the account was asked") })
	for range 2 {
		w.Must(handle(w, order))
		w.Pass(time.Hour)
	}
	if made := w.Reload(r).Containers; len(made) != 0 {
		t.Errorf("still to be seen gone: %+v", made)
	}
}

func TestPurgeUnderFaults(t *testing.T) {
	t.Parallel()
	set := func(t testing.TB) *roomtest.World {
		w := roomtest.New(t)
		w.InReview(airlock.Import, "a", "alpha")
		w.Must(handle(w, order)) // deleted, and not yet seen gone
		return w
	}
	roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: func(w *roomtest.World) error { return handle(w, order) }})
	w := set(t)
	r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
	w.Faults.Before("Requests.Commit", func() { w.Move(r, airlock.Cancel); w.Faults.Before("Requests.Commit", nil) })
	w.Must(handle(w, order))
	if now := w.Reload(r); now.Stage != airlock.Cancelled || now.Containers[0].Absent.IsZero() {
		t.Errorf("beside a cancellation: %+v", now.Containers)
	}
	for n := range 4 {
		w.Faults.Before("Requests.Commit", func() { w.Commit(w.Reload(r).Note()) })
		w.Pass(time.Hour)
		if err := handle(w, order); err == nil && n == 0 || err != nil && !errors.Is(err, airlock.ErrConflict) {
			t.Errorf("against somebody always faster: %v", err)
		}
	}
}

// Each row is a sentence: an order to remove this is followed, or not.
func TestRemove(t *testing.T) {
	t.Parallel()
	removal := &airlock.Removal{By: roomtest.Ada.OID}
	tests := []struct {
		name string
		set  func(w *roomtest.World, r airlock.Request) message.Purge
		left bool
		kind fault.Kind
	}{
		{"a file with a tombstone", func(w *roomtest.World, r airlock.Request) message.Purge {
			return tombstone(w, r, removal)
		}, false, fault.None},
		{"a leased file with a tombstone", func(w *roomtest.World, r airlock.Request) message.Purge {
			m := tombstone(w, r, removal)
			w.Must(w.Files.Lease(r.Place(airlock.DraftFiles, 1), "a"))
			return m
		}, false, fault.None},
		{"a file without one", func(w *roomtest.World, r airlock.Request) message.Purge { return tombstone(w, r, nil) }, true, fault.None},
		{"a version that was overwritten", func(w *roomtest.World, r airlock.Request) message.Purge {
			m := tombstone(w, r, removal)
			w.Drop(r, "a", "newer")
			return m
		}, true, fault.None},
		{"a file that was submitted meanwhile", func(w *roomtest.World, r airlock.Request) message.Purge {
			m := tombstone(w, r, nil)
			w.Submit(r)
			w.Put(r, airlock.File{Name: "a", ETag: m.ETag, Removal: removal})
			return m
		}, false, fault.None},
		{"another turn's", func(w *roomtest.World, r airlock.Request) message.Purge {
			m := tombstone(w, r, removal)
			m.Turn = 99
			return m
		}, true, fault.None},
		{"no version", func(w *roomtest.World, r airlock.Request) message.Purge {
			m := tombstone(w, r, removal)
			m.ETag = ""
			return m
		}, true, fault.Poison},
		{"another workspace's", func(w *roomtest.World, r airlock.Request) message.Purge {
			m := tombstone(w, r, removal)
			m.Workspace = roomtest.There
			return m
		}, true, fault.Refused},
		{"a file nobody knows", func(w *roomtest.World, r airlock.Request) message.Purge {
			m := tombstone(w, r, removal)
			m.Name = "b"
			return m
		}, true, fault.None},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var m message.Purge
			set := func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				m = tt.set(w, w.Draft(airlock.Import))
				return w
			}
			w := set(t)
			err := handle(w, m)
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			if left := len(w.Contents(r.Place(airlock.DraftFiles, 1))) == 1; left != tt.left || fault.KindOf(err) != tt.kind {
				t.Errorf("left %t, %v", left, err)
			}
			if tt.kind == fault.None {
				roomtest.EveryFault(t, roomtest.Scene{Set: set, Run: func(w *roomtest.World) error { return handle(w, m) }})
			}
		})
	}
}

// tombstone drops a file and orders its removal.
func tombstone(w *roomtest.World, r airlock.Request, removal *airlock.Removal) message.Purge {
	b := w.Drop(r, "a", "alpha")
	w.Put(r, airlock.File{Name: "a", ETag: b.ETag, Removal: removal})
	m := order
	m.Turn, m.Name, m.ETag = 1, "a", b.ETag
	return m
}
