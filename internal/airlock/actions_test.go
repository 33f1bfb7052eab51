package airlock_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// offered is told by hand: allowedUserActions per stage and capacity.
// "creator+manager" is a manager who made the request.
const offered = `
	stage      creator        owner   manager        admin  engine  creator+manager  creator+owner
	draft      cancel,submit  cancel  -              -      -       cancel,submit    cancel,submit
	seal       cancel         cancel  -              -      -       cancel           cancel
	gate       cancel         cancel  -              -      -       cancel           cancel
	review     cancel         cancel  return,review  -      -       cancel           cancel
	approving  -              -       stop           -      -       stop             -
	approved   -              -       revoke         -      -       revoke           -
	rejecting  -              -       -              -      -       -                -
	rejected   -              -       -              -      -       -                -
	blocking   -              -       -              -      -       -                -
	blocked    -              -       -              -      -       -                -
	cancelled  -              -       -              -      -       -                -
	failed     -              retry   retry          retry  -       retry            retry
	revoked    -              -       -              -      -       -                -
`

func TestActions(t *testing.T) {
	t.Parallel()
	grid := cells(t, offered)
	for column, stage := range columns {
		r := in(t, stage)
		for head, cell := range grid[column] {
			var as []airlock.Role
			for role := range strings.SplitSeq(head, "+") {
				as = append(as, airlock.Role(role))
			}
			want := strings.ReplaceAll(cell, "-", "")
			if got := strings.Join(r.Actions(as), ","); got != want {
				t.Errorf("%s for %s: %q, want %q", stage, head, got, want)
			}
		}
	}
	if len(grid) != len(airlock.Stages) {
		t.Errorf("%d stages in the grid", len(grid))
	}
	if got := told(t, in(t, airlock.Failed), airlock.Retired).Actions(airlock.Roles); len(got) != 0 {
		t.Errorf("after retention: %v", got)
	}
}

func TestCapacities(t *testing.T) {
	t.Parallel()
	r := fresh()
	tests := []struct {
		name  string
		p     access.Person
		roles []access.Role
		want  []airlock.Role
	}{
		{"creator", ada, []access.Role{access.WorkspaceResearcher}, []airlock.Role{airlock.Creator}},
		{"creator and manager", ada, []access.Role{access.AirlockManager, access.WorkspaceResearcher}, []airlock.Role{airlock.Creator, airlock.Manager}},
		{"creator who became an owner", ada, []access.Role{access.WorkspaceOwner}, []airlock.Role{airlock.Creator, airlock.Owner}},
		{"creator who lost the role", ada, nil, nil},
		{"creator who is only manager now", ada, []access.Role{access.AirlockManager}, []airlock.Role{airlock.Manager}},
		{"another researcher", maxi, []access.Role{access.WorkspaceResearcher}, nil},
		{"everything", olga, append([]access.Role{access.TREAdmin, access.TREUser}, access.WorkspaceRoles...), []airlock.Role{airlock.Admin, airlock.Manager, airlock.Owner}},
		{"nobody", access.Person{}, nil, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, r.Capacities(tt.p, tt.roles)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", tt.name, diff)
		}
	}
	orphan := airlock.Request{}
	if got := orphan.Capacities(access.Person{}, []access.Role{access.WorkspaceResearcher}); len(got) != 0 {
		t.Errorf("who has no id made what nobody made: %v", got)
	}
}

// somebody is a person with workspace roles.
type somebody struct {
	name  string
	p     access.Person
	roles []access.Role
}

var everybody = []somebody{
	{"creator", ada, []access.Role{access.WorkspaceResearcher}},
	{"creator+owner", ada, []access.Role{access.WorkspaceResearcher, access.WorkspaceOwner}},
	{"creator+manager", ada, []access.Role{access.WorkspaceResearcher, access.AirlockManager}},
	{"researcher", moe, []access.Role{access.WorkspaceResearcher}},
	{"owner", olga, []access.Role{access.WorkspaceOwner}},
	{"manager", mira, []access.Role{access.AirlockManager}},
	{"admin", admin, []access.Role{access.TREAdmin}},
	{"stranger", maxi, []access.Role{access.TREUser}},
}

