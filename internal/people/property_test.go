package people_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// story is a workspace in which anybody does anything.
type story struct {
	state people.State
	lines []audit.Line
	now   time.Time
	// blocked tells that, since the workspace last had an owner who goes on, a
	// suspension or a training's end took one away.
	blocked bool
}

var crowd = []string{"a", "b", "c", "d"}

func (s *story) owners() (now, lasting []string) {
	for _, m := range s.state.Members {
		if m.Role == access.WorkspaceOwner && !m.Group && m.Holds(s.now) && s.state.Records[m.OID].Blocks(s.now) == "" {
			now = append(now, m.OID)
			if m.Expires.IsZero() {
				lasting = append(lasting, m.OID)
			}
		}
	}
	return now, lasting
}

// commit does what a store does.
func (s *story) commit(c people.Change, err error) {
	if err != nil {
		return
	}
	for _, m := range c.Remove {
		s.state.Members = slices.DeleteFunc(s.state.Members, func(o access.Membership) bool { return o.OID == m.OID && o.Role == m.Role })
	}
	for _, m := range c.Put {
		s.state.Members = slices.DeleteFunc(s.state.Members, func(o access.Membership) bool { return o.OID == m.OID && o.Role == m.Role })
		s.state.Members = append(s.state.Members, m)
	}
	s.state.Roll, s.lines = c.Roll, append(s.lines, c.Lines...)
}

func (s *story) act(t *rapid.T) people.Act {
	by := access.Person{OID: rapid.SampledFrom(append([]string{"admin"}, crowd...)).Draw(t, "by")}
	if by.OID == "admin" {
		by.Roles = []access.Role{access.TREAdmin}
	}
	stand := people.Stand(by, s.state.Members, s.state.Records[by.OID], s.now)
	return people.Act{By: by, Roles: stand.Roles, At: s.now, Reason: "r", Operation: "o"}
}

func (s *story) end(t *rapid.T) time.Time {
	if rapid.Bool().Draw(t, "ends") {
		return s.now.Add(time.Duration(rapid.IntRange(-1, 48).Draw(t, "hours")) * time.Hour)
	}
	return time.Time{}
}

// TestAnOwnerStays: no sequence of calls by anybody leaves a workspace without
// an owner, except a suspension or the end of a training; and then an
// administrator can name another.
func TestAnOwnerStays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := &story{now: now, state: people.State{Workspace: workspace, Records: map[string]people.Record{}}}
		s.state.Members = []access.Membership{{Workspace: workspace, OID: "a", Role: access.WorkspaceOwner}}
		role := rapid.SampledFrom(access.WorkspaceRoles)
		oid := rapid.SampledFrom(crowd)
		t.Repeat(map[string]func(*rapid.T){
			"grant": func(t *rapid.T) {
				s.commit(s.state.Grant(s.act(t), people.Grant{Role: role.Draw(t, "role"), To: []people.Entry{{OID: oid.Draw(t, "to")}}, Expires: s.end(t)}))
			},
			"amend": func(t *rapid.T) {
				end, to := s.end(t), people.Amendment{}
				if rapid.Bool().Draw(t, "date") {
					to.Expires = &end
				}
				if rapid.Bool().Draw(t, "other") {
					to.Role = role.Draw(t, "new role")
				}
				s.commit(s.state.Amend(s.act(t), oid.Draw(t, "whose"), role.Draw(t, "role"), to))
			},
			"remove": func(t *rapid.T) {
				s.commit(s.state.Remove(s.act(t), oid.Draw(t, "whose"), role.Draw(t, "role")))
			},
			"pass": func(t *rapid.T) {
				s.now = s.now.Add(time.Duration(rapid.IntRange(1, 30).Draw(t, "hours")) * time.Hour)
			},
			"person": func(t *rapid.T) {
				r := s.state.Records[oid.Draw(t, "who")]
				r.OID = oid.Draw(t, "who")
				a := s.act(t)
				var c people.RecordChange
				var err error
				switch rapid.IntRange(0, 2).Draw(t, "what") {
				case 0:
					c, err = r.Suspend(a)
				case 1:
					c, err = r.Reinstate(a)
				default:
					c, err = r.SetExpiries(a, map[people.Kind]time.Time{people.Training: s.end(t)})
				}
				if err == nil {
					s.state.Records[r.OID] = c.Record
				}
			},
			"": func(t *rapid.T) { s.check(t) },
		})
	})
}

func (s *story) check(t *rapid.T) {
	owns, lasts := s.owners()
	for _, r := range s.state.Records {
		if r.Blocks(s.now) != "" {
			s.blocked = true
		}
	}
	if len(lasts) == 0 && !s.blocked {
		t.Fatalf("no owner who goes on, and nobody was held back: %+v", s.state.Members)
	}
	if err := audit.Verify(s.lines, s.state.Roll.Head); err != nil {
		t.Fatal(err)
	}
	if len(owns) > 0 {
		return
	}
	admin := people.Act{By: access.Person{OID: "admin"}, Roles: []access.Role{access.TREAdmin}, At: s.now}
	c, err := s.state.Grant(admin, people.Grant{Role: access.WorkspaceOwner, To: []people.Entry{{OID: "new"}}})
	if err != nil || len(c.Put) != 1 {
		t.Fatalf("an administrator cannot mend it: %v", err)
	}
}

// TestCountingNeverAdds: who counts is among the members, holds, and is not
// held back.
func TestCountingNeverAdds(t *testing.T) {
	t.Parallel()
	all := []access.Membership{{OID: "a", Role: access.AirlockManager}, {OID: "b", Role: access.AirlockManager, Expires: now},
		{OID: "c", Role: access.AirlockManager}, {OID: "g", Role: access.AirlockManager, Group: true}}
	got := people.Counting(all, map[string]people.Record{"c": {Suspended: &people.Suspension{}}, "g": {Suspended: &people.Suspension{}}}, now)
	if len(got) != 2 || got[0].OID != "a" || got[1].OID != "g" || len(all) != 4 || all[1].OID != "b" {
		t.Errorf("counting: %+v", got)
	}
	as := people.As(got[1], access.Person{OID: "d"})
	if as.Row() != "g" || as.OID != "d" || as.Group {
		t.Errorf("as: %+v", as)
	}
}
