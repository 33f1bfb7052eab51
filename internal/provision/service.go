package provision

import (
	"context"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Service makes a workspace service in a workspace. airlock.ErrConflict: the
// workspace is not deployed, is disabled, or the pipeline changes something that
// is not there; ErrSchema; airlock.ErrRefused: the template is not for these
// roles; airlock.ErrIllegal: no such template, or the template wants an address
// space and the workspace has none.
func (b *Builder) Service(ctx context.Context, act workspace.Act, id string, within workspace.Resource, n New) (workspace.Resource, workspace.Operation, error) {
	d := draft{Resource: workspace.Resource{ID: id, Kind: workspace.Service, Workspace: within.ID}, within: within}
	return b.inside(ctx, act, d, n, nil)
}

// UserResource makes a resource of somebody's own in a service, within the
// limits of the workspace. Errors as Service; airlock.ErrIllegal also: the
// limits are reached, or it is given to somebody else who is not named;
// airlock.ErrRefused: only owners give one to somebody else; airlock.ErrInvalid:
// that is no member.
func (b *Builder) UserResource(ctx context.Context, act workspace.Act, id string, within, service workspace.Resource, n New) (workspace.Resource, workspace.Operation, error) {
	d := draft{Resource: workspace.Resource{ID: id, Kind: workspace.UserResource, Workspace: within.ID, Service: service.ID}, within: within, service: service}
	return b.inside(ctx, act, d, n, func(ctx context.Context, d draft, c *workspace.Change) error {
		return b.quota(ctx, act, lineage{d.Resource, d.within, d.service}, workspace.Resource{}, d.template, c)
	})
}

// SharedService makes a service that all workspaces share: one of a template.
// airlock.ErrConflict: there is one already.
func (b *Builder) SharedService(ctx context.Context, act workspace.Act, id string, n New) (workspace.Resource, workspace.Operation, error) {
	d := draft{Resource: workspace.Resource{ID: id, Kind: workspace.SharedService}}
	return b.inside(ctx, act, d, n, func(ctx context.Context, d draft, c *workspace.Change) error {
		turn, err := b.turn(ctx, c.Partition, idOf("shared service", d.template.Name))
		if err != nil {
			return err
		}
		others, err := b.shared(ctx, d.template.Name)
		switch {
		case err != nil:
			return err
		case len(others) > 0:
			return fmt.Errorf("there is a shared service %s already, %s: %w", d.template.Name, others[0].ID, airlock.ErrConflict)
		}
		turn.take(c, lineOf(act, "share", "", "", "template "+d.template.Name, "resource "+d.ID))
		return nil
	})
}

// inside makes a resource; also adds what its kind needs to the change.
func (b *Builder) inside(ctx context.Context, act workspace.Act, d draft, n New, also func(context.Context, draft, *workspace.Change) error) (workspace.Resource, workspace.Operation, error) {
	return b.do(ctx, deed{act: act, key: d.Key(), tries: manyTries, build: func(ctx context.Context, try int) (workspace.Change, error) {
		if try == 0 {
			var err error
			if d, err = b.draftInside(ctx, act, d, n); err != nil {
				return workspace.Change{}, err
			}
		}
		if err := b.unmade(ctx, d.Key()); err != nil {
			return workspace.Change{}, err
		}
		c, err := b.begin(act, d)
		if err == nil && also != nil {
			err = also(ctx, d, &c)
		}
		return c, err
	}})
}

// draftInside prepares a resource once what it is in may hold it.
func (b *Builder) draftInside(ctx context.Context, act workspace.Act, d draft, n New) (draft, error) {
	for _, parent := range []workspace.Resource{d.within, d.service} {
		if parent.ID == "" {
			continue
		}
		if err := parent.MayHold(); err != nil {
			return d, err
		}
	}
	if d.Kind == workspace.UserResource {
		if d.service.Workspace != d.within.ID {
			return d, fmt.Errorf("workspace service %s is not in workspace %s: %w", d.service.ID, d.within.ID, airlock.ErrNotFound)
		}
		var err error
		if d.Owner, err = b.owner(ctx, act, d.within.ID, n); err != nil {
			return d, err
		}
	}
	d, err := b.prepare(ctx, act, d, n)
	if err != nil || d.space == (space{}) {
		return d, err
	}
	r, err := b.lend(ctx, act, d.space, d.ID, d.within.Key())
	if err != nil {
		return d, err
	}
	return d.hold(r), nil
}

// owner is who a user resource belongs to. Somebody else than who makes it has to
// be a member of the workspace, and only an owner may say so (W46).
func (b *Builder) owner(ctx context.Context, act workspace.Act, within string, n New) (access.Person, error) {
	other, _ := n.Properties["assign_to_another_user"].(bool)
	if !other {
		if n.Owner.OID != "" && n.Owner.OID != act.By.OID {
			return b.member(ctx, within, n.Owner.OID)
		}
		return person(act.By), nil
	}
	oid := text(n.Properties, "owner_id")
	switch {
	case oid == "":
		return access.Person{}, fmt.Errorf("owner_id: required with assign_to_another_user: %w", airlock.ErrIllegal)
	case !slices.Contains(n.Roles, access.WorkspaceOwner) && oid != act.By.OID:
		return access.Person{}, fmt.Errorf("owner_id: only workspace owners make a resource for somebody else: %w", airlock.ErrRefused)
	}
	if err := canonical("owner_id", oid); err != nil {
		return access.Person{}, err
	}
	return b.member(ctx, within, oid)
}

// member is somebody who has a role in the workspace now.
func (b *Builder) member(ctx context.Context, within, oid string) (access.Person, error) {
	all, err := b.Ports.Members.Members(ctx, within)
	if err != nil {
		return access.Person{}, fmt.Errorf("members of workspace %s: %w", within, err)
	}
	for _, m := range all {
		if m.OID == oid && !m.Group && m.Holds(b.Now()) {
			return access.Person{OID: m.OID, Name: m.Name, Email: m.Email}, nil
		}
	}
	return access.Person{}, fmt.Errorf("owner_id: %s has no role in this workspace: %w", oid, airlock.ErrInvalid)
}
