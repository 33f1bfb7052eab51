package resourcestep_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// then, because somebody cancelled it: the workspace is not held by what is over.
func TestTakenForWhatIsOver(t *testing.T) {
	t.Parallel()
	for name, crash := range map[string]bool{"the worker goes on": false, "the worker dies, and the order comes again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			op := b.pipeline()
			first := true
			b.Faults.Before("Store.CommitChange", func() {
				if !first {
					return
				}
				first = false
				b.cancel(op)
				b.Must(b.handle(order(op)))
				if crash { // the operation's own commit meets the other worker's; then comes the read
					b.Faults.Fail(2, false)
				}
			})
			err := b.handle(order(op))
			if crash != (err != nil) {
				t.Fatal(err)
			}
			b.Must(b.handle(order(op)))
			w := b.Get(key(roomtest.Here))
			if got := b.Reread(op); got.Status != workspace.DeploymentFailed || w.Operation != "" || w.Job != nil || !w.Status.Ended() {
				t.Errorf("the operation is %s, the workspace is %s and held by %q", got.Status, w.Status, w.Operation)
			}
			if n := b.Cloud.Calls(memcloud.Deploy); n > 0 {
				t.Errorf("%d deployments of a cancelled operation", n)
			}
		})
	}
}

// What a failed step had appended is not appended again when it is retried.
func TestRetryAppendsOnce(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	op := b.pipeline()
	b.Cloud.Script(memcloud.Rule{Call: memcloud.Deploy, Name: b.stackOf(sharedID), Times: 1, End: memcloud.Quota()})
	b.Must(b.run(op))
	next := b.retry(op)
	b.Must(b.run(next))
	if rules, _ := b.Get(key(sharedID)).Properties["rules"].([]any); len(rules) != 1 || b.Reread(next).Status != workspace.Deployed {
		t.Errorf("%s; the rules are %v", b.Reread(next).Status, rules)
	}
}

// as for an install.
func TestUpdateOfWhatWasNeverThere(t *testing.T) {
	t.Parallel()
	failed := func(b *bed, kind workspace.Kind, id string) workspace.Resource {
		r := b.fresh(kind, id)
		r.Status = workspace.DeploymentFailed
		return r
	}
	for name, set := range map[string]func(b *bed) workspace.Operation{
		"a machine in a deleted service": func(b *bed) workspace.Operation {
			s := b.resource(workspace.Service, serviceID)
			s.Status, s.Installed = workspace.Deleted, false
			b.put(b.resource(workspace.Workspace, roomtest.Here), s, failed(b, workspace.UserResource, machineID))
			return b.begin(b.Get(key(machineID)), workspace.Order{Action: workspace.Upgrade})
		},
		"a service whose range is somebody else's": func(b *bed) workspace.Operation {
			s := failed(b, workspace.Service, serviceID)
			s.Addresses = []string{"10.3.0.0/24"}
			b.put(b.resource(workspace.Workspace, roomtest.Here), s)
			return b.begin(b.Get(key(serviceID)), workspace.Order{Action: workspace.Upgrade})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			op := set(b)
			b.Must(b.run(op))
			if op = b.Reread(op); op.Status != workspace.UpdatingFailed || b.Cloud.Calls(memcloud.Deploy) > 0 {
				t.Errorf("%s: %s, %d deployments", op.Status, op.Message, b.Cloud.Calls(memcloud.Deploy))
			}
		})
	}
}

// would be tried for ever.
func TestTooLargeForARow(t *testing.T) {
	t.Parallel()
	large := func(b *bed, id string, units int) {
		r := b.Get(key(id))
		r.Properties["large"] = strings.Repeat("x", units)
		c := workspace.Change{Partition: r.Key().Partition}
		c.Quietly(r)
		_, err := b.Store.CommitChange(b.T.Context(), c)
		b.Must(err)
	}
	t.Run("with what a pipeline adds", func(t *testing.T) {
		t.Parallel()
		b := newBed(t)
		op := b.pipeline()
		large(b, sharedID, workspace.MaxRow-900)
		b.Must(b.run(op))
		if op = b.Reread(op); op.Status != workspace.DeploymentFailed || b.Get(key(sharedID)).Operation != "" {
			t.Errorf("%s: %s", op.Status, op.Message)
		}
	})
	t.Run("with the outputs", func(t *testing.T) {
		t.Parallel()
		b := newBed(t, func(c *memcloud.Config) {
			c.Outputs = func(workspace.Deployment) map[string]any { return map[string]any{"more": strings.Repeat("y", 90_000)} }
		})
		b.put(b.resource(workspace.SharedService, sharedID))
		large(b, sharedID, workspace.MaxRow-100_000)
		op := b.begin(b.Get(key(sharedID)), workspace.Order{Action: workspace.Upgrade})
		b.Must(b.run(op))
		if op = b.Reread(op); op.Status != workspace.UpdatingFailed || !strings.Contains(op.Message, "too large") {
			t.Errorf("%s: %s", op.Status, op.Message)
		}
	})
}

