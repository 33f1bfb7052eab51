package simulation

import "testing"

// TestWorkspaces plays stories of workspaces in bad weather. One that ends
// badly is told again by: go test ./internal/simulation -run TestWorkspaces -seed=N -v
func TestWorkspaces(t *testing.T) {
	t.Parallel()
	if *seed != 0 {
		report := Run(Config{Seed: *seed, Calm: *calm, Story: OfWorkspaces, Trace: func(line string) { t.Log(line) }})
		t.Log(report)
		if len(report.Violations) > 0 {
			t.Fail()
		}
		return
	}
	n := seeds() / 2 // one takes as long as two of the airlock
	ends, steps := everybody(t, OfWorkspaces, n)
	t.Logf("%d seeds, %d steps, operations ended as %v", n, steps, ends)
	for _, status := range []string{"deployed", "deployment_failed", "updated", "updating_failed", "deleted", "deleting_failed", "action_succeeded", "action_failed"} {
		if ends[status] == 0 && !raced {
			t.Errorf("no operation ended as %s: the stories are too tame", status)
		}
	}
}

// TestGoodWeatherForWorkspaces plays without trouble: people and order alone
// are drawn.
func TestGoodWeatherForWorkspaces(t *testing.T) {
	t.Parallel()
	for s := uint64(1); s <= seeds()/20; s++ {
		if r := Run(Config{Seed: s, Calm: true, Story: OfWorkspaces}); len(r.Violations) > 0 {
			t.Fatalf("%v\nto see its story: go test ./internal/simulation -run TestWorkspaces -seed=%d -calm -v", r, s)
		}
	}
}
