// Package address divides the TRE's IPv4 address space: which range a new
// workspace gets, whether a range that somebody asks for is free, and how
// reservations are kept so that two of them never overlap. It is pure: what is
// taken comes in as a value, and new values go out.
package address

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
)

// What may be wrong with a range.
var (
	ErrInvalid = errors.New("no valid address range") // it will never be right
	ErrFull    = errors.New("address space is full")  // nothing free is large enough
	ErrTaken   = errors.New("address range is taken") // it overlaps another one
)

// The largest and smallest network that may be asked for, in bits of the
// prefix. Azure takes virtual networks from /8 to /29; a /28 still leaves each
// half of a workspace the three addresses that Azure does not keep.
// https://learn.microsoft.com/azure/virtual-network/virtual-networks-faq
const (
	MinBits = 8
	MaxBits = 28
)

// sizes are AzureTRE's names for the sizes of a workspace's network.
var sizes = map[string]int{"small": 24, "medium": 22, "large": 16}

// Size returns the bits of the prefix that a named size has: small 24, medium
// 22, large 16. It returns ErrInvalid for any other name.
func Size(name string) (bits int, err error) {
	bits, ok := sizes[name]
	if !ok {
		return 0, fmt.Errorf("size %.40q: %w: small, medium or large", name, ErrInvalid)
	}
	return bits, nil
}

// Pick returns a free range of the given bits inside the pool: one that touches
// nothing of reserved and taken, which may overlap each other and come in any
// order. It is cut from the smallest free block that is large enough, the lowest
// first, as AzureTRE does, so that large blocks stay whole. An nth above 0 goes
// on to the nth range in that order, and begins anew at the end: callers that
// compete for space spread when each takes another nth.
//
// It returns ErrFull if nothing fits, ErrInvalid if the question is wrong.
func Pick(pool netip.Prefix, reserved, taken []netip.Prefix, bits, nth int) (netip.Prefix, error) {
	if bits < MinBits || bits > MaxBits {
		return netip.Prefix{}, fmt.Errorf("size /%d: %w: from /%d to /%d", bits, ErrInvalid, MinBits, MaxBits)
	}
	if nth < 0 {
		return netip.Prefix{}, fmt.Errorf("candidate %d: %w", nth, ErrInvalid)
	}
	free, err := unused(pool, reserved, taken)
	if err != nil {
		return netip.Prefix{}, err
	}
	if bits < pool.Bits() {
		return netip.Prefix{}, fmt.Errorf("size /%d: %w: larger than the pool %s", bits, ErrInvalid, pool)
	}
	fits := slices.DeleteFunc(slices.Clone(free), func(b netip.Prefix) bool { return b.Bits() > bits })
	slices.SortStableFunc(fits, func(a, b netip.Prefix) int { return b.Bits() - a.Bits() })
	total := 0
	for _, b := range fits {
		total += 1 << (bits - b.Bits())
	}
	if total == 0 {
		return netip.Prefix{}, fmt.Errorf("pool %s, size /%d: %w: %s", pool, bits, ErrFull, told(free))
	}
	nth %= total
	for _, b := range fits {
		n := 1 << (bits - b.Bits())
		if nth < n {
			return netip.PrefixFrom(above(b.Addr(), uint32(nth)<<(32-bits)), bits), nil
		}
		nth -= n
	}
	panic("address: candidates were counted wrongly") // unreachable: nth < total
}

// Fits returns nil if want can be reserved: written canonically, /8 to /28,
// inside the pool, and clear of everything in reserved and taken. It returns
// ErrTaken naming the neighbour that it overlaps, ErrInvalid otherwise.
func Fits(pool netip.Prefix, reserved, taken []netip.Prefix, want netip.Prefix) error {
	busy, err := checked(pool, reserved, taken)
	if err != nil {
		return err
	}
	if err := canonical(want); err != nil {
		return err
	}
	switch {
	case want.Bits() < MinBits || want.Bits() > MaxBits:
		return fmt.Errorf("range %s: %w: from /%d to /%d", want, ErrInvalid, MinBits, MaxBits)
	case !within(want, pool):
		return fmt.Errorf("range %s: %w: outside the pool %s", want, ErrInvalid, pool)
	}
	for _, b := range busy {
		if b.Overlaps(want) {
			return fmt.Errorf("range %s: %w: it overlaps %s", want, ErrTaken, b)
		}
	}
	return nil
}

// within tells whether inner lies in outer as a whole.
func within(inner, outer netip.Prefix) bool {
	return outer.Bits() <= inner.Bits() && outer.Overlaps(inner)
}

// canonical returns ErrInvalid unless p is an IPv4 range without host bits.
func canonical(p netip.Prefix) error {
	switch {
	case !p.IsValid() || !p.Addr().Is4():
		return fmt.Errorf("range %q: %w: want IPv4 as in 10.1.0.0/24", p, ErrInvalid)
	case p != p.Masked():
		return fmt.Errorf("range %s: %w: it has host bits, write %s", p, ErrInvalid, p.Masked())
	}
	return nil
}
