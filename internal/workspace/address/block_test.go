package address_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

func TestBlocks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		pool        string
		n           int
		first, last string
	}{
		{pool: "10.0.0.0/8", n: 256, first: "10.0.0.0/16", last: "10.255.0.0/16"},
		{pool: "10.0.0.0/12", n: 16, first: "10.0.0.0/16", last: "10.15.0.0/16"},
		{pool: "10.3.0.0/16", n: 1, first: "10.3.0.0/16", last: "10.3.0.0/16"},
		{pool: "10.3.4.0/22", n: 1, first: "10.3.4.0/22", last: "10.3.4.0/22"},
	} {
		got := address.Blocks(netip.MustParsePrefix(tt.pool))
		if len(got) != tt.n || got[0].String() != tt.first || got[len(got)-1].String() != tt.last {
			t.Errorf("%s: %v", tt.pool, got)
		}
	}
	for _, pool := range []string{"0.0.0.0/0", "10.0.0.1/12", "fd00::/8"} {
		if got := address.Blocks(netip.MustParsePrefix(pool)); got != nil {
			t.Errorf("%s: %v", pool, got)
		}
	}
}

func TestCover(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ pool, r, want string }{
		{pool: "10.0.0.0/12", r: "10.3.4.0/24", want: "10.3.0.0/16"},
		{pool: "10.0.0.0/12", r: "10.4.0.0/15", want: "10.4.0.0/16 10.5.0.0/16"},
		{pool: "10.3.4.0/22", r: "10.3.5.0/24", want: "10.3.4.0/22"},
		{pool: "10.4.0.0/15", r: "10.0.0.0/8", want: "10.4.0.0/16 10.5.0.0/16"},
		{pool: "10.0.0.0/12", r: "192.168.0.0/24"},
		{pool: "10.0.0.0/12", r: "fd00::/8"},
	} {
		if got := address.Cover(netip.MustParsePrefix(tt.pool), netip.MustParsePrefix(tt.r)); !slices.Equal(got, prefixes(tt.want)) {
			t.Errorf("%s in %s: %v, want %s", tt.r, tt.pool, got, tt.want)
		}
	}
}

func TestReserve(t *testing.T) {
	t.Parallel()
	b := address.Block{Net: netip.MustParsePrefix("10.3.0.0/16")}
	one, err := b.Reserve(netip.MustParsePrefix("10.3.4.0/24"), "w1")
	if err != nil || len(one.Taken) != 1 || len(b.Taken) != 0 {
		t.Fatalf("%v, %v; was %v", one, err, b)
	}
	for _, tt := range []struct {
		name, r, holder string
		err             error
	}{
		{name: "once more", r: "10.3.4.0/24", holder: "w1"},
		{name: "somebody else's", r: "10.3.4.0/24", holder: "w2", err: address.ErrTaken},
		{name: "a part", r: "10.3.4.128/25", holder: "w1", err: address.ErrTaken},
		{name: "around, over blocks", r: "10.2.0.0/15", holder: "w2", err: address.ErrTaken},
		{name: "another block's", r: "10.4.4.0/24", holder: "w2", err: address.ErrInvalid},
		{name: "nobody's", r: "10.3.5.0/24", err: address.ErrInvalid},
		{name: "host bits", r: "10.3.5.1/24", holder: "w2", err: address.ErrInvalid},
	} {
		if got, err := one.Reserve(netip.MustParsePrefix(tt.r), tt.holder); !errors.Is(err, tt.err) || tt.err == nil && err != nil || !slices.Equal(got.Taken, one.Taken) {
			t.Errorf("%s: %v, %v", tt.name, got, err)
		}
	}
}

