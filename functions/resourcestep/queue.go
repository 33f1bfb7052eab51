package resourcestep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// behind tells whether it is another operation's turn to take the target, which
// is free. One that does not come, though sweep has hinted at it, loses its turn.
func (s *step) behind() bool {
	turn := 2 * (s.f.Cadence.First + s.f.Cadence.Hint)
	return s.target.Key() != s.op.Resource && s.target.Ahead(s.op) && s.f.Now().Sub(s.target.UpdatedAt) < turn
}

// await puts the operation into the queue for its target. Who is not the fastest
// tries again with the next look.
func (s *step) await(ctx context.Context) error {
	after, news := s.target.Await(s.op)
	if !news {
		return nil
	}
	c := workspace.Change{Partition: after.Key().Partition}
	c.Quietly(after)
	if _, err := s.f.Ports.Store.CommitChange(ctx, c); err != nil && !errors.Is(err, airlock.ErrConflict) {
		return fmt.Errorf("resource %s: commit: %w", after.ID, err)
	}
	return nil
}

// call orders that whoever is next takes a target that was let go of. It is best
// effort: who waits looks again anyway.
func (s *step) call(ctx context.Context, target workspace.Resource) {
	if target.Operation != "" || len(target.Waiting) == 0 {
		return
	}
	next := target.Waiting[0].Operation
	m := message.Step{Workspace: next.Partition, Resource: next.Resource, Operation: next.ID, Trace: s.m.Trace}
	if err := s.f.Ports.Orders.Send(ctx, message.QueueStep, m, 0); err != nil {
		cmp.Or(s.f.Log, slog.Default()).InfoContext(ctx, "who is next was not called", slog.String("resource", target.ID), slog.Any("error", err))
	}
}
