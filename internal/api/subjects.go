package api

import (
	"context"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func (in InWorkspace) subject() resources.Subject {
	return resources.Subject{Kind: workspace.Workspace, ID: canonical(in.Workspace)}
}

// InService is a call about a service of a workspace.
type InService struct {
	InWorkspace
	Service string `path:"service_id" doc:"UUID of the service" example:"44444444-4444-4444-8444-444444444444"`
}

func (in InService) subject() resources.Subject {
	return resources.Subject{Kind: workspace.Service, Workspace: canonical(in.Workspace), ID: canonical(in.Service)}
}

// InUserResource is a call about somebody's resource in a service.
type InUserResource struct {
	InService
	Resource string `path:"resource_id" doc:"UUID of the user resource" example:"55555555-5555-4555-8555-555555555555"`
}

func (in InUserResource) subject() resources.Subject {
	return resources.Subject{Kind: workspace.UserResource, Workspace: canonical(in.Workspace), Service: canonical(in.Service), ID: canonical(in.Resource)}
}

func (in InUserResource) place() resources.Place {
	return resources.Place{Workspace: canonical(in.Workspace), Service: canonical(in.Service), ID: canonical(in.Resource)}
}

// InSharedService is a call about a service that all share.
type InSharedService struct {
	Shared string `path:"shared_service_id" doc:"UUID of the shared service" example:"66666666-6666-4666-8666-666666666666"`
}

func (in InSharedService) subject() resources.Subject {
	return resources.Subject{Kind: workspace.SharedService, ID: canonical(in.Shared)}
}

// OfOperation names an operation of a resource.
type OfOperation struct {
	Operation string `path:"operation_id" doc:"UUID of the operation" example:"77777777-7777-4777-8777-777777777777"`
}

func (in OfOperation) operation() string { return canonical(in.Operation) }

// WithReason says why something is done.
type WithReason struct {
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"2000" doc:"Why; kept in the audit trail" example:"wrong size"`
	}
}

func (in WithReason) reason() string { return in.Body.Reason }

// The calls about what happened to a resource, by its kind: a list, one
// operation, and one that is to stop.
type (
	// WorkspaceList asks for a list of a workspace's.
	WorkspaceList struct {
		InWorkspace
		Paging
	}
	// ServiceList asks for a list of a service's.
	ServiceList struct {
		InService
		Paging
	}
	// UserResourceList asks for a list of a user resource's.
	UserResourceList struct {
		InUserResource
		Paging
	}
	// SharedServiceList asks for a list of a shared service's.
	SharedServiceList struct {
		InSharedService
		Paging
	}
	// WorkspaceOperation names an operation on a workspace.
	WorkspaceOperation struct {
		InWorkspace
		OfOperation
	}
	// ServiceOperation names an operation on a service.
	ServiceOperation struct {
		InService
		OfOperation
	}
	// UserResourceOperation names an operation on a user resource.
	UserResourceOperation struct {
		InUserResource
		OfOperation
	}
	// SharedServiceOperation names an operation on a shared service.
	SharedServiceOperation struct {
		InSharedService
		OfOperation
	}
	// WorkspaceStop stops an operation on a workspace.
	WorkspaceStop struct {
		WorkspaceOperation
		WithReason
	}
	// ServiceStop stops an operation on a service.
	ServiceStop struct {
		ServiceOperation
		WithReason
	}
	// UserResourceStop stops an operation on a user resource.
	UserResourceStop struct {
		UserResourceOperation
		WithReason
	}
	// SharedServiceStop stops an operation on a shared service.
	SharedServiceStop struct {
		SharedServiceOperation
		WithReason
	}
)

type listOf interface {
	subject() resources.Subject
	paging() Paging
}

type oneOf interface {
	subject() resources.Subject
	operation() string
}

type stopOf interface {
	oneOf
	reason() string
}

// happened are the actions by which what happened to a resource is read, an
// operation on it stopped, and tried again.
type happened struct{ read, audit, stop, retry access.Action }

// subjectRoutes are the routes about what happened to resources of a kind.
func subjectRoutes[L listOf, O oneOf, S stopOf](a *api, base, what string, by happened) []Route {
	one := base + "/operations/{operation_id}"
	routes := []Route{
		get(base+"/operations", by.read, "List the operations on "+what, operationsOf[L](a)).says("The newest first. They stay readable when it is deleted."),
		get(one, by.read, "Get an operation on "+what, operationOf[O](a)).says("With its steps. Ask again until its status is one at which nothing more happens."),
		post(one+"/cancel", by.stop, "Stop an operation on "+what, cancelOf[S](a)).answers(http.StatusAccepted).
			says("What is under way in Azure is asked to stop; the operation then ends as failed, with who asked as the reason. The same again changes nothing."),
		post(one+"/retry", by.retry, "Try a failed operation on "+what+" again", retryOf[O](a)).answers(http.StatusAccepted).
			says("As a new operation, which goes on at the step that failed."),
		get(base+"/history", by.read, "List what "+what+" was before each change", historyOf[L](a)).says("The oldest first."),
	}
	if by.audit != "" {
		routes = append(routes, get(base+"/audit", by.audit, "Read the audit trail of "+what, resourceAudit[L](a)).
			says("Oldest first. Verified tells whether all lines form the chain that it names."))
	}
	return routes
}

func operationsOf[L listOf](a *api) handler[L, paged[Operations]] {
	return func(ctx context.Context, c desk.Caller, in *L) (*paged[Operations], error) {
		l, err := a.Resources.Operations(ctx, c, (*in).subject(), a.paging((*in).paging()))
		return a.operationPage(ctx, l, err)
	}
}

func operationOf[O oneOf](a *api) handler[O, body[OperationIn]] {
	return func(ctx context.Context, c desk.Caller, in *O) (*body[OperationIn], error) {
		o, err := a.Resources.Operation(ctx, c, (*in).subject(), (*in).operation())
		return &body[OperationIn]{OperationIn{operation(o)}}, err
	}
}

func cancelOf[S stopOf](a *api) handler[S, ordered] {
	return func(ctx context.Context, c desk.Caller, in *S) (*ordered, error) {
		o, err := a.Resources.Cancel(ctx, c, (*in).subject(), (*in).operation(), (*in).reason())
		return orderedBy(o, err)
	}
}

func retryOf[O oneOf](a *api) handler[O, ordered] {
	return func(ctx context.Context, c desk.Caller, in *O) (*ordered, error) {
		o, err := a.Resources.Retry(ctx, c, (*in).subject(), (*in).operation())
		return orderedBy(o, err)
	}
}

func historyOf[L listOf](a *api) handler[L, paged[ResourceHistory]] {
	return func(ctx context.Context, c desk.Caller, in *L) (*paged[ResourceHistory], error) {
		found, err := a.Resources.History(ctx, c, (*in).subject(), a.paging((*in).paging()))
		if err != nil {
			return nil, err
		}
		out := ResourceHistory{History: []Snapshot{}, Next: found.Next}
		for _, s := range found.Snapshots {
			out.History = append(out.History, snapshot(s))
		}
		return &paged[ResourceHistory]{nextLink(ctx, found.Next), out}, nil
	}
}

func resourceAudit[L listOf](a *api) handler[L, paged[Trail]] {
	return func(ctx context.Context, c desk.Caller, in *L) (*paged[Trail], error) {
		t, err := a.Resources.Audit(ctx, c, (*in).subject(), (*in).paging().page())
		if err != nil {
			return nil, err
		}
		return &paged[Trail]{nextLink(ctx, t.Next), trail(t)}, nil
	}
}
