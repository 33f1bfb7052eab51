package resourcestep_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// What is cancelled before the cloud took it ends as cancelled, by whom, however
// the cloud looks from what was before: a machine that runs was not started,
// and a stack that failed once is no deletion that failed.
func TestCancelledBeforeItBegan(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		call memcloud.Call
		set  func(b *bed) workspace.Operation
	}{
		"a start": {memcloud.Begin, func(b *bed) workspace.Operation {
			r := b.Get(key(machineID))
			b.Cloud.Add(workspace.Machine(r.Outputs["azure_resource_id"].(string)), "Standard_B2s")
			return b.begin(r, workspace.Order{Action: "start"})
		}},
		"a deletion": {memcloud.Remove, func(b *bed) workspace.Operation {
			_, err := b.Stacks.Deploy(b.T.Context(), workspace.Deployment{Stack: workspace.Stack{Subscription: "s", Group: "rg-core", Name: b.stackOf(sharedID)}, Run: "before"})
			b.Must(err)
			b.Pass(time.Hour)
			return b.begin(b.disabled(key(sharedID)), workspace.Order{Action: workspace.Uninstall})
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.estate()
			b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Times: 1, End: memcloud.Quota()}, memcloud.Rule{Call: tt.call, Before: memcloud.Unavailable()})
			op := tt.set(b)
			b.Must(b.handle(order(op)))
			if r := b.Get(op.Resource); r.Job == nil || !r.Job.Begun.IsZero() {
				t.Fatalf("it began: %+v", r)
			}
			b.cancel(op)
			b.Must(b.run(op))
			if op = b.Reread(op); !op.Status.Failed() || !strings.Contains(op.Message, "cancelled by Olga: enough") {
				t.Errorf("%s: %s", op.Status, op.Message)
			}
		})
	}
}

// What is cancelled while it is under way tells by whom as well.
func TestCancelledBySomebody(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.estate()
	op := b.begin(b.Get(key(sharedID)), workspace.Order{Action: workspace.Upgrade})
	b.Must(b.handle(order(op)))
	b.cancel(op)
	b.Must(b.run(op))
	if op = b.Reread(op); op.Status != workspace.UpdatingFailed || !strings.Contains(op.Message, "cancelled by Olga: enough") || b.Get(key(sharedID)).Message != op.Message {
		t.Errorf("%s: %s; the resource says %s", op.Status, op.Message, b.Get(key(sharedID)).Message)
	}
}
