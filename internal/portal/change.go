package portal

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/form"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// changeForm shows the form that changes a resource, or brings it to another
// version of its template.
func (p *portal) changeForm(w http.ResponseWriter, r *http.Request, v visitor) {
	page, t, err := p.changePage(r.Context(), v, subjectOf(r), r.URL.Query().Get("version"))
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.F, page.Changes.Match = form.Change(page.T, t.Resource.Properties), t.Resource.Version
	p.showForm(w, r, page, http.StatusOK)
}

// changePage is that form, for who may change the resource.
func (p *portal) changePage(ctx context.Context, v visitor, s resources.Subject, to string) (formPage, resources.Thing, error) {
	var page formPage
	in := s.Workspace
	if s.Kind == workspace.Workspace {
		in = s.ID
	}
	c, err := p.Desk.Admit(ctx, v.Caller, in, changes[s.Kind])
	if err != nil {
		return page, resources.Thing{}, err
	}
	v.Caller = c
	t, err := p.Resources.Thing(ctx, c, s)
	if err != nil {
		return page, t, err
	}
	if t.Resource.ID == "" {
		return page, t, fmt.Errorf("this workspace was not made by this system, which cannot change it: %w", airlock.ErrConflict)
	}
	shelf := resources.Shelf{Kind: s.Kind}
	page.Crumbs = p.crumbs(action{c.Workspace().DisplayName, p.atResources(in)})
	if s.Kind == workspace.UserResource {
		within, err := p.Resources.Service(ctx, c, in, s.Service)
		if err != nil {
			return page, t, err
		}
		shelf.Parent = within.Resource.Template.Name
		page.Crumbs = append(page.Crumbs, action{within.Resource.Name(), p.atThing(within.Resource)})
	}
	if s.Kind != workspace.Workspace {
		page.Crumbs = append(page.Crumbs, action{t.Resource.Name(), p.atThing(t.Resource)})
	}
	page.template, page.version = t.Resource.Template.Name, t.Resource.Template.Version
	page.Changes = &changing{From: page.version}
	page.Heading, page.Button, page.Lead = "Change "+t.Resource.Name(), "Change it", "What you change is deployed at once. What you leave stays as it is."
	if to != "" && to != page.version {
		i := slices.IndexFunc(t.Upgrades, func(u template.Upgrade) bool { return u.Version == to })
		if i < 0 {
			return page, t, fmt.Errorf("version: it cannot be brought to %.64q: %w", to, airlock.ErrInvalid)
		}
		page.Changes.To, page.Changes.Major, page.version = to, t.Upgrades[i].ForceUpdateRequired, to
		page.Heading, page.Button, page.Lead = "Upgrade "+t.Resource.Name(), "Upgrade it", fmt.Sprintf("It goes from version %s to version %s of its template.", page.Changes.From, to)
	}
	page.Back = p.atThing(t.Resource)
	page.To = page.Back + "/change"
	return page, t, p.templateOf(ctx, v, shelf, &page)
}

// change changes a resource.
func (p *portal) change(w http.ResponseWriter, r *http.Request, v visitor) {
	s := subjectOf(r)
	page, t, err := p.changePage(r.Context(), v, s, text(r, "version"))
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.read(r, t.Resource.Properties)
	patch := provision.Patch{Match: text(r, "match"), Version: page.Changes.To, Properties: page.F.Properties, Force: r.PostForm.Has("force")}
	page.Changes.Match, page.Changes.Force = t.Resource.Version, patch.Force
	p.settle(w, r, page, func(ctx context.Context) (string, error) {
		if len(patch.Properties) == 0 && patch.Version == "" && t.Resource.Version == patch.Match { // a repeat finds what it changed
			return "", errUnchanged
		}
		_, err := p.Resources.Update(ctx, v.Caller, s, patch)
		return page.Back + "?done=" + map[bool]string{true: "changed", false: "upgraded"}[page.Changes.To == ""], err
	})
}

// enabling enables or disables a resource.
func (p *portal) enabling(on bool) deed {
	return func(ctx context.Context, v visitor, _ string, r *http.Request) error {
		_, err := p.Resources.Update(ctx, v.Caller, subjectOf(r), provision.Patch{Match: text(r, "match"), Enabled: &on})
		return err
	}
}

// invoke does a custom action.
func (p *portal) invoke(ctx context.Context, v visitor, _ string, r *http.Request) error {
	d := resources.Deed{Action: workspace.Action(text(r, "action"))}
	if size := text(r, "size"); size != "" {
		d.Parameters = map[string]string{"size": size}
	}
	_, err := p.Resources.Invoke(ctx, v.Caller, subjectOf(r), d)
	return err
}
