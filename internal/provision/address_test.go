package provision_test

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// TestTwoHundredAtOnce: into a pool with room for 150 small workspaces go 150 of
// 200 that are made at the same moment, none overlapping another; the other 50
// are told that it is full, and nothing of them stays.
func TestTwoHundredAtOnce(t *testing.T) {
	t.Parallel()
	const callers, room = 200, 150
	b := newBed(t)
	b.Pool = workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/15"), Reserved: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/18")}}
	for n := range 512 - 64 - room { // in both blocks, with holes between
		r := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n % 2), byte(64 + n/2), 0}), 24)
		b.reserve(r, id())
	}
	var lost, worst atomic.Int64
	b.Pause = func(_ context.Context, n int) {
		lost.Add(1)
		for now := worst.Load(); int64(n) > now && !worst.CompareAndSwap(now, int64(n)); now = worst.Load() {
		}
	}
	errs := make([]error, callers)
	start := make(chan struct{})
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			<-start
			_, _, errs[i] = b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
		})
	}
	close(start)
	group.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else if !errors.Is(err, address.ErrFull) {
			t.Error(err)
		}
	}
	made := b.all(workspace.System)
	if good != room || len(made) != room {
		t.Fatalf("%d made, %d stored, want %d", good, len(made), room)
	}
	blocks, err := b.store.Blocks(t.Context())
	b.must(err)
	var ranges []netip.Prefix
	held := map[string]string{}
	for _, block := range blocks {
		for _, a := range block.Taken {
			ranges, held[a.Holder] = append(ranges, a.Range), a.Range.String()
		}
	}
	slices.SortFunc(ranges, func(x, y netip.Prefix) int { return x.Addr().Compare(y.Addr()) })
	for i := range ranges[1:] {
		if ranges[i].Overlaps(ranges[i+1]) {
			t.Errorf("%s and %s overlap", ranges[i], ranges[i+1])
		}
	}
	for _, r := range made {
		if !slices.Equal(r.Addresses, []string{held[r.ID]}) {
			t.Errorf("workspace %s has %v, held is %q", r.ID, r.Addresses, held[r.ID])
		}
	}
	t.Logf("%d commits of %d callers were lost to others, at most %d of one caller", lost.Load(), callers, worst.Load())
}

// reserve holds a range for somebody.
func (b *bed) reserve(r netip.Prefix, holder string) {
	b.t.Helper()
	for _, net := range address.Cover(b.Pool.Space, r) {
		block, err := b.store.BlockOf(b.t.Context(), net)
		b.must(err)
		block.Block, err = block.Reserve(r, holder)
		b.must(err)
		_, err = b.store.CommitChange(b.t.Context(), workspace.Change{Partition: workspace.System, Blocks: []workspace.Block{block}})
		b.must(err)
	}
}

// faster commits always lose.
type faster struct{ workspace.Store }

func (faster) CommitChange(context.Context, workspace.Change) (workspace.Change, error) {
	return workspace.Change{}, airlock.ErrConflict
}

// TestAlwaysTooLate: who loses every race is told so, after a limited number of
// tries.
func TestAlwaysTooLate(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	r, err := b.Ask(t.Context(), asked(nil))
	b.must(err)
	b.Ports.Store = faster{b.store}
	tries := 0
	b.Pause = func(context.Context, int) { tries++ }
	for name, do := range map[string]func() error{
		"workspace": func() error {
			_, _, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
			return err
		},
		"update": func() error {
			_, _, err := b.Update(t.Context(), by(adam), w.Key(), provision.Patch{Match: "*"})
			return err
		},
		"ask":    func() error { _, err := b.Ask(t.Context(), asked(nil)); return err },
		"decide": func() error { _, err := b.Decide(t.Context(), by(adam), r.ID, true); return err },
		"approve": func() error {
			_, err := b.Approve(t.Context(), because(adam, "r"), workspace.Approval{ID: id(), Template: "base", Most: 1, Until: now.AddDate(0, 0, 1)})
			return err
		},
	} {
		tries = 0
		wrong(t, name, do(), airlock.ErrConflict)
		if tries >= 60 {
			t.Errorf("%s: %d tries", name, tries+1)
		}
	}
}

// TestGivenUp: who stops waiting is not tried for on and on.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Ports.Store = faster{b.store}
	ctx, cancel := context.WithCancel(t.Context())
	b.Pause = func(context.Context, int) { cancel() }
	_, _, err := b.Workspace(ctx, by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
	wrong(t, "given up", err, context.Canceled)
	provision.Jitter(ctx, 3)
	provision.Jitter(t.Context(), 1)
}
