package identity_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

// TestRotationUnderLoad: while hundreds of callers come with tokens of the old
// key, the new one and made-up ones, a new key costs one fetch, and nobody with
// a good token is refused.
func TestRotationUnderLoad(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	if _, err := v.Verify(t.Context(), f.sign(t, "k1", nil, nil)); err != nil {
		t.Fatal(err)
	}
	f.publish("k1", "k2")
	f.pass(time.Minute)
	tokens := map[string]string{"old": f.sign(t, "k1", nil, nil), "new": f.sign(t, "k2", nil, nil), "made up": f.sign(t, "mallory", nil, nil)}
	var all sync.WaitGroup
	var wrong atomic.Int32
	start := make(chan struct{})
	for range 100 {
		for name, raw := range tokens {
			all.Go(func() {
				<-start
				if _, err := v.Verify(t.Context(), raw); errors.Is(err, identity.ErrToken) != (name == "made up") || errors.Is(err, identity.ErrUnavailable) {
					wrong.Add(1)
				}
			})
		}
	}
	close(start)
	all.Wait()
	if wrong.Load() != 0 || f.fetches.Load() != 2 {
		t.Errorf("%d wrong answers, keys fetched %d times, want 0 and 2", wrong.Load(), f.fetches.Load())
	}
}

// TestOldKeysDoNotWait: who comes with a key that is there gets an answer while
// a fetch for another one is under way.
func TestOldKeysDoNotWait(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	old := f.sign(t, "k1", nil, nil)
	if _, err := v.Verify(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	f.publish("k1", "k2")
	f.pass(time.Minute)
	f.hold = make(chan struct{})
	var waits sync.WaitGroup
	waits.Go(func() {
		if _, err := v.Verify(t.Context(), f.sign(t, "k2", nil, nil)); err != nil {
			t.Error(err)
		}
	})
	for range 20 {
		if _, err := v.Verify(t.Context(), old); err != nil {
			t.Error(err)
		}
	}
	close(f.hold)
	waits.Wait()
}

// TestRotationsWithALoad rotates again and again while callers never stop. Each
// rotation is fetched once.
func TestRotationsWithALoad(t *testing.T) {
	t.Parallel()
	f := newForge(t, "r0")
	v := f.verifier(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	raw := f.sign(t, "mallory", nil, nil)
	for range 8 {
		load.Go(func() {
			for ctx.Err() == nil {
				_, _ = v.Verify(ctx, raw)
			}
		})
	}
	const rotations = 5
	for i := range rotations {
		key := fmt.Sprintf("r%d", i)
		f.publish(key)
		f.pass(time.Minute)
		if _, err := v.Verify(t.Context(), f.sign(t, key, nil, nil)); err != nil {
			t.Errorf("rotation %d: %v", i, err)
		}
	}
	stop()
	load.Wait()
	if got := f.fetches.Load(); got > rotations+1 {
		t.Errorf("keys fetched %d times for %d rotations", got, rotations)
	}
}
