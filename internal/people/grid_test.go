package people_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/people"
)

const workspace = "11111111-1111-4111-8111-111111111111"

var now = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// state has two owners, a researcher, a manager, and a group that reviews.
func state() people.State {
	s := people.State{Workspace: workspace, Records: map[string]people.Record{}}
	for _, m := range []struct {
		oid   string
		role  access.Role
		group bool
	}{
		{"olga", access.WorkspaceOwner, false}, {"otto", access.WorkspaceOwner, false}, {"rhea", access.WorkspaceResearcher, false},
		{"mia", access.AirlockManager, false}, {"team", access.AirlockManager, true},
	} {
		s.Members = append(s.Members, access.Membership{Workspace: workspace, OID: m.oid, Name: m.oid, Role: m.role, Group: m.group})
	}
	return s
}

// actors are who acts, by what they are.
var actors = map[string]people.Act{
	"admin":      {By: access.Person{OID: "adam"}, Roles: []access.Role{access.TREAdmin, access.TREUser}},
	"owner":      {By: access.Person{OID: "olga"}, Roles: []access.Role{access.TREUser, access.WorkspaceOwner}},
	"researcher": {By: access.Person{OID: "rhea"}, Roles: []access.Role{access.TREUser, access.WorkspaceResearcher}},
	"manager":    {By: access.Person{OID: "mia", Groups: []string{"team"}}, Roles: []access.Role{access.TREUser, access.AirlockManager}},
	"nobody":     {By: access.Person{OID: "nils"}, Roles: []access.Role{access.TREUser}},
}

// who may do what to whom; "=" is an act on oneself.
const peopleGrid = `
	what                               admin    owner    researcher manager  nobody
	give owner to somebody             ok       ok       refused    refused  refused
	give researcher to somebody        ok       ok       refused    refused  refused
	give manager to somebody           ok       ok       refused    refused  refused
	give TREAdmin to somebody          invalid  invalid  refused    refused  refused
	give owner to oneself              refused  refused  refused    refused  refused
	give researcher to oneself         refused  refused  refused    refused  refused
	give manager to oneself            refused  refused  refused    refused  refused
	give researcher to a group         ok       refused  refused    refused  refused
	give researcher to a known group   ok       refused  refused    refused  refused
	end the researcher's role          ok       ok       refused    refused  refused
	end the other owner's role         ok       ok       refused    refused  refused
	end one's own role                 none     refused  refused    refused  refused
	end the group's role               ok       refused  refused    refused  refused
	make the researcher a manager      ok       ok       refused    refused  refused
	make the manager a researcher      ok       ok       refused    refused  refused
	make oneself a manager             none     refused  refused    refused  refused
	take the researcher's role         ok       ok       refused    refused  refused
	take the other owner's role        ok       ok       refused    refused  refused
	take the group's role              ok       refused  refused    refused  refused
	take one's own role                none     ok       refused    refused  refused
	take a role nobody has             none     none     refused    refused  refused
	freeze                             ok       ok       refused    refused  refused
	unfreeze what an owner froze       ok       ok       refused    refused  refused
	unfreeze what an admin froze       ok       refused  refused    refused  refused
	unfreeze what is not frozen        conflict conflict refused    refused  refused
	suspend somebody                   ok       refused  refused    refused  refused
	suspend oneself                    refused  refused  refused    refused  refused
	reinstate somebody                 ok       refused  refused    refused  refused
	enter somebody's dates             ok       refused  refused    refused  refused
	enter one's own dates              refused  refused  refused    refused  refused
`

