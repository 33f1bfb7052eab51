package storetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

var peopleRules = []rule{
	{"an absent workspace is not found", workspaceAbsent},
	{"every field of a workspace comes back", workspaceRoundTrip},
	{"workspaces come in pages in the order of ids", workspacePages},
	{"nobody is a member at first", membersNone},
	{"members are listed by workspace and by person", membersListed},
	{"a membership's etag changes with it", memberETag},
	{"a removed membership is gone, once", memberRemoved},
}

func workspaceAbsent(t *testing.T, s Store) {
	if _, err := s.Workspace(t.Context(), uuid.NewString()); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("workspace: %v, want ErrNotFound", err)
	}
	all, next, err := s.Workspaces(t.Context(), airlock.Page{})
	if len(all) != 0 || next != "" || err != nil {
		t.Errorf("workspaces = %v, %q, %v; want none", all, next, err)
	}
}

func workspaceRoundTrip(t *testing.T, s Store) {
	policy := airlock.DefaultPolicy
	policy.RefuseTypes = slices.Clone(policy.RefuseTypes)
	want := airlock.Workspace{ID: uuid.NewString(), DisplayName: "Ünï 'x'", Description: "d", StorageAccount: "stws", Deployed: true, EnableAirlock: true, Policy: policy}
	check(t, s.PutWorkspace(t.Context(), want))
	for range 2 {
		got, err := s.Workspace(t.Context(), want.ID)
		check(t, err)
		equal(t, got, want)
		got.Policy.RefuseTypes[0] = "spoiled"
	}
	want.Policy, want.DisplayName = airlock.Policy{}, "renamed"
	check(t, s.PutWorkspace(t.Context(), want))
	got, err := s.Workspace(t.Context(), want.ID)
	check(t, err)
	equal(t, got, want)
}

func workspacePages(t *testing.T, s Store) {
	var want []airlock.Workspace
	for range 7 {
		want = append(want, airlock.Workspace{ID: uuid.NewString()})
		check(t, s.PutWorkspace(t.Context(), want[len(want)-1]))
	}
	check(t, s.Strange(t.Context(), "x", holdings(t, s, create(t, s, newKey()).Key()).Lines[0])) // same partition
	slices.SortFunc(want, func(a, b airlock.Workspace) int { return strings.Compare(a.ID, b.ID) })
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, pages(t, limit, func(p airlock.Page) ([]airlock.Workspace, string, error) { return s.Workspaces(t.Context(), p) }), want)
	})
}

func membersNone(t *testing.T, s Store) {
	all, err := s.Members(t.Context(), uuid.NewString())
	check(t, err)
	mine, err := s.MembershipsOf(t.Context(), uuid.NewString(), uuid.NewString())
	check(t, err)
	if len(all)+len(mine) != 0 {
		t.Errorf("members = %v, %v; want none", all, mine)
	}
}

func membersListed(t *testing.T, s Store) {
	ws, ann, bob := uuid.NewString(), "00000000-aaaa", "00000000-aaaa-b' or '"
	want := map[string][]access.Role{ann: {access.AirlockManager, access.WorkspaceOwner}, bob: {access.WorkspaceResearcher}}
	for oid, roles := range want {
		for _, role := range roles {
			check(t, s.PutMember(t.Context(), access.Membership{Workspace: ws, OID: oid, Name: "n " + oid, Email: "e", Role: role}))
			check(t, s.PutMember(t.Context(), access.Membership{Workspace: uuid.NewString(), OID: oid, Role: role}))
		}
	}
	for oid, roles := range want {
		mine, err := s.MembershipsOf(t.Context(), ws, oid)
		check(t, err)
		var got []access.Role
		for _, m := range mine {
			got = append(got, m.Role)
			if m.Workspace != ws || m.OID != oid || m.Name != "n "+oid || m.Email != "e" || m.ETag == "" {
				t.Errorf("membership = %+v", m)
			}
		}
		equal(t, got, roles)
	}
	all, err := s.Members(t.Context(), ws)
	check(t, err)
	if len(all) != 3 {
		t.Errorf("members = %d, want 3", len(all))
	}
}

func memberETag(t *testing.T, s Store) {
	before := seedManager(t, s, uuid.NewString())
	again, err := s.MembershipsOf(t.Context(), before.Workspace, before.OID)
	check(t, err)
	equal(t, again, []access.Membership{before})
	check(t, s.PutMember(t.Context(), before))
	after, err := s.MembershipsOf(t.Context(), before.Workspace, before.OID)
	check(t, err)
	if len(after) != 1 || after[0].ETag == before.ETag {
		t.Errorf("etag stayed %q: %v", before.ETag, after)
	}
}

func memberRemoved(t *testing.T, s Store) {
	m := seedManager(t, s, uuid.NewString())
	kept := m
	kept.Role = access.WorkspaceOwner
	check(t, s.PutMember(t.Context(), kept))
	check(t, s.DeleteMember(t.Context(), m.Workspace, m.OID, m.Role))
	if err := s.DeleteMember(t.Context(), m.Workspace, m.OID, m.Role); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("second delete: %v, want ErrNotFound", err)
	}
	left, err := s.MembershipsOf(t.Context(), m.Workspace, m.OID)
	check(t, err)
	if len(left) != 1 || left[0].Role != access.WorkspaceOwner {
		t.Errorf("left = %+v, want the other role", left)
	}
}
