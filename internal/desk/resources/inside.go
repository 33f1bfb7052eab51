package resources

import (
	"context"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Thing is something in a workspace as one person sees it.
type Thing struct {
	View
	Operation *workspace.Operation // under way, or failed last; nil where there is none, or it is not the person's to read
	MayStop   bool                 // the operation
	MayRetry  bool
	MayChange bool // its properties and its version, enable, disable and act on it
	MayDelete bool
}

// Inside is a service with the user resources in it.
type Inside struct {
	Service Thing
	Users   []Thing
}

// Inside lists what is in a workspace as the caller may see it, read once: its
// services, and in each the caller's own resources, or, for owners, everybody's.
// Machines come with their power state; what is under way, or failed, with its
// operation.
func (d *Desk) Inside(ctx context.Context, c desk.Caller, in string) ([]Inside, error) {
	c, err := d.Desk.Admit(ctx, c, in, access.ReadService)
	if err != nil {
		return nil, err
	}
	all, err := d.all(ctx, in)
	if err != nil {
		return nil, err
	}
	services := map[string]workspace.Resource{}
	found, err := d.views(ctx, picked(slices.Clone(all), where{kind: workspace.Service}), nil)
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		services[v.Resource.ID] = v.Resource
	}
	theirs := slices.DeleteFunc(all, func(r workspace.Resource) bool {
		return r.Kind != workspace.UserResource || r.Gone() || services[r.Service].ID == "" || !reaches(c, r, access.ReadUserResource)
	})
	users, err := d.views(ctx, theirs, services)
	if err != nil {
		return nil, err
	}
	d.powered(ctx, in, users)
	things := make([]Thing, 0, len(found)+len(users))
	for _, v := range append(found, users...) {
		things = append(things, Thing{View: v})
	}
	err = airlock.Each(len(things), d.parallel(), func(i int) error { return d.doing(ctx, c, &things[i]) })
	return nested(things, len(found)), err
}

// nested puts things into the services that they are in, which come first.
func nested(things []Thing, services int) []Inside {
	all := make([]Inside, services)
	for i := range all {
		all[i].Service = things[i]
		for _, t := range things[services:] {
			if t.Resource.Service == things[i].Resource.ID {
				all[i].Users = append(all[i].Users, t)
			}
		}
	}
	return all
}

// doing adds the operation that is under way on a thing, or failed last, and what
// the caller may do about it.
func (d *Desk) doing(ctx context.Context, c desk.Caller, t *Thing) error {
	if s := t.Resource.Status; s.Ended() && !s.Failed() {
		return nil
	}
	return d.last(ctx, c, t)
}

// Cover is a standing approval, and whether it would cover a request.
type Cover struct {
	Approval workspace.Approval
	WhyNot   string // "" where it would
}

// Covers lists the standing approvals for a request's template, the newest
// first, and says of each whether it would cover the request now, were it to come
// as an event.
func (d *Desk) Covers(ctx context.Context, c desk.Caller, r workspace.Request) ([]Cover, error) {
	list, err := d.Approvals(ctx, c, Page{})
	if err != nil {
		return nil, err
	}
	size := workspace.SpaceSize(r.Properties)
	if size == "" { // what the template gives, where it can be asked
		if t, _, err := d.Template(ctx, c, Shelf{Kind: workspace.Workspace}, r.Template, r.TemplateVersion); err == nil {
			size = workspace.SpaceSize(t.Defaults(r.Properties))
		}
	}
	var all []Cover
	for _, p := range list.Approvals {
		if p.Template == r.Template {
			why, ok := p.Covers(r, size, d.Now())
			if ok {
				if why, err = d.Ports.Builder.Stands(ctx, p); err != nil {
					return nil, err
				}
			}
			all = append(all, Cover{Approval: p, WhyNot: why})
		}
	}
	return all, nil
}