// deeds are what the grid's rows do.
func deeds() map[string]func(people.State, people.Act) (people.Change, error) {
	give := func(role access.Role, oid string, group bool) func(people.State, people.Act) (people.Change, error) {
		return func(s people.State, a people.Act) (people.Change, error) {
			to := oid
			if to == "" {
				to = a.By.OID
			}
			return s.Grant(a, people.Grant{Role: role, To: []people.Entry{{OID: to}}, Groups: group})
		}
	}
	soon := now.Add(time.Hour)
	own := func(a people.Act) (string, access.Role) { return a.By.OID, a.Roles[len(a.Roles)-1] }
	amend := func(oid string, role access.Role, to people.Amendment) func(people.State, people.Act) (people.Change, error) {
		return func(s people.State, a people.Act) (people.Change, error) {
			if oid == "" {
				oid, role := own(a)
				return s.Amend(a, oid, role, to)
			}
			return s.Amend(a, oid, role, to)
		}
	}
	take := func(oid string, role access.Role) func(people.State, people.Act) (people.Change, error) {
		return func(s people.State, a people.Act) (people.Change, error) {
			if oid == "" {
				oid, role := own(a)
				return s.Remove(a, oid, role)
			}
			return s.Remove(a, oid, role)
		}
	}
	thaw := func(by access.Role) func(people.State, people.Act) (people.Change, error) {
		return func(s people.State, a people.Act) (people.Change, error) {
			if by != "" {
				s.Roll.Freeze = &airlock.Freeze{Role: by, Reason: "r"}
			}
			return s.Unfreeze(a)
		}
	}
	record := func(do func(people.Record, people.Act) (people.RecordChange, error), self bool) func(people.State, people.Act) (people.Change, error) {
		return func(_ people.State, a people.Act) (people.Change, error) {
			r := people.Record{OID: "rhea2"}
			if self {
				r.OID = a.By.OID
			}
			c, err := do(r, a)
			return people.Change{Lines: c.Lines}, err
		}
	}
	suspend := people.Record.Suspend
	reinstate := func(r people.Record, a people.Act) (people.RecordChange, error) {
		r.Suspended = &people.Suspension{}
		return r.Reinstate(a)
	}
	dates := func(r people.Record, a people.Act) (people.RecordChange, error) {
		return r.SetExpiries(a, map[people.Kind]time.Time{people.Training: soon})
	}
	return map[string]func(people.State, people.Act) (people.Change, error){
		"give owner to somebody": give(access.WorkspaceOwner, "nina", false), "give researcher to somebody": give(access.WorkspaceResearcher, "nina", false),
		"give manager to somebody": give(access.AirlockManager, "nina", false), "give TREAdmin to somebody": give(access.TREAdmin, "nina", false),
		"give owner to oneself": give(access.WorkspaceOwner, "", false), "give researcher to oneself": give(access.WorkspaceResearcher, "", false),
		"give manager to oneself": give(access.AirlockManager, "", false), "give researcher to a group": give(access.WorkspaceResearcher, "crew", true),
		"give researcher to a known group": give(access.WorkspaceResearcher, "team", true),
		"end the researcher's role":        amend("rhea", access.WorkspaceResearcher, people.Amendment{Expires: &soon}),
		"end the other owner's role":       amend("otto", access.WorkspaceOwner, people.Amendment{Expires: &soon}),
		"end one's own role":               amend("", "", people.Amendment{Expires: &soon}),
		"end the group's role":             amend("team", access.AirlockManager, people.Amendment{Expires: &soon}),
		"make the researcher a manager":    amend("rhea", access.WorkspaceResearcher, people.Amendment{Role: access.AirlockManager}),
		"make the manager a researcher":    amend("mia", access.AirlockManager, people.Amendment{Role: access.WorkspaceResearcher}),
		"make oneself a manager":           amend("", "", people.Amendment{Role: access.AirlockManager}),
		"take the researcher's role":       take("rhea", access.WorkspaceResearcher), "take the other owner's role": take("otto", access.WorkspaceOwner),
		"take the group's role": take("team", access.AirlockManager), "take one's own role": take("", ""),
		"take a role nobody has": take("rhea", access.AirlockManager), "freeze": people.State.Freeze,
		"unfreeze what an owner froze": thaw(access.WorkspaceOwner), "unfreeze what an admin froze": thaw(access.TREAdmin), "unfreeze what is not frozen": thaw(""),
		"suspend somebody": record(suspend, false), "suspend oneself": record(suspend, true), "reinstate somebody": record(reinstate, false),
		"enter somebody's dates": record(dates, false), "enter one's own dates": record(dates, true),
	}
}

func TestGrid(t *testing.T) {
	t.Parallel()
	lines := strings.Split(strings.TrimSpace(peopleGrid), "\n")
	columns := strings.Fields(lines[0])[1:]
	all := deeds()
	if len(lines)-1 != len(all) {
		t.Errorf("%d rows for %d deeds", len(lines)-1, len(all))
	}
	for _, line := range lines[1:] {
		words := strings.Fields(line)
		cells := words[len(words)-len(columns):]
		what := strings.Join(words[:len(words)-len(columns)], " ")
		for i, who := range columns {
			a := actors[who]
			a.At, a.Reason, a.Operation = now, "because", "op"
			if all[what] == nil {
				t.Fatalf("no deed %q", what)
			}
			c, err := all[what](state(), a)
			if got := outcome(err); got != cells[i] {
				t.Errorf("%s, %s: %s (%v), want %s", who, what, got, err, cells[i])
			}
			if err == nil && (len(c.Lines) != 1 || c.Lines[0].Actor.OID != a.By.OID || c.Lines[0].Reason != "because" || c.Lines[0].Actor.Role == "" || c.Lines[0].Call != a.Call) {
				t.Errorf("%s, %s: lines %+v", who, what, c.Lines)
			}
		}
	}
}

// outcome is an error as the grids write it.
func outcome(err error) string {
	for word, is := range map[string]error{"refused": airlock.ErrRefused, "invalid": airlock.ErrInvalid, "none": airlock.ErrNotFound, "conflict": airlock.ErrConflict} {
		if errors.Is(err, is) {
			return word
		}
	}
	if err != nil {
		return err.Error()
	}
	return "ok"
}
