package resources

import (
	"context"
	"errors"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Subject is the resource that a question about operations, history or audit is
// about. It may be deleted: what happened to it can still be read (W16).
type Subject struct {
	Kind      workspace.Kind
	Workspace string // of services and user resources
	Service   string // of a user resource
	ID        string
}

// question is what can be asked about a subject.
type question int

const (
	readOperations question = iota
	readAudit
	stop
	again
	change
	erase
)

// actions is what the permission table calls it.
var actions = map[workspace.Kind][6]access.Action{
	workspace.Workspace:    {access.WorkspaceOperations, access.Audit, access.StopWorkspace, access.ChangeWorkspace, access.ChangeWorkspace, access.DeleteWorkspace},
	workspace.Service:      {access.ServiceOperations, access.Audit, access.StopService, access.RetryService, access.ChangeService, access.DeleteService},
	workspace.UserResource: {access.UserResourceOperations, access.Audit, access.StopUserResource, access.RetryUserResource, access.ChangeUserResource, access.DeleteUserResource},
	workspace.SharedService: {access.SharedServiceOperations, access.SharedServiceOperations, access.ChangeSharedService, access.ChangeSharedService,
		access.ChangeSharedService, access.ChangeSharedService},
}

// let lets the caller at a subject.
func (d *Desk) let(ctx context.Context, c desk.Caller, s Subject, what question) (desk.Caller, workspace.Resource, access.Action, error) {
	action := actions[s.Kind][what]
	var r workspace.Resource
	var err error
	switch s.Kind {
	case workspace.Workspace:
		c, r, err = d.workspace(ctx, c, s.ID, action)
		if errors.Is(err, errForeign) && what == readOperations { // there are none
			r, err = workspace.Resource{ID: s.ID, Kind: s.Kind}, nil
		}
	case workspace.Service:
		c, r, err = d.service(ctx, c, s.Workspace, s.ID, action)
	case workspace.UserResource:
		c, r, _, err = d.userResource(ctx, c, Place{Workspace: s.Workspace, Service: s.Service, ID: s.ID}, action)
	case workspace.SharedService:
		c, r, err = d.shared(ctx, c, s.ID, action)
	}
	return c, r, action, err
}

// Operations lists the operations of a resource, the newest first.
func (d *Desk) Operations(ctx context.Context, c desk.Caller, s Subject, page Page) (OperationList, error) {
	_, r, _, err := d.let(ctx, c, s, readOperations)
	if err != nil {
		return OperationList{}, err
	}
	return d.operations(ctx, r.Key(), page)
}

// Operation returns one of them.
func (d *Desk) Operation(ctx context.Context, c desk.Caller, s Subject, id string) (workspace.Operation, error) {
	_, r, _, err := d.let(ctx, c, s, readOperations)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.operation(ctx, r.Key(), id)
}

// Cancel asks an operation to stop, and says why.
func (d *Desk) Cancel(ctx context.Context, c desk.Caller, s Subject, id, reason string) (workspace.Operation, error) {
	c, r, action, err := d.let(ctx, c, s, stop)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.cancel(ctx, d.act(c, "cancel operation "+id, action, reason), r.Key(), id)
}

// Retry goes on where an operation failed, as a new one, which it returns.
func (d *Desk) Retry(ctx context.Context, c desk.Caller, s Subject, id string) (workspace.Operation, error) {
	c, r, action, err := d.let(ctx, c, s, again)
	if err != nil {
		return workspace.Operation{}, err
	}
	return d.retry(ctx, d.act(c, "retry operation "+id, action, ""), r.Key(), id)
}

// History lists what a resource was before each change, oldest first.
func (d *Desk) History(ctx context.Context, c desk.Caller, s Subject, page Page) (Snapshots, error) {
	_, r, _, err := d.let(ctx, c, s, readOperations)
	if err != nil {
		return Snapshots{}, err
	}
	return d.history(ctx, r.Key(), page)
}

// Audit is a page of the audit lines about a resource itself; its operations
// have their own.
func (d *Desk) Audit(ctx context.Context, c desk.Caller, s Subject, page airlock.Page) (desk.Trail, error) {
	_, r, _, err := d.let(ctx, c, s, readAudit)
	if err != nil {
		return desk.Trail{}, err
	}
	return d.trail(ctx, r, page)
}
