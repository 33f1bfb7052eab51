package resourcestep

import (
	"context"
	"errors"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// look asks the cloud how the job stands. Only the look that was due orders
// another one; hints that come before it look too, so that an end is seen as
// soon as anything tells of it, but they multiply nothing.
func (s *step) look(ctx context.Context) (more bool, err error) {
	now := s.f.Now()
	due, target := s.target.Due(now), s.target
	stop := s.op.Cancel != nil && !target.Job.Cancelled
	if !due && !stop && target.Job.Trouble != "" { // Azure is given the time that it asked for
		return false, nil
	}
	eye, err := s.eye(ctx)
	if told, ok := errors.AsType[*workspace.CloudError](err); ok {
		return s.troubled(ctx, target, told)
	}
	if err != nil {
		return false, err
	}
	if stop {
		if err := shown(eye.stop(ctx)); err != nil {
			return s.missed(ctx, target, due, err)
		}
		target = target.Stopping()
	}
	seen, err := eye.look(ctx)
	if err = shown(err); err != nil {
		return s.missed(ctx, target, due, err)
	}
	if seen, err = s.checked(ctx, eye.within, seen); err != nil {
		return false, err
	}
	if seen, err = s.cross(ctx, seen); err != nil {
		return s.missed(ctx, target, due, err)
	}
	after, do := target.Judge(seen, now, s.f.Cadence)
	if do == workspace.Look && !due {
		return false, s.looked(ctx, target, "")
	}
	err = s.looked(ctx, after, ended(after))
	if errors.Is(err, airlock.ErrInvalid) && do == workspace.Settle { // it would be for ever
		told := &workspace.CloudError{Class: workspace.Final, Message: "the outputs of the template cannot be kept: with them the resource's properties become too large"}
		after = target.Finish(workspace.Seen{Progress: workspace.Broken, Err: told}, now)
		err = s.looked(ctx, after, ended(after))
	}
	if err != nil || do == workspace.Settle {
		return do == workspace.Settle, err
	}
	return false, s.later(ctx, after.Job.Next.Sub(now))
}

// missed takes what went wrong with a look; one that was not due leaves it to
// the one that is.
func (s *step) missed(ctx context.Context, target workspace.Resource, due bool, err error) (more bool, _ error) {
	told, _ := errors.AsType[*workspace.CloudError](err)
	if !due && told.Class != workspace.Final {
		return false, s.looked(ctx, target, "")
	}
	return s.troubled(ctx, target, told)
}

// ended is what the audit trail calls the end of a job.
func ended(r workspace.Resource) string {
	if n := len(r.Results); r.Job == nil && n > 0 && r.Results[n-1].Good {
		return string(workspace.Succeeds)
	}
	return string(workspace.Fails)
}

// eye looks at a job, and stops it.
type eye struct {
	within workspace.Resource // that the target is in, or is

	look func(context.Context) (workspace.Seen, error)
	stop func(context.Context) error
}

// eye is the way to the target's job in the cloud.
func (s *step) eye(ctx context.Context) (eye, error) {
	job := s.target.Job
	l, err := s.f.lineage(ctx, s.target)
	if err != nil {
		return eye{}, err
	}
	if job.Action.Custom() {
		p, err := s.f.parcel(ctx, s.target.Template)
		if err != nil {
			return eye{}, err
		}
		machine, err := p.machine(job.Action)
		if err != nil {
			return eye{}, err
		}
		if machine {
			id, action, err := s.machine(l)
			return eye{
				within: l.Within,
				look: func(ctx context.Context) (workspace.Seen, error) {
					return s.f.Ports.Machines.Look(ctx, id, action, job.Token)
				},
				stop: func(context.Context) error { return nil }, // what a machine does takes minutes, and nothing stops it
			}, err
		}
	}
	stack := s.f.Platform.StackOf(s.target, l.Within)
	return eye{
		within: l.Within,
		look:   func(ctx context.Context) (workspace.Seen, error) { return s.f.Ports.Stacks.Look(ctx, stack, job.Token) },
		stop:   func(ctx context.Context) error { return s.f.Ports.Stacks.Cancel(ctx, stack) },
	}, nil
}
