package address_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

func prefixes(text string) []netip.Prefix {
	var all []netip.Prefix
	for _, s := range strings.Fields(text) {
		all = append(all, netip.MustParsePrefix(s))
	}
	return all
}

func TestSize(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"small": 24, "medium": 22, "large": 16} {
		if got, err := address.Size(name); got != want || err != nil {
			t.Errorf("%s: %d, %v; want %d", name, got, err, want)
		}
	}
	for _, name := range []string{"", "custom", "Small", "24"} {
		if _, err := address.Size(name); !errors.Is(err, address.ErrInvalid) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// picks holds AzureTRE's golden rows first (pool 10.0.0.0/12, core
// 10.0.0.0/16), then those that its allocator gets wrong.
var picks = []struct {
	name, taken string
	bits, nth   int
	want        string
}{
	{name: "after the small ones", taken: "10.2.4.0/24 10.1.0.0/16 10.2.1.0/24 10.2.3.0/24 10.2.0.0/24 10.2.2.0/24", bits: 24, want: "10.2.5.0/24"},
	{name: "beside the broken block", taken: "10.2.4.0/24 10.1.0.0/16 10.2.1.0/24 10.2.3.0/24 10.2.0.0/24 10.2.2.0/24", bits: 16, want: "10.3.0.0/16"},
	{name: "small after large", taken: "10.1.0.0/16", bits: 24, want: "10.2.0.0/24"},
	{name: "large after large", taken: "10.1.0.0/16", bits: 16, want: "10.2.0.0/16"},
	{name: "the hole before", taken: "10.1.0.0/16 10.2.1.0/24", bits: 24, want: "10.2.0.0/24"},
	{name: "large past a small", taken: "10.2.1.0/24 10.1.0.0/16", bits: 16, want: "10.3.0.0/16"},
	{name: "the smallest block that fits, not the lowest", taken: "10.1.0.0/16 10.5.1.0/24", bits: 16, want: "10.4.0.0/16"},
	{name: "between", taken: "10.2.1.0/24 10.1.0.0/16", bits: 20, want: "10.2.16.0/20"},

	{name: "a larger one after its part", taken: "10.2.1.0/24 10.2.0.0/16 10.1.0.0/16", bits: 24, want: "10.3.0.0/24"},
	{name: "a larger one before its part", taken: "10.2.0.0/16 10.2.1.0/24 10.1.0.0/16", bits: 24, want: "10.3.0.0/24"},
	{name: "twice the same", taken: "10.1.0.0/16 10.1.0.0/16", bits: 16, want: "10.2.0.0/16"},
	{name: "written with host bits", taken: "10.1.2.3/16", bits: 16, want: "10.2.0.0/16"},
	{name: "outside the pool", taken: "192.168.0.0/16 10.1.0.0/16", bits: 16, want: "10.2.0.0/16"},
	{name: "larger than the pool leaves nothing", taken: "10.0.0.0/8", bits: 24},
	{name: "all but a /25", taken: "10.8.0.0/13 10.4.0.0/14 10.2.0.0/15 10.1.128.0/17 10.1.64.0/18 10.1.32.0/19 10.1.16.0/20 10.1.8.0/21 10.1.4.0/22 10.1.2.0/23 10.1.1.0/24 10.1.0.0/25", bits: 24},

	{name: "the second choice is in the same block", taken: "10.1.0.0/16", bits: 24, nth: 1, want: "10.2.1.0/24"},
	{name: "the last choice", taken: "10.1.0.0/16", bits: 16, nth: 13, want: "10.15.0.0/16"},
	{name: "past the last one begins anew", taken: "10.1.0.0/16", bits: 16, nth: 14, want: "10.2.0.0/16"},
	{name: "on to the next block", taken: "10.2.1.0/24 10.1.0.0/16", bits: 24, nth: 1, want: "10.2.2.0/24"},
}

func TestPick(t *testing.T) {
	t.Parallel()
	pool, core := netip.MustParsePrefix("10.0.0.0/12"), prefixes("10.0.0.0/16")
	for _, tt := range picks {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := address.Pick(pool, core, prefixes(tt.taken), tt.bits, tt.nth)
			if tt.want == "" {
				if !errors.Is(err, address.ErrFull) {
					t.Fatalf("%v, %v; want full", got, err)
				}
				return
			}
			if err != nil || got.String() != tt.want {
				t.Errorf("%v, %v; want %s", got, err, tt.want)
			}
		})
	}
}

func TestFullTellsWhatIsFree(t *testing.T) {
	t.Parallel()
	pool := netip.MustParsePrefix("10.0.0.0/22")
	for taken, want := range map[string]string{
		"10.0.0.0/22": "pool 10.0.0.0/22, size /24: address space is full: nothing is free",
		"10.0.0.0/23 10.0.2.0/25 10.0.3.0/26 10.0.3.128/26": "pool 10.0.0.0/22, size /24: address space is full: free is only 10.0.2.128/25, 10.0.3.64/26, 10.0.3.192/26",
		"10.0.0.0/23 10.0.2.0/28 10.0.3.0/28":               "pool 10.0.0.0/22, size /24: address space is full: free is only 10.0.2.128/25, 10.0.3.128/25, 10.0.2.64/26 and 5 smaller blocks",
	} {
		if _, err := address.Pick(pool, nil, prefixes(taken), 24, 0); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", taken, err, want)
		}
	}
}

