package provision

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Patch is a change of a resource, as AzureTRE takes it. An empty one deploys
// the resource again as it is.
type Patch struct {
	Match      string         // the version that is changed (_etag), or "*" for whichever is there
	Enabled    *bool          // nil leaves it
	Version    string         // of the template; "" leaves it
	Properties map[string]any // those that change
	Force      bool           // a major upgrade, or a downgrade
	Roles      []access.Role  // of who changes it, for the authorizedRoles of another version
}

// Update changes a resource: its properties, its template's version, whether it
// is enabled. What it was before is kept in its history by the same commit, so
// that a refused change leaves none (W58).
//
// To disable a workspace or a service disables all that is in it, as AzureTRE
// does: in pages, before the own commit. Each page may be repeated. If somebody
// else changes the resource between, the call is refused, and what is in it stays
// disabled.
//
// airlock.ErrRefused: another version is not for these roles;
// airlock.ErrNotFound; airlock.ErrConflict: it is another version now, or an
// operation is under way, or what it is in is not deployed; ErrSchema;
// airlock.ErrIllegal: the version may not follow, or the status does not allow it.
func (b *Builder) Update(ctx context.Context, act workspace.Act, key workspace.Key, p Patch) (workspace.Resource, workspace.Operation, error) {
	return b.do(ctx, deed{act: act, key: key, tries: fewTries, build: func(ctx context.Context, _ int) (workspace.Change, error) {
		before, err := b.living(ctx, key)
		if err != nil {
			return workspace.Change{}, err
		}
		if err := p.matches(before); err != nil {
			return workspace.Change{}, err
		}
		return b.update(ctx, act, before, p)
	}})
}

// matches returns airlock.ErrConflict unless the patch is of this version.
func (p Patch) matches(r workspace.Resource) error {
	switch {
	case p.Match == "":
		return fmt.Errorf("etag: required, the version that is changed, or *: %w", airlock.ErrInvalid)
	case p.Match == "*" || p.Match == r.Version || p.Match == strconv.Quote(r.Version):
		return nil
	}
	return fmt.Errorf("etag: the resource has another version now, read it again: %w", airlock.ErrConflict)
}

// update is the change that a patch makes.
func (b *Builder) update(ctx context.Context, act workspace.Act, before workspace.Resource, p Patch) (workspace.Change, error) {
	l, err := b.lineageOf(ctx, before)
	if err != nil {
		return workspace.Change{}, err
	}
	t, err := b.versioned(ctx, l, p)
	if err != nil {
		return workspace.Change{}, err
	}
	after, err := b.patched(before, t, p)
	if err != nil {
		return workspace.Change{}, err
	}
	steps, err := b.steps(ctx, t, workspace.Upgrade, lineage{after, l.within, l.service}, nil)
	if err != nil {
		return workspace.Change{}, err
	}
	members, err := b.promised(ctx, before)
	if err != nil {
		return workspace.Change{}, err
	}
	after, o, err := after.Begin(act, workspace.Order{Action: workspace.Upgrade, Limit: t.Deadlines.For(workspace.Upgrade), Before: steps.before, After: steps.after, Members: members})
	if err != nil {
		return workspace.Change{}, err
	}
	if after, err = b.secrets(ctx, act, after, t, p); err != nil {
		return workspace.Change{}, err
	}
	c, err := b.ordered(act, before, after, steps.titled(o), changes(before, after, p)...)
	if err != nil {
		return c, err
	}
	c.History = []workspace.Snapshot{snapshot(act, before)}
	if err := b.quota(ctx, act, lineage{after, l.within, l.service}, before, t, &c); err != nil {
		return c, err
	}
	if before.Enabled && !after.Enabled {
		if err := b.disable(ctx, act, after); err != nil {
			return c, err
		}
		if after.Kind == workspace.Workspace { // its airlock closes at once
			c.Card, err = b.card(ctx, after)
		}
	}
	return c, err
}

// lineageOf reads what a resource is in.
func (b *Builder) lineageOf(ctx context.Context, r workspace.Resource) (lineage, error) {
	l := lineage{resource: r}
	var err error
	if r.Workspace != "" {
		if l.within, err = b.resource(ctx, workspace.Key{Partition: workspace.System, ID: r.Workspace}); err != nil {
			return l, err
		}
	}
	if r.Service != "" {
		l.service, err = b.resource(ctx, workspace.Key{Partition: r.Workspace, ID: r.Service})
	}
	return l, err
}

