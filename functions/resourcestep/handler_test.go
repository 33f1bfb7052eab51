package resourcestep_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	pack "github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// asked is the request that a new workspace came from.
func (b *bed) asked(c *workspace.Change) {
	r := workspace.Request{ID: freshID, Source: workspace.FromCall, Template: "t", Requester: roomtest.Olga, Status: workspace.Granted}
	c.Request(r, b.Now(), audit.Line{At: b.Now(), Action: "asked"})
}

// A workspace is made by its orders alone, one at a time: its people get their
// roles, the airlock learns its account, who asked is told.
func TestNewWorkspace(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.newWorkspace(b.asked)
	if orders := b.chain(order(op)); orders > 8 {
		t.Errorf("%d orders for a deployment of three minutes", orders)
	}
	op = b.Reread(op)
	r := b.Get(key(freshID))
	if op.Status != workspace.Deployed || r.Status != workspace.Deployed || !r.Installed || r.Operation != "" || len(op.Members) != 0 {
		t.Fatalf("operation %s (%s), workspace %s held by %q", op.Status, op.Message, r.Status, r.Operation)
	}
	card, err := b.Store.Workspace(t.Context(), freshID)
	b.Must(err)
	if !card.Deployed || card.Gone || !card.EnableAirlock || card.StorageAccount != r.Outputs["storage_account_name"] || card.Policy.MaxFiles != 7 {
		t.Errorf("the airlock knows %+v", card)
	}
	members, err := b.Store.Members(t.Context(), freshID)
	b.Must(err)
	if len(members) != 2 || members[0].Role != access.WorkspaceResearcher && members[0].Role != access.WorkspaceOwner {
		t.Errorf("its people are %v", members)
	}
	request, err := b.Store.WorkspaceRequest(t.Context(), freshID)
	b.Must(err)
	if n := len(request.Notices); n != 1 || request.Notices[0].Event != workspace.EventDeployed {
		t.Errorf("to be told: %v", request.Notices)
	}
	d, _ := b.Cloud.Deployment(b.Cloud.Deployed()[0])
	if d.Parameters["tre_id"].Value != "tre" || d.Tags["tre_workspace_id"] != freshID || d.Stack.Location != "westeurope" || string(d.Template) != string(pack.Canonicals(template)["main.json"]) {
		t.Errorf("deployed %+v", d)
	}
	if named, err := b.Store.Named(t.Context(), strings.TrimPrefix(d.Stack.Name, "tre-")); err != nil || named != key(freshID) {
		t.Errorf("the stack's name leads to %v, %v", named, err)
	}
	if _, err := b.Store.Open(t.Context(), airlock.Key{Workspace: workspace.System, Request: op.ID}); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("unfinished work is left: %v", err)
	}
}

// Deleting a workspace deletes what is in it, deepest first; then its ranges
// are free, its secrets forgotten, and the airlock knows that it is gone.
func TestDeletedWorkspace(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.estate()
	secret, err := b.Secrets.Put(t.Context(), machineID+"-p", "hush")
	b.Must(err)
	_, err = b.Secrets.Put(t.Context(), sharedID+"-p", "stays")
	b.Must(err)
	machine := b.Get(key(machineID))
	machine.Secrets = map[string]string{"/admin_password": secret}
	c := workspace.Change{Partition: roomtest.Here}
	c.Quietly(machine)
	_, err = b.Store.CommitChange(t.Context(), c)
	b.Must(err)
	op := b.cascade()
	b.Must(b.run(op))
	if op = b.Reread(op); statuses(op) != "deleted deleted deleted deleted" {
		t.Fatalf("%s: %s", statuses(op), op.Message)
	}
	for _, id := range []string{machineID, serviceID, roomtest.Here} {
		if r := b.Get(key(id)); !r.Gone() || len(r.Secrets) > 0 || len(r.Addresses) > 0 {
			t.Errorf("%s %s with secrets %v and ranges %v", id, r.Status, r.Secrets, r.Addresses)
		}
	}
	if kept := b.Cloud.Kept(); len(kept) != 1 {
		t.Errorf("the vault keeps %d secrets", len(kept))
	}
	blocks, err := b.Store.Blocks(t.Context())
	b.Must(err)
	if len(blocks) != 1 || len(blocks[0].Taken) != 0 {
		t.Errorf("reserved is %v", blocks)
	}
	if card, _ := b.Store.Workspace(t.Context(), roomtest.Here); !card.Gone || card.Deployed {
		t.Errorf("the airlock knows %+v", card)
	}
}

