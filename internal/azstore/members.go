package azstore

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Workspace returns airlock.ErrNotFound when there is none of that id.
func (s *Store) Workspace(ctx context.Context, id string) (airlock.Workspace, error) {
	return s.held(ctx, id)
}

// Workspaces lists them in the order of their ids.
func (s *Store) Workspaces(ctx context.Context, page airlock.Page) ([]airlock.Workspace, string, error) {
	rows, next, err := s.page(ctx, span{workspace: system, prefix: kindWorkspace}, page)
	if err != nil {
		return nil, "", translate("workspaces", err)
	}
	all, err := decode[airlock.Workspace](rows)
	return all, next, err
}

// PutWorkspace writes what is known of a workspace, whether it exists or not.
func (s *Store) PutWorkspace(ctx context.Context, w airlock.Workspace) error {
	r, err := newRow(system, kindWorkspace+part(w.ID)).withData(w)
	if err != nil {
		return err
	}
	return s.write(ctx, fmt.Sprintf("workspace %q", w.ID), r)
}

// Members lists all memberships of a workspace, by person.
func (s *Store) Members(ctx context.Context, workspace string) ([]access.Membership, error) {
	return s.memberships(ctx, span{workspace: workspace, prefix: kindMember})
}

// MembershipsOf lists one person's memberships in a workspace.
func (s *Store) MembershipsOf(ctx context.Context, workspace, oid string) ([]access.Membership, error) {
	return s.memberships(ctx, span{workspace: workspace, prefix: kindMember + part(oid) + "."})
}

func (s *Store) memberships(ctx context.Context, of span) ([]access.Membership, error) {
	rows, err := s.every(ctx, of)
	if err != nil {
		return nil, translate("members", err)
	}
	all, err := decode[access.Membership](rows)
	for i := range all {
		all[i].ETag = rows[i].etag()
	}
	return all, err
}

// PutMember writes a membership, whether it exists or not; its ETag changes.
func (s *Store) PutMember(ctx context.Context, m access.Membership) error {
	r, err := newRow(m.Workspace, memberKey(m.OID, m.Role)).withData(m)
	if err != nil {
		return err
	}
	return s.write(ctx, fmt.Sprintf("membership %s of %s", m.Role, m.OID), r)
}

// DeleteMember takes a membership away. It returns airlock.ErrNotFound when
// there is none.
func (s *Store) DeleteMember(ctx context.Context, workspace, oid string, role access.Role) error {
	_, err := s.Table.DeleteEntity(ctx, part(workspace), memberKey(oid, role), nil)
	return translateNil(fmt.Sprintf("membership %s of %s", role, oid), err)
}
