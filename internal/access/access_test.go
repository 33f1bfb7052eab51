package access_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// grid is the permission table written a second time, by hand.
const grid = `
	action                    TREAdmin  TREUser  WorkspaceOwner  WorkspaceResearcher  AirlockManager
	airlock/mine              yes       yes      -               -                    -
	workspace/list            yes       yes      -               -                    -
	workspace/read            yes       -        yes             yes                  yes
	airlock/create            -         -        yes             yes                  -
	airlock/read              -         -        yes             yes                  yes
	airlock/submit            -         -        yes             yes                  -
	airlock/cancel            -         -        yes             yes                  -
	airlock/remove            -         -        yes             yes                  -
	airlock/draft             -         -        yes             yes                  -
	airlock/sealed            -         -        yes             -                    yes
	airlock/released          -         -        yes             yes                  -
	airlock/review            -         -        -               -                    yes
	airlock/stop              -         -        -               -                    yes
	airlock/revoke            -         -        -               -                    yes
	airlock/retry             yes       -        yes             -                    yes
	airlock/audit             yes       -        yes             -                    yes
	audit/all                 yes       -        -               -                    -
	people/list               yes       -        yes             yes                  yes
	people/manage             yes       -        yes             -                    -
	people/read               yes       yes      -               -                    -
	people/person             yes       -        -               -                    -
	workspace/hold            yes       -        yes             -                    -
	health/details            yes       -        -               -                    -
	template/read             yes       yes      -               -                    -
	template/offered          yes       -        yes             yes                  yes
	template/register         yes       -        -               -                    -
	workspace/ask             yes       yes      -               -                    -
	workspace/change          yes       -        -               -                    -
	workspace/delete          yes       -        -               -                    -
	workspace/stop            yes       -        -               -                    -
	workspace/operations      yes       -        yes             -                    -
	service/read              -         -        yes             yes                  yes
	service/change            -         -        yes             -                    -
	service/delete            -         -        yes             -                    -
	service/retry             yes       -        yes             -                    -
	service/stop              yes       -        yes             -                    -
	service/operations        yes       -        yes             -                    yes
	user-resource/read        -         -        yes             yes                  yes
	user-resource/change      -         -        yes             yes                  yes
	user-resource/delete      -         -        yes             yes                  yes
	user-resource/retry       yes       -        yes             yes                  yes
	user-resource/stop        yes       -        yes             yes                  yes
	user-resource/operations  yes       -        yes             yes                  yes
	shared-service/read       yes       yes      -               -                    -
	shared-service/change     yes       -        -               -                    -
	shared-service/operations yes       -        -               -                    -
	operation/mine            yes       yes      -               -                    -
	workspace-request/read    yes       yes      -               -                    -
	workspace-request/decide  yes       -        -               -                    -
	workspace-request/withdraw yes       yes      -               -                    -
	cloud/drift               yes       -        -               -                    -
	approval/read             yes       -        -               -                    -
	approval/change           yes       -        -               -                    -
`

func TestGrid(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(grid), "\n")
	roles := strings.Fields(lines[0])[1:]
	var seen []string
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		action := access.Action(cells[0])
		seen = append(seen, cells[0])
		var may []access.Role
		for i, cell := range cells[1:] {
			role := access.Role(roles[i])
			if got := access.May(action, role); got != (cell == "yes") {
				t.Errorf("May(%s, %s) = %t, want %s", action, role, got, cell)
			}
			if cell == "yes" {
				may = append(may, role)
			}
		}
		if got := access.Roles(action); !sameSet(got, may) {
			t.Errorf("Roles(%s) = %v, want %v", action, got, may)
		}
	}
	for _, a := range access.Actions() {
		if !strings.Contains(strings.Join(seen, "\n")+"\n", string(a)+"\n") {
			t.Errorf("action %s is not in the grid", a)
		}
	}
	if len(access.Actions()) != len(seen) {
		t.Errorf("%d actions, %d in the grid", len(access.Actions()), len(seen))
	}
}

func sameSet(a, b []access.Role) bool {
	if len(a) != len(b) {
		return false
	}
	in := map[access.Role]bool{}
	for _, r := range a {
		in[r] = true
	}
	for _, r := range b {
		if !in[r] {
			return false
		}
	}
	return true
}

