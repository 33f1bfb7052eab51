package scenario_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func decode(r *http.Request, into any) error { return json.NewDecoder(r.Body).Decode(into) }

// The tests of this file touch everything, so they run alone.

// TestEventsLost: not one storage event comes; sweep alone finishes.
func TestEventsLost(t *testing.T) {
	rig.Gateway.SetUnkind(gateway.Unkind{LoseEvents: 1, Faults: rig.Troubles.Faults()})
	defer rig.Gateway.SetUnkind(gateway.Unkind{Faults: rig.Troubles.Faults()})
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Import, some())
	_, err := q.Looked(t.Context(), 2)
	x.must(err)
	x.must(q.Submit(t.Context()))
	x.await(q, airlock.InReview)
	x.must(q.Approve(t.Context(), manager))
	x.await(q, airlock.Approved)
	x.sees(q, researcher, "link", some())
}

// TestStorageOutage: storage answers nothing but 503 for some seconds, at each
// step of a request; nothing is lost, and it goes on by itself.
func TestStorageOutage(t *testing.T) {
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Export, some())
	outage := func(during func()) {
		stop := rig.Troubles.Fail(storageproxy.ServerBusy, "", "")
		defer stop()
		during()
		x.must(stacktest.Until(t.Context(), over(time.Second)))
	}
	outage(func() {})
	_, err := q.Looked(t.Context(), 2)
	x.must(err)
	x.must(q.Submit(t.Context()))
	outage(func() {})
	x.await(q, airlock.InReview)
	outage(func() { x.must(q.Approve(t.Context(), manager)) })
	x.await(q, airlock.Approved)
	x.sees(q, researcher, "link", some())
	x.chained(q)
}

// over is a condition that holds when some time has passed.
func over(d time.Duration) func(context.Context) error {
	end := time.Now().Add(d)
	return func(context.Context) error {
		if time.Now().Before(end) {
			return fmt.Errorf("not yet %s", end)
		}
		return nil
	}
}

// TestKilledBetweenSteps: handlers and hosts are killed between all steps.
func TestKilledBetweenSteps(t *testing.T) {
	x := begin(t, airlock.Policy{})
	q := x.create(researcher, airlock.Import)
	again := func(do func(context.Context) error) { // the front is starting again
		t.Helper()
		x.must(stacktest.Until(t.Context(), do))
	}
	rig.Engine.Kill()
	files := some()
	for name, content := range files {
		x.must(q.Drop(t.Context(), name, content))
		rig.Engine.KillHandler()
	}
	rig.Front.KillHandler()
	again(func(ctx context.Context) error { return q.Submit(ctx) })
	rig.Engine.KillHandler()
	x.await(q, airlock.InReview)
	rig.Front.Kill()
	again(func(ctx context.Context) error { return q.Approve(ctx, manager) })
	rig.Engine.Kill()
	x.await(q, airlock.Approved)
	_, err := q.Told(t.Context(), "researcher@heart.example", 1)
	x.must(err)
	x.sees(q, researcher, "link", files)
	x.chained(q)
}

// TestKilledWhileDeploying: the engine is killed, handler and host, again and
// again while Azure makes a workspace: it ends as deployed, by one operation, and
// its owner is told once that it is granted, and once that it is ready.
func TestKilledWhileDeploying(t *testing.T) {
	x := begin(t, airlock.Policy{})
	id := x.asked()
	rig.ARM.Script(of(rig.StackOf(id, 1), arm.Fault{Kind: arm.Slow, At: arm.Write, Name: "st*", Delay: 4 * time.Second, Times: 1}))
	o, err := rig.Granted(t.Context(), id)
	x.must(err)
	kills := 0
	for now := o; !now.Status.Ended() && kills < 6; kills++ {
		if kills%2 == 0 {
			rig.Engine.KillHandler()
		} else {
			rig.Engine.Kill()
		}
		x.must(stacktest.Until(t.Context(), over(time.Second/4)))
		now, err = rig.Operation(t.Context(), admin, o)
		x.must(err)
	}
	if o = x.ended(admin, o); o.Status != workspace.Deployed || kills < 3 {
		t.Fatalf("%s after %d kills: %s", o.Status, kills, o.Message)
	}
	if last, err := rig.Last(t.Context(), admin, "/workspaces/"+id); err != nil || last.ID != o.ID {
		t.Errorf("another operation: %+v, %v", last, err)
	}
	x.must(stacktest.Until(t.Context(), func(context.Context) error {
		if n := len(rig.MailsAbout("visitor@tre.example", id)); n != 2 {
			return fmt.Errorf("%d mails", n)
		}
		return nil
	}))
}
