package provision

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Workspace makes a workspace of the given id: its row, address space, operation
// and what the airlock knows of it, in one commit. airlock.ErrRefused: the
// template is not for these roles; ErrSchema; airlock.ErrInvalid,
// address.ErrInvalid, address.ErrTaken: what was asked for is wrong;
// address.ErrFull: no range is left.
func (b *Builder) Workspace(ctx context.Context, act workspace.Act, id string, n New) (workspace.Resource, workspace.Operation, error) {
	key := workspace.Key{Partition: workspace.System, ID: id}
	if slices.ContainsFunc(n.Members, func(m workspace.Member) bool { return m.OID == act.By.OID && m.Role != access.WorkspaceOwner }) {
		return workspace.Resource{}, workspace.Operation{}, errOwnRole
	}
	var d draft
	return b.do(ctx, deed{act: act, key: key, tries: manyTries, build: func(ctx context.Context, try int) (workspace.Change, error) {
		if try == 0 {
			var err error
			if d, err = b.draftWorkspace(ctx, act, id, n); err != nil {
				return workspace.Change{}, err
			}
		}
		if err := b.unmade(ctx, key); err != nil {
			return workspace.Change{}, err
		}
		return b.addWorkspace(ctx, act, d, try)
	}})
}

// draftWorkspace prepares a workspace and names who belongs to it.
func (b *Builder) draftWorkspace(ctx context.Context, act workspace.Act, id string, n New) (draft, error) {
	d := draft{Resource: workspace.Resource{ID: id, Kind: workspace.Workspace}}
	owner := ownerOf(act, n)
	members := []workspace.Member{{OID: owner.OID, Name: owner.Name, Email: owner.Email, Role: access.WorkspaceOwner}}
	for _, m := range n.Members {
		if !slices.ContainsFunc(members, func(x workspace.Member) bool { return x.OID == m.OID && x.Role == m.Role }) {
			members = append(members, m)
		}
	}
	if err := checkMembers(members); err != nil {
		return d, err
	}
	d, err := b.prepare(ctx, act, d, n)
	if err != nil {
		return d, err
	}
	d.order.Members = members
	d.Properties["workspace_owner_object_id"] = owner.OID
	return d, nil
}

// ownerOf is who owns a new workspace: whom the property names as in AzureTRE,
// or whom the caller names, or who makes it.
func ownerOf(act workspace.Act, n New) access.Person {
	owner := n.Owner
	if owner.OID == "" {
		owner = act.By
	}
	if oid := text(n.Properties, "workspace_owner_object_id"); oid != "" && oid != owner.OID {
		owner = access.Person{OID: oid}
	}
	return owner
}

// errOwnRole is the answer to who makes themselves more than the owner: as in a
// workspace that is there, nobody gives a role to themselves, so that no owner
// makes themself a reviewer.
var errOwnRole = fmt.Errorf("members: nobody gives a role to themselves, beside that of an owner; another owner or an administrator can: %w", airlock.ErrInvalid)

// checkMembers checks who is to belong to a workspace, its owner first.
func checkMembers(all []workspace.Member) error {
	for i, m := range all {
		field := fmt.Sprintf("members/%d", i-1)
		if i == 0 {
			field = "owner"
		}
		if !slices.Contains(access.WorkspaceRoles, m.Role) {
			return fmt.Errorf("%s: %.60q is no role of a workspace: %w", field, m.Role, airlock.ErrInvalid)
		}
		if m.OID == all[0].OID && m.Role != all[0].Role {
			return errOwnRole
		}
		if err := errors.Join(canonical(field, m.OID), airlock.Line(field+": name", m.Name, MaxName), airlock.Line(field+": email", m.Email, maxEmail)); err != nil {
			return err
		}
		if a, err := mail.ParseAddress(m.Email); m.Email != "" && (err != nil || a.Name != "" || a.Address != m.Email) {
			return fmt.Errorf("%s: email: %.60q is not one e-mail address, without a name: %w", field, m.Email, airlock.ErrInvalid)
		}
	}
	return nil
}

// maxEmail is the longest address, in characters.
// https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.3
const maxEmail = 254

// promised are the members of a workspace that was never there, to whom its
// operations gave no roles yet: they ended before that.
func (b *Builder) promised(ctx context.Context, r workspace.Resource) ([]workspace.Member, error) {
	if r.Kind != workspace.Workspace || r.Installed {
		return nil, nil
	}
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Operation, string, error) {
		return b.Ports.Lists.Operations(ctx, r.Key(), p)
	})
	if err != nil {
		return nil, fmt.Errorf("operations of workspace %s: %w", r.ID, err)
	}
	all = slices.DeleteFunc(all, func(o workspace.Operation) bool { return o.Action == workspace.Uninstall }) // which gives no roles
	slices.SortFunc(all, func(a, b workspace.Operation) int { return a.CreatedAt.Compare(b.CreatedAt) })
	if len(all) == 0 {
		return nil, nil
	}
	return all[len(all)-1].Members, nil // who was given roles was taken off it
}

// addWorkspace is the change that makes a prepared workspace.
func (b *Builder) addWorkspace(ctx context.Context, act workspace.Act, d draft, try int) (workspace.Change, error) {
	r, blocks, err := b.reserve(ctx, d.space, d.ID, try)
	if err != nil {
		return workspace.Change{}, err
	}
	d = d.hold(r)
	c, err := b.begin(act, d)
	if err != nil {
		return c, err
	}
	c.Blocks = blocks
	c.Card, err = b.card(ctx, d.Resource)
	return c, err
}

// card is what the airlock knows of a workspace that is not there yet. A policy
// that was set beforehand is kept.
func (b *Builder) card(ctx context.Context, r workspace.Resource) (*airlock.Workspace, error) {
	card, err := b.Ports.Cards.Workspace(ctx, r.ID)
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return nil, fmt.Errorf("airlock's card of workspace %s: %w", r.ID, err)
	}
	card.ID, card.DisplayName, card.Description = r.ID, text(r.Properties, "display_name"), text(r.Properties, "description")
	if enable, said := r.Properties["enable_airlock"].(bool); said && !enable || !r.Enabled {
		card.EnableAirlock = false
	} else {
		card.EnableAirlock = true
	}
	return &card, nil
}
