package workspace_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// asking is the n-th operation that wants a resource.
func asking(n int) workspace.Operation {
	return workspace.Operation{ID: fmt.Sprintf("%03d", n), CreatedAt: time.Date(2026, 11, 22, 9, n/2, 0, 0, time.UTC)} // two at a time
}

// In whatever order operations come to wait, and some of them twice, they are
// kept once each, in the order in which they were asked for.
func TestQueueIsFair(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r workspace.Resource
		var seen []int
		for _, n := range rapid.SliceOf(rapid.IntRange(0, 300)).Draw(t, "come") {
			after, news := r.Await(asking(n))
			full := len(r.Waiting) >= 200
			if news != (!slices.Contains(seen, n) && !full) || len(after.Waiting) > 200 {
				t.Fatalf("%d of %d: news %t", n, len(r.Waiting), news)
			}
			if news {
				seen = append(seen, n)
			}
			r = after
		}
		slices.Sort(seen)
		for i, n := range seen {
			if r.Waiting[i].Operation.ID != asking(n).ID || r.Ahead(asking(n)) != (i > 0) {
				t.Fatalf("place %d has %s, want %d; somebody is ahead: %t", i, r.Waiting[i].Operation.ID, n, r.Ahead(asking(n)))
			}
		}
		if len(r.Waiting) != len(seen) {
			t.Fatalf("%d wait, want %d", len(r.Waiting), len(seen))
		}
	})
}
