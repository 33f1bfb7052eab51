package resourcestep_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestW3: each step of a pipeline fails in each way that a step can fail in: the
// operation fails, by that step alone, and the ones after it are not begun.
// AzureTRE tests the two ways in which all goes well.
func TestW3(t *testing.T) {
	t.Parallel()
	broken := memcloud.Trouble(400, "InvalidTemplate", "The template is not valid.")
	for way, rule := range map[string]memcloud.Rule{
		"ends badly":         {End: memcloud.Quota()},
		"is refused at once": {Before: broken},
		"never ends":         {Takes: 48 * time.Hour},
	} {
		for at, name := range []string{"network", "its own", "firewall", "network again"} {
			t.Run(name+" "+way, func(t *testing.T) {
				t.Parallel()
				b := newBed(t)
				op := b.pipeline()
				target := []string{roomtest.Here, serviceID, sharedID, roomtest.Here}[at]
				rule := rule
				rule.Call, rule.Name = memcloud.Deploy, b.stackOf(target)
				if at == 3 {
					b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: rule.Name, Times: 1})
				}
				b.Cloud.Script(rule)
				b.Must(b.run(op))
				now := b.Reread(op)
				if !now.Status.Failed() || !b.Get(key(serviceID)).Status.Failed() || now.Message == "" {
					t.Errorf("told as %s, the service as %s: %q", now.Status, b.Get(key(serviceID)).Status, now.Message)
				}
				for i, s := range now.Steps {
					want := map[bool]workspace.Status{true: s.Action.Status(workspace.Succeeded), false: s.Action.Status(workspace.Waiting)}[i < at]
					if i == at {
						want = s.Action.Status(workspace.Failed)
					}
					if s.Status != want {
						t.Errorf("step %d is %s, not %s", i+1, s.Status, want)
					}
				}
			})
		}
	}
}

// TestW13: whatever engine began a deployment is gone for good, with what it had
// in memory and every order it gave. Another one finds the deployment as the
// cloud holds it, begins none beside, and tells how it ended. In AzureTRE an
// upgrade of the machines kills Terraform at work, and its lock stays.
func TestW13(t *testing.T) {
	t.Parallel()
	for name, fails := range map[string]bool{"that ends well": false, "that ends badly": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			if fails {
				b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, End: memcloud.Quota()})
			}
			op := b.newWorkspace()
			for b.Cloud.Calls(memcloud.Deploy) == 0 {
				b.Must(b.handle(order(op)))
			}
			b.TakeSent()
			b.Pass(time.Hour) // nobody is there; the cloud goes on
			r := b.Get(key(freshID))
			r.Job.Token = "of another engine's keys"
			c := workspace.Change{Partition: workspace.System}
			c.Quietly(r)
			_, err := b.Store.CommitChange(t.Context(), c)
			b.Must(err)
			b.Must(b.run(op))
			now := b.Reread(op)
			if now.Status.Failed() != fails || !fails && now.Status != workspace.Deployed || b.Cloud.Calls(memcloud.Deploy) != 1 {
				t.Errorf("ended as %s after %d deployments: %s", now.Status, b.Cloud.Calls(memcloud.Deploy), now.Message)
			}
			if fails && !strings.Contains(now.Message, "Quota") && !strings.Contains(now.Message, "quota") {
				t.Errorf("people read %q", now.Message)
			}
		})
	}
}

// TestW17: not one order arrives, and no event of Azure. What sweep finds in the
// rows of unfinished work brings every operation to its end all the same, and
// leaves no row. AzureTRE has nothing that looks, and its documentation has people
// edit the database.
func TestW17(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*bed) workspace.Operation{
		"a new workspace": func(b *bed) workspace.Operation { return b.newWorkspace() },
		"a pipeline":      (*bed).pipeline,
		"a cascade":       func(b *bed) workspace.Operation { b.estate(); return b.cascade() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			op := begin(b)
			minutes := 0
			for ; !b.Reread(op).Ended() && minutes < 300; minutes++ {
				for _, o := range b.due(op) {
					b.Must(b.handle(message.Step{Workspace: o.Key.Workspace, Resource: o.Resource, Operation: o.Key.Request}))
				}
				b.TakeSent()
				b.Pass(time.Minute)
			}
			if now := b.Reread(op); !now.Ended() || now.Status.Failed() {
				t.Errorf("after %d minutes it is %s: %s", minutes, now.Status, now.Message)
			}
			b.Pass(24 * time.Hour)
			if left := b.due(op); len(left) > 0 {
				t.Errorf("unfinished: %+v", left)
			}
		})
	}
}

// due are the rows of unfinished operations that sweep would find now.
func (b *bed) due(op workspace.Operation) []airlock.Open {
	b.T.Helper()
	rows, _, err := b.Work.Due(b.T.Context(), op.Resource.Partition, b.Now(), airlock.Page{})
	b.Must(err)
	return slices.DeleteFunc(rows, func(o airlock.Open) bool { return o.Resource == "" })
}
