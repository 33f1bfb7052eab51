package resourcestep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

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
	if seen, err = s.cross(ctx, s.f.checked(target, eye.within, seen)); err != nil {
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

// maxOutputs bounds what is kept of a stack's outputs: they are merged into
// the properties, and a row holds 480,000 characters of everything.
const maxOutputs = 100_000

// accountName is a storage account's.
// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftstorage
var accountName = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// checked is what was seen, or, where the outputs of a good end cannot be worked
// with, the failure that this is: an end that looks good and is none would be
// noticed by whoever needs them first.
func (f Function) checked(r, within workspace.Resource, seen workspace.Seen) workspace.Seen {
	if seen.Progress != workspace.Complete || r.Job.Action == workspace.Uninstall || r.Job.Action.Custom() && seen.Outputs == nil {
		return seen
	}
	if why := f.flaw(r, within, seen.Outputs); why != "" {
		return workspace.Seen{Progress: workspace.Broken, Run: seen.Run, Err: &workspace.CloudError{Class: workspace.Final, Status: 400, Code: "BadOutputs", Message: why}}
	}
	return seen
}

func (f Function) flaw(r, within workspace.Resource, outputs map[string]any) string {
	text, err := json.Marshal(outputs)
	switch {
	case err != nil:
		return "the outputs of the template are no JSON"
	case len(text) > maxOutputs:
		return fmt.Sprintf("the outputs of the template are %d bytes, at most %d are kept", len(text), maxOutputs)
	}
	for name := range outputs {
		if r.Secrets["/"+name] != "" {
			return fmt.Sprintf("output %q of the template has the name of a secret", name)
		}
	}
	m, _ := outputs["azure_resource_id"].(string) // of whatever kind; only machines are acted on
	if strings.Contains(strings.ToLower(m), "/virtualmachines/") && !f.Platform.Holds(r, within, workspace.Machine(m)) {
		return fmt.Sprintf("output azure_resource_id of the template names no machine of the resource's workspace: %.300q", m)
	}
	if name, _ := outputs["storage_account_name"].(string); r.Kind == workspace.Workspace && airlocked(r) && !accountName.MatchString(name) {
		return "output storage_account_name of the template: no name of a storage account, which the airlock needs (or set enable_airlock to false)"
	}
	return ""
}

// airlocked tells whether a workspace is to have an airlock.
func airlocked(r workspace.Resource) bool {
	enabled, told := r.Properties["enable_airlock"].(bool)
	return enabled || !told
}
