package resourcestep_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const retryID = "66666666-6666-4666-8666-666666666602"

func (b *bed) line(action string) audit.Line { return audit.Line{At: b.Now(), Action: action} }

// retry orders that a failed operation goes on.
func (b *bed) retry(op workspace.Operation) workspace.Operation {
	b.T.Helper()
	own, next, err := b.Reread(op).Retry(workspace.Act{By: roomtest.Olga, At: b.Now(), Operation: retryID}, b.Get(op.Resource))
	b.Must(err)
	c := workspace.Change{Partition: op.Resource.Partition}
	c.Resource(own, b.line("retry"))
	c.Operation(next, cadence.Due(own, b.Now()), b.line("retry"))
	_, err = b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
	return next
}

// A pipeline that failed at any step goes on from there, and ends well.
func TestRetryAfterEveryFailure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fails string
		nth   int
		again int // deployments in all
	}{{roomtest.Here, 1, 5}, {serviceID, 1, 5}, {sharedID, 1, 5}, {roomtest.Here, 2, 5}} {
		b := newBed(t)
		op := b.pipeline()
		if tt.nth > 1 {
			b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: b.stackOf(tt.fails), Times: tt.nth - 1})
		}
		b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: b.stackOf(tt.fails), Times: 1, End: memcloud.Quota()})
		b.Must(b.run(op))
		next := b.retry(op)
		b.Must(b.run(next))
		next = b.Reread(next)
		if next.Status != workspace.Deployed || b.Get(key(serviceID)).Status != workspace.Deployed || b.Cloud.Calls(memcloud.Deploy) != tt.again {
			t.Errorf("failed at deployment %d of %s: retried it is %s (%s) after %d deployments", tt.nth, tt.fails, next.Status, next.Message, b.Cloud.Calls(memcloud.Deploy))
		}
		if b.Reread(op).Status != workspace.DeploymentFailed {
			t.Error("the first operation's end was rewritten")
		}
	}
}

// A cascade that failed at any resource goes on from there.
func TestRetryOfACascade(t *testing.T) {
	t.Parallel()
	for _, id := range []string{machineID, serviceID, roomtest.Here} {
		b := newBed(t)
		b.estate()
		b.Cloud.Script(memcloud.Rule{Call: memcloud.Remove, Name: b.stackOf(id), Times: 1, Before: memcloud.Trouble(400, "ScopeLocked", "The scope is locked.")})
		op := b.cascade()
		b.Must(b.run(op))
		next := b.retry(op)
		b.Must(b.run(next))
		if next = b.Reread(next); next.Status != workspace.Deleted || !b.Get(key(roomtest.Here)).Gone() {
			t.Errorf("after %s: %s (%s)", id, next.Status, next.Message)
		}
	}
}

// Two operations that want the same shared service take it one after the
// other, and the one that waits multiplies nothing.
func TestHeldByAnother(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.pipeline()
	shared := b.Get(key(sharedID))
	shared.Operation = roomtest.NobodysID
	c := workspace.Change{Partition: workspace.System}
	c.Quietly(shared)
	_, err := b.Store.CommitChange(t.Context(), c)
	b.Must(err)
	for range 60 {
		b.Must(b.handle(order(op)))
		b.Pass(10 * time.Second)
	}
	b.TakeSent()
	for range 30 {
		b.Must(b.handle(order(op)))
		b.Pass(time.Second)
	}
	if sent := b.TakeSent(); len(sent) > 5 {
		t.Errorf("30 hints in half a minute ordered %d looks", len(sent))
	}
	shared = b.Get(key(sharedID))
	shared.Operation = ""
	c = workspace.Change{Partition: workspace.System}
	c.Quietly(shared)
	_, err = b.Store.CommitChange(t.Context(), c)
	b.Must(err)
	b.Must(b.run(op))
	if op = b.Reread(op); op.Status != workspace.Deployed {
		t.Errorf("is %s: %s", op.Status, op.Message)
	}
}

// A step does not wait for ever for what another operation holds.
func TestPatience(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.pipeline()
	shared := b.Get(key(sharedID))
	shared.Operation = roomtest.NobodysID
	c := workspace.Change{Partition: workspace.System}
	c.Quietly(shared)
	_, err := b.Store.CommitChange(t.Context(), c)
	b.Must(err)
	for range 500 {
		b.Must(b.handle(order(op)))
		b.Pass(cadence.Hint)
	}
	if op = b.Reread(op); op.Status != workspace.DeploymentFailed || !strings.Contains(op.Message, "held by another operation") {
		t.Errorf("is %s: %s", op.Status, op.Message)
	}
	if now := b.Get(key(sharedID)); now.Operation != roomtest.NobodysID {
		t.Errorf("and the other operation lost it to %q", now.Operation)
	}
}