// TestBlockFitsItsRow: as many allocations as a block takes, written at their
// longest, fit into one string of a table, and one more is refused.
func TestBlockFitsItsRow(t *testing.T) {
	t.Parallel()
	b := address.Block{Net: netip.MustParsePrefix("110.210.0.0/16")}
	var err error
	for i := range address.MaxTaken {
		r := netip.PrefixFrom(netip.AddrFrom4([4]byte{110, 210, byte(100 + i/16), byte(i % 16 * 16)}), 28)
		if b, err = b.Reserve(r, fmt.Sprintf("59b5c8e7-5c42-4fcb-a7fd-%012d", i)); err != nil {
			t.Fatal(err)
		}
	}
	if text, err := json.Marshal(b); err != nil || len(text) > 32768 {
		t.Errorf("%d characters, %v", len(text), err)
	}
	if _, err := b.Reserve(netip.MustParsePrefix("110.210.0.0/28"), "more"); !errors.Is(err, address.ErrFull) {
		t.Errorf("one more: %v", err)
	}
	pool := netip.MustParsePrefix("110.208.0.0/13")
	if got, err := address.Pick(pool, nil, address.Ranges(b), 28, 0); err != nil || b.Net.Overlaps(got) {
		t.Errorf("picked %v, %v from a block that takes no more", got, err)
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	one := address.Block{Net: netip.MustParsePrefix("10.1.0.0/16"), Taken: []address.Allocation{{Range: netip.MustParsePrefix("10.1.2.0/24"), Holder: "w1"}}}
	two := address.Block{Net: netip.MustParsePrefix("10.2.0.0/16"), Taken: []address.Allocation{{Range: netip.MustParsePrefix("10.2.0.0/15"), Holder: "w2"}}}
	if got := address.Ranges(one, address.Block{}, two); !slices.Equal(got, prefixes("10.1.2.0/24 10.2.0.0/15")) {
		t.Errorf("%v", got)
	}
}

// TestManyAtOnce: two hundred callers who all saw the same pool, nearly full, and
// save one after the other as a table lets them, each trying again with the next
// candidate when it lost: what they get is disjoint, and the rest is told that
// nothing is free.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	pool := netip.MustParsePrefix("10.0.0.0/15")
	const callers, free = 200, 130
	blocks := map[netip.Prefix]address.Block{}
	for _, net := range address.Blocks(pool) {
		blocks[net] = address.Block{Net: net}
	}
	for i := range 512 - free {
		r := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i / 256), byte(i % 256), 0}), 24)
		net := address.Cover(pool, r)[0]
		b, err := blocks[net].Reserve(r, "before")
		if err != nil {
			t.Fatal(err)
		}
		blocks[net] = b
	}
	seen, got := address.Ranges(slices.Collect(maps.Values(blocks))...), map[netip.Prefix]string{}
	full := 0
	for caller := range callers {
		holder, taken := fmt.Sprint(caller), seen // what everybody saw before anybody saved
		for nth := 0; ; nth++ {
			r, err := address.Pick(pool, nil, taken, 24, caller+nth)
			if err != nil {
				if !errors.Is(err, address.ErrFull) {
					t.Fatal(err)
				}
				full++
				break
			}
			net := address.Cover(pool, r)[0]
			if b, err := blocks[net].Reserve(r, holder); err == nil {
				blocks[net], got[r] = b, holder
				break
			}
			taken = address.Ranges(slices.Collect(maps.Values(blocks))...) // it lost: look again
		}
	}
	if len(got) != free || full != callers-free {
		t.Errorf("%d got a range and %d were refused, want %d and %d", len(got), full, free, callers-free)
	}
}

// TestAnySequence reserves and releases at random over all blocks of a pool, as
// its callers do, and keeps by hand who holds what.
func TestAnySequence(t *testing.T) {
	t.Parallel()
	pool := netip.MustParsePrefix("10.0.0.0/13")
	rapid.Check(t, func(t *rapid.T) {
		blocks, model := map[netip.Prefix]address.Block{}, map[netip.Prefix]string{}
		for _, net := range address.Blocks(pool) {
			blocks[net] = address.Block{Net: net}
		}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			r := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(rapid.IntRange(0, 7).Draw(t, "b")),
				byte(rapid.IntRange(0, 255).Draw(t, "c")), 0}), rapid.IntRange(13, 24).Draw(t, "bits")).Masked()
			holder := rapid.SampledFrom([]string{"w1", "w2", "w3"}).Draw(t, "holder")
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0: // release one
				for _, net := range address.Cover(pool, r) {
					blocks[net] = blocks[net].Release(r, holder)
				}
				if model[r] == holder {
					delete(model, r)
				}
			case 1: // release all
				for net, b := range blocks {
					blocks[net] = b.ReleaseAll(holder)
				}
				maps.DeleteFunc(model, func(_ netip.Prefix, h string) bool { return h == holder })
			default:
				reserve(t, pool, blocks, model, address.Allocation{Range: r, Holder: holder})
			}
			same(t, pool, blocks, model)
		}
	})
}

// reserve takes a range in every block it touches, or in none.
func reserve(t *rapid.T, pool netip.Prefix, blocks map[netip.Prefix]address.Block, model map[netip.Prefix]string, a address.Allocation) {
	next, free := map[netip.Prefix]address.Block{}, true
	for held, holder := range model {
		free = free && (!held.Overlaps(a.Range) || held == a.Range && holder == a.Holder)
	}
	for _, net := range address.Cover(pool, a.Range) {
		b, err := blocks[net].Reserve(a.Range, a.Holder)
		if err != nil {
			if free || !errors.Is(err, address.ErrTaken) {
				t.Fatalf("%v: %v; held are %v", a, err, model)
			}
			return
		}
		next[net] = b
	}
	if !free {
		t.Fatalf("%v was reserved; held are %v", a, model)
	}
	maps.Copy(blocks, next)
	model[a.Range] = a.Holder
}

// same checks that the blocks hold exactly what the model holds, in order.
func same(t *rapid.T, pool netip.Prefix, blocks map[netip.Prefix]address.Block, model map[netip.Prefix]string) {
	held := map[netip.Prefix]string{}
	for net, b := range blocks {
		if !slices.IsSortedFunc(b.Taken, func(x, y address.Allocation) int { return x.Range.Addr().Compare(y.Range.Addr()) }) {
			t.Fatalf("block %s is out of order: %v", net, b.Taken)
		}
		for _, a := range b.Taken {
			held[a.Range] = a.Holder
			for _, net := range address.Cover(pool, a.Range) {
				if !slices.Contains(blocks[net].Taken, a) {
					t.Fatalf("%v is held in one block and not in %s", a, net)
				}
			}
		}
	}
	if !maps.Equal(held, model) {
		t.Fatalf("held %v, want %v", held, model)
	}
}
