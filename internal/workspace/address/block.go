package address

import (
	"fmt"
	"net/netip"
	"slices"
)

// Allocation is a range and who holds it.
type Allocation struct {
	Range  netip.Prefix `json:"range"`
	Holder string       `json:"holder"` // id of a resource
}

// Block is the part of the pool whose reservations are kept together, in one
// row: whoever saves it under the row's ETag has reserved. It is a value:
// Reserve and Release return another one. A range larger than a block is held
// in every block that it touches, under its whole extent.
type Block struct {
	Net   netip.Prefix `json:"net"`             // a /16, or the whole pool if that is smaller
	Taken []Allocation `json:"taken,omitempty"` // by address
}

// blockBits is the size of a block: 256 small workspaces share a row.
const blockBits = 16

// MaxTaken is how many allocations a block holds at most: with ids of 36
// characters they fit into one string of a table, 32,768 characters.
// https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
const MaxTaken = 320

// Blocks lists the blocks of a pool, lowest first; none for a pool that is no
// IPv4 range of /8 or smaller.
func Blocks(pool netip.Prefix) []netip.Prefix {
	if canonical(pool) != nil || pool.Bits() < MinBits {
		return nil
	}
	return Cover(pool, pool)
}

// Cover lists the blocks of the pool that a range touches, lowest first.
func Cover(pool, r netip.Prefix) []netip.Prefix {
	if canonical(pool) != nil || pool.Bits() < MinBits || !r.IsValid() || !pool.Overlaps(r) {
		return nil
	}
	if pool.Bits() >= blockBits {
		return []netip.Prefix{pool}
	}
	if r.Bits() < pool.Bits() {
		r = pool
	}
	if r.Bits() >= blockBits {
		return []netip.Prefix{netip.PrefixFrom(r.Addr(), blockBits).Masked()}
	}
	n := 1 << (blockBits - r.Bits())
	blocks := make([]netip.Prefix, 0, n)
	for i := range n {
		blocks = append(blocks, netip.PrefixFrom(above(r.Masked().Addr(), uint32(i)<<(32-blockBits)), blockBits))
	}
	return blocks
}

// Reserve returns the block with the range held. The same range for the same
// holder once more changes nothing, so that a repeated step is harmless. It
// returns ErrTaken if the range overlaps another one, ErrFull if the block holds
// MaxTaken allocations, ErrInvalid for a range that is not canonical, does not
// touch the block, or has no holder.
func (b Block) Reserve(r netip.Prefix, holder string) (Block, error) {
	if err := canonical(r); err != nil {
		return b, err
	}
	if holder == "" || !r.Overlaps(b.Net) {
		return b, fmt.Errorf("range %s in block %s for %q: %w", r, b.Net, holder, ErrInvalid)
	}
	mine := Allocation{Range: r, Holder: holder}
	if slices.Contains(b.Taken, mine) {
		return b, nil
	}
	for _, a := range b.Taken {
		if a.Range.Overlaps(r) {
			return b, fmt.Errorf("range %s: %w: it overlaps %s", r, ErrTaken, a.Range)
		}
	}
	if len(b.Taken) >= MaxTaken {
		return b, fmt.Errorf("block %s: %w: it holds %d ranges", b.Net, ErrFull, MaxTaken)
	}
	at, _ := slices.BinarySearchFunc(b.Taken, mine, func(x, y Allocation) int { return x.Range.Addr().Compare(y.Range.Addr()) })
	b.Taken = slices.Insert(slices.Clone(b.Taken), at, mine)
	return b, nil
}

// Release returns the block without the range, if the holder has it.
func (b Block) Release(r netip.Prefix, holder string) Block {
	return b.without(func(a Allocation) bool { return a.Range == r && a.Holder == holder })
}

// ReleaseAll returns the block without anything of the holder's.
func (b Block) ReleaseAll(holder string) Block {
	return b.without(func(a Allocation) bool { return a.Holder == holder })
}

func (b Block) without(gone func(Allocation) bool) Block {
	b.Taken = slices.DeleteFunc(slices.Clone(b.Taken), gone)
	return b
}

// Ranges lists the ranges held in the blocks, as Pick and Fits want them. A
// block that holds MaxTaken counts as taken, so that nothing is picked that it
// would not take.
func Ranges(blocks ...Block) []netip.Prefix {
	var ranges []netip.Prefix
	for _, b := range blocks {
		if len(b.Taken) >= MaxTaken {
			ranges = append(ranges, b.Net)
			continue
		}
		for _, a := range b.Taken {
			ranges = append(ranges, a.Range)
		}
	}
	return ranges
}
