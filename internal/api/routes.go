package api

import (
	"context"
	"net/http"
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

	register func(r Route, a *api)
}

// routes is the whole API. An action is checked before anything else is.
func (a *api) routes() []Route {
	return []Route{
		at(http.MethodPost, inWorkspace, access.Create, "Make a request, with its draft container and a link into it", a.create).answers(http.StatusCreated),
		at(http.MethodGet, inWorkspace, access.Read, "List a workspace's requests", a.list),
		at(http.MethodGet, inRequest, access.Read, "Get a request", a.get),
		at(http.MethodPost, inRequest+"/submit", access.Submit, "Hand a draft in", a.submit),
		at(http.MethodPost, inRequest+"/cancel", access.Cancel, "Give a request up", a.cancel),
		at(http.MethodPost, inRequest+"/review", access.Review, "Approve or reject", a.review),
		at(http.MethodPost, inRequest+"/return", access.Review, "Return for changes", a.giveBack),
		at(http.MethodPost, inRequest+"/revoke", access.Revoke, "Take a release back", a.revoke),
		at(http.MethodPost, inRequest+"/stop", access.Stop, "Stop a delivery that is under way", a.stop),
		at(http.MethodPost, inRequest+"/retry", access.Retry, "Try again what failed", a.retry),
		at(http.MethodGet, inRequest+"/link", access.Read, "Link to the files, by status", a.link),
		at(http.MethodGet, inRequest+"/sealed-link", access.SealedLink, "Read-only link to the sealed files", a.sealedLink),
		at(http.MethodGet, inRequest+"/files", access.Read, "List files with findings", a.files),
		at(http.MethodPost, inRequest+"/files/remove", access.Remove, "Take a file out of a draft", a.removeFile).answers(http.StatusNoContent),
		at(http.MethodGet, inRequest+"/audit", access.Audit, "Read the audit trail", a.audit),
		at(http.MethodGet, "/api/requests", access.ListMine, "List my requests, or those I manage", a.mine),
		open("/api/ping", "Answer", a.ping),
		open("/api/health", "Ask every part how it is", a.askHealth),
		open("/health", "Ask every part how it is", a.askHealth),
		open("/api/.metadata", "What a client needs to sign in", a.metadata),
		open("/.metadata", "What a client needs to sign in", a.metadata),
	}
}

// Routes lists the API's routes.
func Routes() []Route { return (&api{}).routes() }

// at is a route for whom the token names.
func at[I, O any](method, path string, action access.Action, summary string, handle func(context.Context, desk.Caller, *I) (*O, error)) Route {
	r := Route{Method: method, Path: path, Action: action, Status: http.StatusOK, Summary: summary}
	r.register = func(r Route, a *api) {
		op := r.operation()
		op.Security = []map[string][]string{{bearer: {}}}
		op.Middlewares = huma.Middlewares{a.admit(action)}
		if method == http.MethodPost {
			op.Middlewares = append(op.Middlewares, a.read)
		}
		huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := handle(ctx, callerOf(ctx), in)
			if err != nil {
				return nil, a.fail(ctx, err)
			}
			return out, nil
		})
	}
	return r
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

func (r Route) operation() huma.Operation {
	return huma.Operation{OperationID: r.id(), Method: r.Method, Path: r.Path,
		Summary: r.Summary, DefaultStatus: r.Status, MaxBodyBytes: 2 * maxBody,
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
