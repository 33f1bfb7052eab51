package portal

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/form"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// thingPage is a service, or a resource in one: how it stands, what can be done
// to it, and what was done.
type thingPage struct {
	frame
	Workspace  airlock.Workspace
	Service    workspace.Resource // that it is in; without an id for a service
	T          resources.Thing
	At         string // its address
	Users      []resources.Thing
	MayMake    bool // something in it
	Facts      []form.Fixed
	Can        offers
	Operations []workspace.Operation
	Live       bool // as of resourcesPage
	Still      bool
	Tried      string
	About      string
	Written    map[string]string
}

// Wrote is as of resourcesPage.
func (p thingPage) Wrote(string) string { return p.Written["stop-operation"] }

// offers is what can be done to a resource, by who looks at it, as it stands.
type offers struct {
	At       string             // its address, under which the forms are
	Match    string             // its version, which they change
	Connect  string             // the address that opens it; "" where there is none
	Now      []deedOffer        // actions that its state suggests
	More     []deedOffer        // all others
	Change   bool               // its properties
	Upgrades []template.Upgrade // versions that it can be brought to
	Enable   bool
	Disable  bool
	Delete   bool
}

// Any tells whether there is anything.
func (o offers) Any() bool {
	return o.Connect != "" || o.Change || o.Delete || o.Enable || o.Disable || len(o.Now)+len(o.More) > 0
}

// deedOffer is an action of the template.
type deedOffer struct {
	Name, Label, Description string
	Sizes                    []string // to choose from, where it takes a size
}

// subjectOf is what the address is about.
func subjectOf(r *http.Request) resources.Subject {
	in, service, id := key(r).Workspace, strings.ToLower(r.PathValue("service")), strings.ToLower(r.PathValue("resource"))
	switch {
	case service == "":
		return subject(in)
	case id == "":
		return resources.Subject{Kind: workspace.Service, Workspace: in, ID: service}
	}
	return resources.Subject{Kind: workspace.UserResource, Workspace: in, Service: service, ID: id}
}

// atThing is the address of a resource's page.
func (p *portal) atThing(r workspace.Resource) string {
	if r.Kind == workspace.Workspace {
		return p.atResources(r.ID)
	}
	return p.inside(p.base + r.Path())
}

// atSubject is the address of the page of what a call is about.
func (p *portal) atSubject(s resources.Subject) string {
	return p.atThing(workspace.Resource{ID: s.ID, Kind: s.Kind, Workspace: s.Workspace, Service: s.Service})
}

// thing shows a service or a user resource.
func (p *portal) thing(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showThing(w, r, v, answered{status: http.StatusOK, message: done(r.URL.Query().Get("done"))})
}

// showThing shows it as it is now, with what came of an action.
func (p *portal) showThing(w http.ResponseWriter, r *http.Request, v visitor, a answered) {
	page := thingPage{Tried: a.action, About: r.PostForm.Get("operation"), Written: map[string]string{a.action: a.written}}
	c, err := p.Desk.Admit(r.Context(), v.Caller, key(r).Workspace, access.ReadService)
	if err == nil {
		page.Workspace = c.Workspace()
		err = p.fillThing(r.Context(), c, subjectOf(r), &page)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.frame = p.frame(r, page.T.Resource.Name())
	under := page.T.Operation != nil && !page.T.Operation.Ended()
	page.Live = !page.T.Resource.Status.Ended() || under || slices.ContainsFunc(page.Users, func(t resources.Thing) bool { return !t.Resource.Status.Ended() })
	page.Still = r.URL.Query().Has("still") || a.action != ""
	if page.Live && !page.Still {
		page.Refresh = refreshEvery
	}
	if a.message != nil {
		page.Message = a.message(desk.View{})
	}
	p.show(w, r, "thing.html", a.status, page)
}

// someOperations is how many operations a page tells of.
const someOperations = 10

// fillThing reads it.
func (p *portal) fillThing(ctx context.Context, c desk.Caller, s resources.Subject, page *thingPage) error {
	var err error
	if page.T, err = p.Resources.Thing(ctx, c, s); err != nil {
		return err
	}
	shelf := resources.Shelf{Kind: s.Kind}
	if s.Kind == workspace.UserResource {
		within, err := p.Resources.Service(ctx, c, s.Workspace, s.Service)
		if err != nil {
			return err
		}
		page.Service, shelf.Parent = within.Resource, within.Resource.Template.Name
	} else if page.Users, err = p.inService(ctx, c, s); err != nil {
		return err
	}
	r := page.T.Resource
	page.At = p.atThing(r)
	_, no := p.Desk.Admit(ctx, c, s.Workspace, access.ChangeUserResource)
	page.MayMake = no == nil && s.Kind == workspace.Service && r.Installed && r.Enabled
	t, err := p.templateUsed(ctx, c, shelf, r)
	if err != nil {
		return err
	}
	page.Facts, page.Can = facts(t, r), p.offers(page.T, t)
	list, err := p.Resources.Operations(ctx, c, s, resources.Page{Page: airlock.Page{Limit: someOperations}})
	if err != nil && !errors.Is(err, airlock.ErrRefused) {
		return err
	}
	page.Operations = list.Operations
	return nil
}

// inService lists what is in a service, as the caller may see it.
func (p *portal) inService(ctx context.Context, c desk.Caller, s resources.Subject) ([]resources.Thing, error) {
	all, err := p.Resources.Inside(ctx, c, s.Workspace)
	if i := slices.IndexFunc(all, func(one resources.Inside) bool { return one.Service.Resource.ID == s.ID }); i >= 0 {
		return all[i].Users, err
	}
	return nil, err
}

// templateUsed is that which a resource was made from. It is empty where it
// cannot be had: then there is less to say, and less to do.
func (p *portal) templateUsed(ctx context.Context, c desk.Caller, s resources.Shelf, r workspace.Resource) (template.Template, error) {
	t, _, err := p.Resources.Template(ctx, c, s, r.Template.Name, r.Template.Version)
	if errors.Is(err, airlock.ErrNotFound) || errors.Is(err, airlock.ErrRefused) || errors.Is(err, resources.ErrNotSetUp) {
		return template.Template{}, nil
	}
	return t, err
}

// facts are a resource's properties, but for those that its page begins with;
// none where the template that they are of is not known.
func facts(t template.Template, r workspace.Resource) []form.Fixed {
	if t.Name == "" {
		return nil
	}
	properties := maps.Clone(r.Properties)
	delete(properties, "display_name")
	delete(properties, "description")
	return form.Facts(t, properties)
}

// offers is what the person can do to a resource now.
func (p *portal) offers(t resources.Thing, made template.Template) offers {
	r := t.Resource
	o := offers{At: p.atThing(r), Match: r.Version}
	free := r.Operation == "" && r.Status.Ended()
	o.Connect = opened(r)
	o.Delete = t.MayDelete && free
	if !t.MayChange || !free {
		return o
	}
	o.Change, o.Upgrades = made.Name != "", t.Upgrades
	o.Enable, o.Disable = !r.Enabled, r.Enabled
	if r.Installed && r.Enabled {
		o.Now, o.More = deeds(made, t.Machine.Power)
	}
	return o
}

// opened is the address that opens a resource which can be used, as its stack
// tells; only one that a browser may go to.
func opened(r workspace.Resource) string {
	text, _ := r.Properties["connection_uri"].(string)
	u, err := url.Parse(text)
	if err != nil || !r.Installed || !r.Enabled || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return ""
	}
	return u.String()
}
