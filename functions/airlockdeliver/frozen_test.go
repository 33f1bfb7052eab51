package airlockdeliver_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// hold freezes the workspace, or lifts that.
func hold(w *roomtest.World, frozen bool) {
	w.T.Helper()
	roll, err := w.Store.Roll(w.T.Context(), roomtest.Here)
	w.Must(err)
	roll.Freeze, roll.Resumed = nil, w.Now()
	if frozen {
		roll.Freeze = &airlock.Freeze{By: roomtest.Olga, Role: access.WorkspaceOwner, At: w.Now(), Reason: "an incident"}
	}
	_, err = w.Store.CommitRoll(w.T.Context(), people.Change{Workspace: roomtest.Here, Roll: roll})
	w.Must(err)
}

// A delivery stops at the slice after the freeze, whatever is remembered of the
// workspace, outlasts its deadline, and goes on from there.
func TestFrozenDeliveryWaits(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := approved(w, airlock.Import)
	copies := 0
	w.Faults.Before("Vault.Copy", func() { copies++ })
	out, err := room(w).Handle(w.Context("airlockdeliver"), order(1))
	if err != nil || out.Deliver == nil || copies == 0 {
		t.Fatalf("%+v, %d copies, %v", out, copies, err)
	}
	before := copies
	hold(w, true)
	for range 5 { // also past the day that a delivery may take
		out, err := room(w).Handle(w.Context("airlockdeliver"), order(1))
		if err != nil || out.Deliver != nil || copies != before || w.Reload(r).Stage != airlock.Approving {
			t.Fatalf("frozen: %+v, %d copies, %s, %v", out, copies, w.Reload(r).Stage, err)
		}
		open, err := w.Store.Open(t.Context(), r.Key())
		if err != nil || !open.Due.Equal(w.Now().Add(roomtest.HintAfter)) {
			t.Fatalf("sweep comes at %v, %v", open.Due, err)
		}
		w.Pass(12 * time.Hour)
	}
	hold(w, false)
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.Approved || copies <= before {
		t.Errorf("after it: %s %s, %d copies", now.Stage, now.Message, copies)
	}
}

// A freeze in the middle of a call holds its next page.
func TestFreezeBetweenPages(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := approved(w, airlock.Export)
	f := room(w)
	f.Page, f.Pages = 1, 10
	copies := 0
	w.Faults.Before("Vault.Copy", func() {
		if copies++; copies == 1 {
			hold(w, true)
		}
	})
	if _, err := f.Handle(w.Context("airlockdeliver"), order(1)); err != nil || copies != 1 || w.Reload(r).Stage != airlock.Approving {
		t.Errorf("%d copies, %s, %v", copies, w.Reload(r).Stage, err)
	}
}

// A freeze while the last page is copied holds the delivery's end, and it ends
// when that is lifted.
func TestFreezeInTheLastPage(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	r := approved(w, airlock.Export)
	f := room(w)
	f.Page, f.Pages, f.Slice = 10, 10, 1<<20
	copies := 0
	w.Faults.Before("Vault.Copy", func() {
		if copies++; copies == 1 {
			hold(w, true)
			w.Pass(2 * time.Second)
		}
	})
	out, err := f.Handle(w.Context("airlockdeliver"), order(1))
	if now := w.Reload(r); err != nil || out.Deliver != nil || out.Notify != nil || copies == 0 || now.Stage != airlock.Approving {
		t.Fatalf("%d copies, %s, %+v, %v", copies, now.Stage, out, err)
	}
	if open, err := w.Store.Open(t.Context(), r.Key()); err != nil || !open.Due.Equal(w.Now().Add(roomtest.HintAfter)) {
		t.Errorf("sweep comes at %v, %v", open.Due, err)
	}
	before := copies
	hold(w, false)
	w.Must(follow(w))
	if now := w.Reload(r); now.Stage != airlock.Approved || copies != before {
		t.Errorf("after it: %s %s, %d copies", now.Stage, now.Message, copies)
	}
}

func TestFrozenInTrouble(t *testing.T) {
	t.Parallel()
	roomtest.EveryFault(t, roomtest.Scene{
		Set: func(t testing.TB) *roomtest.World {
			w := roomtest.New(t)
			approved(w, airlock.Import)
			hold(w, true)
			return w
		},
		Run: func(w *roomtest.World) error {
			_, err := room(w).Handle(w.Context("airlockdeliver"), order(1))
			return err
		},
	})
}
