package people_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// TestLastOwner: each row is a sentence about a workspace whose owners are
// these, with the days until their roles end.
func TestLastOwner(t *testing.T) {
	t.Parallel()
	soon := now.Add(time.Hour)
	take := func(oid string) func(people.State) (people.Change, error) {
		return func(s people.State) (people.Change, error) { return s.Remove(act(), oid, access.WorkspaceOwner) }
	}
	amend := func(oid string, to people.Amendment) func(people.State) (people.Change, error) {
		return func(s people.State) (people.Change, error) { return s.Amend(act(), oid, access.WorkspaceOwner, to) }
	}
	held := people.Record{Suspended: &people.Suspension{}}
	over := people.Record{Expiries: []people.Expiry{{Kind: people.Training, Ends: now}}}
	for name, tt := range map[string]struct {
		owners  map[string]int
		records map[string]people.Record
		do      func(people.State) (people.Change, error)
		want    string
	}{
		"the only one stays":                                    {map[string]int{"a": 0}, nil, take("a"), "conflict"},
		"the only one gets no end":                              {map[string]int{"a": 0}, nil, amend("a", people.Amendment{Expires: &soon}), "conflict"},
		"the only one is not made a researcher":                 {map[string]int{"a": 0}, nil, amend("a", people.Amendment{Role: access.WorkspaceResearcher}), "conflict"},
		"one of two goes":                                       {map[string]int{"a": 0, "b": 0}, nil, take("a"), "ok"},
		"one goes who has an end":                               {map[string]int{"a": 0, "b": 5}, nil, take("b"), "ok"},
		"one stays where the other has an end":                  {map[string]int{"a": 0, "b": 5}, nil, take("a"), "conflict"},
		"one stays where the other is suspended":                {map[string]int{"a": 0, "b": 0}, map[string]people.Record{"b": held}, take("a"), "conflict"},
		"one stays where the other's training is over":          {map[string]int{"a": 0, "b": 0}, map[string]people.Record{"b": over}, take("a"), "conflict"},
		"the suspended one goes":                                {map[string]int{"a": 0, "b": 0}, map[string]people.Record{"b": held}, take("b"), "ok"},
		"the suspended one goes who was the only one":           {map[string]int{"a": 0}, map[string]people.Record{"a": held}, take("a"), "ok"},
		"one with an end stays where the other is suspended":    {map[string]int{"a": 0, "b": 5}, map[string]people.Record{"a": held}, take("b"), "conflict"},
		"one with an end gets another where there is none left": {map[string]int{"a": 0, "b": 5}, map[string]people.Record{"a": held}, amend("b", people.Amendment{Expires: &soon}), "ok"},
		"one gets the end taken off":                            {map[string]int{"a": 5}, nil, amend("a", people.Amendment{Expires: &time.Time{}}), "ok"},
	} {
		s := people.State{Workspace: workspace, Records: tt.records}
		for oid, days := range tt.owners {
			m := access.Membership{Workspace: workspace, OID: oid, Role: access.WorkspaceOwner}
			if days > 0 {
				m.Expires = now.AddDate(0, 0, days)
			}
			s.Members = append(s.Members, m)
		}
		s.Members = append(s.Members, access.Membership{Workspace: workspace, OID: "group", Role: access.WorkspaceOwner, Group: true})
		if _, err := tt.do(s); outcome(err) != tt.want {
			t.Errorf("%s: %v, want %s", name, err, tt.want)
		}
	}
}

func act() people.Act {
	a := actors["admin"]
	a.At, a.Reason, a.Operation = now, "because", "op"
	return a
}

// TestStand: each row is a sentence about who somebody is.
func TestStand(t *testing.T) {
	t.Parallel()
	user := access.Person{OID: "p", Roles: []access.Role{access.TREUser, access.TREAdmin, access.WorkspaceOwner}, Groups: []string{"g"}}
	past, future := now.Add(-time.Hour), now.Add(time.Hour)
	role := func(oid string, role access.Role, end time.Time, group bool) access.Membership {
		return access.Membership{OID: oid, Role: role, Expires: end, Group: group}
	}
	for name, tt := range map[string]struct {
		all    []access.Membership
		record people.Record
		want   string
		held   string
	}{
		"nobody in particular":      {nil, people.Record{}, "TREAdmin TREUser", ""},
		"a member":                  {[]access.Membership{role("p", access.AirlockManager, future, false)}, people.Record{}, "TREAdmin TREUser AirlockManager", ""},
		"a member whose time is up": {[]access.Membership{role("p", access.AirlockManager, now, false)}, people.Record{}, "TREAdmin TREUser", "ended on 22 November 2026"},
		"a member by a group":       {[]access.Membership{role("g", access.WorkspaceResearcher, time.Time{}, true)}, people.Record{}, "TREAdmin TREUser WorkspaceResearcher", ""},
		"of another's groups":       {[]access.Membership{role("h", access.WorkspaceResearcher, time.Time{}, true)}, people.Record{}, "TREAdmin TREUser", ""},
		"a row of no known role":    {[]access.Membership{role("p", access.TREAdmin, future, false)}, people.Record{}, "TREAdmin TREUser", ""},
		"somebody suspended":        {[]access.Membership{role("p", access.WorkspaceOwner, future, false)}, people.Record{Suspended: &people.Suspension{At: past, Reason: "secret"}}, "", "suspended since 22 November 2026"},
		"training over":             {[]access.Membership{role("p", access.WorkspaceOwner, future, false)}, people.Record{Expiries: []people.Expiry{{Kind: people.Training, Ends: now}}}, "TREAdmin TREUser", "training ended on 22 November 2026"},
		"agreement over":            {[]access.Membership{role("g", access.WorkspaceOwner, future, true)}, people.Record{Expiries: []people.Expiry{{Kind: people.Agreement, Ends: past}}}, "TREAdmin TREUser", "agreement ended"},
		"training over later":       {[]access.Membership{role("p", access.WorkspaceOwner, future, false)}, people.Record{Expiries: []people.Expiry{{Kind: people.Training, Ends: future}}}, "TREAdmin TREUser WorkspaceOwner", ""},
	} {
		got := people.Stand(user, tt.all, tt.record, now)
		var roles []string
		for _, r := range got.Roles {
			roles = append(roles, string(r))
		}
		if strings.Join(roles, " ") != tt.want || !strings.Contains(got.Held, tt.held) || (got.Held == "") != (tt.held == "") || strings.Contains(got.Held, "secret") {
			t.Errorf("%s: %q, %q", name, roles, got.Held)
		}
	}
}

