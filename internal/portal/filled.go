package portal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/form"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// formPage is a form that is made from a template's schema: of a new workspace,
// of something new in one, or of a change.
type formPage struct {
	frame
	Crumbs  []action
	Heading string
	Lead    string
	To      string // where it is sent
	Button  string
	Back    string // where to go without sending it
	T       template.Template
	F       form.Form
	Sent    bool // it was sent before: what it asks for beside is new
	Asks    *asking
	Changes *changing

	template string // as the form names it
	version  string
}

// changing is what a form of a change knows beside.
type changing struct {
	Match string // the version of the resource that is changed
	From  string // the version of its template
	To    string // the version that it is brought to; "" leaves it
	Major bool   // that is a higher major version
	Force bool   // and whoever sends the form says that they know
}

// lengths are how long texts may be that every resource has: the schema does not
// say.
var lengths = map[string]int{"display_name": provision.MaxName, "description": provision.MaxText, "overview": provision.MaxOverview}

// showForm shows the form, with why it was not taken, if it was not.
func (p *portal) showForm(w http.ResponseWriter, r *http.Request, page formPage, status int) {
	for i, x := range page.F.Fields {
		if most := lengths[x.Name]; most > 0 && (x.MaxLength == 0 || x.MaxLength > most) {
			page.F.Fields[i].MaxLength = most
		}
	}
	f := p.frame(r, page.Heading)
	f.Message, f.Faults = page.Message, page.Faults
	page.frame = f
	p.show(w, r, "form.html", status, page)
}

// settle is the answer to a form that was sent: the page that do leads to, or
// the form again, with what it asks for beside, and what is wrong. Nothing that
// was written is lost, but secrets.
func (p *portal) settle(w http.ResponseWriter, r *http.Request, page formPage, do func(context.Context) (to string, err error)) {
	page.Sent = true
	switch {
	case r.PostForm.Has("refresh"):
		p.showForm(w, r, page, http.StatusOK)
		return
	case page.F.Wrong:
		page.Message = &banner{"bad", "Something in the form has to change", append([]string{"Nothing was changed."}, page.F.Rest...)}
		for _, x := range page.F.Faults() {
			page.Faults = append(page.Faults, action{x.Label + ": " + x.Fault, "#" + x.ID()})
		}
		p.showForm(w, r, page, http.StatusUnprocessableEntity)
		return
	case len(page.F.More) > 0:
		page.Message = &banner{"warn", "Your answers ask for more", []string{"Nothing was changed yet. Look at what is new, then send the form again: " + strings.Join(page.F.More, ", ") + "."}}
		p.showForm(w, r, page, http.StatusOK)
		return
	}
	to, err := do(r.Context())
	switch {
	case err == nil:
		http.Redirect(w, r, to, http.StatusSeeOther)
	case errors.Is(err, errUnchanged):
		page.Message = &banner{"warn", "You changed nothing", []string{"So there is nothing to do."}}
		p.showForm(w, r, page, http.StatusOK)
	case errors.Is(err, airlock.ErrNotFound):
		p.problem(w, r, err)
	default:
		f := toldThing(err)
		p.noteFault(w, r, f, err)
		page.Message = f.banner(err)
		p.showForm(w, r, page, f.status)
	}
}

// errUnchanged is a change that changes nothing.
var errUnchanged = errors.New("nothing changes")

// read fills the form in as it was sent; old is nil for something new.
func (page *formPage) read(r *http.Request, old map[string]any) {
	sent := form.Sent(r.PostForm)
	switch {
	case r.PostForm.Has("refresh"):
		page.F = form.Refreshed(page.T, old, sent)
	case old != nil:
		page.F = form.Changed(page.T, old, sent)
	default:
		page.F = form.Filled(page.T, sent)
	}
}

// thingFaults are how some kinds of trouble are told where they are about a
// resource rather than about a request.
var thingFaults = []fault{
	{desk.ErrStale, http.StatusConflict, "It was changed while you looked", "Nothing was changed by you. Look at it as it is now, and send the form again.", false, false},
	{provision.ErrSchema, http.StatusUnprocessableEntity, "Something in the form has to change", "Nothing was changed.", true, false},
	{airlock.ErrIllegal, http.StatusConflict, "It cannot be done as things stand", "Nothing was changed.", true, false},
	{airlock.ErrConflict, http.StatusConflict, "It cannot be done now", "Nothing was changed. Wait until what is under way has ended, then try again.", true, false},
}

// toldThing is how an error about a resource is told: in the words above where
// the ones for everything say no more than its class.
func toldThing(err error) fault {
	f := told(err)
	i := slices.IndexFunc(thingFaults, func(t fault) bool { return errors.Is(err, t.is) && told(t.is).title == f.title })
	if i < 0 {
		return f
	}
	return thingFaults[i]
}

// choice is a list of templates to choose from.
type choice struct {
	frame
	Crumbs    []action
	Heading   string
	Lead      string
	At        string // the address of the form, without the template's name
	Templates []workspace.Registered
	Empty     string
}

// chosen is the template that the address names, or the only one there is;
// false when there is one to be chosen.
func chosen(r *http.Request, all []workspace.Registered) (string, bool) {
	name := r.URL.Query().Get("template")
	if name == "" && len(all) == 1 {
		name = all[0].Name
	}
	return name, name != ""
}

// templateOf reads the template that a form names, from a shelf.
func (p *portal) templateOf(ctx context.Context, v visitor, s resources.Shelf, page *formPage) error {
	t, _, err := p.Resources.Template(ctx, v.Caller, s, page.template, page.version)
	if errors.Is(err, airlock.ErrNotFound) {
		return fmt.Errorf("there is no template %.80q here: %w", page.template, airlock.ErrNotFound)
	}
	page.T = t
	return err
}

// changes is what the permission table calls changing a resource of a kind.
var changes = map[workspace.Kind]access.Action{workspace.Workspace: access.ChangeWorkspace, workspace.Service: access.ChangeService, workspace.UserResource: access.ChangeUserResource}

// erases is what it calls deleting one.
var erases = map[workspace.Kind]access.Action{workspace.Workspace: access.DeleteWorkspace, workspace.Service: access.DeleteService, workspace.UserResource: access.DeleteUserResource}
