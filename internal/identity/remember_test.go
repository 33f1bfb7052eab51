package identity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

var errAway = errors.New("directory away")

// book is a directory under a test's control.
type book struct {
	mu     sync.Mutex
	groups []string
	err    error
	asked  int
	hold   chan struct{}
	now    time.Time
}

func (b *book) Groups(ctx context.Context, _ string) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.hold != nil {
		hold := b.hold
		b.mu.Unlock()
		<-hold
		b.mu.Lock()
	}
	return b.groups, errors.Join(b.err, ctx.Err())
}

func (b *book) set(groups []string, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.groups, b.err = groups, err
}

func (b *book) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *book) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *book) times() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked
}

func remember(t *testing.T, b *book, most int) *identity.Groups {
	t.Helper()
	g, err := identity.NewGroups(b, identity.GroupSettings{Life: 5 * time.Minute, Pause: 5 * time.Second, Most: most, Now: b.clock})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestGroupsRemembered follows a person into a group, out of it, and through a
// time when nobody could tell.
func TestGroupsRemembered(t *testing.T) {
	t.Parallel()
	b := &book{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), groups: []string{"g1"}}
	g := remember(t, b, 10)
	try := func(step string, want []string, err error, asked int) {
		t.Helper()
		got, gotErr := g.Of(t.Context(), oid)
		if !slices.Equal(got, want) || !errors.Is(gotErr, err) || b.times() != asked {
			t.Errorf("%s: %v, error %v, asked %d times; want %v, %v, %d", step, got, gotErr, b.times(), want, err, asked)
		}
	}
	try("first", []string{"g1"}, nil, 1)
	b.set(nil, nil)
	b.pass(5*time.Minute - time.Second)
	try("out of the group, not noticed yet", []string{"g1"}, nil, 1)
	b.pass(time.Second)
	try("out of the group", nil, nil, 2)
	b.set([]string{"g1"}, nil)
	b.pass(5 * time.Minute)
	try("in it again", []string{"g1"}, nil, 3)
	b.set(nil, errAway)
	b.pass(5 * time.Minute)
	try("nobody can tell: an old answer is none", nil, errAway, 4)
	try("not asked at every call", nil, errAway, 4)
	b.set([]string{"g1"}, nil)
	b.pass(5 * time.Second)
	try("the directory is back", []string{"g1"}, nil, 5)
}

func TestGroupsAskedOnce(t *testing.T) {
	t.Parallel()
	b := &book{groups: []string{"g1"}, hold: make(chan struct{})}
	g := remember(t, b, 10)
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Of(gone, oid); !errors.Is(err, context.Canceled) {
		t.Errorf("caller gone: error %v", err)
	}
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if got, err := g.Of(t.Context(), oid); err != nil || !slices.Equal(got, []string{"g1"}) {
				t.Errorf("%v, error %v", got, err)
			}
		})
	}
	close(b.hold)
	all.Wait()
	if b.times() != 1 {
		t.Errorf("asked %d times", b.times())
	}
}

func TestGroupsOfMany(t *testing.T) {
	t.Parallel()
	b := &book{groups: []string{"g1"}}
	g := remember(t, b, 3)
	for i := range 20 {
		for range 2 {
			if _, err := g.Of(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if b.times() != 20 {
		t.Errorf("asked %d times about 20 people, twice each", b.times())
	}
	if _, err := identity.NewGroups(b, identity.GroupSettings{}); err == nil {
		t.Error("settings without times taken")
	}
}

// TestGroupsAreTheCallers: what one caller does to its answer is not seen by
// the next one.
func TestGroupsAreTheCallers(t *testing.T) {
	t.Parallel()
	g := remember(t, &book{groups: []string{"g1"}}, 3)
	for range 2 {
		got, err := g.Of(t.Context(), oid)
		if err != nil || !slices.Equal(got, []string{"g1"}) {
			t.Fatalf("%v, error %v", got, err)
		}
		got[0] = "other"
	}
}