// Each row is a sentence: such an order is handled so.
func TestOrders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(m *message.Step)
		kind   fault.Kind
	}{
		"the operation": {func(*message.Step) {}, fault.None},
		"the resource alone, before it was taken": {func(m *message.Step) { m.Operation = "" }, fault.None},
		"a resource to which nothing is done":     {func(m *message.Step) { m.Resource, m.Operation = sharedID, "" }, fault.None},
		"no id":                                   {func(m *message.Step) { m.Resource = "5" }, fault.Poison},
		"an id in capitals":                       {func(m *message.Step) { m.Operation = strings.ToUpper("aaaaaaaa-0000-4000-8000-00000000000b") }, fault.Poison},
		"a partition that is none":                {func(m *message.Step) { m.Workspace = "people" }, fault.Poison},
		"nothing at all":                          {func(m *message.Step) { *m = message.Step{} }, fault.Poison},
		"an operation that does not exist":        {func(m *message.Step) { m.Operation = roomtest.NobodysID }, fault.Refused},
		"an operation on another resource":        {func(m *message.Step) { m.Resource = sharedID }, fault.Refused},
		"a resource that does not exist":          {func(m *message.Step) { m.Resource, m.Operation = roomtest.NobodysID, "" }, fault.Refused},
		"another partition":                       {func(m *message.Step) { m.Workspace = roomtest.There }, fault.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.put(b.resource(workspace.SharedService, sharedID))
			op := b.newWorkspace()
			m := order(op)
			tt.change(&m)
			if err := b.handle(m); fault.KindOf(err) != tt.kind {
				t.Errorf("is %s: %v", fault.KindOf(err), err)
			}
			if n := len(b.Strange()); (n == 1) != (tt.kind == fault.Refused) {
				t.Errorf("%d lines kept", n)
			}
			begun := b.Cloud.Calls(memcloud.Deploy) == 1
			if mine := tt.kind == fault.None && m.Resource == freshID; begun != mine {
				t.Errorf("a deployment was started: %t", begun)
			}
		})
	}
}

// What is new begins only in something that may hold it, whenever that changed.
// What was added to a workspace after its deletion was ordered keeps it.
// Each row is a sentence: this action is done to a machine, or by the stack, or
// fails so.
// A service's range is free when it is deleted, and no longer its workspace's.
// Nothing is looked at before its time but on a hint, and a hint orders nothing.
func TestHintsMultiplyNothing(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.newWorkspace()
	b.Must(b.handle(order(op)))
	if sent := b.TakeSent(); len(sent) != 1 || sent[0].At.Sub(b.Now()) != cadence.First {
		t.Fatalf("ordered %v", sent)
	}
	for range 20 {
		b.Pass(100 * time.Millisecond)
		b.Must(b.handle(order(op)))
	}
	if sent := b.TakeSent(); len(sent) != 0 || b.Cloud.Calls(memcloud.Deploy) != 1 {
		t.Errorf("20 hints ordered %v and started %d deployments", sent, b.Cloud.Calls(memcloud.Deploy))
	}
	b.Pass(cadence.First)
	b.Must(b.handle(order(op)))
	if sent := b.TakeSent(); len(sent) != 1 {
		t.Errorf("the look that was due ordered %v", sent)
	}
	b.Pass(3 * time.Minute)
	b.Must(b.handle(message.Step{Workspace: workspace.System, Resource: freshID})) // as armchanged orders it, early or not
	if op = b.Reread(op); op.Status != workspace.Deployed {
		t.Errorf("after the event it is %s", op.Status)
	}
}

// Azure's wish to be left alone is followed, whoever hints.
func TestThrottled(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Times: 1, Before: memcloud.Throttled(10 * time.Minute)})
	op := b.newWorkspace()
	for range 9 {
		b.Must(b.handle(order(op)))
		b.Pass(time.Minute)
	}
	if n := b.Cloud.Calls(memcloud.Deploy); n != 1 {
		t.Errorf("asked %d times within the ten minutes", n)
	}
	if r := b.Get(key(freshID)); !strings.Contains(r.Job.Trouble, "TooManyRequests") {
		t.Errorf("people read %q", r.Job.Trouble)
	}
	b.Must(b.run(op))
	if op = b.Reread(op); op.Status != workspace.Deployed {
		t.Errorf("%s: %s", op.Status, op.Message)
	}
}

// The audit trail of an operation and its resource names every change, chained.
func TestTrail(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.newWorkspace()
	b.chain(order(op))
	op, r := b.Reread(op), b.Get(key(freshID))
	if got := b.Said(workspace.System, r.ID, r.Head); !slices.Equal(got, []string{"asked ", "starts deploying", "succeeds deployed"}) {
		t.Errorf("of the workspace: %q", got)
	}
	if got := b.Said(workspace.System, op.ID, op.Head); !slices.Equal(got, []string{"asked ", "members awaiting_deployment", "starts deploying", "succeeds deployed"}) {
		t.Errorf("of the operation: %q", got)
	}
}
