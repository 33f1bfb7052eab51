package workspace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// AzureTRE tells a pipeline whose last step failed as a success (W1): its loop
// variable shadows the failed step. Here whichever step fails, the operation
// fails with the failure status of its action, the resource that it is about
// too, the steps after it are not done, and the message is Azure's.
func TestW1PipelineFailsAtEachStep(t *testing.T) {
	t.Parallel()
	tests := []struct {
		action      workspace.Action
		failing     int
		op, own     workspace.Status
		steps       string
		begun, rest int // jobs that were started; steps not done
	}{
		{workspace.Install, 0, workspace.DeploymentFailed, workspace.DeploymentFailed, "[updating_failed awaiting_deployment awaiting_update]", 1, 2},
		{workspace.Install, 1, workspace.DeploymentFailed, workspace.DeploymentFailed, "[updated deployment_failed awaiting_update]", 2, 1},
		{workspace.Install, 2, workspace.DeploymentFailed, workspace.DeploymentFailed, "[updated deployed updating_failed]", 3, 0},
		{workspace.Upgrade, 0, workspace.UpdatingFailed, workspace.UpdatingFailed, "[updating_failed awaiting_update awaiting_update]", 1, 2},
		{workspace.Upgrade, 1, workspace.UpdatingFailed, workspace.UpdatingFailed, "[updated updating_failed awaiting_update]", 2, 1},
		{workspace.Upgrade, 2, workspace.UpdatingFailed, workspace.UpdatingFailed, "[updated updated updating_failed]", 3, 0},
		{workspace.Uninstall, 0, workspace.DeletingFailed, workspace.DeletingFailed, "[updating_failed awaiting_deletion awaiting_update]", 1, 2},
		{workspace.Uninstall, 1, workspace.DeletingFailed, workspace.DeletingFailed, "[updated deleting_failed awaiting_update]", 2, 1},
		{workspace.Uninstall, 2, workspace.DeletingFailed, workspace.Deleted, "[updated deleted updating_failed]", 3, 0}, // what is gone stays gone
		{"resync", 2, workspace.ActionFailed, workspace.ActionFailed, "[updated action_succeeded updating_failed]", 3, 0},
	}
	for _, tt := range tests {
		w := newWorld(t)
		own, targets := w.pipeline(tt.action)
		w.fails[targets[tt.failing]] = final("Operation could not be completed as it results in exceeding approved Total Regional Cores quota")
		w.run()
		if w.op.Status != tt.op || w.rows[own.Key()].Status != tt.own || w.statuses() != tt.steps {
			t.Errorf("%s failing at step %d: operation %s, resource %s, steps %s", tt.action, tt.failing, w.op.Status, w.rows[own.Key()].Status, w.statuses())
		}
		if !strings.Contains(w.op.Message, "Total Regional Cores") || !strings.Contains(w.op.Message, w.op.Steps[tt.failing].Title) {
			t.Errorf("%s failing at step %d is told as %q", tt.action, tt.failing, w.op.Message)
		}
		if failed := w.rows[targets[tt.failing]]; !failed.Status.Failed() || !strings.Contains(failed.Message, "QuotaExceeded") {
			t.Errorf("%s failing at step %d: its target is %s: %s", tt.action, tt.failing, failed.Status, failed.Message)
		}
		rest := 0
		for _, s := range w.op.Steps {
			if strings.HasPrefix(s.Message, "not done: ") {
				rest++
			}
		}
		if len(w.begun) != tt.begun || rest != tt.rest || !w.free() {
			t.Errorf("%s failing at step %d: %d jobs begun, %d steps not done, all free %t", tt.action, tt.failing, len(w.begun), rest, w.free())
		}
	}
}

func TestPipelineSucceeds(t *testing.T) {
	t.Parallel()
	for action, want := range map[workspace.Action]workspace.Status{workspace.Install: workspace.Deployed, workspace.Upgrade: workspace.Updated,
		workspace.Uninstall: workspace.Deleted, "resync": workspace.ActionSucceeded} {
		w := newWorld(t)
		own, _ := w.pipeline(action)
		if w.step(); w.op.Status != workspace.PipelineRunning {
			t.Errorf("%s under way is %s", action, w.op.Status)
		}
		w.run()
		if got := w.rows[own.Key()]; w.op.Status != want || got.Status != want || len(w.begun) != 3 || !w.free() {
			t.Errorf("%s: operation %s, resource %s, %d jobs", action, w.op.Status, got.Status, len(w.begun))
		}
	}
}

