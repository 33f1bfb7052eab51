package resourcestep_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// The names W1 to W17 are those of AzureTRE's known faults.

// pipeline orders the install of a service with a step before and two after its
// own: its workspace, then the shared service.
func (b *bed) pipeline() workspace.Operation {
	b.put(b.resource(workspace.Workspace, roomtest.Here), b.resource(workspace.SharedService, sharedID))
	step := func(id string, title string, properties ...workspace.Property) workspace.Step {
		r := b.Get(key(id))
		return workspace.Step{TemplateID: title, Title: title, Target: r.Key(), Kind: r.Kind, Template: "t", Source: serviceID, Action: workspace.Upgrade, Properties: properties}
	}
	rule := workspace.Property{Name: "rules", Type: "array", Substitution: "append", MatchField: "name", Value: map[string]any{"name": "{{ resource.id }}"}}
	return b.begin(b.fresh(workspace.Service, serviceID), workspace.Order{Action: workspace.Install,
		Before: []workspace.Step{step(roomtest.Here, "network")},
		After:  []workspace.Step{step(sharedID, "firewall", rule), step(roomtest.Here, "network again")}})
}

// stackOf is the name of a resource's stack.
func (b *bed) stackOf(id string) string {
	return "tre-" + workspace.Suffix("tre", id, 1)
}

// TestW1: a pipeline that fails at any step fails as a whole, at its own
// resource. AzureTRE tells a failed last step as a success.
func TestW1(t *testing.T) {
	t.Parallel()
	for i, tt := range []struct {
		fails  string // whose stack
		nth    int    // deployment of it
		states string
		shared workspace.Status
	}{
		{roomtest.Here, 1, "deployment_failed updating_failed awaiting_deployment awaiting_update awaiting_update", workspace.Deployed},
		{serviceID, 1, "deployment_failed updated deployment_failed awaiting_update awaiting_update", workspace.Deployed},
		{sharedID, 1, "deployment_failed updated deployed updating_failed awaiting_update", workspace.UpdatingFailed},
		{roomtest.Here, 2, "deployment_failed updated deployed updated updating_failed", workspace.Updated},
		{"", 0, "deployed updated deployed updated updated", workspace.Updated},
	} {
		t.Run(fmt.Sprint("step ", i+1), func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			op := b.pipeline()
			if tt.nth > 1 {
				b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: b.stackOf(tt.fails), Times: tt.nth - 1})
			}
			if tt.nth > 0 {
				b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: b.stackOf(tt.fails), End: memcloud.Quota()})
			}
			b.Must(b.run(op))
			op = b.Reread(op)
			if got := statuses(op); got != tt.states {
				t.Errorf("is %s, want %s", got, tt.states)
			}
			s := b.Get(key(serviceID))
			if s.Status != op.Status || s.Operation != "" || tt.nth > 0 && !strings.Contains(s.Message, "QuotaExceeded: Operation could not be completed") {
				t.Errorf("the service is %s: %s", s.Status, s.Message)
			}
			if w := b.Get(key(roomtest.Here)); w.Operation != "" || w.Job != nil || b.Get(key(sharedID)).Operation != "" || b.Get(key(sharedID)).Status != tt.shared {
				t.Errorf("the workspace is held by %q, the shared service %q", w.Operation, b.Get(key(sharedID)).Operation)
			}
		})
	}
}

// TestW2: a cascade that fails at any resource fails as a whole, and tells of
// the right one. AzureTRE tells a failed deletion as a success and marks the
// first child.
func TestW2(t *testing.T) {
	t.Parallel()
	order := []string{machineID, serviceID, roomtest.Here}
	for i, id := range order {
		b := newBed(t)
		b.estate()
		b.Cloud.Script(memcloud.Rule{Call: memcloud.Remove, Name: b.stackOf(id), Before: memcloud.Trouble(400, "ScopeLocked", "The scope is locked.")})
		op := b.cascade()
		b.Must(b.run(op))
		op = b.Reread(op)
		if op.Status != workspace.DeletingFailed || !strings.Contains(op.Message, "The scope is locked.") {
			t.Fatalf("at step %d it is %s: %s", i+1, op.Status, op.Message)
		}
		for j, other := range order {
			want := workspace.Deleted
			if j >= i {
				want = workspace.DeletingFailed
			}
			if j > i && other != roomtest.Here {
				want = workspace.Deployed
			}
			if got := b.Get(key(other)).Status; got != want {
				t.Errorf("failed at step %d: resource %d is %s, want %s", i+1, j+1, got, want)
			}
		}
		if card, _ := b.Store.Workspace(t.Context(), roomtest.Here); card.Gone {
			t.Error("the airlock takes it for deleted")
		}
	}
}

