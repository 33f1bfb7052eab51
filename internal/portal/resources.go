package portal

import (
	"context"
	"errors"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Wanted is what the portal asks of requests for workspaces.
type Wanted interface {
	// Wanted lists them: one's own, or, for administrators, all.
	Wanted(ctx context.Context, c desk.Caller, status workspace.RequestStatus, page resources.Page) (resources.RequestList, error)
	// WantedOne is one of them.
	WantedOne(ctx context.Context, c desk.Caller, id string) (workspace.Request, error)
	// Decide grants or rejects.
	Decide(ctx context.Context, c desk.Caller, id string, grant bool, reason string) (workspace.Request, error)
	// Withdraw takes one back.
	Withdraw(ctx context.Context, c desk.Caller, id, reason string) (workspace.Request, error)
}

// Standing is what the portal asks of standing approvals.
type Standing interface {
	// Approvals lists them.
	Approvals(ctx context.Context, c desk.Caller, page resources.Page) (resources.ApprovalList, error)
	// Covers says which would cover a request, and why others would not.
	Covers(ctx context.Context, c desk.Caller, r workspace.Request) ([]resources.Cover, error)
	// Approve gives one.
	Approve(ctx context.Context, c desk.Caller, p workspace.Approval) (workspace.Approval, error)
	// TakeBack ends one.
	TakeBack(ctx context.Context, c desk.Caller, id, reason string) (workspace.Approval, error)
}

// Estate is what the portal asks of workspaces and what is in them.
type Estate interface {
	// Workspaces lists them.
	Workspaces(ctx context.Context, c desk.Caller, page resources.Page) (resources.WorkspaceList, error)
	// Workspace is one of them.
	Workspace(ctx context.Context, c desk.Caller, id string) (resources.WorkspaceView, error)
	// Inside lists what is in it.
	Inside(ctx context.Context, c desk.Caller, in string) ([]resources.Inside, error)
	// Service is a service in it.
	Service(ctx context.Context, c desk.Caller, in, id string) (resources.View, error)
}

// Library is what the portal asks of templates.
type Library interface {
	// Templates lists the current versions of templates.
	Templates(ctx context.Context, c desk.Caller, s resources.Shelf, authorized bool) ([]workspace.Registered, error)
	// Offered lists those that the caller may use in a workspace.
	Offered(ctx context.Context, c desk.Caller, in string, s resources.Shelf) ([]workspace.Registered, error)
	// Template is a version of one, the current one for "".
	Template(ctx context.Context, c desk.Caller, s resources.Shelf, name, version string) (template.Template, workspace.Registered, error)
}

// Maker makes workspaces, and what is in them.
type Maker interface {
	// AskWorkspace asks for a workspace.
	AskWorkspace(ctx context.Context, c desk.Caller, w resources.Wish) (resources.Asked, error)
	// MakeService makes a service.
	MakeService(ctx context.Context, c desk.Caller, in string, n provision.New) (workspace.Operation, error)
	// MakeUserResource makes a resource of the caller's in a service.
	MakeUserResource(ctx context.Context, c desk.Caller, p resources.Place, n provision.New) (workspace.Operation, error)
}

// Things changes workspaces, and what is in them.
type Things interface {
	// Thing is one as the caller may see it, and what they may do to it.
	Thing(ctx context.Context, c desk.Caller, s resources.Subject) (resources.Thing, error)
	// Update changes it.
	Update(ctx context.Context, c desk.Caller, s resources.Subject, p provision.Patch) (workspace.Operation, error)
	// Delete deletes it with all that is in it, as it was in the version seen.
	Delete(ctx context.Context, c desk.Caller, s resources.Subject, seen string) (workspace.Operation, error)
	// Invoke acts on it.
	Invoke(ctx context.Context, c desk.Caller, s resources.Subject, deed resources.Deed) (workspace.Operation, error)
}

// Operations is what the portal asks of what is done to a workspace.
type Operations interface {
	// Operations lists them, the newest first.
	Operations(ctx context.Context, c desk.Caller, s resources.Subject, page resources.Page) (resources.OperationList, error)
	// Cancel has one stopped.
	Cancel(ctx context.Context, c desk.Caller, s resources.Subject, id, reason string) (workspace.Operation, error)
	// Retry goes on where one failed.
	Retry(ctx context.Context, c desk.Caller, s resources.Subject, id string) (workspace.Operation, error)
}

// Resources is what the portal asks of workspaces, beside the airlock.
type Resources interface {
	Wanted
	Standing
	Estate
	Library
	Maker
	Things
	Operations
	Keeper
}

// Keeper keeps machines running.
type Keeper interface {
	// Extend puts off the stop of a machine.
	Extend(ctx context.Context, c desk.Caller, p resources.Place, hours float64) (resources.View, error)
}

// wantedLabels are the statuses of requests for workspaces in words.
var wantedLabels = map[workspace.RequestStatus]label{
	workspace.Asked:     toneWarn.as("Waits for a decision"),
	workspace.Granted:   toneGood.as("Granted"),
	workspace.Declined:  toneBad.as("Rejected"),
	workspace.Withdrawn: toneCalm.as("Ended without a decision"),
}

// wantedLabel is the label of a request for a workspace.
func wantedLabel(s workspace.RequestStatus) label {
	if l, ok := wantedLabels[s]; ok {
		return l
	}
	return toneCalm.as(string(s))
}

// statusLabels are the statuses of resources in words. Words that are not here
// are AzureTRE's.
var statusLabels = map[workspace.Status]string{
	workspace.AwaitingDeployment: "Waits to be deployed", workspace.Deploying: "Being deployed", workspace.Deployed: "Deployed", workspace.DeploymentFailed: "Deployment failed",
	workspace.AwaitingUpdate: "Waits to be updated", workspace.Updating: "Being updated", workspace.Updated: "Updated", workspace.UpdatingFailed: "Update failed",
	workspace.AwaitingDeletion: "Waits to be deleted", workspace.Deleting: "Being deleted", workspace.Deleted: "Deleted", workspace.DeletingFailed: "Deletion failed",
	workspace.AwaitingAction: "Action waits", workspace.InvokingAction: "Action under way", workspace.ActionSucceeded: "Action done", workspace.ActionFailed: "Action failed",
	workspace.PipelineRunning: "Steps under way",
}

// statusLabel is the label of a resource, a step or an operation.
func statusLabel(s workspace.Status) label {
	text := statusLabels[s]
	switch {
	case text == "":
		return toneCalm.as(string(s))
	case s.Failed():
		return toneBad.as(text)
	case s == workspace.Deleted || !s.Ended():
		return toneCalm.as(text)
	}
	return toneGood.as(text)
}

// administers tells whether the person administers the TRE now. The caller that
// it returns knows who they are.
func (p *portal) administers(ctx context.Context, c desk.Caller) (desk.Caller, bool, error) {
	c, err := p.Desk.AdmitEverywhere(ctx, c, access.DecideWorkspaceRequest)
	if errors.Is(err, airlock.ErrRefused) {
		return c, false, nil
	}
	return c, err == nil, err
}
