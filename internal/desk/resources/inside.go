package resources

import (
	"context"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Inside is a service with the user resources in it.
type Inside struct {
	Service View
	Users   []View
}

// Inside lists what is in a workspace as the caller may see it, read once: its
// services, and in each the caller's own resources, or, for owners, everybody's.
// Machines come with their power state.
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
	var inside []Inside
	found, err := d.views(ctx, picked(slices.Clone(all), where{kind: workspace.Service}), nil)
	if err != nil {
		return nil, err
	}
	for _, v := range found {
		services[v.Resource.ID] = v.Resource
		inside = append(inside, Inside{Service: v})
	}
	theirs := slices.DeleteFunc(all, func(r workspace.Resource) bool {
		return r.Kind != workspace.UserResource || r.Gone() || services[r.Service].ID == "" || !reaches(c, r, access.ReadUserResource)
	})
	users, err := d.views(ctx, theirs, services)
	if err != nil {
		return nil, err
	}
	d.powered(ctx, in, users)
	for i := range inside {
		for _, u := range users {
			if u.Resource.Service == inside[i].Service.Resource.ID {
				inside[i].Users = append(inside[i].Users, u)
			}
		}
	}
	return inside, nil
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
	size, _ := r.Properties["address_space_size"].(string)
	if size == "" { // what the template gives, where it can be asked
		if t, _, err := d.Template(ctx, c, Shelf{Kind: workspace.Workspace}, r.Template, r.TemplateVersion); err == nil {
			size, _ = t.Defaults(r.Properties)["address_space_size"].(string)
		}
	}
	var all []Cover
	for _, p := range list.Approvals {
		if p.Template == r.Template {
			why, _ := p.Covers(r, size, d.Now())
			all = append(all, Cover{Approval: p, WhyNot: why})
		}
	}
	return all, nil
}