// exchanged for another one, nor is it that of another workspace.
func TestAccountOfAWorkspace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		account string
		status  workspace.Status
	}{
		"the same":                     {roomtest.HereAccount, workspace.Updated},
		"another one":                  {"stganother", workspace.UpdatingFailed},
		"that of another workspace":    {roomtest.ThereAccount, workspace.UpdatingFailed},
		"none, while it has one":       {"", workspace.UpdatingFailed},
		"another one, with a new name": {"stgnew", workspace.UpdatingFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, func(c *memcloud.Config) {
				c.Outputs = func(workspace.Deployment) map[string]any { return map[string]any{"storage_account_name": tt.account} }
			})
			b.put(b.resource(workspace.Workspace, roomtest.Here))
			op := b.begin(b.Get(key(roomtest.Here)), workspace.Order{Action: workspace.Upgrade})
			b.Must(b.run(op))
			card, err := b.Store.Workspace(t.Context(), roomtest.Here)
			b.Must(err)
			if op = b.Reread(op); op.Status != tt.status || card.StorageAccount != roomtest.HereAccount {
				t.Errorf("%s: %s; the airlock's account is %s", op.Status, op.Message, card.StorageAccount)
			}
		})
	}
	t.Run("a new workspace with the account of another one", func(t *testing.T) {
		t.Parallel()
		b := newBed(t, func(c *memcloud.Config) {
			c.Outputs = func(workspace.Deployment) map[string]any {
				return map[string]any{"storage_account_name": roomtest.ThereAccount}
			}
		})
		op := b.newWorkspace()
		b.Must(b.run(op))
		card, err := b.Store.Workspace(t.Context(), freshID)
		b.Must(err)
		if op = b.Reread(op); op.Status != workspace.DeploymentFailed || card.StorageAccount != "" {
			t.Errorf("%s: %s; the airlock's account is %q", op.Status, op.Message, card.StorageAccount)
		}
	})
}

// TestAccountThatTheStackDidNotMake: a template may not name an account of
// somebody else's, such as one of the TRE's own, as the one that files cross into.
func TestAccountThatTheStackDidNotMake(t *testing.T) {
	t.Parallel()
	const storage = "/providers/Microsoft.Storage/storageAccounts/"
	const group = "/subscriptions/s/resourceGroups/rg-tre-ws-fresh"
	outputs := func(workspace.Deployment) map[string]any {
		return map[string]any{"storage_account_name": "stgfresh"}
	}
	for name, tt := range map[string]struct {
		made    []string
		airlock any
		good    bool
	}{
		"made by it":                         {[]string{group, group + storage + "stgfresh"}, nil, true},
		"made by it, in other letters":       {[]string{"/subscriptions/s/resourcegroups/RG/providers/microsoft.storage/STORAGEACCOUNTS/StgFresh"}, nil, true},
		"made by nobody that is known":       {nil, nil, false},
		"another account was made":           {[]string{group + storage + "stgother"}, nil, false},
		"one whose name ends like it":        {[]string{group + storage + "astgfresh"}, nil, false},
		"something else of that name":        {[]string{group + "/providers/Microsoft.KeyVault/vaults/stgfresh"}, nil, false},
		"a part of an account of that name":  {[]string{group + storage + "stgother/blobServices/stgfresh"}, nil, false},
		"of somebody else, and no airlock":   {[]string{group + storage + "stgother"}, false, false},
		"another stack's type with its path": {[]string{group + "/providers/Contoso.Fake" + storage + "stgfresh"}, nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t, func(c *memcloud.Config) {
				c.Outputs, c.Made = outputs, func(workspace.Deployment) []string { return tt.made }
			})
			op := b.newWorkspace(func(c *workspace.Change) {
				if tt.airlock != nil {
					c.Resources[0].Properties["enable_airlock"] = tt.airlock
				}
			})
			b.Must(b.run(op))
			card, err := b.Store.Workspace(t.Context(), freshID)
			b.Must(err)
			op = b.Reread(op)
			if op.Status.Failed() == tt.good || (card.StorageAccount == "stgfresh") != tt.good || len(b.crossed) > 0 != tt.good {
				t.Errorf("%s: %s; the airlock's account is %q, files were sent to %v", op.Status, op.Message, card.StorageAccount, b.crossed)
			}
			if !tt.good && !strings.Contains(op.Message, "storage_account_name") {
				t.Errorf("says %q", op.Message)
			}
		})
	}
}

// An action that deploys the stack again is held against the same as an update.
func TestOutputsOfAnAction(t *testing.T) {
	t.Parallel()
	b := newBed(t, func(c *memcloud.Config) {
		c.Outputs = func(workspace.Deployment) map[string]any {
			return map[string]any{"storage_account_name": roomtest.ThereAccount}
		}
	})
	b.put(b.resource(workspace.Workspace, roomtest.Here))
	op := b.begin(b.Get(key(roomtest.Here)), workspace.Order{Action: "rotate"})
	b.Must(b.run(op))
	if op = b.Reread(op); op.Status != workspace.ActionFailed || b.Get(key(roomtest.Here)).Outputs != nil {
		t.Errorf("%s: %s", op.Status, op.Message)
	}
}

// it was reserved does.
func TestReleaseIsAudited(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.put(b.resource(workspace.Workspace, roomtest.Here), b.resource(workspace.Service, serviceID))
	b.reserve(roomtest.Here, serviceID, "10.3.0.0/24")
	op := b.begin(b.disabled(key(serviceID)), workspace.Order{Action: workspace.Uninstall})
	b.Must(b.run(op))
	lines, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) {
		return b.Store.Trail(t.Context(), workspace.System, roomtest.Here, p)
	})
	b.Must(err)
	if last := lines[len(lines)-1]; last.Action != "release" || !strings.Contains(last.Detail, "10.3.0.0/24") || !strings.Contains(last.Detail, serviceID) {
		t.Errorf("the last line is %+v", last)
	}
	block, err := b.Store.BlockOf(t.Context(), netip.MustParsePrefix("10.3.0.0/16"))
	b.Must(err)
	if len(block.Taken) > 0 {
		t.Errorf("%v", []address.Allocation(block.Taken))
	}
}
