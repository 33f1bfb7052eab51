package portal

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// wishes is a table of requests for workspaces.
type wishes struct {
	frame
	ID, Heading, Lead, Empty string
	Requests                 []workspace.Request
	Next                     string // address of the next page; "" at the end
}

// wishesPage lists requests for workspaces.
type wishesPage struct {
	wishes
	Admin    bool
	Status   workspace.RequestStatus
	Statuses []workspace.RequestStatus
}

// listWanted lists requests for workspaces: one's own, or, for administrators,
// all.
func (p *portal) listWanted(w http.ResponseWriter, r *http.Request, v visitor) {
	status := workspace.RequestStatus(r.URL.Query().Get("status"))
	c, admin, err := p.administers(r.Context(), v.Caller)
	var found resources.RequestList
	if err == nil {
		found, err = p.Resources.Wanted(r.Context(), c, status, resources.Page{Page: airlock.Page{After: r.URL.Query().Get("after"), Limit: perPage}})
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	l := wishes{frame: p.frame(r, "Requests for workspaces"), ID: "all", Heading: "Requests", Requests: found.Requests, Empty: "There are no requests to show."}
	if found.Next != "" {
		l.Next = p.base + "/workspace-requests" + asQuery("after", found.Next, "status", string(status))
	}
	p.show(w, r, "wishes.html", http.StatusOK, wishesPage{l, admin, status,
		[]workspace.RequestStatus{workspace.Asked, workspace.Granted, workspace.Declined, workspace.Withdrawn}})
}

// wishPage is a request for a workspace as one person sees it: the decision
// page, where that person may decide.
type wishPage struct {
	frame
	R           workspace.Request
	Admin       bool
	MayDecide   bool
	MayWithdraw bool
	WhyNot      string // why an administrator cannot decide
	Said        string // why it waits, or what came of it, where the timeline does not say it
	Size        string // of the address space; "" is what the template gives
	Properties  []property
	Covers      []resources.Cover
	Became      bool // the person may see the workspace that it became
	Workspace   resources.WorkspaceView
	Tried       string            // the action whose form was not taken
	Written     map[string]string // into it
}

// property is something that is asked for.
type property struct {
	Name, Value string
	Secret      bool // kept in the vault; nobody reads it here
}

// Limits of what a page shows of properties.
const (
	maxProperties = 200  // more than a template of AzureTRE's has
	maxValue      = 1000 // characters: longer ones are for the API
)

// wantedID is that which the address names.
func wantedID(r *http.Request) string { return strings.ToLower(r.PathValue("wanted")) }

// atWanted is the address of a request for a workspace.
func (p *portal) atWanted(id string) string { return p.inside(p.base + "/workspace-requests/" + id) }

// wanted shows a request for a workspace.
func (p *portal) wanted(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showWanted(w, r, v, answered{status: http.StatusOK, message: done(r.URL.Query().Get("done"))})
}

// showWanted shows it as it is now, with what came of an action.
func (p *portal) showWanted(w http.ResponseWriter, r *http.Request, v visitor, a answered) {
	page := wishPage{Tried: a.action, Written: map[string]string{a.action: a.written}}
	c, admin, err := p.administers(r.Context(), v.Caller)
	if err == nil {
		page.R, err = p.Resources.WantedOne(r.Context(), c, wantedID(r))
	}
	if page.Admin = admin; err == nil && admin && page.R.Status == workspace.Asked {
		page.Covers, err = p.Resources.Covers(r.Context(), c, page.R)
	}
	if err == nil && page.R.Status == workspace.Granted {
		page.Workspace, page.Became, err = p.became(r.Context(), v, page.R.ID)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.frame, page.Properties = p.frame(r, "Request for a workspace"), properties(page.R)
	if page.Said = page.R.Message; page.R.Status == workspace.Granted && page.R.Decided != nil && page.Said == page.R.Decided.Reason {
		page.Said = ""
	}
	page.Size = shownText(page.R, "address_space_size")
	page.allow(v.Caller)
	if page.Became && page.Workspace.Known() && !page.Workspace.Resource.Status.Ended() {
		page.Refresh = refreshEvery
	}
	if a.message != nil {
		page.Message = a.message(desk.View{})
	}
	p.show(w, r, "wish.html", a.status, page)
}

// allow says what the person may do with the request.
func (w *wishPage) allow(c desk.Caller) {
	own := w.R.Requester.OID == c.Person.OID
	waits := w.R.Status == workspace.Asked
	w.MayWithdraw = waits && own
	switch {
	case !waits || !w.Admin:
	case own && w.R.Source == workspace.FromCall:
		w.WhyNot = "You asked for it yourself, so another administrator has to decide."
	default:
		w.MayDecide = true
	}
}

// became is the workspace that a granted request became, where the person may
// see it: whoever asked is a member of it a moment later.
func (p *portal) became(ctx context.Context, v visitor, id string) (resources.WorkspaceView, bool, error) {
	found, err := p.Resources.Workspace(ctx, v.Caller, id)
	if errors.Is(err, airlock.ErrNotFound) || errors.Is(err, airlock.ErrRefused) {
		return found, false, nil
	}
	return found, err == nil, err
}

// nameOf is what people call the workspace that is asked for.
func nameOf(r workspace.Request) string {
	return cmp.Or(shownText(r, "display_name"), "Workspace of template "+r.Template)
}

// shownText is a property that is text and no secret.
func shownText(r workspace.Request, name string) string {
	if r.Secrets["/"+name] != "" {
		return ""
	}
	text, _ := r.Properties[name].(string)
	return text
}

// properties are what is asked for, by name. What is kept in the vault shows as
// that, whatever its row says.
func properties(r workspace.Request) []property {
	var all []property
	for _, name := range slices.Sorted(maps.Keys(r.Properties)) {
		one := property{Name: name}
		if one.Secret = r.Secrets["/"+name] != "" || r.Properties[name] == workspace.Redacted; !one.Secret {
			one.Value = written(r.Properties[name])
		}
		if all = append(all, one); len(all) == maxProperties {
			break
		}
	}
	return all
}

// written is a value as a person reads it: text as it is, else JSON.
func written(v any) string {
	text, ok := v.(string)
	if !ok {
		raw, err := json.Marshal(v)
		if err != nil {
			return "cannot be shown"
		}
		text = string(raw)
	}
	if runes := []rune(text); len(runes) > maxValue {
		return string(runes[:maxValue]) + "… (cut)"
	}
	return text
}

// wantedActions are the forms of a request for a workspace, by the end of their
// address.
func (p *portal) wantedActions() map[string]page {
	decide := func(grant bool) func(context.Context, desk.Caller, string, string) (workspace.Request, error) {
		return func(ctx context.Context, c desk.Caller, id, reason string) (workspace.Request, error) {
			return p.Resources.Decide(ctx, c, id, grant, reason)
		}
	}
	return map[string]page{"grant": p.wantedActed("grant", decide(true)), "reject": p.wantedActed("reject", decide(false)),
		"withdraw": p.wantedActed("withdraw", p.Resources.Withdraw)}
}

// wantedActed is the answer to a form: the request's page, which says what came
// of it.
func (p *portal) wantedActed(name string, do func(context.Context, desk.Caller, string, string) (workspace.Request, error)) page {
	return func(w http.ResponseWriter, r *http.Request, v visitor) {
		reason := text(r, "reason")
		_, err := do(r.Context(), v.Caller, wantedID(r), reason)
		if err == nil {
			http.Redirect(w, r, p.atWanted(wantedID(r))+"?done=wish-"+name, http.StatusSeeOther)
			return
		}
		f := told(err)
		if f.status == http.StatusNotFound || f.status == http.StatusServiceUnavailable {
			p.problem(w, r, err)
			return
		}
		p.noteFault(w, r, f, err)
		p.showWanted(w, r, visitor{session: v.session, Caller: v.Caller.Afresh()}, answered{status: f.status, action: name, written: reason,
			message: func(desk.View) *banner { return f.banner(err) }})
	}
}

// backToWanted leads from an action's address to the request that it is about.
func (p *portal) backToWanted(w http.ResponseWriter, r *http.Request, _ visitor) {
	http.Redirect(w, r, p.atWanted(wantedID(r)), http.StatusSeeOther)
}
