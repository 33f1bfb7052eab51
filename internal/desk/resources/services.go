package resources

import (
	"context"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Page picks a page of a list.
type Page struct {
	airlock.Page
	Most int // entries where no Limit is asked for; 0 means all
}

// List is a page of resources.
type List struct {
	Views []View
	Next  string // cursor of the next page; "" at the end
}

// picked are the resources among all that are there, of a kind and, for user
// resources, in a service.
func picked(all []workspace.Resource, w where) []workspace.Resource {
	return slices.DeleteFunc(all, func(r workspace.Resource) bool {
		return r.Kind != w.kind || r.Gone() || r.Service != w.service
	})
}

// page cuts a page out of resources, which are in the order of their ids.
func (d *Desk) page(ctx context.Context, found []workspace.Resource, services map[string]workspace.Resource, page Page) (List, error) {
	cut, next, err := desk.Cut(found, page.Page, page.Most, func(r workspace.Resource) string { return r.ID })
	if err != nil {
		return List{}, err
	}
	views, err := d.views(ctx, cut, services)
	return List{Views: views, Next: next}, err
}

// Services lists the services of a workspace.
func (d *Desk) Services(ctx context.Context, c desk.Caller, in string, page Page) (List, error) {
	if _, err := d.Desk.Admit(ctx, c, in, access.ReadService); err != nil {
		return List{}, err
	}
	all, err := d.all(ctx, in)
	if err != nil {
		return List{}, err
	}
	return d.page(ctx, picked(all, where{kind: workspace.Service}), nil, page)
}

// Service returns a service of a workspace.
func (d *Desk) Service(ctx context.Context, c desk.Caller, in, id string) (View, error) {
	if _, err := d.Desk.Admit(ctx, c, in, access.ReadService); err != nil {
		return View{}, err
	}
	r, err := d.present(ctx, where{kind: workspace.Service, workspace: in, id: id})
	if err != nil {
		return View{}, err
	}
	return d.view(ctx, r, nil)
}

// MakeService makes a service in a workspace.
func (d *Desk) MakeService(ctx context.Context, c desk.Caller, in string, n provision.New) (workspace.Operation, error) {
	c, within, err := d.workspace(ctx, c, in, access.ChangeService)
	if err != nil {
		return workspace.Operation{}, err
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Operation{}, err
	}
	purpose := "make a service in " + in
	n.Roles = c.Roles()
	_, op, err := b.Service(ctx, d.act(c, purpose, access.ChangeService, ""), d.id(c, purpose), within, n)
	return op, err
}

// service is one that the caller may take an action on, deleted or not.
func (d *Desk) service(ctx context.Context, c desk.Caller, in, id string, action access.Action) (desk.Caller, workspace.Resource, error) {
	c, err := d.Desk.Admit(ctx, c, in, action)
	if err != nil {
		return c, workspace.Resource{}, err
	}
	r, err := d.stored(ctx, where{kind: workspace.Service, workspace: in, id: id})
	return c, r, err
}

// UpdateService changes a service.
func (d *Desk) UpdateService(ctx context.Context, c desk.Caller, in, id string, p provision.Patch) (workspace.Operation, error) {
	c, r, err := d.service(ctx, c, in, id, access.ChangeService)
	if err != nil {
		return workspace.Operation{}, err
	}
	p.Roles = c.Roles()
	return d.update(ctx, d.act(c, "update service "+id, access.ChangeService, ""), r, p)
}

// DeleteService deletes a service with all that is in it.
func (d *Desk) DeleteService(ctx context.Context, c desk.Caller, in, id string) (workspace.Operation, error) {
	c, r, err := d.service(ctx, c, in, id, access.DeleteService)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.remove(ctx, d.act(c, "delete service "+id, access.DeleteService, ""), r)
}

// InvokeService acts on a service.
func (d *Desk) InvokeService(ctx context.Context, c desk.Caller, in, id string, deed Deed) (workspace.Operation, error) {
	c, r, err := d.service(ctx, c, in, id, access.ChangeService)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.invoke(ctx, d.act(c, "invoke on service "+id, access.ChangeService, ""), r, deed)
}
