package api

import (
	"context"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// body is an answer in JSON.
type body[T any] struct{ Body T }

// Addressed is a call about one request.
type Addressed struct {
	Workspace string `path:"workspace_id" doc:"UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
	Request   string `path:"airlock_request_id" doc:"UUID of the request" example:"a9c5e3a0-7d44-4d0c-9df0-3c1f1a1d5b10"`
}

func (in Addressed) key() airlock.Key {
	return airlock.Key{Workspace: canonical(in.Workspace), Request: canonical(in.Request)}
}

// Creation is a call that makes a request.
type Creation struct {
	Workspace string `path:"workspace_id" doc:"UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
	Body      struct {
		Type          airlock.Type   `json:"type" enum:"import,export" doc:"import into the workspace, or export out of it" example:"import"`
		Title         string         `json:"title,omitempty" maxLength:"200" default:"Airlock Request" doc:"One line" example:"Trial data"`
		Justification string         `json:"businessJustification" minLength:"1" maxLength:"2000" doc:"Why the data have to move" example:"Needed for the analysis of the second visit"`
		Properties    map[string]any `json:"properties,omitempty" doc:"Whatever the client keeps with the request, at most 8 KiB of JSON"`
	}
}

func (a *api) create(ctx context.Context, c desk.Caller, in *Creation) (*single, error) {
	view, err := a.Desk.Create(ctx, c, canonical(in.Workspace), desk.New{Type: in.Body.Type, Title: in.Body.Title,
		Justification: in.Body.Justification, Properties: in.Body.Properties})
	return a.moved(ctx, view, err)
}

// Picked are the filters of a list, with AzureTRE's names.
type Picked struct {
	Type      airlock.Type `query:"type" doc:"import or export; both when absent" example:"import"`
	Status    []string     `query:"status,explode" doc:"Statuses, separated by commas or given again and again; any when absent" example:"[\"in_review\"]"`
	Title     string       `query:"title" maxLength:"200" doc:"What the title contains, whatever the case" example:"trial"`
	OrderBy   string       `query:"order_by" doc:"One of createdBy.name, createdWhen, id, status, title, type, updatedBy.name, updatedWhen; createdWhen when absent" example:"createdWhen"`
	Ascending bool         `query:"order_ascending" default:"true" doc:"Smallest or oldest first"`
	Limit     int          `query:"limit" minimum:"1" maximum:"1000" doc:"Requests in a page. When absent all of them, up to the cap of this installation (TRE_API_MAX_LIST, 5,000 unless set); the Link header tells when there are more" example:"50"`
	Cursor    string       `query:"cursor" maxLength:"100" doc:"Of the page before, from its Link header"`
}

func (a *api) filter(p Picked) desk.Filter {
	f := desk.Filter{Type: p.Type, Title: p.Title, OrderBy: p.OrderBy, Descending: !p.Ascending,
		Page: airlock.Page{After: p.Cursor, Limit: p.Limit}, Most: a.Limits.List}
	for _, value := range p.Status {
		for status := range strings.SplitSeq(value, ",") {
			if status != "" {
				f.Statuses = append(f.Statuses, airlock.Status(status))
			}
		}
	}
	return f
}

// ListCall asks for a workspace's requests.
type ListCall struct {
	Workspace string `path:"workspace_id" doc:"UUID of the workspace" example:"11111111-1111-4111-8111-111111111111"`
	Creator   string `query:"creator_user_id" maxLength:"100" doc:"Object id of who made them; anybody when absent" example:"a0000000-0000-4000-8000-000000000001"`
	Picked
}

func (a *api) list(ctx context.Context, c desk.Caller, in *ListCall) (*paged[Requests], error) {
	filter := a.filter(in.Picked)
	filter.Creator = canonical(in.Creator)
	l, err := a.Desk.List(ctx, c, canonical(in.Workspace), filter)
	if err != nil {
		return nil, err
	}
	out := Requests{Requests: []WithActions{}, Next: l.Next}
	for _, v := range l.Views {
		out.Requests = append(out.Requests, withActions(v))
	}
	return &paged[Requests]{nextLink(ctx, l.Next), out}, nil
}

// MineCall asks for one's own requests, or those one manages.
type MineCall struct {
	Manager bool `query:"airlock_manager" doc:"Those of the workspaces whose airlock manager the caller is, instead of the caller's own"`
	Picked
}

// mineOut is a bare list, as AzureTRE answers it; the cursor is a header.
type mineOut struct {
	Link string `header:"Link" doc:"Address of the next page, with rel=\"next\" (RFC 8288); absent on the last"`
	Next string `header:"X-Next-Cursor" doc:"Cursor of the next page; absent on the last"`
	Body []Request
}

func (a *api) mine(ctx context.Context, c desk.Caller, in *MineCall) (*mineOut, error) {
	l, err := a.Desk.Mine(ctx, c, in.Manager, a.filter(in.Picked))
	if err != nil {
		return nil, err
	}
	out := mineOut{Link: nextLink(ctx, l.Next), Next: l.Next, Body: []Request{}}
	for _, v := range l.Views {
		out.Body = append(out.Body, request(v))
	}
	return &out, nil
}

func (a *api) get(ctx context.Context, c desk.Caller, in *Addressed) (*single, error) {
	view, err := a.Desk.Get(ctx, c, in.key())
	if err != nil {
		return nil, err
	}
	return a.one(ctx, view)
}

func (a *api) submit(ctx context.Context, c desk.Caller, in *Addressed) (*single, error) {
	view, err := a.Desk.Submit(ctx, c, in.key())
	return a.moved(ctx, view, err)
}

func (a *api) cancel(ctx context.Context, c desk.Caller, in *Addressed) (*single, error) {
	view, err := a.Desk.Cancel(ctx, c, in.key(), "")
	return a.moved(ctx, view, err)
}

func (a *api) retry(ctx context.Context, c desk.Caller, in *Addressed) (*single, error) {
	view, err := a.Desk.Retry(ctx, c, in.key())
	return a.moved(ctx, view, err)
}

// Verdict is AzureTRE's review: approve or reject.
type Verdict struct {
	Addressed
	Body struct {
		Approval    bool   `json:"approval" doc:"true approves, false rejects" example:"true"`
		Explanation string `json:"decisionExplanation,omitempty" maxLength:"2000" doc:"Why; required to reject" example:"Nothing in it identifies anybody"`
		Digest      string `json:"manifestDigest,omitempty" maxLength:"64" doc:"manifestDigest of the request as you saw it; required after a return" example:"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"`
	}
}

func (a *api) review(ctx context.Context, c desk.Caller, in *Verdict) (*single, error) {
	word := desk.Word{Verb: airlock.VerbReject, Reason: in.Body.Explanation, Digest: in.Body.Digest}
	if in.Body.Approval {
		word.Verb = airlock.VerbApprove
	}
	view, err := a.Desk.Decide(ctx, c, in.key(), word)
	return a.moved(ctx, view, err)
}

// errMachines is AzureTRE's answer in a workspace that has no configuration
// for review machines; no workspace here has one.
var errMachines = fmt.Errorf("review machines are not set up here: read the files through the sealed link instead: %w", airlock.ErrInvalid)

// reviewMachine refuses as AzureTRE does: first who may not see the request,
// then one that is not under review, then for want of a configuration.
func (a *api) reviewMachine(ctx context.Context, c desk.Caller, in *Addressed) (*struct{}, error) {
	view, err := a.Desk.Get(ctx, c, in.key())
	if err != nil {
		return nil, err
	}
	if view.Request.Stage != airlock.InReview {
		return nil, fmt.Errorf("the request is %s, only one in review can have a review machine: %w", view.Request.Stage.Status(), airlock.ErrIllegal)
	}
	return nil, errMachines
}

// Return is a review that sends a request back.
type Return struct {
	Addressed
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"Why; the requester reads it" example:"Column 3 holds dates of birth"`
		Digest string `json:"manifestDigest,omitempty" maxLength:"64" doc:"manifestDigest of the request as you saw it; required after a return" example:"5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"`
	}
}

func (a *api) giveBack(ctx context.Context, c desk.Caller, in *Return) (*single, error) {
	view, err := a.Desk.Decide(ctx, c, in.key(), desk.Word{Verb: airlock.VerbReturn, Reason: in.Body.Reason, Digest: in.Body.Digest})
	return a.moved(ctx, view, err)
}

// Reasoned is a call that has to say why.
type Reasoned struct {
	Addressed
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"Why; the requester reads it" example:"Column 3 holds dates of birth"`
	}
}

func (a *api) revoke(ctx context.Context, c desk.Caller, in *Reasoned) (*single, error) {
	view, err := a.Desk.Revoke(ctx, c, in.key(), in.Body.Reason)
	return a.moved(ctx, view, err)
}

func (a *api) stop(ctx context.Context, c desk.Caller, in *Reasoned) (*single, error) {
	view, err := a.Desk.Stop(ctx, c, in.key(), in.Body.Reason)
	return a.moved(ctx, view, err)
}