// seen is told by hand: who sees a request at the end of a story.
var seen = []struct{ name, story, who string }{
	{"draft", "", "creator creator+owner creator+manager owner"},
	{"draft given up", "cancel", "creator creator+owner creator+manager owner"},
	{"draft closed", "overflowed", "creator creator+owner creator+manager owner manager admin"},
	{"submitted", "submit", "creator creator+owner creator+manager researcher owner manager"},
	{"in review", "submit sealed passed", "creator creator+owner creator+manager researcher owner manager"},
	{"returned", "submit sealed passed return", "creator creator+owner creator+manager owner manager"},
	{"returned, given up", "submit sealed passed return cancel", "creator creator+owner creator+manager owner manager"},
	{"returned, closed, retention over", "submit sealed passed return overflowed retired", "creator creator+owner creator+manager owner manager"},
	{"returned, submitted again", "submit sealed passed return submit", "creator creator+owner creator+manager researcher owner manager"},
	{"opened again", "overflowed retry_draft", "creator creator+owner creator+manager owner manager"},
	{"cancelled in review", "submit sealed passed cancel", "creator creator+owner creator+manager researcher owner manager"},
	{"failed", "submit broke", "creator creator+owner creator+manager researcher owner manager admin"},
	{"failed, retired", "submit broke retired", "creator creator+owner creator+manager researcher owner manager"},
}

func TestSees(t *testing.T) {
	t.Parallel()
	for _, tt := range seen {
		r := fresh()
		for _, on := range strings.Fields(tt.story) {
			r = told(t, r, airlock.Trigger(on))
		}
		var who []string
		for _, s := range everybody {
			if r.Sees(r.Capacities(s.p, s.roles), s.roles) {
				who = append(who, s.name)
			}
		}
		if got := strings.Join(who, " "); got != tt.who {
			t.Errorf("%s: seen by %q, want %q", tt.name, got, tt.who)
		}
	}
}

// links is told by hand: who may have which link.
var links = map[airlock.Stage]struct {
	made   airlock.Made
	access airlock.Access
	who    string
}{
	airlock.Draft:    {airlock.Made{Kind: airlock.DraftFiles, Number: 1}, airlock.WriteOnly, "creator creator+owner creator+manager"},
	airlock.InReview: {airlock.Made{Kind: airlock.SealedFiles, Number: 1}, airlock.ReadOnly, "owner manager"},
	airlock.Approved: {airlock.Made{Kind: airlock.ReleasedFiles, Number: 1}, airlock.ReadOnly, "creator creator+owner creator+manager researcher owner"},
}

func TestLink(t *testing.T) {
	t.Parallel()
	for _, stage := range airlock.Stages {
		r := in(t, stage)
		want, some := links[stage]
		for _, s := range everybody {
			made, allows, err := r.Link(s.p, s.roles)
			switch {
			case !some && !errors.Is(err, airlock.ErrIllegal):
				t.Errorf("%s for %s: %v, want ErrIllegal", stage, s.name, err)
			case some && !slices.Contains(strings.Fields(want.who), s.name) && !errors.Is(err, airlock.ErrRefused):
				t.Errorf("%s for %s: %v, want ErrRefused", stage, s.name, err)
			case err != nil && (made != airlock.Made{} || allows != ""):
				t.Errorf("%s for %s: refused, and yet %v", stage, s.name, made)
			case some && slices.Contains(strings.Fields(want.who), s.name) && (err != nil || made != want.made || allows != want.access):
				t.Errorf("%s for %s: %v %s, %v; want %v %s", stage, s.name, made, allows, err, want.made, want.access)
			}
		}
	}
	gone := told(t, in(t, airlock.Approved), airlock.Retired)
	if _, _, err := gone.Link(ada, everybody[0].roles); !errors.Is(err, airlock.ErrIllegal) {
		t.Errorf("a link after retention: %v", err)
	}
}

// Every event has an audience, and who can act on it is part of it.
func TestAudience(t *testing.T) {
	t.Parallel()
	want := map[airlock.Event][]airlock.Role{
		airlock.ToldInReview: {airlock.Manager}, airlock.ToldFailed: {airlock.Creator, airlock.Owner, airlock.Manager}, airlock.ToldFewer: {airlock.Owner},
		airlock.ToldWaiting: {airlock.Creator, airlock.Manager}, airlock.ToldStuck: {airlock.Admin},
		airlock.ToldInfected: {airlock.Owner, airlock.Manager}, airlock.ToldRecalled: {airlock.Creator, airlock.Owner, airlock.Manager},
	}
	for _, e := range airlock.Events {
		roles := want[e]
		if roles == nil {
			roles = []airlock.Role{airlock.Creator}
		}
		if diff := cmp.Diff(roles, e.Audience()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", e, diff)
		}
	}
}
