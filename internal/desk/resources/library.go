package resources

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Shelf is where templates are looked for.
type Shelf struct {
	Kind   workspace.Kind
	Parent string // of templates of user resources: the name of the service's template
}

// Templates lists the current versions on a shelf, by name; with authorized only
// those that somebody with the roles of the caller's token may use.
func (d *Desk) Templates(ctx context.Context, c desk.Caller, s Shelf, authorized bool) ([]workspace.Registered, error) {
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.ReadTemplates)
	if err != nil {
		return nil, err
	}
	all, err := d.current(ctx, s)
	if !authorized || err != nil {
		return all, err
	}
	return usable(all, c.Everywhere(d.Now())), nil
}

// Offered lists the current versions on a shelf that the caller may use in a
// workspace.
func (d *Desk) Offered(ctx context.Context, c desk.Caller, in string, s Shelf) ([]workspace.Registered, error) {
	c, err := d.Desk.Admit(ctx, c, in, access.OfferTemplates)
	if err != nil {
		return nil, err
	}
	all, err := d.current(ctx, s)
	return usable(all, c.Roles()), err
}

// current are the current versions on a shelf, by name.
func (d *Desk) current(ctx context.Context, s Shelf) ([]workspace.Registered, error) {
	registered, err := d.registered(ctx, s.Kind)
	if err != nil {
		return nil, err
	}
	var all []workspace.Registered
	for _, t := range registered {
		if t.Current && t.Parent == s.Parent {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b workspace.Registered) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// usable are the templates that somebody with these roles may use.
func usable(all []workspace.Registered, roles []access.Role) []workspace.Registered {
	return slices.DeleteFunc(all, func(t workspace.Registered) bool {
		return len(t.Roles) > 0 && !slices.ContainsFunc(roles, func(r access.Role) bool { return slices.Contains(t.Roles, string(r)) })
	})
}

// Template returns a version of a template, the current one for "", and how it
// is registered.
func (d *Desk) Template(ctx context.Context, c desk.Caller, s Shelf, name, version string) (template.Template, workspace.Registered, error) {
	if _, err := d.Desk.AdmitEverywhere(ctx, c, access.ReadTemplates); err != nil {
		return template.Template{}, workspace.Registered{}, err
	}
	b, err := d.builder()
	if err != nil {
		return template.Template{}, workspace.Registered{}, err
	}
	return b.Template(ctx, s.Kind, s.Parent, name, version)
}

// Register checks a template package, keeps it, and registers it: as the
// current version where current says so, or it is the first. airlock.ErrNotFound:
// the service's template that it belongs to is not registered.
func (d *Desk) Register(ctx context.Context, c desk.Caller, s Shelf, files map[string][]byte, current bool) (template.Template, workspace.Registered, error) {
	none := template.Template{}
	c, err := d.Desk.AdmitEverywhere(ctx, c, access.RegisterTemplate)
	if err != nil {
		return none, workspace.Registered{}, err
	}
	b, err := d.builder()
	if err != nil {
		return none, workspace.Registered{}, err
	}
	if s.Parent != "" {
		_, err := d.Ports.Templates.Template(ctx, workspace.Service, "", s.Parent, "")
		if errors.Is(err, airlock.ErrNotFound) {
			err = fmt.Errorf("workspace service template %.80q does not exist: %w", s.Parent, airlock.ErrNotFound)
		}
		if err != nil {
			return none, workspace.Registered{}, err
		}
	}
	r, err := b.Register(ctx, d.act(c, "register a template", access.RegisterTemplate, ""), files, current)
	d.versions.forget()
	if errors.Is(err, template.ErrInvalid) { // what was sent, not what is kept
		err = fmt.Errorf("%w: %w", err, airlock.ErrInvalid)
	}
	if err != nil {
		return none, r, err
	}
	t, r, err := b.Template(ctx, s.Kind, s.Parent, r.Name, r.Version)
	return t, r, err
}
