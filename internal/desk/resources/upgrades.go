package resources

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// View is a resource as one person sees it.
type View struct {
	Resource workspace.Resource
	Upgrades []template.Upgrade
	Machine  workspace.Berth // of a user resource that is a machine: what is known of it
	// Restricted says that only what everybody may know of a shared service is
	// to be told.
	Restricted bool
}

// registered are all versions of all templates of a kind, as they were a moment
// ago: one read serves all resources of a list, and the lists after it (W62).
func (d *Desk) registered(ctx context.Context, kind workspace.Kind) ([]workspace.Registered, error) {
	return d.versions.get(ctx, string(kind), d.Now(), d.fresh(), func(ctx context.Context) ([]workspace.Registered, error) {
		all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Registered, string, error) {
			return d.Ports.Templates.Templates(ctx, kind, p)
		})
		if err != nil {
			return nil, fmt.Errorf("templates of kind %s: %w", kind, err)
		}
		return all, nil
	})
}

// views are resources of one kind with the versions that they can be upgraded
// to. services are those that user resources are in.
func (d *Desk) views(ctx context.Context, resources []workspace.Resource, services map[string]workspace.Resource) ([]View, error) {
	if len(resources) == 0 {
		return nil, nil
	}
	registered, err := d.registered(ctx, resources[0].Kind)
	if err != nil {
		return nil, err
	}
	type name struct{ parent, name string }
	versions := map[name][]string{}
	for _, t := range registered {
		key := name{t.Parent, t.Name}
		versions[key] = append(versions[key], t.Version)
	}
	type from struct {
		name
		version string
	}
	higher := map[from][]template.Upgrade{} // few versions are in use
	views := make([]View, len(resources))
	for i, r := range resources {
		key := from{name{services[r.Service].Template.Name, r.Template.Name}, r.Template.Version}
		upgrades, ok := higher[key]
		if !ok {
			upgrades = template.Upgrades(key.version, versions[key.name])
			higher[key] = upgrades
		}
		views[i] = View{Resource: r, Upgrades: upgrades}
	}
	return views, nil
}

// view is one resource.
func (d *Desk) view(ctx context.Context, r workspace.Resource, services map[string]workspace.Resource) (View, error) {
	views, err := d.views(ctx, []workspace.Resource{r}, services)
	if err != nil {
		return View{}, err
	}
	return views[0], nil
}
