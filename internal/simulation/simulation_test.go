package simulation

import (
	"flag"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	seed = flag.Uint64("seed", 0, "play only this seed; with -v its whole story is told")
	calm = flag.Bool("calm", false, "play -seed in good weather")
)

// seeds is how many stories a test run plays.
func seeds() uint64 {
	if raced {
		return 50
	}
	return 2000
}

// TestSimulation plays stories in bad weather. One that ends badly is told
// again by: go test ./internal/simulation -run TestSimulation -seed=N -v
func TestSimulation(t *testing.T) {
	t.Parallel()
	if *seed != 0 {
		report := Run(Config{Seed: *seed, Calm: *calm, Trace: func(line string) { t.Log(line) }})
		t.Log(report)
		if len(report.Violations) > 0 {
			t.Fail()
		}
		return
	}
	ends, steps := everybody(t, OfAirlock, seeds())
	t.Logf("%d seeds, %d steps, requests ended as %v", seeds(), steps, ends)
	for _, status := range []string{"approved", "rejected", "blocked_by_scan", "cancelled", "revoked"} {
		if ends[status] == 0 && !raced {
			t.Errorf("no request ended as %s: the stories are too tame", status)
		}
	}
}

// everybody plays n seeds on all processors.
func everybody(t *testing.T, story Story, n uint64) (ends map[string]int, steps int) {
	t.Helper()
	var (
		wait sync.WaitGroup
		mu   sync.Mutex
		next atomic.Uint64
	)
	ends = map[string]int{}
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for s := next.Add(1); s <= n && !t.Failed(); s = next.Add(1) {
				r := Run(Config{Seed: s, Story: story})
				mu.Lock()
				steps += r.Steps
				for end, count := range r.Ends {
					ends[end] += count
				}
				mu.Unlock()
				if len(r.Violations) > 0 {
					t.Errorf("%v\nto see its story: go test ./internal/simulation -run %s -seed=%d -v", r, t.Name(), s)
				}
			}
		})
	}
	wait.Wait()
	return ends, steps
}

// TestGoodWeather plays without trouble: people and order alone are drawn.
func TestGoodWeather(t *testing.T) {
	t.Parallel()
	for s := uint64(1); s <= seeds()/10; s++ {
		if r := Run(Config{Seed: s, Calm: true}); len(r.Violations) > 0 {
			t.Fatalf("%v\nto see its story: go test ./internal/simulation -run TestSimulation -seed=%d -calm -v", r, s)
		}
	}
}

// TestSameSeedSameStory is what replay rests on.
func TestSameSeedSameStory(t *testing.T) {
	t.Parallel()
	tell := func(s uint64) (story []string) {
		Run(Config{Seed: s, Story: Story(s % 2), Trace: func(line string) { story = append(story, line) }})
		return story
	}
	for s := uint64(1); s <= 20; s++ {
		if diff := cmp.Diff(tell(s), tell(s)); diff != "" {
			t.Fatalf("seed %d:\n%s", s, diff)
		}
	}
}
