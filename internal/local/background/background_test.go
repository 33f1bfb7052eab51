package background

import (
	"context"
	"sync/atomic"
	"testing"
)

func TestCloseEndsJobsAndTakesNoMore(t *testing.T) {
	t.Parallel()
	g := New()
	var ended atomic.Int32
	for range 5 {
		g.Go(func(ctx context.Context) {
			<-ctx.Done()
			ended.Add(1)
		})
	}
	g.Close()
	if n := ended.Load(); n != 5 {
		t.Errorf("%d jobs ended before Close returned, want 5", n)
	}
	g.Close()
	g.Go(func(context.Context) { t.Error("a job ran after Close") })
}