func TestChain(t *testing.T) {
	t.Parallel()
	s := state()
	var lines []audit.Line
	for _, do := range []func(people.State) (people.Change, error){
		func(s people.State) (people.Change, error) {
			return s.Grant(act(), people.Grant{Role: access.WorkspaceResearcher, To: []people.Entry{{OID: "x"}, {OID: "y"}, {OID: "x"}, {OID: "rhea"}}})
		},
		func(s people.State) (people.Change, error) { return s.Freeze(act()) },
		func(s people.State) (people.Change, error) { return s.Remove(act(), "mia", access.AirlockManager) },
	} {
		c, err := do(s)
		if err != nil {
			t.Fatal(err)
		}
		lines, s.Roll = append(lines, c.Lines...), c.Roll
	}
	if err := audit.Verify(lines, s.Roll.Head); err != nil || len(lines) != 4 || len(s.Roll.Notices) != 4 {
		t.Errorf("%d lines, %d notices, %v", len(lines), len(s.Roll.Notices), err)
	}
	seqs := []int{}
	for _, n := range s.Roll.Notices {
		seqs = append(seqs, n.Seq)
	}
	if !slices.Equal(seqs, []int{1, 2, 3, 4}) {
		t.Errorf("notices %v", seqs)
	}
	left := s.Roll.Tell(s.Roll.Notices[1:3])
	if diff := cmp.Diff([]int{1, 4}, []int{left.Notices[0].Seq, left.Notices[1].Seq}); diff != "" {
		t.Error(diff)
	}
}

// TestWarn: each row is a sentence.
func TestWarn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		days  float64 // until the end
		told  []int
		want  int
		marks []int
	}{
		"no end":                                {0, nil, 0, nil},
		"long before":                           {14.1, nil, 0, nil},
		"two weeks before":                      {14, nil, 1, []int{14}},
		"two weeks before, told":                {13, []int{14}, 0, []int{14}},
		"three days before":                     {3, []int{14}, 1, []int{14, 3}},
		"three days before, nobody told so far": {2, nil, 1, []int{14, 3}},
		"over":                                  {-1, nil, 0, nil},
	} {
		end := now.Add(time.Duration(tt.days * 24 * float64(time.Hour)))
		if tt.days == 0 {
			end = time.Time{}
		}
		s := people.State{Workspace: workspace, Members: []access.Membership{{OID: "p", Role: access.WorkspaceResearcher, Expires: end, Warned: tt.told},
			{OID: "g", Group: true, Role: access.WorkspaceResearcher, Expires: end, Warned: tt.told}}}
		c, ok := s.Warn(now, people.WarnDays)
		if len(c.Roll.Notices) != tt.want || ok != (tt.want > 0) || ok && !slices.Equal(c.Put[0].Warned, tt.marks) {
			t.Errorf("%s: %+v", name, c)
		}
		r := people.Record{OID: "p"}
		if !end.IsZero() {
			r.Expiries = []people.Expiry{{Kind: people.Agreement, Ends: end, Warned: tt.told}}
		}
		rc, ok := r.Warn(now, people.WarnDays)
		if len(rc.Record.Notices) != tt.want || ok != (tt.want > 0) || ok && !slices.Equal(rc.Record.Expiries[0].Warned, tt.marks) {
			t.Errorf("%s, agreement: %+v", name, rc)
		}
	}
}

// TestUnknownGroups: an administrator whose groups nobody can tell may be in the
// one that is to get a role, and would have it as soon as somebody can.
func TestUnknownGroups(t *testing.T) {
	t.Parallel()
	admin := actors["admin"]
	admin.At, admin.By.GroupsUnknown = now, true
	later := now.Add(time.Hour)
	for what, do := range map[string]func(people.State) (people.Change, error){
		"refused: give a role to a group": func(s people.State) (people.Change, error) {
			return s.Grant(admin, people.Grant{Role: access.WorkspaceResearcher, To: []people.Entry{{OID: "crew"}}, Groups: true})
		},
		"refused: change the end of a group's role": func(s people.State) (people.Change, error) {
			return s.Amend(admin, "team", access.AirlockManager, people.Amendment{Expires: &later})
		},
		"ok: take a group's role away": func(s people.State) (people.Change, error) {
			return s.Remove(admin, "team", access.AirlockManager)
		},
		"ok: give a role to a person": func(s people.State) (people.Change, error) {
			return s.Grant(admin, people.Grant{Role: access.WorkspaceResearcher, To: []people.Entry{{OID: "nina"}}})
		},
	} {
		want, _, _ := strings.Cut(what, ":")
		if _, err := do(state()); outcome(err) != want {
			t.Errorf("%s: %v", what, err)
		}
	}
}
