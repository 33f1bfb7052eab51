package resourcestep_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func TestW9(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]memcloud.Rule{
		"the start is throttled":          {Call: memcloud.Deploy, Times: 4, Before: memcloud.Throttled(time.Minute)},
		"the service is away":             {Times: 5, Before: memcloud.Unavailable()},
		"it was done, and nobody said so": {Call: memcloud.Deploy, Times: 1, After: memcloud.Unavailable()},
		"something else is under way":     {Call: memcloud.Deploy, Times: 3, Before: memcloud.Conflict()},
		"the role is young":               {Call: memcloud.Deploy, Times: 3, Before: memcloud.Forbidden()},
		"it failed as such things do":     {Call: memcloud.Deploy, Times: 2, End: memcloud.Trouble(409, "AnotherOperationInProgress", "Another operation is in progress.")},
		"it was taken and forgotten":      {Call: memcloud.Deploy, Times: 1, Lost: true},
		"looks fail":                      {Call: memcloud.Look, Times: 3, Before: memcloud.Unavailable()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.Cloud.Script(rule)
			op := b.newWorkspace()
			b.chain(order(op))
			if op = b.Reread(op); op.Status != workspace.Deployed {
				t.Errorf("is %s: %s", op.Status, op.Message)
			}
		})
	}
}

func TestW11(t *testing.T) {
	t.Parallel()
	b := newBed(t, func(c *memcloud.Config) { c.Deploy = 110 * time.Minute })
	op := b.newWorkspace()
	b.Must(b.run(op))
	if op = b.Reread(op); op.Status != workspace.Deployed || b.Cloud.Calls(memcloud.Deploy) != 1 {
		t.Errorf("is %s after %d deployments", op.Status, b.Cloud.Calls(memcloud.Deploy))
	}
}

func TestW12(t *testing.T) {
	t.Parallel()
	b := newBed(t, func(c *memcloud.Config) { c.Deploy = 300 * time.Hour })
	op := b.newWorkspace()
	begun := b.Now()
	b.Must(b.run(op))
	op = b.Reread(op)
	if took := b.Now().Sub(begun); op.Status != workspace.DeploymentFailed || !strings.Contains(op.Message, "did not end within 2h") || took > 3*time.Hour {
		t.Errorf("after %v it is %s: %s", took, op.Status, op.Message)
	}
	for looks := range 12 {
		b := newBed(t)
		op := b.pipeline()
		for range looks {
			b.Must(b.handle(order(op)))
			b.Pass(cadence.Hint)
		}
		b.cancel(op)
		b.Must(b.run(op))
		op = b.Reread(op)
		if op.Status != workspace.DeploymentFailed && looks < 11 || b.Get(key(serviceID)).Operation != "" || b.Get(key(sharedID)).Operation != "" || b.Get(key(roomtest.Here)).Operation != "" {
			t.Errorf("cancelled after %d orders it is %s: %s", looks, op.Status, op.Message)
		}
	}
}

// cancel asks that an operation stops, if it did not end.
func (b *bed) cancel(op workspace.Operation) {
	b.T.Helper()
	op = b.Reread(op)
	if op.Ended() {
		return
	}
	op, err := op.Ask(workspace.Cancel{By: roomtest.Olga, At: b.Now(), Reason: "enough"})
	b.Must(err)
	c := workspace.Change{Partition: op.Resource.Partition}
	c.Operation(op, b.Now(), b.line("cancel"))
	_, err = b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
}

