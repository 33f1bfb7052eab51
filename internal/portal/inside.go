package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// resourcesPage is a workspace: how it stands, what is being done to it, and
// what is in it.
type resourcesPage struct {
	frame
	Workspace  airlock.Workspace
	At         string             // its address
	R          workspace.Resource // with an id where the workspace was made by this system
	Self       resources.Thing    // the workspace itself, with the operation done last
	Inside     []resources.Inside
	Can        offers // to the workspace itself
	MayMake    bool   // a service
	MayLook    bool   // into what is inside
	MayAirlock bool   // may the person see its airlock requests
	MayManage  bool   // members
	MayFreeze  bool
	Live       bool   // something is under way: the page loads itself again, unless it is held still
	Still      bool   // held still, so that forms keep what is written into them
	Tried      string // the action whose form was not taken
	About      string // the operation that it was about
	Written    map[string]string
}

// Wrote is what was written into the form that stops an operation, where that was
// not taken.
func (p resourcesPage) Wrote(operation string) string {
	if operation != p.About {
		return ""
	}
	return p.Written["stop-operation"]
}

// atResources is the address of a workspace's page.
func (p *portal) atResources(id string) string {
	return p.inside(p.base + "/workspaces/" + id + "/resources")
}

// resources shows a workspace.
func (p *portal) resources(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showResources(w, r, v, answered{status: http.StatusOK, message: done(r.URL.Query().Get("done"))})
}

// showResources shows it as it is now, with what came of an action.
func (p *portal) showResources(w http.ResponseWriter, r *http.Request, v visitor, a answered) {
	page := resourcesPage{Tried: a.action, About: r.PostForm.Get("operation"), Written: map[string]string{a.action: a.written}}
	if err := p.fillResources(r.Context(), v, key(r).Workspace, &page); err != nil {
		p.problem(w, r, err)
		return
	}
	page.frame = p.frame(r, page.Workspace.DisplayName)
	page.Live = page.R.ID != "" && !page.R.Status.Ended() || page.Self.Operation != nil && !page.Self.Operation.Ended() || busy(page.Inside)
	page.Still = r.URL.Query().Has("still") || a.action != ""
	if page.Live && !page.Still {
		page.Refresh = refreshEvery
	}
	if a.message != nil {
		page.Message = a.message(desk.View{})
	}
	p.show(w, r, "inside.html", a.status, page)
}

// fillResources adds what the person may see and do.
func (p *portal) fillResources(ctx context.Context, v visitor, id string, page *resourcesPage) error {
	c, err := p.Desk.Admit(ctx, v.Caller, id, access.ReadWorkspace)
	if err != nil {
		return err
	}
	if page.Self, err = p.Resources.Thing(ctx, c, subject(id)); err != nil {
		return err
	}
	page.Workspace, page.R, page.At = c.Workspace(), page.Self.Resource, p.atResources(id)
	may := func(a access.Action) bool {
		_, no := p.Desk.Admit(ctx, c, id, a) // of what was read just now
		return no == nil
	}
	page.MayAirlock, page.MayManage = may(access.Read), p.Roster != nil && may(access.ManageMembers)
	page.MayFreeze = p.Roster != nil && may(access.Freeze)
	if f := page.Workspace.Policy.Hold.Freeze; f != nil && f.Role != access.WorkspaceOwner { // an administrator did it, and one has to lift it
		page.MayFreeze = page.MayFreeze && slices.Contains(c.Roles(), access.TREAdmin)
	}
	page.Inside, err = p.Resources.Inside(ctx, c, id)
	switch {
	case errors.Is(err, airlock.ErrRefused): // an administrator has no business inside
		err = nil
	case err != nil:
		return err
	default:
		page.MayLook = true
	}
	if page.R.ID == "" {
		return nil
	}
	page.MayMake = page.R.Installed && page.R.Enabled && may(access.ChangeService)
	var made template.Template
	if page.Self.MayChange {
		made, err = p.templateUsed(ctx, c, resources.Shelf{Kind: workspace.Workspace}, page.R)
	}
	page.Can = p.offers(page.Self, made)
	return err
}

// current is the place of the step that is to be done next, or is being done; -1
// when none is.
func current(o *workspace.Operation) int {
	if i, ok := o.Current(); ok && !o.Ended() {
		return i
	}
	return -1
}

