package airlock_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// TestFrozen: while a workspace is frozen no stage has a deadline, each says
// why, and nothing is purged; when that is lifted all of it begins anew.
func TestFrozen(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	lifted := since.AddDate(0, 6, 0)
	freeze := &airlock.Freeze{By: access.Person{Name: "Olga"}, At: since, Reason: "an incident"}
	for _, stage := range airlock.Stages {
		r := airlock.Request{ID: "r", Stage: stage, Since: since, UpdatedAt: since, Turn: 1, Attempt: 1, FailedFrom: airlock.Gating}
		plain := r.Waits(airlock.Policy{})
		frozen := r.Waits(airlock.Policy{Hold: airlock.Hold{Freeze: freeze}})
		if !frozen.Deadline.IsZero() || !strings.HasPrefix(frozen.For, "the workspace is frozen by Olga since 1 November 2026") ||
			!strings.Contains(frozen.For, "an incident") || !strings.HasSuffix(frozen.For, plain.For) {
			t.Errorf("%s: %+v", stage, frozen)
		}
		after := r.Waits(airlock.Policy{Hold: airlock.Hold{Resumed: lifted}})
		if plain.Deadline.IsZero() != after.Deadline.IsZero() || !plain.Deadline.IsZero() && !after.Deadline.Equal(lifted.Add(plain.Deadline.Sub(since))) {
			t.Errorf("%s: deadline %v, after the freeze %v", stage, plain.Deadline, after.Deadline)
		}
		earlier := airlock.Policy{Hold: airlock.Hold{Resumed: since.AddDate(0, -1, 0)}}
		if got := r.Waits(earlier); got != plain {
			t.Errorf("%s: a freeze before it changes %+v to %+v", stage, plain, got)
		}
		if over := r.Retention(airlock.Policy{Hold: airlock.Hold{Freeze: freeze}}); !over.IsZero() {
			t.Errorf("%s: purged at %v in a frozen workspace", stage, over)
		}
		if a, b := r.Retention(airlock.Policy{}), r.Retention(airlock.Policy{Hold: airlock.Hold{Resumed: lifted}}); a.IsZero() != b.IsZero() || !a.IsZero() && !b.After(a) {
			t.Errorf("%s: retention %v, after the freeze %v", stage, a, b)
		}
		_, work := r.OpenWork(airlock.Policy{}, airlock.Cadence{})
		if _, still := r.OpenWork(airlock.Policy{Hold: airlock.Hold{Freeze: freeze}}, airlock.Cadence{}); still != work {
			t.Errorf("%s: open work %t, frozen %t", stage, work, still)
		}
	}
}
