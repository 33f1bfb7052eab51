package address

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// checked returns reserved and taken in one list. What lies outside the pool is
// harmless and stays; host bits are cut off, for what was taken is taken.
func checked(pool netip.Prefix, reserved, taken []netip.Prefix) ([]netip.Prefix, error) {
	if err := canonical(pool); err != nil {
		return nil, fmt.Errorf("pool: %w", err)
	}
	if pool.Bits() < MinBits {
		return nil, fmt.Errorf("pool %s: %w: at most a /%d", pool, ErrInvalid, MinBits)
	}
	busy := make([]netip.Prefix, 0, len(reserved)+len(taken))
	for _, p := range slices.Concat(reserved, taken) {
		if err := canonical(p.Masked()); err != nil {
			return nil, fmt.Errorf("allocation: %w", err)
		}
		busy = append(busy, p.Masked())
	}
	return busy, nil
}

// unused lists what is left of the pool, in as few aligned blocks as can be,
// lowest first.
func unused(pool netip.Prefix, reserved, taken []netip.Prefix) ([]netip.Prefix, error) {
	busy, err := checked(pool, reserved, taken)
	if err != nil {
		return nil, err
	}
	return left(pool, busy, nil), nil
}

// left appends to free what busy leaves of block. A block is free, or busy as a
// whole, or its two halves are looked at: so nothing that overlaps anything can
// come out, whatever the order and sizes of what is busy.
func left(block netip.Prefix, busy, free []netip.Prefix) []netip.Prefix {
	var here []netip.Prefix
	for _, b := range busy {
		if b.Overlaps(block) {
			if b.Bits() <= block.Bits() {
				return free
			}
			here = append(here, b)
		}
	}
	if len(here) == 0 {
		return append(free, block)
	}
	low, high := halves(block)
	return left(high, here, left(low, here, free))
}

// halves splits a block that is no single address.
func halves(p netip.Prefix) (low, high netip.Prefix) {
	bits := p.Bits() + 1
	return netip.PrefixFrom(p.Addr(), bits), netip.PrefixFrom(above(p.Addr(), 1<<(32-bits)), bits)
}

// above returns the IPv4 address that lies n addresses above a.
func above(a netip.Addr, n uint32) netip.Addr {
	at := a.As4()
	binary.BigEndian.PutUint32(at[:], binary.BigEndian.Uint32(at[:])+n)
	return netip.AddrFrom4(at)
}

// told says in words what is free: the largest blocks, at most three.
func told(free []netip.Prefix) string {
	if len(free) == 0 {
		return "nothing is free"
	}
	const most = 3
	largest := slices.SortedStableFunc(slices.Values(free), func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	var names []string
	for _, b := range largest[:min(most, len(largest))] {
		names = append(names, b.String())
	}
	text := "free is only " + strings.Join(names, ", ")
	if more := len(free) - most; more > 0 {
		text += fmt.Sprintf(" and %d smaller blocks", more)
	}
	return text
}
