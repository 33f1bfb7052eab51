package resources

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// UpdateWorkspace changes a workspace.
func (d *Desk) UpdateWorkspace(ctx context.Context, c desk.Caller, id string, p provision.Patch) (workspace.Operation, error) {
	c, r, err := d.workspace(ctx, c, id, access.ChangeWorkspace)
	if err != nil {
		return workspace.Operation{}, err
	}
	p.Roles = c.Roles()
	return d.update(ctx, d.act(c, "update workspace "+id, access.ChangeWorkspace, ""), r, p)
}

// DeleteWorkspace deletes a workspace with all that is in it.
func (d *Desk) DeleteWorkspace(ctx context.Context, c desk.Caller, id string) (workspace.Operation, error) {
	c, r, err := d.workspace(ctx, c, id, access.DeleteWorkspace)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.remove(ctx, d.act(c, "delete workspace "+id, access.DeleteWorkspace, ""), r)
}

// InvokeWorkspace acts on a workspace.
func (d *Desk) InvokeWorkspace(ctx context.Context, c desk.Caller, id string, deed Deed) (workspace.Operation, error) {
	c, r, err := d.workspace(ctx, c, id, access.ChangeWorkspace)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.invoke(ctx, d.act(c, "invoke on workspace "+id, access.ChangeWorkspace, ""), r, deed)
}

// workspace is the resource of a workspace in which the caller may take an
// action. One that was not deployed by this system has none.
func (d *Desk) workspace(ctx context.Context, c desk.Caller, id string, action access.Action) (desk.Caller, workspace.Resource, error) {
	c, err := d.Desk.Admit(ctx, c, id, action)
	if err != nil {
		return c, workspace.Resource{}, err
	}
	r, err := d.stored(ctx, where{kind: workspace.Workspace, id: id})
	if errors.Is(err, airlock.ErrNotFound) {
		err = errForeign
	}
	return c, r, err
}

// errForeign is the answer where a workspace has a card alone.
var errForeign = fmt.Errorf("the workspace was not made by this system, which cannot deploy, change or delete anything in it: %w", airlock.ErrConflict)
