package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// The addresses of AzureTRE's airlock.
const (
	inWorkspace = "/api/workspaces/{workspace_id}/requests"
	inRequest   = inWorkspace + "/{airlock_request_id}"
)

// Route is one line of the table of routes.
type Route struct {
	Method  string
	Path    string
	Action  access.Action // what the caller must be allowed to; "" for everybody, signed in or not
	Status  int           // of the answer when all went well
	Summary string

	types    []string // media types of the answer beside JSON
	register func(r Route, a *api)
}

// routes is the whole API, one list a subject. An action is checked before
// anything else is.
func (a *api) routes() []Route {
	return slices.Concat(a.requestRoutes(), a.decisionRoutes(), a.fileRoutes(), a.auditRoutes(), a.searchRoutes(),
		a.memberRoutes(), a.personRoutes(), a.probeRoutes())
}

// requestRoutes make, read and withdraw requests.
func (a *api) requestRoutes() []Route {
	return []Route{
		post(inWorkspace, access.Create, "Make a request, with its draft container and a link into it", a.create).answers(http.StatusCreated),
		get(inWorkspace, access.Read, "List a workspace's requests", a.list),
		get(inRequest, access.Read, "Get a request", a.get),
		post(inRequest+"/submit", access.Submit, "Hand a draft in", a.submit),
		post(inRequest+"/cancel", access.Cancel, "Give a request up", a.cancel),
		post(inRequest+"/retry", access.Retry, "Try again what failed", a.retry),
		get("/api/requests", access.ListMine, "List my requests, or those I manage", a.mine),
	}
}

// decisionRoutes are what airlock managers do.
func (a *api) decisionRoutes() []Route {
	return []Route{
		post(inRequest+"/review", access.Review, "Approve or reject", a.review),
		post(inRequest+"/return", access.Review, "Return for changes", a.giveBack),
		post(inRequest+"/revoke", access.Revoke, "Take a release back", a.revoke),
		post(inRequest+"/stop", access.Stop, "Stop a delivery that is under way", a.stop),
	}
}

// fileRoutes lead to the files of a request.
func (a *api) fileRoutes() []Route {
	return []Route{
		get(inRequest+"/link", access.Read, "Link to the files, by status", a.link),
		get(inRequest+"/sealed-link", access.SealedLink, "Read-only link to the sealed files", a.sealedLink),
		get(inRequest+"/files", access.Read, "List files with findings", a.files),
		post(inRequest+"/files/remove", access.Remove, "Take a file out of a draft", a.removeFile).answers(http.StatusNoContent),
	}
}

// auditRoutes read the audit trail.
func (a *api) auditRoutes() []Route {
	return []Route{
		get(inRequest+"/audit", access.Audit, "Read the audit trail", a.audit),
	}
}

// probeRoutes are for everybody, signed in or not.
func (a *api) probeRoutes() []Route {
	return []Route{
		open("/api/ping", "Answer", a.ping),
		open("/api/health", "Ask every part how it is", a.askHealth),
		open("/health", "Ask every part how it is", a.askHealth),
		open("/api/.metadata", "What a client needs to sign in", a.metadata),
		open("/.metadata", "What a client needs to sign in", a.metadata),
	}
}

// Routes lists the API's routes.
func Routes() []Route { return (&api{}).routes() }

// handler answers who the token names.
type handler[I, O any] = func(context.Context, desk.Caller, *I) (*O, error)

// get is a route that changes nothing.
func get[I, O any](path string, action access.Action, summary string, handle handler[I, O]) Route {
	return Route{Method: http.MethodGet, Path: path, Action: action, Status: http.StatusOK, Summary: summary,
		register: func(r Route, a *api) { guarded(a, r, handle, a.admit(r.Action), a.acceptable(r.answersWith()...)) }}
}

// post is a route that changes something. Its body is read when the caller was
// let in.
func post[I, O any](path string, action access.Action, summary string, handle handler[I, O]) Route {
	return Route{Method: http.MethodPost, Path: path, Action: action, Status: http.StatusOK, Summary: summary,
		register: func(r Route, a *api) {
			guarded(a, r, handle, a.admit(r.Action), a.acceptable(r.answersWith()...), a.read)
		}}
}

// guarded registers a route behind what has to be true first.
func guarded[I, O any](a *api, r Route, handle handler[I, O], first ...func(huma.Context, func(huma.Context))) {
	op := r.operation()
	op.Security = []map[string][]string{{bearer: {}}}
	op.Middlewares, op.MaxBodyBytes = first, 2*a.Limits.Body
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, callerOf(ctx), in)
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		return out, nil
	})
}

// open is a route for everybody.
func open[O any](path, summary string, handle func(context.Context, *struct{}) (*O, error)) Route {
	r := Route{Method: http.MethodGet, Path: path, Status: http.StatusOK, Summary: summary}
	r.register = func(r Route, a *api) { huma.Register(a.huma, r.operation(), handle) }
	return r
}

// answers is the route with another status for when all went well.
func (r Route) answers(status int) Route {
	r.Status = status
	return r
}

// answersWith are the media types of the answer when all went well.
func (r Route) answersWith() []string { return append([]string{"application/json"}, r.types...) }

// also is the route with another media type that it can answer with.
func (r Route) also(types ...string) Route {
	r.types = types
	return r
}

func (r Route) operation() huma.Operation {
	return huma.Operation{OperationID: r.id(), Method: r.Method, Path: r.Path,
		Summary: r.Summary, DefaultStatus: r.Status,
		Errors: r.errors()}
}

// id names the route in the OpenAPI document: its method and address.
func (r Route) id() string {
	words := strings.FieldsFunc(r.Method+r.Path, func(c rune) bool { return strings.ContainsRune("/{}.", c) })
	return strings.ToLower(strings.Join(words, "-"))
}

// errors are the statuses of AzureTRE's airlock that a route may answer with.
func (r Route) errors() []int {
	if r.Action == "" {
		return []int{http.StatusServiceUnavailable}
	}
	return []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound,
		http.StatusConflict, http.StatusUnprocessableEntity, http.StatusServiceUnavailable}
}

// MemberRoutes lists the routes on people.
func MemberRoutes() []Route { return append((&api{}).memberRoutes(), (&api{}).personRoutes()...) }
