package resources

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Thing returns a workspace, or something in one, as the caller may see it, with
// the operation done last, where they may read that, and what they may do. A
// workspace that was not made by this system has no id. airlock.ErrNotFound as of
// Workspace, Service and UserResource.
func (d *Desk) Thing(ctx context.Context, c desk.Caller, s Subject) (Thing, error) {
	var t Thing
	var err error
	switch s.Kind {
	case workspace.Workspace:
		var w WorkspaceView
		w, err = d.Workspace(ctx, c, s.ID)
		t.View = w.View
	case workspace.Service:
		t.View, err = d.Service(ctx, c, s.Workspace, s.ID)
	case workspace.UserResource:
		t.View, err = d.UserResource(ctx, c, Place{Workspace: s.Workspace, Service: s.Service, ID: s.ID})
	default:
		return t, missing(s.Kind, "")
	}
	if err != nil || t.Resource.ID == "" {
		return t, err
	}
	c, t.MayChange = d.may(ctx, c, t.Resource, change)
	c, t.MayDelete = d.may(ctx, c, t.Resource, erase)
	return t, d.last(ctx, c, &t)
}

// may tells whether the caller may do something to what they can see. The caller
// that it returns knows what they are in the workspace.
func (d *Desk) may(ctx context.Context, c desk.Caller, r workspace.Resource, q question) (desk.Caller, bool) {
	c, no := d.Desk.Admit(ctx, c, r.Within(), actions[r.Kind][q])
	return c, no == nil
}

// last adds the operation done last to a thing, where the caller may read it,
// and what they may do about it.
func (d *Desk) last(ctx context.Context, c desk.Caller, t *Thing) error {
	r := t.Resource
	c, reads := d.may(ctx, c, r, readOperations)
	if !reads {
		return nil
	}
	list, err := d.operations(ctx, r.Key(), Page{Page: airlock.Page{Limit: 1}})
	if err != nil || len(list.Operations) == 0 {
		return err
	}
	o := list.Operations[0]
	_, stops := d.may(ctx, c, r, stop)
	_, retries := d.may(ctx, c, r, again)
	t.Operation = &o
	t.MayStop = !o.Ended() && o.Cancel == nil && stops
	t.MayRetry = o.Ended() && o.Status.Failed() && r.Operation == "" && retries
	return nil
}

// Update changes a workspace, or something in one.
func (d *Desk) Update(ctx context.Context, c desk.Caller, s Subject, p provision.Patch) (workspace.Operation, error) {
	switch s.Kind {
	case workspace.Workspace:
		return d.UpdateWorkspace(ctx, c, s.ID, p)
	case workspace.Service:
		return d.UpdateService(ctx, c, s.Workspace, s.ID, p)
	case workspace.UserResource:
		return d.UpdateUserResource(ctx, c, Place{Workspace: s.Workspace, Service: s.Service, ID: s.ID}, p)
	case workspace.SharedService:
		return d.UpdateSharedService(ctx, c, s.ID, p)
	}
	return workspace.Operation{}, missing(s.Kind, "")
}

// Delete deletes a workspace, or something in one, with all that is in it, as it
// was when it had the version seen; "" for as it is. Nothing can come into it
// without that it gets another version, for it has to be enabled before.
// desk.ErrStale: it has another version.
func (d *Desk) Delete(ctx context.Context, c desk.Caller, s Subject, seen string) (workspace.Operation, error) {
	c, r, action, err := d.let(ctx, c, s, erase)
	if err != nil {
		return workspace.Operation{}, err
	}
	a := d.act(c, "delete "+string(s.Kind)+" "+s.ID, action, "")
	a.Seen = unquoted(seen)
	return d.remove(ctx, a, r)
}

// Invoke acts on a workspace, or on something in one.
func (d *Desk) Invoke(ctx context.Context, c desk.Caller, s Subject, deed Deed) (workspace.Operation, error) {
	switch s.Kind {
	case workspace.Workspace:
		return d.InvokeWorkspace(ctx, c, s.ID, deed)
	case workspace.Service:
		return d.InvokeService(ctx, c, s.Workspace, s.ID, deed)
	case workspace.UserResource:
		return d.InvokeUserResource(ctx, c, Place{Workspace: s.Workspace, Service: s.Service, ID: s.ID}, deed)
	case workspace.SharedService:
		return d.InvokeSharedService(ctx, c, s.ID, deed)
	}
	return workspace.Operation{}, missing(s.Kind, "")
}
