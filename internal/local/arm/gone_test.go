package arm_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
)

// TestCallersThatGoAway do no harm, as processes that are killed: the SDK's fakes
// would bring the whole stand-in down.
func TestCallersThatGoAway(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	var group sync.WaitGroup
	for i := range 300 {
		group.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*20*time.Microsecond)
			defer cancel()
			_, _ = r.stacks.GetAtSubscription(ctx, "tre-nobody", nil) // there is none, and mostly nobody waits to hear it
		})
	}
	group.Wait()
	if pages := r.stacks.NewListAtSubscriptionPager(nil); pages.More() {
		if _, err := pages.NextPage(t.Context()); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	}
}
