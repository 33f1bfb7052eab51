package api

import (
	"context"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

const (
	ofSharedServices = "/api/shared-services"
	ofSharedService  = ofSharedServices + "/{shared_service_id}"
)

// sharedServiceRoutes are about the services that all workspaces share.
func (a *api) sharedServiceRoutes() []Route {
	return append([]Route{
		get(ofSharedServices, access.ReadSharedService, "List the services that all share", a.sharedServices).says("Who is no administrator sees what they are called and where to reach them."),
		post(ofSharedServices, access.ChangeSharedService, "Make a shared service", a.makeSharedService).answers(http.StatusAccepted).says("There is one of a template at most."),
		get(ofSharedService, access.ReadSharedService, "Get a shared service", a.sharedService).says("Who is no administrator sees what it is called and where to reach it."),
		versioned(ofSharedService, access.ChangeSharedService, "Change a shared service, enable, disable or upgrade it", a.patchSharedService),
		changing(http.MethodDelete, ofSharedService, access.ChangeSharedService, "Delete a shared service", a.deleteSharedService).says("It has to be disabled before."),
		post(ofSharedService+"/invoke-action", access.ChangeSharedService, "Do a custom action of the template", a.actOnSharedService).answers(http.StatusAccepted),
	}, subjectRoutes[SharedServiceList, SharedServiceOperation, SharedServiceStop](a, ofSharedService, "a shared service",
		happened{read: access.SharedServiceOperations, audit: access.SharedServiceOperations, stop: access.ChangeSharedService, retry: access.ChangeSharedService})...)
}

// SharedServices is a page of shared services.
type SharedServices struct {
	Services []Resource `json:"sharedServices" doc:"In the order of their ids"`
	Next     string     `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// SharedServiceIn is one shared service.
type SharedServiceIn struct {
	Service Resource `json:"sharedService" doc:"The shared service"`
}

func (a *api) sharedServices(ctx context.Context, c desk.Caller, in *Paging) (*paged[SharedServices], error) {
	l, err := a.Resources.SharedServices(ctx, c, a.paging(*in))
	if err != nil {
		return nil, err
	}
	return &paged[SharedServices]{nextLink(ctx, l.Next), SharedServices{resourceList(l), l.Next}}, nil
}

func (a *api) sharedService(ctx context.Context, c desk.Caller, in *InSharedService) (*tagged[SharedServiceIn], error) {
	v, err := a.Resources.SharedService(ctx, c, canonical(in.Shared))
	return &tagged[SharedServiceIn]{entityTag(v.Resource.Version), SharedServiceIn{resource(v)}}, err
}

// MakingSharedService makes a shared service.
type MakingSharedService struct{ Body Making }

func (a *api) makeSharedService(ctx context.Context, c desk.Caller, in *MakingSharedService) (*ordered, error) {
	return orderedBy(a.Resources.MakeSharedService(ctx, c, in.Body.wanted()))
}

// PatchingSharedService changes a shared service.
type PatchingSharedService struct {
	InSharedService
	Forced
	Body Patching
}

func (a *api) patchSharedService(ctx context.Context, c desk.Caller, in *PatchingSharedService) (*ordered, error) {
	return orderedBy(a.Resources.UpdateSharedService(ctx, c, canonical(in.Shared), in.Body.patch(c, in.Forced)))
}

func (a *api) deleteSharedService(ctx context.Context, c desk.Caller, in *InSharedService) (*ordered, error) {
	return orderedBy(a.Resources.DeleteSharedService(ctx, c, canonical(in.Shared)))
}

// ActingOnSharedService acts on a shared service.
type ActingOnSharedService struct {
	InSharedService
	Acting
}

func (a *api) actOnSharedService(ctx context.Context, c desk.Caller, in *ActingOnSharedService) (*ordered, error) {
	return orderedBy(a.Resources.InvokeSharedService(ctx, c, canonical(in.Shared), in.deed()))
}
