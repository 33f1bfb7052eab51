package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

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

	about    string       // what there is to say beside the summary
	extra    []int        // statuses beside those that every such route answers with
	types    []string     // media types of the answer beside JSON
	refused  bool         // always: there is no good answer
	big      bool         // its body is a template, see Limits.Template
	matched  bool         // a change has to say which version it changes
	answer   reflect.Type // of the answer, where it is not in the handler's type
	register func(r Route, a *api)
}

// routes is the whole API, one list a subject. An action is checked before
// anything else is.
func (a *api) routes() []Route {
	return slices.Concat(a.workspaceRoutes(), a.serviceRoutes(), a.userResourceRoutes(), a.sharedServiceRoutes(), a.templateRoutes(), a.wantedRoutes(),
		a.operationRoutes(), a.driftRoutes(), a.requestRoutes(), a.decisionRoutes(), a.fileRoutes(), a.auditRoutes(), a.searchRoutes(),
		a.memberRoutes(), a.personRoutes(), a.probeRoutes())
}

// requestRoutes make, read and withdraw requests.
func (a *api) requestRoutes() []Route {
	return []Route{
		post(inWorkspace, access.Create, "Make a request, with its draft container and a link into it", a.create).answers(http.StatusCreated).says("The link in the answer writes into the draft: upload files with it, then submit. It cannot read or delete.").can(http.StatusMethodNotAllowed),
		get(inWorkspace, access.Read, "List a workspace's requests", a.list).says("Researchers see their own drafts and what was submitted; airlock managers what was submitted; owners all. Files are left out."),
		get(inRequest, access.Read, "Get a request", a.get).says("With what the caller may do now, what it waits for and until when."),
		post(inRequest+"/submit", access.Submit, "Hand a draft in", a.submit).says("Only who made the request, or an owner. At least one file has to be in the draft, and none that was refused."),
		post(inRequest+"/cancel", access.Cancel, "Give a request up", a.cancel).says("Only who made the request, or an owner, and until it is approved or rejected. Its files are purged."),
		post(inRequest+"/retry", access.Retry, "Try again what failed", a.retry).says("Leads to where the request failed, and on from there."),
		get("/api/requests", access.ListMine, "List my requests, or those I manage", a.mine).says("Over all workspaces. Without airlock_manager those that the caller made, with it those of the workspaces whose airlock manager the caller is."),
	}
}

// decisionRoutes are what airlock managers do.
func (a *api) decisionRoutes() []Route {
	return []Route{
		post(inRequest+"/review", access.Review, "Approve or reject", a.review).says("Nobody decides on a request that they made or submitted. How many approvals it takes is the workspace's policy."),
		post(inRequest+"/return", access.Review, "Return for changes", a.giveBack).says("The requester gets the files back as a draft, with the reason, and may submit it again."),
		post(inRequest+"/review-user-resource", access.Review, "Ask for a review machine", a.reviewMachine).never().
			says("Always refused: review machines are not set up here. Airlock managers read the files through the sealed link."),
		post(inRequest+"/revoke", access.Revoke, "Take a release back", a.revoke).says("Links stop, and the released files are purged."),
		post(inRequest+"/stop", access.Stop, "Stop a delivery that is under way", a.stop).says("What was delivered already is purged. Nobody who made or submitted the request may retry it."),
	}
}

// fileRoutes lead to the files of a request.
func (a *api) fileRoutes() []Route {
	return []Route{
		get(inRequest+"/link", access.Read, "Link to the files, by status", a.link).says("A draft's writes, a released request's reads, one under review reads for airlock managers and owners. Other statuses have no link.").can(http.StatusBadRequest),
		get(inRequest+"/sealed-link", access.SealedLink, "Read-only link to the sealed files", a.sealedLink).says("While the request is under review.").can(http.StatusBadRequest),
		get(inRequest+"/files", access.Read, "List files with findings", a.files).says("With size, media type, SHA-256, verdict of the malware scanner, and findings of the inspection."),
		post(inRequest+"/files/remove", access.Remove, "Take a file out of a draft", a.removeFile).answers(http.StatusNoContent).says("The blob is deleted soon, and is no part of what is submitted."),
	}
}

