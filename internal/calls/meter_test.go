package calls_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/memstore"
)

var start = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// clock is a time that only moves when told to.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// store counts and breaks calls to the buckets.
type store struct {
	calls.Buckets
	mu     sync.Mutex
	asked  int
	broken bool
}

var errBroken = errors.New("storage is away")

func (s *store) Bucket(ctx context.Context, person string) (calls.Bucket, error) {
	s.mu.Lock()
	s.asked++
	broken := s.broken
	s.mu.Unlock()
	if broken {
		return calls.Bucket{}, errBroken
	}
	return s.Buckets.Bucket(ctx, person)
}

func newMeter(s *store, c *clock) *calls.Meter {
	return &calls.Meter{Buckets: s, Now: c.now, Rate: 2, Burst: 20, Block: 5}
}

// spend takes calls until there are none left.
func spend(t *testing.T, m *calls.Meter, person string) (n int, wait time.Duration) {
	t.Helper()
	for n = 0; n < 1000; n++ {
		wait, err := m.Take(t.Context(), person)
		if err != nil {
			t.Fatal(err)
		}
		if wait > 0 {
			return n, wait
		}
	}
	t.Fatal("no end of calls")
	return 0, 0
}

func TestTwoInstancesShareOneBucket(t *testing.T) {
	t.Parallel()
	c, s := &clock{at: start}, &store{Buckets: &memstore.Store{}}
	one, two := newMeter(s, c), newMeter(s, c)
	a, _ := spend(t, one, "ann")
	b, wait := spend(t, two, "ann")
	if a+b != 20 {
		t.Errorf("%d and %d calls, want 20 in all", a, b)
	}
	if n, _ := spend(t, two, "bob"); n != 20 {
		t.Errorf("somebody else had %d calls", n)
	}
	asked := s.asked
	for range 100 {
		if w, _ := one.Take(t.Context(), "ann"); w <= 0 {
			t.Fatal("a call too many")
		}
	}
	if s.asked > asked+1 {
		t.Errorf("storage was asked %d times for somebody who has to wait", s.asked-asked)
	}
	c.pass(wait)
	if n, _ := spend(t, one, "ann"); n != 2 {
		t.Errorf("after the wait of %v %d calls, want a second's worth", wait, n)
	}
	c.pass(time.Hour)
	if n, _ := spend(t, two, "ann"); n != 20 {
		t.Errorf("after a rest %d calls, want the burst", n)
	}
}

func TestMostCallsCostNoStorage(t *testing.T) {
	t.Parallel()
	c, s := &clock{at: start}, &store{Buckets: &memstore.Store{}}
	m := newMeter(s, c)
	if n, _ := spend(t, m, "ann"); s.asked > n/5+1 {
		t.Errorf("storage was asked %d times for %d calls", s.asked, n)
	}
}

func TestStorageAwayLetsCallsThrough(t *testing.T) {
	t.Parallel()
	c, s := &clock{at: start}, &store{Buckets: &memstore.Store{}, broken: true}
	m := newMeter(s, c)
	failed := 0
	for range 100 {
		wait, err := m.Take(t.Context(), "ann")
		if wait > 0 {
			t.Fatalf("refused after %v", err)
		}
		if errors.Is(err, errBroken) {
			failed++
		}
	}
	if failed == 0 || failed > 25 {
		t.Errorf("%d of 100 calls told of it; one a block should", failed)
	}
}

// TestNeverMoreThanPromised: however instances, people and time interleave,
// nobody gets more than the burst and what came since.
func TestNeverMoreThanPromised(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c, s := &clock{at: start}, &store{Buckets: &memstore.Store{}}
		meters := []*calls.Meter{newMeter(s, c), newMeter(s, c), newMeter(s, c)}
		got := 0
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			c.pass(time.Duration(rapid.IntRange(0, 3000).Draw(rt, "ms")) * time.Millisecond)
			for range rapid.IntRange(0, 30).Draw(rt, "calls") {
				wait, err := meters[rapid.IntRange(0, 2).Draw(rt, "instance")].Take(t.Context(), "ann")
				if err != nil {
					rt.Fatal(err)
				}
				if wait == 0 {
					got++
				}
			}
			if most := 20 + 2*c.now().Sub(start).Seconds(); float64(got) > most+1e-6 {
				rt.Fatalf("%d calls in %v, at most %.1f", got, c.now().Sub(start), most)
			}
		}
	})
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	c, s := &clock{at: start}, &store{Buckets: &memstore.Store{}}
	meters := []*calls.Meter{newMeter(s, c), newMeter(s, c)}
	var mu sync.Mutex
	var all sync.WaitGroup
	got := 0
	for i := range 40 {
		all.Go(func() {
			for range 3 {
				if wait, err := meters[i%2].Take(t.Context(), "ann"); wait == 0 && err == nil {
					mu.Lock()
					got++
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	if got != 20 {
		t.Errorf("%d calls, want 20", got)
	}
}
