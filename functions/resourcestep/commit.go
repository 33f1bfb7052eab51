package resourcestep

import (
	"context"
	"fmt"
	"reflect"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// write is what a step changes.
type write struct {
	op      workspace.Operation
	target  workspace.Resource
	own     workspace.Resource
	said    string               // what happened to the step, for the audit trail
	history []workspace.Snapshot // of the target
}

// commit writes an operation with the resources of it that changed: all of one
// partition at once, a target of another partition first. A crash in between
// leaves a target that knows of the step more than the operation does, and from
// that the next look goes on.
func (s *step) commit(ctx context.Context, w write) error {
	c := workspace.Change{Partition: s.op.Resource.Partition}
	at := w.target.Key()
	switch {
	case at == s.op.Resource:
		w.own, c.History = w.target, w.history
	case at.ID == "": // there is none
	case at.Partition == c.Partition:
		s.add(&c, s.target, w.target, w.said)
		c.History = w.history
	default:
		first := workspace.Change{Partition: at.Partition, History: w.history}
		if s.add(&first, s.target, w.target, w.said); len(first.Resources) > 0 {
			if err := s.save(ctx, first); err != nil {
				return err
			}
		}
	}
	s.add(&c, s.own, w.own, w.said)
	c.Operation(w.op, s.f.Cadence.Due(w.target, s.f.Now()), s.line(audit.Line{Action: w.said, From: string(s.op.Status), To: string(w.op.Status),
		Reason: w.op.Steps[s.i].Message, Detail: fmt.Sprintf("step %d of %d, %s", s.i+1, len(w.op.Steps), w.op.Steps[s.i].Action)}))
	return s.save(ctx, c)
}

// add adds a resource to a change, if it changed; with an audit line if what
// people see of it did.
func (s *step) add(c *workspace.Change, before, after workspace.Resource, said string) {
	began := before.Job == nil && after.Job != nil
	switch {
	case before.Status != after.Status || before.Revision != after.Revision || began:
		c.Resource(after, s.line(audit.Line{Action: said, From: string(before.Status), To: string(after.Status), Reason: after.Message,
			Detail: "operation " + s.op.ID}))
	case before.Operation != after.Operation || before.Message != after.Message || len(before.Secrets) != len(after.Secrets) || len(before.Waiting) != len(after.Waiting) ||
		!reflect.DeepEqual(before.Job, after.Job):
		c.Quietly(after)
	}
}

// looked writes what a look at the job found, and when the next one is due.
func (s *step) looked(ctx context.Context, after workspace.Resource, said string) error {
	c := workspace.Change{Partition: after.Key().Partition}
	if s.add(&c, s.target, after, said); len(c.Resources) == 0 {
		return nil
	}
	open := s.op.Open(s.f.Cadence.Due(after, s.f.Now()))
	beside := open.Key.Workspace == c.Partition
	if beside {
		c.Open = append(c.Open, open)
	}
	if err := s.save(ctx, c); err != nil || beside {
		return err
	}
	if err := s.f.Ports.Work.Touch(ctx, open); err != nil {
		return fmt.Errorf("open work: %w", err)
	}
	return nil
}

// save commits a change with everything that belongs to the end of a
// workspace's step.
func (s *step) save(ctx context.Context, c workspace.Change) error {
	asked, err := s.complete(ctx, &c)
	if err != nil {
		return err
	}
	if _, err := s.f.Ports.Store.CommitChange(ctx, c); err != nil {
		return fmt.Errorf("operation %s: commit: %w", s.op.ID, err)
	}
	if asked {
		s.out.Notify = &message.Notify{Workspace: workspace.System, Request: s.op.Resource.ID, Trace: s.m.Trace}
	}
	return nil
}

// line fills in who did it.
func (s *step) line(l audit.Line) audit.Line {
	l.At, l.Actor, l.Call = s.f.Now(), audit.Actor{Name: message.QueueStep, Role: string(airlock.Engine)}, s.op.Call
	return l
}
