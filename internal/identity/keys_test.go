package identity_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

func TestRotation(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	try := func(step, key string, want error) {
		t.Helper()
		if _, err := v.Verify(t.Context(), f.sign(t, key, nil, nil)); !errors.Is(err, want) {
			t.Errorf("%s: error %v, want %v", step, err, want)
		}
	}
	try("first key", "k1", nil)
	f.publish("k1", "k2")
	try("new key too soon after a fetch", "k2", identity.ErrToken)
	f.pass(time.Minute)
	try("new key", "k2", nil)
	try("old key still published", "k1", nil)
	f.publish("k2")
	try("withdrawn, keys fresh", "k1", nil)
	f.pass(time.Hour)
	try("withdrawn, renewal ordered", "k2", nil)
	f.pass(24 * time.Hour)
	try("withdrawn", "k1", identity.ErrToken)
	try("the other stays", "k2", nil)
	if got := f.discovery.Load(); got != 1 {
		t.Errorf("discovery asked %d times", got)
	}
}

// TestAttackersPace sends a thousand tokens with made-up key names.
func TestAttackersPace(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	if _, err := v.Verify(t.Context(), f.sign(t, "k1", nil, nil)); err != nil {
		t.Fatal(err)
	}
	raw := f.sign(t, "mallory", nil, nil)
	for i := range 1000 {
		if i == 500 {
			f.pass(59 * time.Second)
		}
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, identity.ErrToken) {
			t.Fatalf("error %v", err)
		}
	}
	if got := f.fetches.Load(); got != 1 {
		t.Errorf("keys fetched %d times within a minute", got)
	}
	f.pass(time.Second)
	for range 10 {
		_, _ = v.Verify(t.Context(), raw)
	}
	if got := f.fetches.Load(); got != 2 {
		t.Errorf("keys fetched %d times in two minutes", got)
	}
}

func TestIssuerDown(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	f.down.Store(true)
	v := f.verifier(t, nil)
	raw := f.sign(t, "k1", set{"exp": f.clock().Add(72 * time.Hour).Unix()}, nil)
	try := func(step string, want error) {
		t.Helper()
		_, err := v.Verify(t.Context(), raw)
		if !errors.Is(err, want) || errors.Is(want, identity.ErrUnavailable) && errors.Is(err, identity.ErrToken) {
			t.Errorf("%s: error %v, want %v", step, err, want)
		}
	}
	try("down at start", identity.ErrUnavailable)
	if _, err := v.Endpoints(t.Context()); !errors.Is(err, identity.ErrUnavailable) {
		t.Errorf("endpoints: error %v", err)
	}
	f.down.Store(false)
	try("back, but asked too soon", identity.ErrUnavailable)
	f.pass(3 * time.Second)
	try("back", nil)
	f.down.Store(true)
	f.pass(2 * time.Hour)
	try("down again, keys kept", nil)
	f.pass(23 * time.Hour)
	try("down too long", identity.ErrUnavailable)
	f.down.Store(false)
	f.pass(3 * time.Second)
	try("back again", nil)
}

// TestTogether: many first callers share one fetch, and one that gives up does
// not spoil it for the others.
func TestTogether(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	f.hold = make(chan struct{})
	v := f.verifier(t, nil)
	raw := f.sign(t, "k1", nil, nil)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(gone, raw); !errors.Is(err, context.Canceled) {
		t.Errorf("caller gone: error %v", err)
	}
	var all sync.WaitGroup
	failed := make(chan error, 50)
	for range cap(failed) {
		all.Go(func() {
			if _, err := v.Verify(t.Context(), raw); err != nil {
				failed <- err
			}
		})
	}
	close(f.hold)
	all.Wait()
	close(failed)
	for err := range failed {
		t.Error(err)
	}
	if d, k := f.discovery.Load(), f.fetches.Load(); d != 1 || k != 1 {
		t.Errorf("discovery asked %d times, keys %d times", d, k)
	}
}

func TestStartsAtOnce(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	for range 100 {
		f.verifier(t, nil)
	}
	if got := fmt.Sprint(f.discovery.Load(), f.fetches.Load()); got != "0 0" {
		t.Errorf("asked before the first token: %s", got)
	}
}
