package memstore

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// memberKey orders memberships by person, then role. No object id holds a NUL.
func memberKey(oid string, role access.Role) string { return oid + "\x00" + string(role) }

// Members lists all memberships of a workspace.
func (s *Store) Members(_ context.Context, workspace string) ([]access.Membership, error) {
	return s.memberships(workspace, func(access.Membership) bool { return true })
}

// MembershipsOf lists one person's memberships in a workspace.
func (s *Store) MembershipsOf(_ context.Context, workspace, oid string) ([]access.Membership, error) {
	return s.memberships(workspace, func(m access.Membership) bool { return m.OID == oid })
}

func (s *Store) memberships(workspace string, of func(access.Membership) bool) ([]access.Membership, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []access.Membership
	s.partition(workspace).members.after("", func(_ string, m access.Membership) bool {
		if of(m) {
			all = append(all, cloneMember(m))
		}
		return true
	})
	return all, nil
}

// PutMember writes a membership, whether it exists or not; its ETag changes.
func (s *Store) PutMember(_ context.Context, m access.Membership) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m = cloneMember(m)
	m.ETag = s.nextVersion()
	s.makePartition(m.Workspace).members.put(memberKey(m.OID, m.Role), m)
	return nil
}

// DeleteMember takes a membership away. It returns ErrNotFound when there is
// none.
func (s *Store) DeleteMember(_ context.Context, workspace, oid string, role access.Role) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partition(workspace)
	if _, ok := p.members.get(memberKey(oid, role)); !ok {
		return fmt.Errorf("membership %s of %s: %w", role, oid, airlock.ErrNotFound)
	}
	p.members.remove(memberKey(oid, role))
	return nil
}