// versioned is the template of the version that the resource has after the
// patch.
func (b *Builder) versioned(ctx context.Context, l lineage, p Patch) (template.Template, error) {
	r := l.resource
	if p.Enabled != nil && *p.Enabled && !r.Enabled {
		for _, parent := range []workspace.Resource{l.within, l.service} {
			if parent.ID == "" {
				continue
			}
			if err := parent.MayHold(); err != nil {
				return template.Template{}, err
			}
		}
	}
	if p.Version == "" || p.Version == r.Template.Version {
		return b.of(ctx, r)
	}
	versions, err := b.versions(ctx, r.Kind, l.service.Template.Name, r.Template.Name)
	if err != nil {
		return template.Template{}, err
	}
	if err := template.MayUpgrade(r.Template.Version, p.Version, versions, p.Force); err != nil {
		return template.Template{}, fmt.Errorf("templateVersion: %w: %w", err, airlock.ErrIllegal)
	}
	return b.chosen(ctx, r.Kind, l.service.Template.Name, New{Template: r.Template.Name, Version: p.Version, Roles: p.Roles})
}

// versions lists the versions of a template.
func (b *Builder) versions(ctx context.Context, kind workspace.Kind, parent, name string) ([]string, error) {
	var all []string
	for after := ""; ; {
		page, next, err := b.Ports.Templates.Templates(ctx, kind, airlock.Page{After: after})
		if err != nil {
			return nil, fmt.Errorf("versions of template %s: %w", name, err)
		}
		for _, r := range page {
			if r.Name == name && r.Parent == parent {
				all = append(all, r.Version)
			}
		}
		if after = next; after == "" {
			return all, nil
		}
	}
}

// patched is the resource after the patch; its properties hold the secrets of
// the patch still.
func (b *Builder) patched(before workspace.Resource, t template.Template, p Patch) (workspace.Resource, error) {
	patch, err := clean(p.Properties)
	if err != nil {
		return before, err
	}
	after := before
	after.Template = workspace.TemplateRef{Name: t.Name, Version: t.Version, Digest: t.Digest}
	after.Properties = maps.Clone(before.Properties)
	if after.Properties == nil {
		after.Properties = map[string]any{}
	}
	maps.Copy(after.Properties, patch)
	if err := unfit(t.ValidatePatch(before.Properties, patch), marked(after)); err != nil {
		return before, err
	}
	after.Properties = withAddresses(withDecided(after.Properties, before.Properties), after.Addresses)
	if p.Enabled != nil {
		after.Enabled = *p.Enabled
	}
	after.Revision++
	return after, nil
}

// secrets takes the secrets out of a patched resource.
func (b *Builder) secrets(ctx context.Context, act workspace.Act, r workspace.Resource, t template.Template, p Patch) (workspace.Resource, error) {
	masked, secrets := t.Mask(r.Properties)
	if pointer := unkept(t, p.Properties, masked, secrets, r.Secrets); pointer != "" {
		return r, fmt.Errorf("%w: %s: is the mark that stands for a secret; give the secret itself (sensitive)", ErrSchema, clip(pointer))
	}
	fresh, err := b.keep(ctx, r.ID, act.Operation, secrets)
	if err != nil {
		return r, err
	}
	r.Properties, r.Secrets = masked, replaced(r.Secrets, fresh, p.Properties, masked, act.Operation)
	made, err := b.generate(ctx, t, r.ID, act.Operation, r.Secrets)
	maps.Copy(r.Secrets, made)
	return r, err
}

// unkept finds a mark in a patch that stands for no secret.
func unkept(t template.Template, patch, masked map[string]any, fresh, kept map[string]string) string {
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		for pointer := range marks(masked[name], "/"+escape(name)) {
			if fresh[pointer] == "" && kept[pointer] == "" && t.Sensitive(strings.Split(pointer[1:], "/")) {
				return pointer
			}
		}
	}
	return ""
}

// changes tells in the audit trail what a patch changes: names, no values.
func changes(before, after workspace.Resource, p Patch) []string {
	var said []string
	if before.Template.Version != after.Template.Version {
		said = append(said, "template version "+before.Template.Version+" to "+after.Template.Version)
	}
	if before.Enabled != after.Enabled {
		said = append(said, map[bool]string{true: "enabled", false: "disabled"}[after.Enabled])
	}
	if names := slices.Sorted(maps.Keys(p.Properties)); len(names) > 0 {
		said = append(said, "properties "+strings.Join(names, ", "))
	}
	return said
}

// snapshot is what a resource was before a change.
func snapshot(act workspace.Act, r workspace.Resource) workspace.Snapshot {
	return workspace.Snapshot{ID: idOf("history "+r.ID, act.Operation), Resource: r.Key(), Revision: r.Revision, Enabled: r.Enabled,
		Template: r.Template.Version, Properties: r.Properties, By: r.UpdatedBy.OID, Name: r.UpdatedBy.Name, At: r.UpdatedAt}
}

// busy tells a resource that something else changed from other trouble.
func busy(err error) bool { return errors.Is(err, airlock.ErrConflict) }
