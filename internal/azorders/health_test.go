package azorders_test

import (
	"context"
	"testing"
	"time"
)

// TestRoundTrip puts and takes, also where there is no queue yet, and leaves
// nothing behind.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 3 {
		if err := b.orders.RoundTrip(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLook counts what waits, what is poisoned, and since when.
func TestLook(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	none, err := b.orders.Look(t.Context(), b.queue)
	if err != nil || none.Depth != 0 || none.Poison != 0 || !none.Oldest.IsZero() {
		t.Errorf("no queue: %+v, %v", none, err)
	}
	before := time.Now().Add(-time.Minute)
	for _, queue := range []string{b.queue, b.queue, b.queue + "-poison"} {
		if err := b.orders.Send(t.Context(), queue, order{Request: "r"}, 0); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _, _ = b.service.DeleteQueue(context.Background(), b.queue+"-poison", nil) })
	got, err := b.orders.Look(t.Context(), b.queue)
	if err != nil || got.Depth != 2 || got.Poison != 1 || got.Oldest.Before(before) || got.Name != b.queue {
		t.Errorf("%+v, %v", got, err)
	}
}