// A vault that stays away does not keep a deletion from ending.
func TestVaultStaysAway(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.estate()
	secret, err := b.Secrets.Put(t.Context(), sharedID+"-p", "hush")
	b.Must(err)
	shared := b.disabled(key(sharedID))
	shared.Secrets = map[string]string{"/p": secret}
	b.Cloud.Script(memcloud.Rule{Call: memcloud.Forget, Before: memcloud.Forbidden()})
	op := b.begin(shared, workspace.Order{Action: workspace.Uninstall})
	for range 80 {
		_ = b.handle(order(op)) // tried again by the queue
		b.Pass(cadence.Hint)
	}
	if op = b.Reread(op); op.Status != workspace.Deleted {
		t.Errorf("is %s: %s", op.Status, op.Message)
	}
}

// What could not be deleted may stay after all: an update deploys what is gone of
// it again, enables it, and gives nothing of it away.
func TestUpdateAfterAFailedDeletion(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx, on, off := t.Context(), true, false
	w := h.done(h.Workspace(ctx, h.act(), freshID, provision.New{Template: "tre-workspace-base", Properties: map[string]any{"display_name": "Heart", "description": "d", "overview": "o"}}))
	h.done(h.Update(ctx, h.act(), w.Key(), provision.Patch{Match: "*", Enabled: &off}))
	h.Cloud.Script(memcloud.Rule{Call: memcloud.Remove, Times: 1, Before: memcloud.Trouble(400, "ScopeLocked", "The scope is locked.")})
	_, op, err := h.Delete(ctx, h.act(), w.Key())
	h.Must(err)
	h.settle()
	if op = h.Reread(op); op.Status != workspace.DeletingFailed {
		t.Fatalf("the deletion is %s: %s", op.Status, op.Message)
	}
	now := h.done(h.Update(ctx, h.act(), w.Key(), provision.Patch{Match: "*", Enabled: &on}))
	if now.Status != workspace.Updated || !now.Enabled || now.MayHold() != nil || !slices.Equal(now.Addresses, w.Addresses) || !maps.Equal(now.Secrets, w.Secrets) {
		t.Errorf("it is %s, enabled %t, with %v: %v", now.Status, now.Enabled, now.Addresses, now.MayHold())
	}
	if _, _, err := h.Retry(ctx, h.act(), op.Key()); !errors.Is(err, airlock.ErrIllegal) {
		t.Errorf("the deletion is tried again after it: %v", err)
	}
}

// Who asked for a workspace is told that it can be worked in when it can, also
// where an update made it after the install failed, and not once more by what is
// done to it later.
func TestAnswerAfterAnUpdate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Times: 2, End: memcloud.Quota()})
	asked := workspace.Request{ID: freshID, Source: workspace.FromCall, Template: "tre-workspace-base", Requester: roomtest.Ada,
		Properties: map[string]any{"display_name": "Heart", "description": "d", "overview": "o"}}
	_, err := h.Ask(t.Context(), asked)
	h.Must(err)
	act := h.act()
	_, err = h.Decide(t.Context(), act, freshID, true)
	h.Must(err)
	for i, want := range []string{"[asked granted failed]", "[asked granted failed failed]", "[asked granted failed failed deployed]", "[asked granted failed failed deployed]"} {
		if i > 0 {
			_, _, err = h.Update(t.Context(), h.act(), key(freshID), provision.Patch{Match: "*"})
			h.Must(err)
		}
		h.settle()
		r, err := h.Store.WorkspaceRequest(t.Context(), freshID)
		h.Must(err)
		var told []workspace.Event
		for _, n := range r.Notices {
			told = append(told, n.Event)
		}
		if got := fmt.Sprint(told); got != want {
			t.Errorf("after %d updates: told %s, want %s", i, got, want)
		}
	}
	members, err := h.Store.Members(t.Context(), freshID)
	h.Must(err)
	if len(members) != 1 || members[0].OID != roomtest.Ada.OID {
		t.Errorf("its people are %v", members)
	}
}
