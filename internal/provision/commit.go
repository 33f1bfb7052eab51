package provision

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Tries of a commit that others are faster than. Rows of one resource are
// fought for by few; a block of the address space by everybody who makes a
// workspace at that moment.
const (
	fewTries  = 5
	manyTries = 60
)

// deed is one call that orders an operation.
type deed struct {
	act   workspace.Act
	key   workspace.Key // of the resource that it is about
	tries int
	// build makes the change from what is stored now; its first resource is the
	// one of key, its first operation that of the act. try counts from 0.
	build func(ctx context.Context, try int) (workspace.Change, error)
}

// do commits a deed and orders its operation. A repeat of a call that committed
// finds what that made.
func (b *Builder) do(ctx context.Context, d deed) (workspace.Resource, workspace.Operation, error) {
	var line queue
	defer line.leave()
	for try := 0; ; try++ {
		r, o, err := b.again(ctx, d.key, d.act)
		if err == nil {
			b.order(ctx, o)
			return r, o, nil
		}
		if !errors.Is(err, airlock.ErrNotFound) {
			return r, o, err
		}
		change, err := d.build(ctx, try)
		if err != nil { // perhaps because the same call, handled twice at once, has just done it
			return b.lost(ctx, d, err)
		}
		saved, err := b.Ports.Store.CommitChange(ctx, change)
		switch {
		case err == nil:
			b.order(ctx, saved.Operations[0])
			return saved.Resources[0], saved.Operations[0], nil
		case !errors.Is(err, airlock.ErrConflict):
			return b.lost(ctx, d, fmt.Errorf("resource %s: commit: %w", d.key.ID, err))
		case try+1 >= d.tries:
			return workspace.Resource{}, workspace.Operation{}, fmt.Errorf("%s %s: others were faster in %d tries, try again: %w",
				change.Resources[0].Kind, d.key.ID, d.tries, airlock.ErrConflict)
		}
		if err := line.stand(ctx, b, try+1); err != nil {
			return workspace.Resource{}, workspace.Operation{}, err
		}
	}
}

// lost finds out whether the call succeeded all the same: its own commit, whose
// answer was lost, or that of its repeat.
func (b *Builder) lost(ctx context.Context, d deed, cause error) (workspace.Resource, workspace.Operation, error) {
	r, o, err := b.again(ctx, d.key, d.act)
	if err != nil {
		return workspace.Resource{}, workspace.Operation{}, cause
	}
	b.order(ctx, o)
	return r, o, nil
}

// again returns what the call made before; airlock.ErrNotFound: it did not.
func (b *Builder) again(ctx context.Context, key workspace.Key, act workspace.Act) (workspace.Resource, workspace.Operation, error) {
	if err := errors.Join(canonical("id", key.ID), canonical("operation", act.Operation)); err != nil {
		return workspace.Resource{}, workspace.Operation{}, err
	}
	o, err := b.Ports.Store.Operation(ctx, workspace.OperationKey{Partition: key.Partition, Resource: key.ID, ID: act.Operation})
	if err != nil {
		return workspace.Resource{}, o, fmt.Errorf("operation %s: %w", act.Operation, err)
	}
	r, err := b.resource(ctx, key)
	return r, o, err
}

// resource reads a resource.
func (b *Builder) resource(ctx context.Context, key workspace.Key) (workspace.Resource, error) {
	if err := canonical("id", key.ID); err != nil {
		return workspace.Resource{}, fmt.Errorf("%w: %w", err, airlock.ErrNotFound)
	}
	r, err := b.Ports.Store.Resource(ctx, key)
	if err != nil {
		return r, fmt.Errorf("resource %s: %w", key.ID, err)
	}
	return r, nil
}

// living reads a resource that was not deleted.
func (b *Builder) living(ctx context.Context, key workspace.Key) (workspace.Resource, error) {
	r, err := b.resource(ctx, key)
	if err == nil && r.Gone() {
		return r, fmt.Errorf("resource %s was deleted: %w", key.ID, airlock.ErrNotFound)
	}
	return r, err
}

