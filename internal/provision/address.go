package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// space is the address space that somebody asks for: a range, or a size.
type space struct {
	want netip.Prefix // custom
	bits int          // of the prefix; 0 with a range, or for none at all
}

// defaultSize is AzureTRE's.
const defaultSize = "small"

// spaceOf reads AzureTRE's properties: address_space_size small, medium, large,
// or custom with address_space. A range that is named counts, whatever the size:
// none is used that is not reserved.
func (b *Builder) spaceOf(properties map[string]any) (space, error) {
	size, said := cmp.Or(text(properties, "address_space_size"), defaultSize), text(properties, "address_space")
	if size != "custom" && said == "" {
		bits, err := address.Size(size)
		if err != nil {
			return space{}, fmt.Errorf("address_space_size: %w", err)
		}
		return space{bits: bits}, nil
	}
	if said == "" {
		return space{}, fmt.Errorf("address_space: required for address space size custom: %w", airlock.ErrInvalid)
	}
	want, err := netip.ParsePrefix(said)
	if err != nil {
		return space{}, fmt.Errorf("address_space: %.40q: want a range as in 10.1.0.0/24: %w", said, address.ErrInvalid)
	}
	if n := len(address.Cover(b.Pool.Space, want)); n > maxBlocks {
		return space{}, fmt.Errorf("address_space: %s is larger than %d networks of /16: %w", want, maxBlocks, address.ErrInvalid)
	}
	if err := address.Fits(b.Pool.Space, b.Pool.Reserved, nil, want); err != nil {
		return space{}, fmt.Errorf("address_space: %w", err)
	}
	return space{want: want}, nil
}

// maxBlocks is how many rows of reservations one commit writes at most, of the
// 100 that it has room for.
const maxBlocks = 64

// turnEvery is after how many lost commits a range is looked for further on:
// what is fought for is the row of the block that the first free range is in.
// Before that the next best is taken, so that large ranges stay whole.
const turnEvery = 8

// reserve finds a range for a holder and returns it with the blocks as they are
// once it is held. A range that the holder has already is found again.
func (b *Builder) reserve(ctx context.Context, s space, holder string, try int) (netip.Prefix, []workspace.Block, error) {
	blocks, err := b.Ports.Addresses.Blocks(ctx)
	if err != nil {
		return netip.Prefix{}, nil, fmt.Errorf("address space: %w", err)
	}
	if r, ok := heldBy(blocks, holder); ok {
		return r, nil, nil
	}
	taken := ranges(blocks)
	if s.want.IsValid() {
		if err := address.Fits(b.Pool.Space, b.Pool.Reserved, taken, s.want); err != nil {
			return s.want, nil, fmt.Errorf("address_space: %w", err)
		}
		held, err := b.held(blocks, s.want, holder)
		return s.want, held, err
	}
	perBlock := 1 << max(0, s.bits-16)
	for nth := try / turnEvery * perBlock; ; nth += perBlock {
		r, err := address.Pick(b.Pool.Space, b.Pool.Reserved, taken, s.bits, nth)
		if err != nil {
			return r, nil, fmt.Errorf("address space: %w", err)
		}
		held, err := b.held(blocks, r, holder)
		if !errors.Is(err, address.ErrFull) || nth > maxBlocks*perBlock {
			return r, held, err
		}
	}
}

// held are the blocks that a range touches, with the range.
func (b *Builder) held(blocks []workspace.Block, r netip.Prefix, holder string) ([]workspace.Block, error) {
	var changed []workspace.Block
	for _, net := range address.Cover(b.Pool.Space, r) {
		block := workspace.Block{Block: address.Block{Net: net}}
		if i := slices.IndexFunc(blocks, func(x workspace.Block) bool { return x.Net == net }); i >= 0 {
			block = blocks[i]
		}
		var err error
		if block.Block, err = block.Reserve(r, holder); err != nil {
			return nil, fmt.Errorf("address space: %w", err)
		}
		changed = append(changed, block)
	}
	return changed, nil
}

func heldBy(blocks []workspace.Block, holder string) (netip.Prefix, bool) {
	for _, b := range blocks {
		for _, a := range b.Taken {
			if a.Holder == holder {
				return a.Range, true
			}
		}
	}
	return netip.Prefix{}, false
}

func ranges(blocks []workspace.Block) []netip.Prefix {
	plain := make([]address.Block, len(blocks))
	for i, b := range blocks {
		plain[i] = b.Block
	}
	return address.Ranges(plain...)
}

// lend gives a service a range of its own, held under its id in the row of its
// workspace, before the service is written: a range without a service is found
// and taken back by sweep, a service without its range would overlap others.
func (b *Builder) lend(ctx context.Context, act workspace.Act, s space, service string, within workspace.Key) (netip.Prefix, error) {
	var line queue
	defer line.leave()
	for try := 0; ; try++ {
		w, err := b.living(ctx, within)
		if err != nil {
			return netip.Prefix{}, err
		}
		if len(w.Addresses) == 0 {
			return netip.Prefix{}, fmt.Errorf("workspace %s has no address space: %w", w.ID, airlock.ErrIllegal)
		}
		r, blocks, err := b.reserve(ctx, s, service, try)
		if err != nil || len(blocks) == 0 { // held before: the same commit wrote the workspace
			return r, err
		}
		grown := extended(w, r)
		c := workspace.Change{Partition: workspace.System, Blocks: blocks}
		c.Resource(grown, lineOf(act, "reserve", w.Status, grown.Status, "range "+r.String()+" for workspace service "+service))
		_, err = b.Ports.Store.CommitChange(ctx, c)
		switch {
		case err == nil:
			return r, nil
		case !errors.Is(err, airlock.ErrConflict):
			return r, fmt.Errorf("address space of workspace %s: commit: %w", w.ID, err)
		case try+1 >= manyTries:
			return r, fmt.Errorf("address space: others were faster in %d tries, try again: %w", manyTries, airlock.ErrConflict)
		}
		if err := line.stand(ctx, b, try+1); err != nil {
			return r, err
		}
	}
}

// extended is a workspace with one more range.
func extended(w workspace.Resource, r netip.Prefix) workspace.Resource {
	w.Addresses = append(slices.Clone(w.Addresses), r.String())
	w.Properties = withAddresses(w.Properties, w.Addresses)
	return w
}

// mostPause bounds a pause between two tries.
const mostPause = 64 * time.Millisecond

// Jitter is the Pause of a Builder in production: some milliseconds, more with
// every try, of random length, so that callers who compete do not stay in step.
func Jitter(ctx context.Context, n int) {
	most := min(time.Millisecond<<min(n, 10), mostPause)
	timer := time.NewTimer(rand.N(most))
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// withAddresses are properties that say which ranges are reserved, whatever
// anybody wrote there.
func withAddresses(properties map[string]any, ranges []string) map[string]any {
	properties = maps.Clone(properties)
	if len(ranges) == 0 {
		return properties
	}
	all := make([]any, len(ranges))
	for i, r := range ranges {
		all[i] = r
	}
	properties["address_space"], properties["address_spaces"] = ranges[0], all
	return properties
}
