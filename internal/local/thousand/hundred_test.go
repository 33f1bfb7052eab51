package thousand_test

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// many is how many workspaces are asked for at once; AzureTRE works on five.
const many = 100

// TestAHundredWorkspacesAtOnce are all made, but for one in ten that Azure
// fails, which are told as failed and made when they are tried again. None of
// their ranges overlap, and none is reserved for nobody.
func TestAHundredWorkspacesAtOnce(t *testing.T) {
	t.Parallel()
	rig.ARM.Script(arm.Fault{Kind: arm.Quota, At: arm.Write, Probability: 0.1, Match: func(c arm.Call) bool { return strings.HasSuffix(c.Type, "/virtualNetworks") }})
	began := time.Now()
	made := at(t, many, func(ctx context.Context, i int) (api.Operation, error) {
		return rig.Order(ctx, stacktest.Call{By: "admin", Method: http.MethodPost, Path: "/workspaces",
			Body: stacktest.New("tre-workspace-base", map[string]any{"display_name": fmt.Sprintf("Study %d", i), "address_space_size": "small"})})
	})
	asked := time.Since(began)
	made = ended(t, made)
	var failed []api.Operation
	for _, o := range made {
		if o.Status.Failed() {
			failed = append(failed, o)
			if !strings.Contains(o.Message, "Quota") || o.Steps[0].Status != workspace.DeploymentFailed {
				t.Errorf("a failure is told as %s, %q", o.Steps[0].Status, o.Message)
			}
		}
		apart(t, o)
	}
	t.Logf("%d workspaces: asked for in %v, %d deployed and %d failed after %v", many, asked.Round(time.Millisecond), many-len(failed), len(failed), time.Since(began).Round(time.Millisecond))
	if len(failed) == 0 || len(failed) > many/3 {
		t.Errorf("%d of %d failed, Azure fails one in ten", len(failed), many)
	}
	rig.ARM.SetUnkind(arm.Unkind{})
	again := at(t, len(failed), func(ctx context.Context, i int) (api.Operation, error) {
		o := failed[i]
		return rig.Order(ctx, stacktest.Call{By: "admin", Method: http.MethodPost, Path: o.ResourcePath + "/operations/" + o.ID + "/retry", Body: map[string]any{}})
	})
	for _, o := range ended(t, again) {
		if o.Status != workspace.Deployed {
			t.Errorf("tried again it is %s, %q", o.Status, o.Message)
		}
	}
	ranges(t, made)
	for _, peak := range rig.Peaks() {
		t.Logf("a handler had at most %d MiB", peak>>20)
		if peak > 100<<20 {
			t.Errorf("a handler had %d MiB, and one at rest has twenty", peak>>20)
		}
	}
}

// at does something many times at once.
func at(t *testing.T, count int, do func(ctx context.Context, i int) (api.Operation, error)) []api.Operation {
	t.Helper()
	all, failed := make([]api.Operation, count), make([]error, count)
	var group sync.WaitGroup
	for i := range count {
		group.Go(func() { all[i], failed[i] = do(t.Context(), i) })
	}
	group.Wait()
	for i, err := range failed {
		if err != nil {
			t.Fatalf("%d: %v", i, err)
		}
	}
	return all
}

// ended waits for the ends of operations. It reads rows, which is cheaper than
// the API.
func ended(t *testing.T, all []api.Operation) []api.Operation {
	t.Helper()
	for i, o := range all {
		key := workspace.OperationKey{Partition: workspace.System, Resource: o.ResourceID, ID: o.ID}
		must(t, stacktest.Within(t.Context(), 5*time.Minute, 200*time.Millisecond, func(ctx context.Context) error {
			now, err := rig.State.Operation(ctx, key)
			if err == nil && !now.Ended() {
				err = fmt.Errorf("operation %d is %s: %s", i, now.Status, now.Message)
			}
			return err
		}))
		now, err := rig.Operation(t.Context(), "admin", o)
		must(t, err)
		all[i] = now
	}
	return all
}

// apart checks that a workspace says of itself what Azure says of its stack.
func apart(t *testing.T, o api.Operation) {
	t.Helper()
	r, err := rig.State.Resource(t.Context(), workspace.Key{Partition: workspace.System, ID: o.ResourceID})
	must(t, err)
	if r.Status != o.Status || r.Operation != "" || r.Job != nil || r.Installed == o.Status.Failed() {
		t.Errorf("workspace %s is %s, installed %v, held by %q; its operation is %s", r.ID, r.Status, r.Installed, r.Operation, o.Status)
	}
	network := 0
	for _, x := range rig.ARM.Resources(stack.Subscription, rig.Group(r.ID, 1)) {
		if strings.HasSuffix(x.Type, "/virtualNetworks") {
			network++
		}
	}
	if (network == 1) == o.Status.Failed() {
		t.Errorf("workspace %s is %s, and has %d networks", r.ID, r.Status, network)
	}
}

// ranges checks that what is reserved is what workspaces have, and that nothing
// of it overlaps.
func ranges(t *testing.T, made []api.Operation) {
	t.Helper()
	blocks, err := rig.State.Blocks(t.Context())
	must(t, err)
	holders := map[string]int{}
	var taken []netip.Prefix
	for _, b := range blocks {
		for _, a := range b.Taken {
			for _, other := range taken {
				if a.Range.Overlaps(other) {
					t.Errorf("%s and %s overlap", a.Range, other)
				}
			}
			taken = append(taken, a.Range)
			holders[a.Holder]++
		}
	}
	for _, o := range made {
		if holders[o.ResourceID] != 1 {
			t.Errorf("workspace %s holds %d ranges", o.ResourceID, holders[o.ResourceID])
		}
		delete(holders, o.ResourceID)
	}
	for _, w := range rig.Workspaces {
		delete(holders, w.ID)
	}
	if len(holders) > 0 {
		t.Errorf("ranges are reserved for nobody: %v", holders)
	}
}
