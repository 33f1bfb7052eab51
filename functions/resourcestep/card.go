package resourcestep

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// complete adds to a change what the end of a workspace's step means for
// others: what the airlock knows of it, its address ranges, and who asked for
// it. All of that is kept beside the workspace, so it is one transaction. asked
// tells that people are to be told.
func (s *step) complete(ctx context.Context, c *workspace.Change) (asked bool, err error) {
	for i := range c.Resources {
		if r := &c.Resources[i]; r.Kind == workspace.Workspace && settled(r.Status) {
			if err := s.f.card(ctx, c, *r); err != nil {
				return false, err
			}
			if r.Gone() {
				if err := s.f.vacate(ctx, c, r); err != nil {
					return false, err
				}
			}
		}
	}
	for _, op := range c.Operations {
		if op.Ended() && op.Kind == workspace.Workspace && (op.Action == workspace.Install || op.Action == workspace.Upgrade) {
			return s.answer(ctx, c, op)
		}
	}
	return false, nil
}

// settled tells whether nothing is being done by which the workspace would be
// another one afterwards.
func settled(s workspace.Status) bool {
	return s.Ended() && s != workspace.ActionSucceeded && s != workspace.ActionFailed
}

// card writes what the airlock knows of a workspace. Its policy stays.
func (f Function) card(ctx context.Context, c *workspace.Change, r workspace.Resource) error {
	card, err := f.Ports.Cards.Workspace(ctx, r.ID)
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return fmt.Errorf("workspace %s: %w", r.ID, err)
	}
	card.ID = r.ID
	card.DisplayName, _ = r.Properties["display_name"].(string)
	card.Description, _ = r.Properties["description"].(string)
	if name, _ := r.Outputs[account].(string); name != "" { // not the property: people may write one of that name
		card.StorageAccount = name
	}
	card.Deployed, card.Gone = r.Installed && !r.Gone(), r.Gone()
	card.EnableAirlock = r.Enabled && airlocked(r)
	c.Card = &card
	return nil
}

// maxBlocks is how many blocks of the address space one commit writes, of the
// rows that a transaction has room for: as many as one range has at most.
const maxBlocks = 64

// vacate gives back the address ranges of a workspace that is gone, whoever in
// it held them. Those for which its last commit has no room are given back
// before, while it is still being deleted: Azure has nothing under them any more,
// and what is given back is no longer its own, so that a repeat gives back the rest.
func (f Function) vacate(ctx context.Context, c *workspace.Change, r *workspace.Resource) error {
	for {
		some := f.fitting(r.Addresses)
		blocks, err := f.without(ctx, some, func(a address.Allocation) bool { return slices.Contains(some, a.Range.String()) })
		if err != nil {
			return err
		}
		if len(some) == len(r.Addresses) {
			c.Blocks, r.Addresses = blocks, nil
			return nil
		}
		before, err := f.Ports.Store.Resource(ctx, r.Key())
		if err != nil {
			return fmt.Errorf("workspace %s: %w", r.ID, err)
		}
		if before.Version != r.Version {
			return fmt.Errorf("workspace %s: %w", r.ID, airlock.ErrConflict)
		}
		part := workspace.Change{Partition: c.Partition, Blocks: blocks}
		part.Quietly(before.Without(some))
		if part, err = f.Ports.Store.CommitChange(ctx, part); err != nil {
			return fmt.Errorf("addresses of workspace %s: %w", r.ID, err)
		}
		*r = r.Without(some)
		r.Version = part.Resources[0].Version
	}
}

// fitting are the first of some ranges, as many as one commit gives back; at
// least one.
func (f Function) fitting(ranges []string) []string {
	touched := map[netip.Prefix]bool{}
	for i, text := range ranges {
		r, err := netip.ParsePrefix(text)
		if err != nil {
			continue
		}
		for _, net := range address.Cover(f.Pool.Space, r) {
			touched[net] = true
		}
		if i > 0 && len(touched) > maxBlocks {
			return ranges[:i]
		}
	}
	return ranges
}