func TestPickRefuses(t *testing.T) {
	t.Parallel()
	pool, six := netip.MustParsePrefix("10.0.0.0/12"), prefixes("fd00::/8")
	for name, got := range map[string]error{
		"a mask past the end":   pick(pool, nil, 50, 0),
		"smaller than a /28":    pick(pool, nil, 29, 0),
		"larger than a /8":      pick(pool, nil, 7, 0),
		"larger than the pool":  pick(pool, nil, 10, 0),
		"a negative choice":     pick(pool, nil, 24, -1),
		"no pool":               pick(netip.Prefix{}, nil, 24, 0),
		"a pool with host bits": pick(netip.MustParsePrefix("10.0.0.1/12"), nil, 24, 0),
		"a pool of everything":  pick(netip.MustParsePrefix("0.0.0.0/0"), nil, 24, 0),
		"IPv6 taken":            pick(pool, six, 24, 0),
		"nothing taken":         pick(pool, []netip.Prefix{{}}, 24, 0),
	} {
		if !errors.Is(got, address.ErrInvalid) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func pick(pool netip.Prefix, taken []netip.Prefix, bits, nth int) error {
	_, err := address.Pick(pool, nil, taken, bits, nth)
	return err
}

func TestFits(t *testing.T) {
	t.Parallel()
	pool, core, taken := netip.MustParsePrefix("10.0.0.0/12"), prefixes("10.1.0.0/22"), prefixes("10.2.0.0/16 10.4.1.0/24")
	for _, tt := range []struct {
		name, want string
		err        error
		says       string
	}{
		{name: "inside one", want: "10.2.5.0/24", err: address.ErrTaken, says: "10.2.0.0/16"},
		{name: "beside one", want: "10.4.2.0/24"},
		{name: "around one", want: "10.4.0.0/16", err: address.ErrTaken, says: "10.4.1.0/24"},
		{name: "the core", want: "10.1.3.0/24", err: address.ErrTaken, says: "10.1.0.0/22"},
		{name: "beside the core", want: "10.1.4.0/24"},
		{name: "host bits", want: "10.4.2.1/24", err: address.ErrInvalid, says: "write 10.4.2.0/24"},
		{name: "outside", want: "192.168.0.0/24", err: address.ErrInvalid, says: "outside the pool 10.0.0.0/12"},
		{name: "around the pool", want: "10.0.0.0/8", err: address.ErrInvalid, says: "outside the pool"},
		{name: "too small", want: "10.4.2.0/29", err: address.ErrInvalid, says: "from /8 to /28"},
		{name: "smallest", want: "10.4.2.0/28"},
		{name: "IPv6", want: "fd00::/24", err: address.ErrInvalid, says: "IPv4"},
	} {
		err := address.Fits(pool, core, taken, netip.MustParsePrefix(tt.want))
		if !errors.Is(err, tt.err) || tt.err == nil && err != nil || err != nil && !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

// ranges draws canonical ranges inside 10.0.0.0/20, and some around it.
func ranges(t *rapid.T) []netip.Prefix {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) netip.Prefix {
		bits := rapid.IntRange(18, 28).Draw(t, "bits")
		low := rapid.Uint32Range(0, 1<<12-1).Draw(t, "low")
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(low >> 8), byte(low)}), bits).Masked()
	}), 0, 12).Draw(t, "taken")
}

// TestPickAgainstBruteForce: whatever is taken, in whatever order, Pick finds
// something exactly when trying every range finds something, and it is free.
func TestPickAgainstBruteForce(t *testing.T) {
	t.Parallel()
	pool := netip.MustParsePrefix("10.0.0.0/20")
	rapid.Check(t, func(t *rapid.T) {
		taken := ranges(t)
		bits := rapid.IntRange(20, 28).Draw(t, "bits")
		var free []netip.Prefix
		for i := range 1 << (bits - 20) {
			low := i << (32 - bits)
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(low >> 8), byte(low)}), bits)
			if !slices.ContainsFunc(taken, p.Overlaps) {
				free = append(free, p)
			}
		}
		var all []netip.Prefix
		for nth := range max(1, len(free)) {
			got, err := address.Pick(pool, nil, taken, bits, nth)
			if len(free) == 0 {
				if !errors.Is(err, address.ErrFull) {
					t.Fatalf("%v, %v; nothing is free", got, err)
				}
				return
			}
			if err != nil || address.Fits(pool, nil, taken, got) != nil {
				t.Fatalf("%v, %v; free are %v", got, err, free)
			}
			all = append(all, got)
		}
		shuffled := slices.Clone(taken)
		rand.New(rand.NewPCG(1, 2)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if again, err := address.Pick(pool, nil, shuffled, bits, 0); again != all[0] || err != nil {
			t.Fatalf("in another order %v, %v; want %v", again, err, all[0])
		}
		slices.SortFunc(all, func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) })
		if !slices.Equal(all, free) {
			t.Fatalf("the candidates are %v, want each of %v once", all, free)
		}
	})
}
