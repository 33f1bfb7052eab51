package resourcestep

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// held is after how long what was read of a job is read again before Azure is
// called: nothing in Azure is deployed, and done with, in less.
const held = 15 * time.Second

// start has the cloud begin what the target waits for, and orders the first
// look. Who comes a second time starts the same run again, which is harmless;
// who comes while the cloud wanted to be left alone does nothing.
func (s *step) start(ctx context.Context) (more bool, err error) {
	if done, err := s.caughtUp(ctx); err != nil || !done {
		return true, err
	}
	now := s.f.Now()
	if !s.target.Due(now) {
		return false, nil
	}
	begin, err := s.prepare(ctx)
	if s.f.Now().Sub(now) >= held { // who was held up reads again: the job may have ended meanwhile, and Azure would do it anew
		return true, nil
	}
	token := ""
	if err == nil {
		token, err = begin(ctx)
		err = shown(err)
	}
	if told, ok := errors.AsType[*workspace.CloudError](err); ok {
		return s.troubled(ctx, s.target, told)
	}
	if err != nil {
		return false, err
	}
	after := s.target.Began(token, now, s.f.Cadence)
	if err := s.looked(ctx, after, ""); err != nil {
		return false, err
	}
	return false, s.later(ctx, after.Job.Next.Sub(now))
}

// caughtUp has the operation say that its step runs, where a crash came between
// the target, which does, and the operation.
func (s *step) caughtUp(ctx context.Context) (bool, error) {
	at := s.op.Steps[s.i]
	if at.Status != at.Action.Status(workspace.Waiting) {
		return true, nil
	}
	op := s.op.Advance(s.i, at.Action.Status(workspace.Running), "", s.f.Now())
	c := workspace.Change{Partition: op.Resource.Partition}
	c.Operation(op, s.f.Cadence.Due(s.target, s.f.Now()), s.line(audit.Line{Action: "starts", From: string(s.op.Status), To: string(op.Status)}))
	return false, s.save(ctx, c)
}

// troubled takes what went wrong: the job goes on, later, or ended.
func (s *step) troubled(ctx context.Context, target workspace.Resource, told *workspace.CloudError) (more bool, err error) {
	now := s.f.Now()
	after, ended := target.Troubled(told, now, s.f.Cadence)
	if err := s.looked(ctx, after, "fails"); err != nil {
		return false, err
	}
	if ended {
		return true, nil
	}
	return false, s.later(ctx, after.Job.Next.Sub(now))
}

// final is trouble of our own that would be the same again.
func final(format string, args ...any) error {
	return &workspace.CloudError{Class: workspace.Final, Status: 400, Message: fmt.Sprintf(format, args...)}
}

// shown is an error of the cloud as people may read it. Of one that is not
// Azure's own answer nothing is shown: there may be an address with a signature
// in it.
func shown(err error) error {
	if err == nil {
		return nil
	}
	if told, ok := errors.AsType[*workspace.CloudError](err); ok {
		return told
	}
	return &workspace.CloudError{Class: workspace.Passing, Message: "Azure gave no answer"}
}

// beginning starts something and returns the resume token.
type beginning func(context.Context) (token string, err error)

// prepare reads what the start needs. A CloudError says why there is none;
// anything else is trouble with our own storage.
func (s *step) prepare(ctx context.Context) (beginning, error) {
	l, err := s.f.lineage(ctx, s.target)
	if err != nil {
		return nil, err
	}
	job := s.target.Job
	stack := s.f.Platform.StackOf(s.target, l.Within)
	if err := s.name(ctx); err != nil {
		return nil, err
	}
	if job.Action == workspace.Uninstall {
		if err := s.emptied(ctx); err != nil {
			return nil, err
		}
		return func(ctx context.Context) (string, error) { return s.f.Ports.Stacks.Remove(ctx, stack) }, nil
	}
	p, err := s.f.parcel(ctx, s.target.Template)
	if err != nil {
		return nil, err
	}
	if job.Action.Custom() {
		machine, err := p.machine(job.Action)
		if err != nil {
			return nil, err
		}
		if machine {
			id, action, err := s.machine(l)
			return func(ctx context.Context) (string, error) { return s.f.Ports.Machines.Begin(ctx, id, action) }, err
		}
	}
	d := workspace.Deployment{Stack: stack, Run: job.Run, Template: p.main, Tags: s.f.Platform.Tags(s.target),
		Parameters: s.f.Platform.Parameters(l, p.declared, job.Action)}
	return func(ctx context.Context) (string, error) { return s.f.Ports.Stacks.Deploy(ctx, d) }, nil
}

// name keeps whose the suffix in the names of Azure's resources is, so that an
// event about one of them leads here.
func (s *step) name(ctx context.Context) error {
	suffix := workspace.Suffix(s.f.Platform.TRE, s.target.ID, s.target.Generation)
	if err := s.f.Ports.Names.Name(ctx, suffix, s.target.Key()); err != nil {
		return fmt.Errorf("name of resource %s: %w", s.target.ID, err)
	}
	return nil
}

// machine is the target's machine and what is to be done to it.
func (s *step) machine(l workspace.Lineage) (workspace.Machine, workspace.MachineAction, error) {
	id, _ := s.target.Outputs["azure_resource_id"].(string)
	if id == "" {
		return "", workspace.MachineAction{}, final("the resource has no machine: its template told no azure_resource_id")
	}
	if !s.f.Platform.Holds(s.target, l.Within, workspace.Machine(id)) {
		return "", workspace.MachineAction{}, final("output azure_resource_id of its template names no machine of its workspace: %.300q", id)
	}
	a := workspace.MachineAction{Name: s.target.Job.Action, Run: s.target.Job.Run}
	switch a.Name {
	case "resize":
		if a.Size = s.op.Parameters["size"]; a.Size == "" {
			return "", a, final("parameters.size: say which size the machine is to have")
		}
	case "reset_password":
		a.User, _ = s.target.Properties["admin_username"].(string)
		if a.Secret = s.target.Secrets["/admin_password"]; a.User == "" || a.Secret == "" {
			return "", a, final("the machine has no property admin_username, or no secret admin_password, that could be reset")
		}
	default: // needs nothing more
	}
	return workspace.Machine(id), a, nil
}

// emptied tells whether everything in a workspace or service that is to be
// deleted is deleted: what was made after the deletion was ordered is named.
// It is asked after the target is on its way out, from when on nothing new
// begins in it.
func (s *step) emptied(ctx context.Context) error {
	if s.target.Kind != workspace.Workspace && s.target.Kind != workspace.Service {
		return nil
	}
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
		return s.f.Ports.Lists.Resources(ctx, s.target.Within(), p)
	})
	if err != nil {
		return fmt.Errorf("resources of workspace %s: %w", s.target.Within(), err)
	}
	left := s.target.Under(all)
	if len(left) == 0 {
		return nil
	}
	names := make([]string, 0, maxNamed)
	for _, r := range left[:min(len(left), maxNamed)] {
		names = append(names, r.Path())
	}
	return final("%d resources were added to it meanwhile, delete them first: %s", len(left), strings.Join(names, ", "))
}

// maxNamed is how many resources a message names.
const maxNamed = 5
