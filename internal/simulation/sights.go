package simulation

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// sights is what was seen of commits as they happened: all rows as they are
// stored, and what they do not tell any more.
type sights struct {
	resources  map[string][]workspace.Resource  // by partition
	operations map[string][]workspace.Operation // by resource
	requests   []workspace.Request
	approvals  []workspace.Approval
	blocks     []workspace.Block

	secrets map[string]bool               // every value that the vault was given
	named   map[string]string             // id of a secret → the resource that it is of
	notices map[string][]workspace.Notice // of requests for workspaces, by id
	lent    map[string]time.Time          // when a range was lent to a holder
	last    map[string]string             // run of the last deployment that went well, by resource
	after   map[string]int                // jobs that began after their operation was cancelled
}

func (o *sights) init() {
	*o = sights{resources: map[string][]workspace.Resource{}, operations: map[string][]workspace.Operation{}, secrets: map[string]bool{}, named: map[string]string{}, notices: map[string][]workspace.Notice{}, lent: map[string]time.Time{}, last: map[string]string{}, after: map[string]int{}}
}

// watchedRows shows every commit.
type watchedRows struct {
	e *estate
	workspace.Store
}

// CommitChange implements workspace.Store.
func (o watchedRows) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	e, before := o.e, map[string]workspace.Resource{}
	for _, r := range c.Resources {
		before[r.ID] = e.resource(r.Key())
	}
	ops := map[string]workspace.Operation{}
	for _, op := range c.Operations {
		ops[op.ID] = e.operation(op.Key())
	}
	saved, err := o.Store.CommitChange(ctx, c)
	if err != nil || again(saved, before, ops) {
		return saved, err
	}
	e.seen.keep(saved)
	e.checkCommit(saved)
	for _, r := range saved.Resources {
		e.checkResource(before[r.ID], r, saved)
	}
	for _, f := range saved.Fleets {
		e.checkFleet(f)
	}
	for _, op := range saved.Operations {
		e.checkOperation(ops[op.ID], op)
	}
	e.checkRanges()
	return saved, nil
}

// keep takes over the rows of a commit.
func (o *sights) keep(c workspace.Change) {
	for _, r := range c.Resources {
		at := r.Key().Partition
		o.resources[at] = replaced(o.resources[at], r, func(r workspace.Resource) string { return r.ID })
	}
	for _, op := range c.Operations {
		o.operations[op.Resource.ID] = replaced(o.operations[op.Resource.ID], op, func(o workspace.Operation) string { return o.ID })
	}
	for _, r := range c.Requests {
		o.requests = replaced(o.requests, r, func(r workspace.Request) string { return r.ID })
	}
	for _, a := range c.Approvals {
		o.approvals = replaced(o.approvals, a, func(a workspace.Approval) string { return a.ID })
	}
	for _, b := range c.Blocks {
		o.blocks = replaced(o.blocks, b, func(b workspace.Block) string { return b.Net.String() })
	}
}

// replaced is a list with a row in the place of the one before it, or at the
// end.
func replaced[T any](all []T, row T, id func(T) string) []T {
	if i := slices.IndexFunc(all, func(old T) bool { return id(old) == id(row) }); i >= 0 {
		all[i] = row
		return all
	}
	return append(all, row)
}

// again tells whether a commit found its rows there already.
func again(c workspace.Change, before map[string]workspace.Resource, ops map[string]workspace.Operation) bool {
	for _, r := range c.Resources {
		return before[r.ID].Version == r.Version
	}
	for _, o := range c.Operations {
		return ops[o.ID].Version == o.Version
	}
	return false
}

func (e *estate) operation(key workspace.OperationKey) workspace.Operation {
	for _, o := range e.seen.operations[key.Resource] {
		if o.ID == key.ID {
			return o
		}
	}
	return workspace.Operation{}
}

// taken are the ranges that are reserved, by holder.
func (e *estate) taken() map[netip.Prefix]string {
	all := map[netip.Prefix]string{}
	for _, b := range e.seen.blocks {
		for _, a := range b.Taken {
			all[a.Range] = a.Holder
		}
	}
	return all
}