// cascade is a workspace with a service and two user resources in it, being
// deleted; the steps are deepest first.
func (w *world) cascade() (own workspace.Resource, targets []workspace.Key) {
	own = w.resource(workspace.Workspace, wsID, workspace.Updated)
	service := w.resource(workspace.Service, "66666666-6666-4666-8666-666666666666", workspace.Updated)
	var all []workspace.Resource
	for _, id := range []string{"77777777-7777-4777-8777-777777777777", "88888888-8888-4888-8888-888888888888"} {
		r := w.resource(workspace.UserResource, id, workspace.Updated)
		r.Service = service.ID
		w.rows[r.Key()] = r
		all = append(all, r)
	}
	under := own.Under(append(all, service, own))
	steps, _ := workspace.Cascade(under, func(workspace.Resource) (workspace.Step, error) { return workspace.Step{}, nil })
	w.begin(own, workspace.Order{Action: workspace.Uninstall, Before: steps})
	for _, s := range w.op.Steps {
		targets = append(targets, s.Target)
	}
	return own, targets
}

// AzureTRE calls every step of a cascade main and takes the first for the
// workspace's own: a workspace that cannot be deleted is told as deleted, and a
// child that is gone as not deleted (W2). Here a failure is that of the
// resource that failed and of the workspace, and what was deleted stays so.
func TestW2CascadeFailsAtEachResource(t *testing.T) {
	t.Parallel()
	for failing := range 4 {
		w := newWorld(t)
		own, targets := w.cascade()
		if len(targets) != 4 || targets[3] != own.Key() {
			t.Fatalf("steps %v", targets)
		}
		w.fails[targets[failing]] = final("vault is protected")
		w.run()
		if w.op.Status != workspace.DeletingFailed || w.rows[own.Key()].Status != workspace.DeletingFailed {
			t.Errorf("failing at %d: operation %s, workspace %s", failing, w.op.Status, w.rows[own.Key()].Status)
		}
		for i, key := range targets[:3] {
			want := workspace.Updated
			switch {
			case i < failing:
				want = workspace.Deleted
			case i == failing:
				want = workspace.DeletingFailed
			}
			if got := w.rows[key].Status; got != want {
				t.Errorf("failing at %d: resource %d is %s, want %s", failing, i, got, want)
			}
		}
		if !w.free() {
			t.Errorf("failing at %d: something is still held", failing)
		}
	}
}

// What failed is tried again from where it failed, as an operation of its own:
// the end of the first stays as it was told.
func TestRetryGoesOnWhereItFailed(t *testing.T) {
	t.Parallel()
	for failing := range 4 {
		w := newWorld(t)
		own, targets := w.cascade()
		w.fails[targets[failing]] = final("vault is protected")
		w.run()
		first, begun := w.op, len(w.begun)
		clear(w.fails)
		r, op, err := w.op.Retry(workspace.Act{By: ada, At: w.at, Operation: "99999999-9999-4999-8999-999999999999"}, w.rows[own.Key()])
		if err != nil {
			t.Fatal(err)
		}
		w.rows[own.Key()], w.op = r, op
		w.run()
		if w.op.Status != workspace.Deleted || w.rows[own.Key()].Status != workspace.Deleted || len(w.op.Steps) != 4-failing || w.op.RetryOf != first.ID {
			t.Errorf("failing at %d, tried again: %s, workspace %s, %d steps", failing, w.op.Status, w.rows[own.Key()].Status, len(w.op.Steps))
		}
		if len(w.begun)-begun != 4-failing || first.Status != workspace.DeletingFailed {
			t.Errorf("failing at %d: %d jobs more, the first operation is %s", failing, len(w.begun)-begun, first.Status)
		}
	}
	for failing := range 3 { // of a pipeline, whose own step may have succeeded
		w := newWorld(t)
		own, targets := w.pipeline(workspace.Install)
		w.fails[targets[failing]] = final("no")
		w.run()
		clear(w.fails)
		r, op, err := w.op.Retry(workspace.Act{By: ada, At: w.at, Operation: "99999999-9999-4999-8999-999999999999"}, w.rows[own.Key()])
		if err != nil {
			t.Fatal(err)
		}
		w.rows[own.Key()], w.op = r, op
		if w.run(); w.op.Status != workspace.Deployed || w.rows[own.Key()].Status != workspace.Deployed || !w.free() {
			t.Errorf("install failing at %d, tried again: %s, resource %s", failing, w.op.Status, w.rows[own.Key()].Status)
		}
	}
}

// A step whose answer says nothing good for long is called failed at its
// deadline, with what was last wrong.
func TestDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.resource(workspace.Workspace, wsID, workspace.Deployed)
	w.slow = true
	w.begin(r, workspace.Order{Action: workspace.Upgrade, Limit: 10 * time.Minute})
	w.run()
	if w.op.Status != workspace.UpdatingFailed || !strings.Contains(w.op.Message, "did not end within 10m0s") {
		t.Errorf("%s: %s", w.op.Status, w.op.Message)
	}
	if took := w.at.Sub(start); took > 20*time.Minute {
		t.Errorf("after %s", took)
	}
}
