package api

import (
	"context"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

const (
	ofServices = ofWorkspace + "/workspace-services"
	ofService  = ofServices + "/{service_id}"
)

// serviceRoutes are about the services of a workspace.
func (a *api) serviceRoutes() []Route {
	return append([]Route{
		get(ofServices, access.ReadService, "List the services of a workspace", a.services),
		post(ofServices, access.ChangeService, "Make a service in a workspace", a.makeService).answers(http.StatusAccepted),
		get(ofService, access.ReadService, "Get a service of a workspace", a.service),
		versioned(ofService, access.ChangeService, "Change a service, enable, disable or upgrade it", a.patchService),
		changing(http.MethodDelete, ofService, access.DeleteService, "Delete a service with all that is in it", a.deleteService).says("All of it has to be disabled before."),
		post(ofService+"/invoke-action", access.ChangeService, "Do a custom action of the template", a.actOnService).answers(http.StatusAccepted),
	}, subjectRoutes[ServiceList, ServiceOperation, ServiceStop](a, ofService, "a service",
		happened{read: access.ServiceOperations, audit: access.Audit, stop: access.StopService, retry: access.RetryService})...)
}

// WorkspaceServices is a page of services.
type WorkspaceServices struct {
	Services []Resource `json:"workspaceServices" doc:"In the order of their ids"`
	Next     string     `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// WorkspaceServiceIn is one service.
type WorkspaceServiceIn struct {
	Service Resource `json:"workspaceService" doc:"The service"`
}

func (a *api) services(ctx context.Context, c desk.Caller, in *WorkspaceList) (*paged[WorkspaceServices], error) {
	l, err := a.Resources.Services(ctx, c, canonical(in.Workspace), a.paging(in.Paging))
	if err != nil {
		return nil, err
	}
	return &paged[WorkspaceServices]{nextLink(ctx, l.Next), WorkspaceServices{resourceList(l), l.Next}}, nil
}

func (a *api) service(ctx context.Context, c desk.Caller, in *InService) (*tagged[WorkspaceServiceIn], error) {
	v, err := a.Resources.Service(ctx, c, canonical(in.Workspace), canonical(in.Service))
	return &tagged[WorkspaceServiceIn]{entityTag(v.Resource.Version), WorkspaceServiceIn{resource(v)}}, err
}

// MakingService makes a service.
type MakingService struct {
	InWorkspace
	Body Making
}

func (a *api) makeService(ctx context.Context, c desk.Caller, in *MakingService) (*ordered, error) {
	return orderedBy(a.Resources.MakeService(ctx, c, canonical(in.Workspace), in.Body.wanted()))
}

// PatchingService changes a service.
type PatchingService struct {
	InService
	Forced
	Body Patching
}

func (a *api) patchService(ctx context.Context, c desk.Caller, in *PatchingService) (*ordered, error) {
	return orderedBy(a.Resources.UpdateService(ctx, c, canonical(in.Workspace), canonical(in.Service), in.Body.patch(c, in.Forced)))
}

func (a *api) deleteService(ctx context.Context, c desk.Caller, in *InService) (*ordered, error) {
	return orderedBy(a.Resources.DeleteService(ctx, c, canonical(in.Workspace), canonical(in.Service)))
}

// ActingOnService acts on a service.
type ActingOnService struct {
	InService
	Acting
}

func (a *api) actOnService(ctx context.Context, c desk.Caller, in *ActingOnService) (*ordered, error) {
	return orderedBy(a.Resources.InvokeService(ctx, c, canonical(in.Workspace), canonical(in.Service), in.deed()))
}
