package hundred_test

import (
	"context"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/hundred"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// many are asked for at once.
const many = 100

// badDay fails one call in ten, in all ways that there are, and one workspace in
// ten for good.
var badDay = arm.Unkind{Seed: 1, Faults: []arm.Fault{
	{Kind: arm.Quota, At: arm.Write, Match: func(c arm.Call) bool { return c.Type == "Microsoft.Storage/storageAccounts" }, Probability: 0.1},
	{Kind: arm.Broken, Probability: 0.03}, {Kind: arm.ThenBroken, Probability: 0.02}, {Kind: arm.ThenDrop, Probability: 0.02},
	{Kind: arm.Throttled, Probability: 0.02, Delay: 10 * time.Millisecond}, {Kind: arm.ThenVanish, Probability: 0.01},
}}

// TestHundredAtOnce asks for 100 workspaces at once while one call in ten
// fails: each ends as its stack did, with a range of its own; what failed is
// tried again in better weather; and when all are deleted nothing is left.
func TestHundredAtOnce(t *testing.T) {
	t.Parallel()
	tre, err := hundred.Start(t.Context(), arm.Config{Unkind: badDay, Pace: arm.Pace{Resource: 50 * time.Millisecond}}, hundred.Pool)
	must(t, err)
	t.Cleanup(func() { must(t, tre.Close()) })
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	must(t, tre.Make(ctx, many))
	deployed, failed := tre.In(workspace.Deployed), tre.In(workspace.DeploymentFailed)
	if len(deployed)+len(failed) != many || len(failed) == 0 || len(failed) > many/3 {
		t.Fatalf("%d are deployed, %d failed", len(deployed), len(failed))
	}
	t.Logf("%d are deployed, %d failed; %d stacks at once", len(deployed), len(failed), tre.Most())
	if tre.Most() <= 5 { // what a limit of five would allow; a slow machine has fewer under way at a time than a fast one
		t.Errorf("%d stacks were deployed at once", tre.Most())
	}
	tre.ARM.SetUnkind(arm.Unkind{})
	ends(ctx, t, tre)
	must(t, tre.Again(ctx))
	if n := len(tre.In(workspace.Deployed)); n != many {
		t.Errorf("%d are deployed after a retry in good weather", n)
	}
	ends(ctx, t, tre)
	must(t, tre.Disable(ctx))
	must(t, tre.Delete(ctx))
	taken, err := tre.Taken(ctx)
	must(t, err)
	if left := tre.ARM.Stacks(); len(left) > 0 || len(tre.All()) > 0 || len(taken) > 0 {
		t.Errorf("left are stacks %v, %d workspaces, ranges %v", left, len(tre.All()), taken)
	}
}

// ends holds every workspace against its stack, and the ranges against the
// workspaces.
func ends(ctx context.Context, t *testing.T, tre *hundred.TRE) {
	t.Helper()
	taken, err := tre.Taken(ctx)
	must(t, err)
	all := tre.All()
	for _, r := range all {
		seen, err := tre.Stacks.Look(ctx, tre.StackOf(r), "")
		must(t, err)
		if good := r.Status == workspace.Deployed; good != (seen.Progress == workspace.Complete) {
			t.Errorf("a workspace is %s (%s), its stack %s", r.Status, r.Message, seen.Progress)
		}
		if r.Operation != "" || r.Job != nil || len(r.Addresses) != 1 || taken[netip.MustParsePrefix(r.Addresses[0])] != r.ID {
			t.Errorf("a workspace is held by %q, job %v, ranges %v", r.Operation, r.Job, r.Addresses)
		}
	}
	for a := range taken {
		for b := range taken {
			if a != b && a.Overlaps(b) {
				t.Errorf("ranges %s and %s overlap", a, b)
			}
		}
	}
	if len(taken) != len(all) {
		t.Errorf("%d ranges are reserved for %d workspaces", len(taken), len(all))
	}
}

// TestMemoryIsFlat: a hundred workspaces leave behind their rows and what the
// stand-in holds of them, and nothing of the work.
func TestMemoryIsFlat(t *testing.T) {
	tre, err := hundred.Start(t.Context(), arm.Config{}, hundred.Pool)
	must(t, err)
	t.Cleanup(func() { must(t, tre.Close()) })
	var heaps []uint64
	for range 3 {
		must(t, tre.Make(t.Context(), many))
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		heaps = append(heaps, m.HeapAlloc>>10)
	}
	t.Logf("heap after each hundred: %d KB", heaps)
	if last := heaps[2] - heaps[1]; heaps[2] > heaps[1] && last > many*100 {
		t.Errorf("the last hundred took %d KB: %d", last, heaps)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestACrowdOverANearlyFullPool: 200 ask at once where 50 ranges are left.
func TestACrowdOverANearlyFullPool(t *testing.T) {
	t.Parallel()
	c, err := hundred.Crowd(t.Context(), hundred.NearlyFull, 200, 4)
	must(t, err)
	t.Logf("%+v", c)
	if c.Made != 50 || c.Refused != 150 {
		t.Errorf("%d were made and %d refused, want 50 and 150", c.Made, c.Refused)
	}
}
