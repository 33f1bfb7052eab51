package provision

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/substitute"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// lineage is a resource with what it is in.
type lineage struct {
	resource        workspace.Resource
	within, service workspace.Resource
}

// around are the steps before and after a resource's own, as its template's
// pipeline has them.
type around struct {
	before, after []workspace.Step
	main          substitute.Step
}

// steps finds the resources that the pipeline of an action changes: the own
// workspace, the own service, shared services by the name of their template.
// airlock.ErrConflict names one that is not there. What going lists is being
// deleted by the same operation, so nothing is changed in it any more.
func (b *Builder) steps(ctx context.Context, t template.Template, action workspace.Action, l lineage, going []workspace.Key) (around, error) {
	var a around
	mainSeen := false
	for _, s := range t.Pipeline[action] {
		if s.ID == workspace.MainStep {
			mainSeen, a.main = true, s
			continue
		}
		target, err := b.target(ctx, t, s, l)
		switch {
		case err != nil && action == workspace.Uninstall && errors.Is(err, airlock.ErrConflict):
			continue // what is gone needs no cleaning up, and must not keep this from going
		case err != nil:
			return a, err
		case slices.Contains(going, target.Key()):
			continue
		}
		step, err := b.step(ctx, s, target, l.resource)
		if err != nil {
			return a, err
		}
		if mainSeen {
			a.after = append(a.after, step)
		} else {
			a.before = append(a.before, step)
		}
	}
	return a, nil
}

// step is one of a pipeline, as the operation keeps it.
func (b *Builder) step(ctx context.Context, s substitute.Step, target, source workspace.Resource) (workspace.Step, error) {
	title := s.Title
	if title == "" {
		title = "Update " + target.Name()
	}
	limit, err := b.limit(ctx, target, s.Action)
	return workspace.Step{TemplateID: s.ID, Title: title, Target: target.Key(), Kind: target.Kind, Template: target.Template.Name,
		Source: source.ID, Action: s.Action, Limit: limit, Properties: s.Properties}, err
}

// limit is how long a step on a resource may take. A template that is gone
// leaves it to the engine: what was made from it can still be changed by others.
func (b *Builder) limit(ctx context.Context, target workspace.Resource, action workspace.Action) (time.Duration, error) {
	t, err := b.of(ctx, target)
	if errors.Is(err, airlock.ErrNotFound) {
		return 0, nil
	}
	return t.Deadlines.For(action), err
}

// target is the resource that a step changes.
func (b *Builder) target(ctx context.Context, t template.Template, s substitute.Step, l lineage) (workspace.Resource, error) {
	found := l.within
	switch s.Kind {
	case workspace.Service:
		found = l.service
	case workspace.SharedService:
		all, err := b.shared(ctx, s.TemplateName)
		if err != nil {
			return found, err
		}
		if len(all) != 1 {
			return found, fmt.Errorf("step %s of template %s needs one shared service %s, there are %d: %w", s.ID, t.Name, s.TemplateName, len(all), airlock.ErrConflict)
		}
		found = all[0]
	case workspace.Workspace, workspace.UserResource:
	}
	if found.ID == "" || found.Gone() {
		return found, fmt.Errorf("step %s of template %s needs a %s, which is not there: %w", s.ID, t.Name, s.Kind, airlock.ErrConflict)
	}
	return found, nil
}

// shared lists the shared services of a template that were not deleted.
func (b *Builder) shared(ctx context.Context, name string) ([]workspace.Resource, error) {
	all, err := b.list(ctx, workspace.System)
	return slices.DeleteFunc(all, func(r workspace.Resource) bool {
		return r.Kind != workspace.SharedService || r.Template.Name != name
	}), err
}

// titled gives the operation's own step what the pipeline says of it.
func (a around) titled(o workspace.Operation) workspace.Operation {
	if a.main.ID == "" {
		return o
	}
	o.Steps = slices.Clone(o.Steps)
	for i := range o.Steps {
		s := &o.Steps[i]
		if s.TemplateID != workspace.MainStep || s.Target != o.Resource {
			continue
		}
		s.Properties = a.main.Properties
		if a.main.Title != "" {
			s.Title = a.main.Title
		}
	}
	return o
}
