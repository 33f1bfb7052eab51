package resources

import (
	"context"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Place is where a user resource is.
type Place struct {
	Workspace, Service string // ids
	ID                 string // of the resource; "" for all of the service
}

func (p Place) where() where {
	return where{kind: workspace.UserResource, workspace: p.Workspace, service: p.Service, id: p.ID}
}

// parent is the service, deleted or not.
func (p Place) parent() where {
	return where{kind: workspace.Service, workspace: p.Workspace, id: p.Service}
}

// reaches tells whether the resource is the caller's to see: their own, or
// anybody's for owners, and, where the action is for administrators, for them.
// The audit trail is for whoever may read that of the workspace.
func reaches(c desk.Caller, r workspace.Resource, action access.Action) bool {
	return action == access.Audit || r.Owner.OID == c.Person.OID || slices.ContainsFunc(c.Roles(), func(role access.Role) bool {
		return role == access.WorkspaceOwner || role == access.TREAdmin && access.May(action, role)
	})
}

// UserResources lists the resources of people in a service: the caller's own,
// or, for owners, everybody's. Machines come with their power state.
func (d *Desk) UserResources(ctx context.Context, c desk.Caller, p Place, page Page) (List, error) {
	c, err := d.Desk.Admit(ctx, c, p.Workspace, access.ReadUserResource)
	if err != nil {
		return List{}, err
	}
	service, err := d.present(ctx, p.parent())
	if err != nil {
		return List{}, err
	}
	all, err := d.all(ctx, p.Workspace)
	if err != nil {
		return List{}, err
	}
	found := slices.DeleteFunc(picked(all, p.where()), func(r workspace.Resource) bool { return !reaches(c, r, access.ReadUserResource) })
	list, err := d.page(ctx, found, map[string]workspace.Resource{service.ID: service}, page)
	if err != nil {
		return List{}, err
	}
	d.powered(ctx, p.Workspace, list.Views)
	return list, nil
}

// UserResource returns one, with its power state where it is a machine.
func (d *Desk) UserResource(ctx context.Context, c desk.Caller, p Place) (View, error) {
	_, r, service, err := d.userResource(ctx, c, p, access.ReadUserResource)
	if err == nil && r.Gone() {
		err = missing(r.Kind, ", it was deleted")
	}
	if err != nil {
		return View{}, err
	}
	v, err := d.view(ctx, r, map[string]workspace.Resource{service.ID: service})
	if err != nil {
		return View{}, err
	}
	views := []View{v}
	d.powered(ctx, p.Workspace, views)
	return views[0], nil
}

// userResource is one that the caller may take an action on, deleted or not,
// with the service that it is in.
func (d *Desk) userResource(ctx context.Context, c desk.Caller, p Place, action access.Action) (_ desk.Caller, r, service workspace.Resource, err error) {
	if c, err = d.Desk.Admit(ctx, c, p.Workspace, action); err != nil {
		return c, r, service, err
	}
	if service, err = d.stored(ctx, p.parent()); err != nil {
		return c, r, service, err
	}
	if r, err = d.stored(ctx, p.where()); err != nil {
		return c, r, service, err
	}
	if !reaches(c, r, action) {
		return c, workspace.Resource{}, service, missing(r.Kind, "")
	}
	return c, r, service, nil
}

// MakeUserResource makes a resource of the caller's in a service.
func (d *Desk) MakeUserResource(ctx context.Context, c desk.Caller, p Place, n provision.New) (workspace.Operation, error) {
	c, within, err := d.workspace(ctx, c, p.Workspace, access.ChangeUserResource)
	if err != nil {
		return workspace.Operation{}, err
	}
	service, err := d.present(ctx, p.parent())
	if err != nil {
		return workspace.Operation{}, err
	}
	b, err := d.builder()
	if err != nil {
		return workspace.Operation{}, err
	}
	purpose := "make a user resource in " + p.Service
	a := d.act(c, purpose, access.ChangeUserResource, "")
	n.Roles, n.Owner = c.Roles(), a.By
	_, op, err := b.UserResource(ctx, a, d.id(c, purpose), within, service, n)
	return op, err
}

// UpdateUserResource changes one.
func (d *Desk) UpdateUserResource(ctx context.Context, c desk.Caller, p Place, patch provision.Patch) (workspace.Operation, error) {
	c, r, _, err := d.userResource(ctx, c, p, access.ChangeUserResource)
	if err != nil {
		return workspace.Operation{}, err
	}
	patch.Roles = c.Roles()
	return d.update(ctx, d.act(c, "update user resource "+p.ID, access.ChangeUserResource, ""), r, patch)
}

// DeleteUserResource deletes one.
func (d *Desk) DeleteUserResource(ctx context.Context, c desk.Caller, p Place) (workspace.Operation, error) {
	c, r, _, err := d.userResource(ctx, c, p, access.DeleteUserResource)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.remove(ctx, d.act(c, "delete user resource "+p.ID, access.DeleteUserResource, ""), r)
}

// InvokeUserResource acts on one, such as starting a machine.
func (d *Desk) InvokeUserResource(ctx context.Context, c desk.Caller, p Place, deed Deed) (workspace.Operation, error) {
	c, r, _, err := d.userResource(ctx, c, p, access.ChangeUserResource)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.invoke(ctx, d.act(c, "invoke on user resource "+p.ID, access.ChangeUserResource, ""), r, deed)
}