// auditRoutes read the audit trail.
func (a *api) auditRoutes() []Route {
	return []Route{
		get(inRequest+"/audit", access.Audit, "Read the audit trail", a.audit).says("Oldest first. Verified tells whether all lines form the chain that the request names."),
	}
}

// probeRoutes are for everybody, signed in or not.
func (a *api) probeRoutes() []Route {
	return []Route{
		open("/api/ping", "Answer", a.ping),
		open("/api/health", "Ask every part how it is", a.askHealth).says("503 when a part is not well; the body then says which.").can(http.StatusServiceUnavailable),
		open("/health", "Ask every part how it is", a.askHealth).says("503 when a part is not well; the body then says which.").can(http.StatusServiceUnavailable),
		get("/api/health/details", access.Health, "Read how every part, queue and source is, and why", a.healthDetails).says("Every queue, workspace and source, each with a verdict by the TRE_HEALTH_ settings. Asks all workspaces: poll /health instead."),
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
			guarded(a, r, handle, a.admit(r.Action), a.acceptable(r.answersWith()...), a.read(r))
		}}
}

// guarded registers a route behind what has to be true first.
func guarded[I, O any](a *api, r Route, handle handler[I, O], first ...func(huma.Context, func(huma.Context))) {
	op := r.operation()
	op.Security = []map[string][]string{{bearer: {}}}
	op.Middlewares, op.MaxBodyBytes = first, 2*a.Limits.body(r)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		c, err := a.named(ctx, callerOf(ctx))
		if err != nil {
			return nil, a.fail(ctx, err)
		}
		out, err := handle(ctx, c, in)
		if err != nil {
			return nil, a.fail(ctx, stale(ctx, err))
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

// says is the route with more to say of it.
func (r Route) says(about string) Route {
	r.about = about
	return r
}

// gives is the route with the type of an answer that its handler writes itself.
func (r Route) gives(answer reflect.Type) Route {
	r.answer = answer
	return r
}

// can is the route with more statuses that it answers with.
func (r Route) can(statuses ...int) Route {
	r.extra = append(r.extra, statuses...)
	return r
}

// large is the route as one that takes a template.
func (r Route) large() Route {
	r.big = true
	return r
}

// never is the route as one that is always refused.
func (r Route) never() Route {
	r.refused = true
	return r
}

// answersWith are the media types of the answer when all went well.
func (r Route) answersWith() []string { return append([]string{"application/json"}, r.types...) }

// also is the route with another media type that it can answer with.
func (r Route) also(types ...string) Route {
	r.types = types
	return r
}

// noDeadline keeps huma from setting one of five seconds on the connection for
// a body that was read already: it is never taken back, and when it passes
// net/http cancels the call that is at work.
const noDeadline time.Duration = -1

func (r Route) operation() huma.Operation {
	return huma.Operation{OperationID: r.id(), Method: r.Method, Path: r.Path,
		Summary: r.Summary, DefaultStatus: r.Status, BodyReadTimeout: noDeadline,
		Errors: r.errors()}
}

// id names the route in the OpenAPI document: its method and address.
func (r Route) id() string {
	words := strings.FieldsFunc(r.Method+r.Path, func(c rune) bool { return strings.ContainsRune("/{}.", c) })
	return strings.ToLower(strings.Join(words, "-"))
}

// errors are the statuses beside that of success that a route may answer with.
func (r Route) errors() []int {
	all := append([]int{http.StatusRequestHeaderFieldsTooLarge}, r.extra...)
	if r.Action == "" {
		return all
	}
	all = append(all, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotAcceptable, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusServiceUnavailable)
	if strings.Contains(r.Path, "{") {
		all = append(all, http.StatusNotFound)
	}
	if r.Method != http.MethodGet {
		all = append(all, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if r.versioned() {
		all = append(all, http.StatusPreconditionFailed)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// MemberRoutes lists the routes on people.
func MemberRoutes() []Route { return append((&api{}).memberRoutes(), (&api{}).personRoutes()...) }