// subject is a workspace as operations are asked for.
func subject(id string) resources.Subject {
	return resources.Subject{Kind: workspace.Workspace, ID: id}
}

// named is what a form is about: something in the workspace, or the workspace.
func named(in string, r *http.Request) resources.Subject {
	if s := subjectOf(r); s.Kind != workspace.Workspace {
		return s
	}
	s := resources.Subject{Kind: workspace.Service, Workspace: in, Service: strings.ToLower(text(r, "service")), ID: strings.ToLower(text(r, "id"))}
	switch {
	case s.ID == "":
		return subject(in)
	case s.Service != "":
		s.Kind = workspace.UserResource
	}
	return s
}

// busy tells whether something is being done to what is inside.
func busy(all []resources.Inside) bool {
	for _, one := range all {
		for _, t := range append([]resources.Thing{one.Service}, one.Users...) {
			if !t.Resource.Status.Ended() {
				return true
			}
		}
	}
	return false
}

// deed is what a form has done to a workspace.
type deed func(ctx context.Context, v visitor, id string, r *http.Request) error

// resourceActions are the forms of a workspace, by the end of their address.
func (p *portal) resourceActions() map[string]page {
	all := map[string]page{
		"stop-operation": p.resourceActed("stop-operation", func(ctx context.Context, v visitor, id string, r *http.Request) error {
			_, err := p.Resources.Cancel(ctx, v.Caller, named(id, r), strings.ToLower(text(r, "operation")), text(r, "reason"))
			return err
		}),
		"try-again": p.resourceActed("try-again", func(ctx context.Context, v visitor, id string, r *http.Request) error {
			_, err := p.Resources.Retry(ctx, v.Caller, named(id, r), strings.ToLower(text(r, "operation")))
			return err
		}),
	}
	all["extend"] = p.resourceActed("extend", p.extend)
	all["enable"], all["disable"] = p.resourceActed("enable", p.enabling(true)), p.resourceActed("disable", p.enabling(false))
	all["act"] = p.resourceActed("act", p.invoke)
	if p.Roster != nil {
		hold := func(do func(context.Context, desk.Caller, string, string) (airlock.Hold, error)) deed {
			return func(ctx context.Context, v visitor, id string, r *http.Request) error {
				_, err := do(ctx, v.Caller, id, text(r, "reason"))
				return err
			}
		}
		all["freeze"], all["unfreeze"] = p.resourceActed("freeze", hold(p.Roster.Freeze)), p.resourceActed("unfreeze", hold(p.Roster.Unfreeze))
	}
	return all
}

// extend puts off the stop of a machine.
func (p *portal) extend(ctx context.Context, v visitor, id string, r *http.Request) error {
	hours, err := strconv.ParseFloat(text(r, "hours"), 64)
	if err != nil {
		return fmt.Errorf("hours: %.20q is no number: %w", text(r, "hours"), airlock.ErrInvalid)
	}
	s := named(id, r)
	_, err = p.Resources.Extend(ctx, v.Caller, resources.Place{Workspace: id, Service: s.Service, ID: s.ID}, hours)
	return err
}

// resourceActed is the answer to a form: the page that it is about, which says what
// came of it.
func (p *portal) resourceActed(name string, do deed) page {
	return func(w http.ResponseWriter, r *http.Request, v visitor) {
		id := key(r).Workspace
		err := do(r.Context(), v, id, r)
		if err == nil {
			http.Redirect(w, r, p.atSubject(subjectOf(r))+"?done="+name, http.StatusSeeOther)
			return
		}
		f := toldThing(err)
		if f.status == http.StatusNotFound || f.status == http.StatusServiceUnavailable {
			p.problem(w, r, err)
			return
		}
		p.noteFault(w, r, f, err)
		show := p.showResources
		if r.PathValue("service") != "" {
			show = p.showThing
		}
		show(w, r, visitor{session: v.session, Caller: v.Caller.Afresh()}, answered{status: f.status, action: name,
			written: text(r, "reason"), message: func(desk.View) *banner { return f.banner(err) }})
	}
}

// backToThing leads from an action's address to what it is about.
func (p *portal) backToThing(w http.ResponseWriter, r *http.Request, _ visitor) {
	http.Redirect(w, r, p.atSubject(subjectOf(r)), http.StatusSeeOther)
}