// list reads all resources of a partition that were not deleted.
func (b *Builder) list(ctx context.Context, partition string) ([]workspace.Resource, error) {
	var all []workspace.Resource
	for after := ""; ; {
		page, next, err := b.Ports.Lists.Resources(ctx, partition, airlock.Page{After: after})
		if err != nil {
			return nil, fmt.Errorf("resources of %s: %w", partition, err)
		}
		for _, r := range page {
			if !r.Gone() {
				all = append(all, r)
			}
		}
		if after = next; after == "" {
			return all, nil
		}
	}
}

// queue is where the calls of one process stand that lost a commit to others:
// they go on one after the other from then on, so that they do not lose to each
// other again and again. What keeps the rows right is the commit, not this.
type queue struct{ lane chan struct{} }

// stand waits until it is the call's turn, and keeps the turn; then it pauses.
func (q *queue) stand(ctx context.Context, b *Builder, n int) error {
	if q.lane == nil {
		b.once.Do(func() { b.lane = make(chan struct{}, 1) })
		select {
		case b.lane <- struct{}{}:
			q.lane = b.lane
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return b.pause(ctx, n)
}

// leave lets the next one go on.
func (q *queue) leave() {
	if q.lane != nil {
		<-q.lane
	}
}

// pause waits before the n-th new try.
func (b *Builder) pause(ctx context.Context, n int) error {
	if b.Pause != nil {
		b.Pause(ctx, n)
	}
	return ctx.Err()
}

// lineOf is an audit line about what a person's call does.
func lineOf(a workspace.Act, action string, from, to workspace.Status, details ...string) audit.Line {
	return audit.Line{At: a.At, Actor: audit.Actor{OID: a.By.OID, Name: a.By.Name, Role: string(a.Role)}, Action: action,
		From: string(from), To: string(to), Reason: a.Reason, Call: a.Call,
		Detail: strings.Join(append([]string{"operation " + a.Operation}, details...), "; ")}
}

// maxOperation is how large the JSON of an operation may be when it begins, in
// bytes: what is said of its steps while it runs has to fit into its row too, or
// it could never end.
const maxOperation = workspace.MaxRow / 2

// ordered is the change that begins an operation. airlock.ErrIllegal: it is too
// large.
func (b *Builder) ordered(a workspace.Act, before, after workspace.Resource, o workspace.Operation, details ...string) (workspace.Change, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return workspace.Change{}, fmt.Errorf("operation %s: %w", o.ID, err)
	}
	if len(text) > maxOperation {
		return workspace.Change{}, fmt.Errorf("the operation of %d steps has %d bytes with what its pipeline changes, at most %d: %w", len(o.Steps), len(text), maxOperation, airlock.ErrIllegal)
	}
	c := workspace.Change{Partition: after.Key().Partition}
	c.Resource(after, lineOf(a, string(o.Action), before.Status, after.Status, details...))
	c.Operation(o, b.cadence().Due(after, a.At), lineOf(a, string(o.Action), "", o.Status, "resource "+after.ID))
	return c, nil
}

// turn is a place in a chain of audit lines that belongs to no one resource. Of
// all who take the same place one commits, and the others build anew. So what is
// read after the turn was got still holds when it is taken. The chain tells who
// took a turn.
type turn struct {
	chain string
	head  audit.Head
}

// turn gets the next place in a chain.
func (b *Builder) turn(ctx context.Context, partition, chain string) (turn, error) {
	t := turn{chain: chain}
	for after := ""; ; {
		lines, next, err := b.Ports.Lists.Trail(ctx, partition, chain, airlock.Page{After: after})
		if err != nil {
			return t, fmt.Errorf("audit lines of %s: %w", chain, err)
		}
		if n := len(lines); n > 0 {
			t.head = audit.Head{Seq: lines[n-1].Seq, Hash: lines[n-1].Hash}
		}
		if after = next; after == "" {
			return t, nil
		}
	}
}

// take adds the turn to a change.
func (t turn) take(c *workspace.Change, line audit.Line) {
	line.Workspace, line.Request = c.Partition, t.chain
	line, _ = t.head.Append(line)
	c.Lines = append(c.Lines, line)
}
