package resourcestep_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func TestParents(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w, s *workspace.Resource)
		good   bool
	}{
		"all is well":               {func(_, _ *workspace.Resource) {}, true},
		"the workspace is disabled": {func(w, _ *workspace.Resource) { w.Enabled = false }, false},
		"the workspace goes":        {func(w, _ *workspace.Resource) { w.Status = workspace.Deleting }, false},
		"the service was deleted":   {func(_, s *workspace.Resource) { s.Status = workspace.Deleted }, false},
		"the service is not there":  {func(_, s *workspace.Resource) { s.Installed, s.Status = false, workspace.DeploymentFailed }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			w, s := b.resource(workspace.Workspace, roomtest.Here), b.resource(workspace.Service, serviceID)
			tt.change(&w, &s)
			b.put(w, s)
			op := b.begin(b.fresh(workspace.UserResource, machineID), workspace.Order{Action: workspace.Install})
			b.Must(b.run(op))
			if op = b.Reread(op); op.Status.Failed() == tt.good || b.Get(key(machineID)).Status != op.Status {
				t.Errorf("%s: %s", op.Status, op.Message)
			}
			if begun := b.Cloud.Calls(memcloud.Deploy) > 0; begun != tt.good {
				t.Errorf("a deployment was started: %t", begun)
			}
		})
	}
}

func TestAddedMeanwhile(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.estate()
	op := b.cascade()
	late := b.resource(workspace.Service, sharedID)
	late.Enabled = false
	b.put(late)
	b.Must(b.run(op))
	op = b.Reread(op)
	if op.Status != workspace.DeletingFailed || !strings.Contains(op.Message, late.Path()) {
		t.Errorf("%s: %s", op.Status, op.Message)
	}
	if card, _ := b.Store.Workspace(t.Context(), roomtest.Here); card.Gone {
		t.Error("the airlock takes it for deleted")
	}
}

func TestActions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		action     workspace.Action
		parameters map[string]string
		change     func(r *workspace.Resource)
		calls      memcloud.Call
		status     workspace.Status
	}{
		"a machine is started":  {"start", nil, nil, memcloud.Begin, workspace.ActionSucceeded},
		"resized":               {"resize", map[string]string{"size": "Standard_D2s_v6"}, nil, memcloud.Begin, workspace.ActionSucceeded},
		"to no size":            {"resize", nil, nil, "", workspace.ActionFailed},
		"without a machine":     {"start", nil, func(r *workspace.Resource) { r.Outputs = nil }, "", workspace.ActionFailed},
		"another workspace's":   {"start", nil, func(r *workspace.Resource) { r.Outputs["azure_resource_id"] = strangers }, "", workspace.ActionFailed},
		"a password, of nobody": {"reset_password", nil, nil, "", workspace.ActionFailed},
		"the stack's own":       {"rotate", nil, nil, memcloud.Deploy, workspace.ActionSucceeded},
		"unknown":               {"dance", nil, nil, "", workspace.ActionFailed},
		"no package":            {"start", nil, func(r *workspace.Resource) { r.Template.Digest = "lost" }, "", workspace.ActionFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.estate()
			r := b.Get(key(machineID))
			b.Cloud.Add(workspace.Machine(r.Outputs["azure_resource_id"].(string)), "Standard_B2s")
			b.Cloud.Add(strangers, "Standard_B2s")
			if tt.change != nil {
				tt.change(&r)
			}
			op := b.begin(r, workspace.Order{Action: tt.action, Parameters: tt.parameters})
			b.Must(b.run(op))
			op = b.Reread(op)
			if op.Status != tt.status || b.Get(key(machineID)).Status != tt.status {
				t.Errorf("%s: %s", op.Status, op.Message)
			}
			for _, call := range []memcloud.Call{memcloud.Begin, memcloud.Deploy} {
				if n := b.Cloud.Calls(call); (n > 0) != (call == tt.calls) {
					t.Errorf("%s was called %d times", call, n)
				}
			}
		})
	}
}

func TestServiceGivesItsRangeBack(t *testing.T) {
	t.Parallel()
	set := func(t testing.TB) *bed {
		b := newBed(t, quick)
		b.estate()
		b.reserve(roomtest.Here, serviceID, "10.3.0.0/24")
		m, s := b.disabled(key(machineID)), b.disabled(key(serviceID))
		steps, err := workspace.Cascade([]workspace.Resource{m}, func(workspace.Resource) (workspace.Step, error) { return workspace.Step{}, nil })
		b.Must(err)
		b.begin(s, workspace.Order{Action: workspace.Uninstall, Before: steps})
		return b
	}
	b := set(t)
	b.Must(b.run(b.operation(serviceID)))
	blocks, err := b.Store.Blocks(t.Context())
	b.Must(err)
	if w := b.Get(key(roomtest.Here)); len(w.Addresses) != 0 || len(blocks) != 1 || len(blocks[0].Taken) != 0 {
		t.Errorf("the workspace has %v, reserved is %v", w.Addresses, blocks)
	}
	everyFault(t, serviceID, set)
}

// A service whose range was given back before it was made is not deployed into
// what may be somebody else's.
func TestRangeWasGivenBack(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.put(b.resource(workspace.Workspace, roomtest.Here))
	s := b.fresh(workspace.Service, serviceID)
	s.Addresses = []string{"10.3.0.0/24"}
	op := b.begin(s, workspace.Order{Action: workspace.Install})
	b.Must(b.run(op))
	if op = b.Reread(op); op.Status != workspace.DeploymentFailed || !strings.Contains(op.Message, "10.3.0.0/24 is not reserved") || b.Cloud.Calls(memcloud.Deploy) > 0 {
		t.Errorf("is %s: %s", op.Status, op.Message)
	}
}
