package portal

import (
	"context"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/form"
)

// making is something new in a workspace: a service, or a resource in one.
type making struct {
	in      string // the workspace
	service workspace.Resource
	shelf   resources.Shelf
	crumbs  []action
	at      string // the address of its form
	back    string
	heading string
}

// makingOf is what the address is about, for who may make it.
func (p *portal) makingOf(r *http.Request, v visitor) (making, error) {
	s := subjectOf(r)
	m := making{in: key(r).Workspace, shelf: resources.Shelf{Kind: workspace.Service}, heading: "New service"}
	need := access.ChangeService
	if s.Kind == workspace.Service {
		need = access.ChangeUserResource
	}
	c, err := p.Desk.Admit(r.Context(), v.Caller, m.in, need)
	if err != nil {
		return m, err
	}
	m.back, m.crumbs = p.atResources(m.in), p.crumbs(action{c.Workspace().DisplayName, p.atResources(m.in)})
	m.at = p.inside(p.base + "/workspaces/" + m.in + "/workspace-services/new")
	if s.Kind != workspace.Service {
		return m, nil
	}
	found, err := p.Resources.Service(r.Context(), c, m.in, s.ID)
	if err != nil {
		return m, err
	}
	m.service, m.shelf, m.heading = found.Resource, resources.Shelf{Kind: workspace.UserResource, Parent: found.Resource.Template.Name}, "New in "+found.Resource.Name()
	m.back = p.atThing(m.service)
	m.at, m.crumbs = m.back+"/user-resources/new", append(m.crumbs, action{m.service.Name(), m.back})
	return m, nil
}

// newThing shows the templates for something new in a workspace, or the form of
// one.
func (p *portal) newThing(w http.ResponseWriter, r *http.Request, v visitor) {
	m, err := p.makingOf(r, v)
	var all []workspace.Registered
	if err == nil {
		all, err = p.Resources.Offered(r.Context(), v.Caller, m.in, m.shelf)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	name, ok := chosen(r, all)
	if !ok {
		p.show(w, r, "choose.html", http.StatusOK, choice{frame: p.frame(r, m.heading), Crumbs: m.crumbs, Heading: m.heading, At: m.at, Templates: all,
			Lead: "Choose what it is made from. What that needs to know it asks next.", Empty: "There is no template for it that you may use. Ask the administrators."})
		return
	}
	page, err := p.makePage(r.Context(), v, m, formPage{template: name})
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.F = form.New(page.T)
	p.showForm(w, r, page, http.StatusOK)
}

// makePage is the form of something new.
func (p *portal) makePage(ctx context.Context, v visitor, m making, page formPage) (formPage, error) {
	if err := p.templateOf(ctx, v, m.shelf, &page); err != nil {
		return page, err
	}
	page.Heading, page.Crumbs, page.To, page.Back, page.Button = m.heading, m.crumbs, m.at, m.back, "Make it"
	page.Lead = page.T.Description
	return page, nil
}

// makeThing makes something in a workspace, and shows it.
func (p *portal) makeThing(w http.ResponseWriter, r *http.Request, v visitor) {
	m, err := p.makingOf(r, v)
	page := formPage{template: text(r, "template"), version: text(r, "version")}
	if err == nil {
		page, err = p.makePage(r.Context(), v, m, page)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.read(r, nil)
	n := provision.New{Template: page.template, Version: page.T.Version, Properties: page.F.Properties}
	p.settle(w, r, page, func(ctx context.Context) (string, error) {
		made := workspace.Resource{Kind: workspace.Service, Workspace: m.in}
		var op workspace.Operation
		var err error
		if m.service.ID == "" {
			op, err = p.Resources.MakeService(ctx, v.Caller, m.in, n)
		} else {
			made.Kind, made.Service = workspace.UserResource, m.service.ID
			op, err = p.Resources.MakeUserResource(ctx, v.Caller, resources.Place{Workspace: m.in, Service: m.service.ID}, n)
		}
		made.ID = op.Resource.ID
		return p.atThing(made) + "?done=made", err
	})
}