// TestW4: orders that come twice, late and in any order start nothing twice and
// overwrite no end. In AzureTRE a repeat runs the next step twice, and a late
// message overwrites an end.
func TestW4(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.pipeline()
	for range 200 {
		for range 3 {
			b.Must(b.handle(order(op)))
		}
		b.Pass(10 * time.Second)
	}
	if n := b.Cloud.Calls(memcloud.Deploy); n != 4 {
		t.Errorf("%d deployments for four steps", n)
	}
	ended := b.Reread(op)
	if s := b.Get(key(sharedID)); len(s.Properties["rules"].([]any)) != 1 {
		t.Errorf("the rule was added %d times", len(s.Properties["rules"].([]any)))
	}
	b.Pass(time.Hour)
	b.Must(b.handle(order(op)))
	if now := b.Reread(op); now.Version != ended.Version {
		t.Errorf("a late order changed the operation to %s", now.Status)
	}
}

// TestW5: a crash between any two writes or calls leaves nothing hanging: the
// next order goes on. AzureTRE saves three times and sends, and what dies in
// between stays in pipeline_running for ever.
func TestW5(t *testing.T) {
	t.Parallel()
	t.Run("a new workspace", func(t *testing.T) {
		t.Parallel()
		everyFault(t, freshID, func(t testing.TB) *bed { b := newBed(t, quick); b.newWorkspace(b.asked); return b })
	})
	t.Run("a pipeline over two partitions", func(t *testing.T) {
		t.Parallel()
		everyFault(t, serviceID, func(t testing.TB) *bed { b := newBed(t, quick); b.pipeline(); return b })
	})
	t.Run("a cascade", func(t *testing.T) {
		t.Parallel()
		everyFault(t, roomtest.Here, func(t testing.TB) *bed { b := newBed(t, quick); b.estate(); b.cascade(); return b })
	})
	t.Run("a failure", func(t *testing.T) {
		t.Parallel()
		everyFault(t, serviceID, func(t testing.TB) *bed {
			b := newBed(t, quick)
			b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: b.stackOf(sharedID), End: memcloud.Quota()})
			b.pipeline()
			return b
		})
	})
	t.Run("a machine's action", func(t *testing.T) {
		t.Parallel()
		everyFault(t, machineID, func(t testing.TB) *bed {
			b := newBed(t, quick)
			b.estate()
			r := b.Get(key(machineID))
			b.Cloud.Add(workspace.Machine(r.Outputs["azure_resource_id"].(string)), "Standard_B2s")
			b.begin(r, workspace.Order{Action: "start"})
			return b
		})
	})
}

// quick is a cloud that is done by the next look: there are as many calls to
// fail as steps, and no more.
func quick(c *memcloud.Config) {
	c.Deploy, c.Remove, c.Act = time.Second, time.Second, time.Second
}

// TestW6 and W7 and W10: an order that cannot be read is told as such, once, and
// blocks nothing. AzureTRE raises a TypeError over it, and abandons the message
// until its queue gives up.
func TestW6W7W10(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.newWorkspace()
	for _, m := range []message.Step{{}, {Workspace: "system"}, {Workspace: "x", Resource: freshID}, {Workspace: "system", Resource: freshID, Operation: "main"}} {
		if err := b.handle(m); fault.KindOf(err) != fault.Poison {
			t.Errorf("%+v is %s: %v", m, fault.KindOf(err), err)
		}
	}
	b.Must(b.run(op))
	if op = b.Reread(op); op.Status != workspace.Deployed {
		t.Errorf("is %s", op.Status)
	}
}

// TestW8: somebody who is always faster costs a few tries and no row. After
// one lost race AzureTRE goes on without the resource, and deletes it.
func TestW8(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.newWorkspace()
	touch := func() {
		r := b.Get(key(freshID))
		r.Message = fmt.Sprint("touched at ", b.Now(), r.Version)
		c := workspace.Change{Partition: workspace.System}
		c.Quietly(r)
		_, err := b.Store.CommitChange(t.Context(), c)
		b.Must(err)
	}
	lost := 0
	b.Faults.Before("Store.CommitChange", func() {
		if lost++; lost%3 != 0 {
			touch()
		}
	})
	for range 100 {
		_ = b.handle(order(op))
		b.Pass(cadence.Hint)
	}
	if op = b.Reread(op); op.Status != workspace.Deployed || b.Get(key(freshID)).Status != workspace.Deployed {
		t.Errorf("is %s: %s", op.Status, op.Message)
	}
}

// TestW9: trouble that passes is waited out, each kind of it. AzureTRE's
// processor tries nothing again.
// TestW11: a deployment of hours is run once, however many orders are
// delivered meanwhile. In AzureTRE one of more than an hour is run twice.
// TestW12: a step ends by its deadline, and before it when somebody cancels,
// wherever it stands. AzureTRE has neither.
// TestW15: outputs that cannot be worked with fail the step, in words; good
// ones are never lost. AzureTRE drops what it cannot parse with a log line, and
// has none after some upgrades.
// TestW16: what was deleted can be read about. AzureTRE answers 404 for the
// operation that deleted it.