func TestW15(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		outputs map[string]any
		airlock any
		message string
	}{
		"no account":                          {map[string]any{"a": 1}, nil, "storage_account_name"},
		"an account that is none":             {map[string]any{"storage_account_name": "A/B"}, nil, "storage_account_name"},
		"an account that is a number":         {map[string]any{"storage_account_name": 5}, nil, "storage_account_name"},
		"no account, and no airlock":          {map[string]any{"a": 1}, false, ""},
		"too much":                            {map[string]any{"storage_account_name": "stgok", "big": strings.Repeat("x", 200_000)}, nil, "200"},
		"no JSON":                             {map[string]any{"storage_account_name": "stgok", "f": func() {}}, nil, "no JSON"},
		"a machine of others":                 {map[string]any{"storage_account_name": "stgok", "azure_resource_id": strangers}, nil, "azure_resource_id"},
		"an id of something else":             {map[string]any{"storage_account_name": "stgok", "azure_resource_id": "/subscriptions/s"}, nil, ""},
		"the name of a secret":                {map[string]any{"storage_account_name": "stgok", "admin_password": "x"}, nil, "admin_password"},
		"texts, numbers, truths, lists, none": {map[string]any{"storage_account_name": "stgok", "n": 1.5, "b": true, "l": []any{"a", 1.0}, "o": map[string]any{"x": nil}}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, func(c *memcloud.Config) { c.Outputs = func(workspace.Deployment) map[string]any { return tt.outputs } })
			op := b.newWorkspace(func(c *workspace.Change) {
				r := &c.Resources[0]
				id, err := b.Secrets.Put(t.Context(), freshID+"-p", "hush")
				b.Must(err)
				r.Secrets = map[string]string{"/admin_password": id}
				if tt.airlock != nil {
					r.Properties["enable_airlock"] = tt.airlock
				}
			})
			b.Must(b.run(op))
			op = b.Reread(op)
			if op.Status.Failed() != (tt.message != "") || !strings.Contains(op.Message, tt.message) {
				t.Fatalf("is %s: %.200s", op.Status, op.Message)
			}
			if tt.message != "" {
				return
			}
			got, _ := json.Marshal(b.Get(key(freshID)).Outputs)
			want, _ := json.Marshal(tt.outputs)
			if string(got) != string(want) {
				t.Errorf("outputs %s, want %s", got, want)
			}
		})
	}
}

func TestW16(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.estate()
	op := b.cascade()
	b.Must(b.run(op))
	op, r := b.Reread(op), b.Get(key(roomtest.Here))
	if said := b.Said(workspace.System, r.ID, r.Head); !op.Ended() || !slices.Contains(said, "succeeds deleted") {
		t.Errorf("operation %s, trail %v", op.Status, said)
	}
	if _, err := b.Store.Operation(t.Context(), op.Key()); err != nil {
		t.Error(err)
	}
	due, _, err := b.Store.Due(t.Context(), workspace.System, b.Now().Add(1000*time.Hour), airlock.Page{})
	if err != nil || len(due) > 0 {
		t.Errorf("left to do: %v, %v", due, err)
	}
}

// What a custom action of a stack tells is looked at like all outputs.
func TestOutputsOfActions(t *testing.T) {
	t.Parallel()
	b := newBed(t, func(c *memcloud.Config) {
		c.Outputs = func(workspace.Deployment) map[string]any { return map[string]any{"azure_resource_id": strangers} }
	})
	b.estate()
	before := b.Get(key(machineID))
	op := b.begin(before, workspace.Order{Action: "rotate"})
	b.Must(b.run(op))
	if op = b.Reread(op); !op.Status.Failed() || !strings.Contains(op.Message, "azure_resource_id") {
		t.Errorf("is %s: %s", op.Status, op.Message)
	}
	if got := b.Get(key(machineID)).Outputs["azure_resource_id"]; got != before.Outputs["azure_resource_id"] {
		t.Errorf("its machine is %s", got)
	}
}

// The airlock's account is the one that the stack told of, whatever somebody
// wrote into a property of that name, and however the change ended.
func TestAccountIsTheStacks(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*bed){
		"the change succeeds": func(*bed) {},
		"the change fails": func(b *bed) {
			b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: b.stackOf(freshID), End: memcloud.Quota()})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.Must(b.run(b.newWorkspace()))
			r := b.Get(key(freshID))
			told := r.Outputs["storage_account_name"]
			r.Properties["storage_account_name"] = "strangers"
			r, op, err := r.Begin(workspace.Act{By: roomtest.Olga, At: b.Now(), Operation: machineID}, workspace.Order{Action: workspace.Upgrade})
			b.Must(err)
			c := workspace.Change{Partition: workspace.System}
			c.Resource(r, audit.Line{At: b.Now(), Action: "asked"})
			c.Operation(op, cadence.Due(r, b.Now()), audit.Line{At: b.Now(), Action: "asked"})
			_, err = b.Store.CommitChange(t.Context(), c)
			b.Must(err)
			end(b)
			b.Must(b.run(op))
			card, err := b.Spaces.Workspace(t.Context(), freshID)
			b.Must(err)
			if !card.Deployed || card.StorageAccount != told {
				t.Errorf("the account is %q, not %q (%s)", card.StorageAccount, told, b.Reread(op).Status)
			}
		})
	}
}
