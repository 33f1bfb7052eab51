package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// draft is a new resource on its way: what it will be, and what it is in.
type draft struct {
	workspace.Resource
	within, service workspace.Resource // of services and user resources; of user resources

	template template.Template
	order    workspace.Order
	steps    around // of the pipeline
	space    space  // of a workspace, or of a service that has addresses of its own
}

// prepare fills a draft in: the template, the properties held against it, the
// secrets in the vault. Nothing is committed yet. What is refused is refused
// before anything goes into the vault.
func (b *Builder) prepare(ctx context.Context, act workspace.Act, d draft, n New) (draft, error) {
	t, err := b.chosen(ctx, d.Kind, d.service.Template.Name, n)
	if err != nil {
		return d, err
	}
	properties, err := clean(n.Properties)
	if err != nil {
		return d, err
	}
	properties = t.Defaults(properties)
	if err := unfit(t.Validate(properties), n.secrets); err != nil {
		return d, err
	}
	d.template = t
	d.Resource.Template = workspace.TemplateRef{Name: t.Name, Version: t.Version, Digest: t.Digest}
	if d, err = d.placed(b, properties, n); err != nil {
		return d, err
	}
	if d.steps, err = b.steps(ctx, t, workspace.Install, lineage{d.Resource, d.within, d.service}, nil); err != nil {
		return d, err
	}
	d.order = workspace.Order{Action: workspace.Install, Limit: t.Deadlines.For(workspace.Install), Before: d.steps.before, After: d.steps.after}
	if d.space != (space{}) { // so that what cannot have a range leaves nothing in the vault
		if _, _, err := b.reserve(ctx, d.space, d.ID, 0); err != nil {
			return d, err
		}
	}
	masked, secrets := t.Mask(properties)
	fresh, err := b.keep(ctx, d.ID, act.Operation, secrets)
	if err != nil {
		return d, err
	}
	d.Secrets = map[string]string{}
	maps.Copy(d.Secrets, n.secrets)
	maps.Copy(d.Secrets, fresh)
	made, err := b.generate(ctx, t, d.ID, act.Operation, d.Secrets)
	maps.Copy(d.Secrets, made)
	d.Properties = masked
	d.system(b.Platform)
	d.Enabled, d.CreatedBy, d.CreatedAt = true, person(act.By), act.At.UTC()
	return d, err
}

// system gives the properties that the TRE itself decides, whatever was asked,
// with AzureTRE's names.
func (d *draft) system(p workspace.Platform) {
	d.Properties["tre_id"] = p.TRE
	if d.Kind == workspace.Workspace || d.Kind == workspace.SharedService {
		d.Properties["azure_location"] = cmp.Or(d.Location, p.Location)
	}
	switch d.Kind {
	case workspace.Workspace:
		d.Properties["workspace_id"] = d.ID
	case workspace.SharedService:
		d.Properties["shared_service_id"] = d.ID
	case workspace.Service, workspace.UserResource:
		d.Properties["workspace_id"] = d.Workspace
	}
	if d.Kind == workspace.UserResource && d.template.Declares("owner_id") {
		d.Properties["owner_id"] = d.Owner.OID
	}
}

// placed reads from the properties where the resource is to be: subscription,
// region, address space.
func (d draft) placed(b *Builder, properties map[string]any, n New) (draft, error) {
	var err error
	switch d.Kind {
	case workspace.Workspace:
		d.Subscription, d.Location = text(properties, "workspace_subscription_id"), text(properties, "azure_location")
		d.space, err = b.spaceOf(properties)
	case workspace.Service:
		if d.template.Declares("workspace_subscription_id") && d.within.Subscription != "" {
			properties["workspace_subscription_id"] = d.within.Subscription
		}
		if d.template.Declares("address_space") {
			d.space, err = b.spaceOf(properties)
		}
	case workspace.UserResource, workspace.SharedService:
	}
	if err == nil && len(n.Members) >= workspace.MaxMembers {
		err = fmt.Errorf("members: %d beside the owner, at most %d: %w", len(n.Members), workspace.MaxMembers-1, airlock.ErrInvalid)
	}
	return d, err
}

// begin is the change that makes the resource.
func (b *Builder) begin(act workspace.Act, d draft) (workspace.Change, error) {
	r, o, err := d.Resource.Begin(act, d.order)
	if err != nil {
		return workspace.Change{}, err
	}
	return b.ordered(act, workspace.Resource{}, r, d.steps.titled(o), "template "+r.Template.Name+" "+r.Template.Version)
}

// hold gives the draft its range.
func (d draft) hold(r netip.Prefix) draft {
	d.Addresses = []string{r.String()}
	d.Properties = maps.Clone(d.Properties)
	d.Properties["address_space"] = r.String()
	if d.Kind == workspace.Workspace {
		d.Properties["address_spaces"] = []any{r.String()}
	}
	return d
}

// unmade returns airlock.ErrConflict if there is something of the id already,
// which another call made.
func (b *Builder) unmade(ctx context.Context, key workspace.Key) error {
	_, err := b.resource(ctx, key)
	switch {
	case errors.Is(err, airlock.ErrNotFound):
		return nil
	case err == nil:
		return fmt.Errorf("resource %s exists already: %w", key.ID, airlock.ErrConflict)
	}
	return err
}

// person is somebody as rows keep one.
func person(p access.Person) access.Person {
	return access.Person{OID: p.OID, Name: p.Name, Email: p.Email, App: p.App}
}

// decided are the properties that are settled when a resource is made: whose it
// is, where it is, what it belongs to.
var decided = []string{"tre_id", "workspace_id", "shared_service_id", "azure_location", "owner_id", "workspace_owner_object_id", "workspace_subscription_id"}

// withDecided are properties that say of what was decided what they said before,
// whatever anybody wrote there.
func withDecided(properties, before map[string]any) map[string]any {
	properties = maps.Clone(properties)
	for _, name := range decided {
		if was, ok := before[name]; ok {
			properties[name] = was
		} else {
			delete(properties, name)
		}
	}
	return properties
}
