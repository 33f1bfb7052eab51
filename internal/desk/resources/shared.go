package resources

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// SharedServices lists the services that all share; who is no administrator sees
// what everybody may know of them.
func (d *Desk) SharedServices(ctx context.Context, c desk.Caller, page Page) (List, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.ReadSharedService)
	if err != nil {
		return List{}, err
	}
	all, err := d.all(ctx, workspace.System)
	if err != nil {
		return List{}, err
	}
	list, err := d.page(ctx, picked(all, where{kind: workspace.SharedService}), nil, page)
	for i := range list.Views {
		list.Views[i].Restricted = !d.isAdmin(c)
	}
	return list, err
}

// SharedService returns one.
func (d *Desk) SharedService(ctx context.Context, c desk.Caller, id string) (View, error) {
	c, r, err := d.shared(ctx, c, id, access.ReadSharedService)
	if err == nil && r.Gone() {
		err = missing(r.Kind, ", it was deleted")
	}
	if err != nil {
		return View{}, err
	}
	v, err := d.view(ctx, r, nil)
	v.Restricted = !d.isAdmin(c)
	return v, err
}

// shared is one that the caller may take an action on, deleted or not.
func (d *Desk) shared(ctx context.Context, c desk.Caller, id string, action access.Action) (desk.Caller, workspace.Resource, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, action)
	if err != nil {
		return c, workspace.Resource{}, err
	}
	r, err := d.stored(ctx, where{kind: workspace.SharedService, id: id})
	return c, r, err
}

// MakeSharedService makes one; there is one of a template at most.
func (d *Desk) MakeSharedService(ctx context.Context, c desk.Caller, n provision.New) (workspace.Operation, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.ChangeSharedService)
	if err != nil {
		return workspace.Operation{}, err
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Operation{}, err
	}
	const purpose = "make a shared service"
	n.Roles = c.Everywhere(d.Now())
	_, op, err := b.SharedService(ctx, d.act(c, purpose, access.ChangeSharedService, ""), d.id(c, purpose), n)
	return op, err
}

// UpdateSharedService changes one.
func (d *Desk) UpdateSharedService(ctx context.Context, c desk.Caller, id string, p provision.Patch) (workspace.Operation, error) {
	c, r, err := d.shared(ctx, c, id, access.ChangeSharedService)
	if err != nil {
		return workspace.Operation{}, err
	}
	p.Roles = c.Everywhere(d.Now())
	return d.update(ctx, d.act(c, "update shared service "+id, access.ChangeSharedService, ""), r, p)
}

// DeleteSharedService deletes one.
func (d *Desk) DeleteSharedService(ctx context.Context, c desk.Caller, id string) (workspace.Operation, error) {
	c, r, err := d.shared(ctx, c, id, access.ChangeSharedService)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.remove(ctx, d.act(c, "delete shared service "+id, access.ChangeSharedService, ""), r)
}

// InvokeSharedService acts on one.
func (d *Desk) InvokeSharedService(ctx context.Context, c desk.Caller, id string, deed Deed) (workspace.Operation, error) {
	c, r, err := d.shared(ctx, c, id, access.ChangeSharedService)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.invoke(ctx, d.act(c, "invoke on shared service "+id, access.ChangeSharedService, ""), r, deed)
}
