//go:build !race

package simulation

import (
	"iter"
	"testing"
)

// The planted mistakes prove that the invariants see them, which the race
// detector has nothing to do with and makes ten times slower: they are played
// where the package is tested without it, as `make test` does, too.

func TestPlantedBugs(t *testing.T) {
	t.Parallel()
	caught(t, OfAirlock, append(planted, late...))
}

// seeds are those that a mistake may take: first the one that showed it before,
// which spares the time of looking for one again, then all of them.
func (m mistake) seeds() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if m.shown > 0 && !yield(m.shown) {
			return
		}
		for s := uint64(1); s <= within && yield(s); s++ {
		}
	}
}

// caught plays seeds until each mistake shows.
func caught(t *testing.T, story Story, all []mistake) {
	t.Helper()
	for _, bug := range all {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			for s := range bug.seeds() {
				planted := Run(Config{Seed: s, Story: story, Alter: bug.alter, Tune: bug.tune, brew: bug.brew, rebuild: bug.rebuild})
				if len(planted.Violations) == 0 {
					continue
				}
				if innocent := Run(Config{Seed: s, Story: story, brew: bug.brew}); len(innocent.Violations) > 0 {
					t.Fatalf("without it, too: %v", innocent)
				}
				t.Logf("caught by seed %d: %.200s", s, planted.Violations[0])
				return
			}
			t.Errorf("not caught within %d seeds", within)
		})
	}
}

func TestPlantedBugsInWorkspaces(t *testing.T) {
	t.Parallel()
	caught(t, OfWorkspaces, estateMistakes)
}

func TestPlantedBugsWithMachines(t *testing.T) {
	t.Parallel()
	caught(t, OfWorkspaces, machineMistakes)
}
