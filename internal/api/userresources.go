package api

import (
	"context"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

const (
	ofUserResources = ofService + "/user-resources"
	ofUserResource  = ofUserResources + "/{resource_id}"
)

// userResourceRoutes are about people's own resources, such as machines.
func (a *api) userResourceRoutes() []Route {
	return append([]Route{
		get(ofUserResources, access.ReadUserResource, "List my resources in a service, or all for an owner", a.userResources).says("Machines come with their power state."),
		post(ofUserResources, access.ChangeUserResource, "Make a resource of one's own in a service", a.makeUserResource).answers(http.StatusAccepted),
		get(ofUserResource, access.ReadUserResource, "Get a user resource", a.userResource).says("One's own, or, for owners, anybody's: those of others are answered as if they did not exist."),
		versioned(ofUserResource, access.ChangeUserResource, "Change a user resource, enable, disable or upgrade it", a.patchUserResource),
		changing(http.MethodDelete, ofUserResource, access.DeleteUserResource, "Delete a user resource", a.deleteUserResource).says("It has to be disabled before."),
		post(ofUserResource+"/invoke-action", access.ChangeUserResource, "Do a custom action of the template, such as starting a machine", a.actOnUserResource).answers(http.StatusAccepted),
		post(ofUserResource+"/extend", access.ChangeUserResource, "Put off the stop of a machine", a.extendUserResource).
			says("Whatever would stop it, idleness or its schedule, does not until so many hours from now; a warning that was given is void. The stop that is announced stands in azureStatus."),
	}, subjectRoutes[UserResourceList, UserResourceOperation, UserResourceStop](a, ofUserResource, "a user resource",
		happened{read: access.UserResourceOperations, audit: access.Audit, stop: access.StopUserResource, retry: access.RetryUserResource})...)
}

// UserResources is a page of user resources.
type UserResources struct {
	Resources []Resource `json:"userResources" doc:"In the order of their ids"`
	Next      string     `json:"nextCursor,omitempty" doc:"Cursor of the next page; absent on the last"`
}

// UserResourceIn is one user resource.
type UserResourceIn struct {
	Resource Resource `json:"userResource" doc:"The user resource"`
}

func (a *api) userResources(ctx context.Context, c desk.Caller, in *ServiceList) (*paged[UserResources], error) {
	l, err := a.Resources.UserResources(ctx, c, InUserResource{InService: in.InService}.place(), a.paging(in.Paging))
	if err != nil {
		return nil, err
	}
	return &paged[UserResources]{nextLink(ctx, l.Next), UserResources{resourceList(l), l.Next}}, nil
}

func (a *api) userResource(ctx context.Context, c desk.Caller, in *InUserResource) (*tagged[UserResourceIn], error) {
	v, err := a.Resources.UserResource(ctx, c, in.place())
	return &tagged[UserResourceIn]{entityTag(v.Resource.Version), UserResourceIn{resource(v)}}, err
}

// MakingUserResource makes a resource in a service.
type MakingUserResource struct {
	InService
	Body Making
}

func (a *api) makeUserResource(ctx context.Context, c desk.Caller, in *MakingUserResource) (*ordered, error) {
	return orderedBy(a.Resources.MakeUserResource(ctx, c, InUserResource{InService: in.InService}.place(), in.Body.wanted()))
}

// PatchingUserResource changes a user resource.
type PatchingUserResource struct {
	InUserResource
	Forced
	Body Patching
}

func (a *api) patchUserResource(ctx context.Context, c desk.Caller, in *PatchingUserResource) (*ordered, error) {
	return orderedBy(a.Resources.UpdateUserResource(ctx, c, in.place(), in.Body.patch(c, in.Forced)))
}

func (a *api) deleteUserResource(ctx context.Context, c desk.Caller, in *InUserResource) (*ordered, error) {
	return orderedBy(a.Resources.DeleteUserResource(ctx, c, in.place()))
}

// ActingOnUserResource acts on a user resource.
type ActingOnUserResource struct {
	InUserResource
	Acting
}

func (a *api) actOnUserResource(ctx context.Context, c desk.Caller, in *ActingOnUserResource) (*ordered, error) {
	return orderedBy(a.Resources.InvokeUserResource(ctx, c, in.place(), in.deed()))
}