// without are the blocks of some ranges that change when allocations are given
// back.
func (f Function) without(ctx context.Context, ranges []string, gone func(address.Allocation) bool) ([]workspace.Block, error) {
	var blocks []workspace.Block
	for _, text := range ranges {
		r, err := netip.ParsePrefix(text)
		if err != nil { // nothing was reserved under it
			continue
		}
		for _, net := range address.Cover(f.Pool.Space, r) {
			if slices.ContainsFunc(blocks, func(b workspace.Block) bool { return b.Net == net }) {
				continue
			}
			b, err := f.Ports.Addresses.BlockOf(ctx, net)
			if err != nil {
				return nil, fmt.Errorf("address block %s: %w", net, err)
			}
			if !slices.ContainsFunc(b.Taken, gone) {
				continue
			}
			for _, a := range b.Taken {
				if gone(a) {
					b.Block = b.Release(a.Range, a.Holder)
				}
			}
			blocks = append(blocks, b)
		}
	}
	return blocks, nil
}

// unheld tells of the first range of a service that is not reserved for it: one
// that was made so late after its reservation that this was given back.
func (f Function) unheld(ctx context.Context, r workspace.Resource) (why, err error) {
	if r.Kind != workspace.Service {
		return nil, nil
	}
	for _, text := range r.Addresses {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Errorf("address range %.40q is none", text), nil
		}
		for _, net := range address.Cover(f.Pool.Space, p) {
			b, err := f.Ports.Addresses.BlockOf(ctx, net)
			if err != nil {
				return nil, fmt.Errorf("address block %s: %w", net, err)
			}
			if !slices.Contains(b.Taken, address.Allocation{Range: p, Holder: r.ID}) {
				return fmt.Errorf("address range %s is not reserved for it any more: delete it, and make it anew", p), nil
			}
		}
	}
	return nil, nil
}

// release gives back the ranges of a deleted service, which its workspace
// holds for it.
func (s *step) release(ctx context.Context) error {
	if s.target.Kind != workspace.Service || len(s.target.Addresses) == 0 {
		return nil
	}
	w, err := s.f.Ports.Store.Resource(ctx, workspace.Key{Partition: workspace.System, ID: s.target.Workspace})
	if err != nil {
		return fmt.Errorf("workspace %s: %w", s.target.Workspace, err)
	}
	c := workspace.Change{Partition: workspace.System}
	c.Blocks, err = s.f.without(ctx, s.target.Addresses, func(a address.Allocation) bool { return a.Holder == s.target.ID })
	if err != nil || len(c.Blocks) == 0 {
		return err
	}
	c.Resource(w.Without(s.target.Addresses), s.line(audit.Line{Action: "release", From: string(w.Status), To: string(w.Status),
		Detail: fmt.Sprintf("range %s of workspace service %s, which was deleted", strings.Join(s.target.Addresses, ", "), s.target.ID)}))
	if _, err := s.f.Ports.Store.CommitChange(ctx, c); err != nil {
		return fmt.Errorf("addresses of service %s: %w", s.target.ID, err)
	}
	return nil
}

// answer tells who asked for a workspace how making it ended, be it by the
// install or by an update after that failed.
func (s *step) answer(ctx context.Context, c *workspace.Change, op workspace.Operation) (bool, error) {
	r, err := s.f.Ports.Requests.WorkspaceRequest(ctx, op.Resource.ID)
	if errors.Is(err, airlock.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("request for workspace %s: %w", op.Resource.ID, err)
	}
	now := s.f.Now()
	told, news := r.End(!op.Status.Failed(), op.Message, now)
	if !news {
		return false, nil
	}
	c.Request(told, now.Add(s.f.Cadence.Hint), s.line(audit.Line{Action: "end", From: string(r.Status),
		To: string(r.Status), Reason: op.Message, Detail: "operation " + op.ID}))
	return true, nil
}