func TestMayRefusesTheUnknown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		action access.Action
		roles  []access.Role
		want   bool
	}{
		{name: "unknown action", action: "airlock/everything", roles: []access.Role{access.WorkspaceOwner, access.TREAdmin}},
		{name: "no action", roles: []access.Role{access.WorkspaceOwner}},
		{name: "no role", action: access.Read},
		{name: "empty role", action: access.Read, roles: []access.Role{""}},
		{name: "role in other case", action: access.Read, roles: []access.Role{"workspaceowner"}},
		{name: "one of several", action: access.Review, roles: []access.Role{access.TREUser, access.AirlockManager}, want: true},
		{name: "an administrator sees no data", action: access.SealedLink, roles: []access.Role{access.TREAdmin, access.TREUser}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := access.May(tt.action, tt.roles...); got != tt.want {
				t.Errorf("May(%q, %q) = %t, want %t", tt.action, tt.roles, got, tt.want)
			}
		})
	}
}

func TestRolesAreACopy(t *testing.T) {
	t.Parallel()
	access.Roles(access.Review)[0] = access.TREUser
	if access.May(access.Review, access.TREUser) {
		t.Error("the table can be changed from outside")
	}
}

func TestPersonIs(t *testing.T) {
	t.Parallel()
	p := access.Person{OID: "x", Roles: []access.Role{access.TREUser}}
	if !p.Is(access.TREUser) || p.Is(access.TREAdmin) || (access.Person{}).Is("") {
		t.Errorf("%+v: Is tells other than the token's roles", p)
	}
	want := []access.Role{"WorkspaceOwner", "WorkspaceResearcher", "AirlockManager"}
	if diff := cmp.Diff(want, access.WorkspaceRoles); diff != "" {
		t.Errorf("WorkspaceRoles (-want +got)\n%s", diff)
	}
}

// TestFrozenOut is the list of what a frozen workspace holds back, written a
// second time.
func TestFrozenOut(t *testing.T) {
	t.Parallel()
	held := strings.Fields(`airlock/create airlock/submit airlock/draft airlock/sealed airlock/released airlock/review airlock/retry
		workspace/change service/change service/retry user-resource/change user-resource/retry`)
	for _, a := range access.Actions() {
		if got := access.FrozenOut(a); got != slices.Contains(held, string(a)) {
			t.Errorf("FrozenOut(%s) = %t", a, got)
		}
	}
}

// TestOutlives: in a deleted workspace one reads what happened, and does nothing.
func TestOutlives(t *testing.T) {
	t.Parallel()
	stays := strings.Fields("airlock/audit workspace/operations service/operations user-resource/operations")
	for _, a := range access.Actions() {
		if got := access.Outlives(a); got != slices.Contains(stays, string(a)) {
			t.Errorf("Outlives(%s) = %t", a, got)
		}
		if access.Outlives(a) && !access.May(a, access.TREAdmin) {
			t.Errorf("%s stays, and no administrator may", a)
		}
	}
}

func TestMembershipOf(t *testing.T) {
	t.Parallel()
	end := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	ann := access.Person{OID: "ann", Groups: []string{"team"}}
	for name, tt := range map[string]struct {
		m    access.Membership
		p    access.Person
		want bool
	}{
		"one's own":                      {access.Membership{OID: "ann"}, ann, true},
		"another's":                      {access.Membership{OID: "bob"}, ann, false},
		"one's group's":                  {access.Membership{OID: "team", Group: true}, ann, true},
		"another group's":                {access.Membership{OID: "crew", Group: true}, ann, false},
		"a person called as one's group": {access.Membership{OID: "team"}, ann, false},
		"a group called as the person":   {access.Membership{OID: "ann", Group: true}, ann, false},
		"nobody's, asked by nobody":      {access.Membership{}, access.Person{}, false},
	} {
		if got := tt.m.Of(tt.p); got != tt.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	m := access.Membership{Expires: end}
	if !m.Holds(end.Add(-1)) || m.Holds(end) || !(access.Membership{}).Holds(end) {
		t.Error("a membership holds until its end, and one without end always")
	}
}
