package storetest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

var rollRules = []rule{
	{"a workspace without a roll has the zero roll", rollNone},
	{"memberships, lines and open work are written with the roll", rollWhole},
	{"every field of a membership comes back", memberRoundTrip},
	{"a stale roll is a conflict and writes nothing", rollStale},
	{"removing a membership that is gone is a conflict", rollGone},
	{"an audit line that exists is a conflict", rollLine},
	{"a repeat succeeds and writes nothing", rollRepeat},
	{"of several at once one wins", rollRace},
	{"a frozen workspace says so", rollFreeze},
	{"a decision does not stand a change of its manager's membership", rollDecision},
	{"somebody unknown has a record of their id alone", recordNone},
	{"every field of a record comes back", recordRoundTrip},
	{"a stale record is a conflict and writes nothing", recordStale},
	{"records come in pages in the order of ids", recordPages},
}

// enrolled is a change of a roll with one audit line and one membership.
func enrolled(workspace string, roll people.Roll, m access.Membership) people.Change {
	c := people.Change{Workspace: workspace, Roll: roll, Put: []access.Membership{m}}
	line, head := roll.Head.Append(audit.Line{Workspace: workspace, Request: workspace, At: at, Action: "grant", Detail: m.OID})
	c.Lines, c.Roll.Head = []audit.Line{line}, head
	return c
}

func newMember(workspace string) access.Membership {
	return access.Membership{Workspace: workspace, OID: uuid.NewString(), Name: "Ünï", Email: "e@example.org", PrincipalName: "u@example.org",
		Role: access.AirlockManager, Expires: at, GrantedBy: access.Person{OID: "by", Name: "b", Email: "b@example.org"}, GrantedAt: at,
		Reason: "why", Warned: []int{14}}
}

func enrol(t *testing.T, s Store, c people.Change) people.Roll {
	t.Helper()
	roll, err := s.CommitRoll(t.Context(), c)
	check(t, err)
	return roll
}

// register is all that a workspace's roll is about.
type register struct {
	Roll    people.Roll
	Members []access.Membership
	Lines   []audit.Line
	Open    airlock.Open
	HasOpen bool
}

func registered(t *testing.T, s Store, workspace string) register {
	t.Helper()
	var g register
	var err error
	g.Roll, err = s.Roll(t.Context(), workspace)
	check(t, err)
	g.Members, err = s.Members(t.Context(), workspace)
	check(t, err)
	g.Lines, _, err = s.Lines(t.Context(), people.RollKey(workspace), airlock.Page{})
	check(t, err)
	g.Open, err = s.Open(t.Context(), people.RollKey(workspace))
	g.HasOpen = err == nil
	check(t, audit.Verify(g.Lines, g.Roll.Head))
	return g
}

func rollNone(t *testing.T, s Store) {
	equal(t, registered(t, s, uuid.NewString()), register{})
}

func rollWhole(t *testing.T, s Store) {
	ws := uuid.NewString()
	one, two := newMember(ws), newMember(ws)
	c := enrolled(ws, people.Roll{}, one)
	c.Open = &airlock.Open{Key: people.RollKey(ws), Due: at}
	roll := enrol(t, s, c)
	g := registered(t, s, ws)
	equal(t, g.Roll, roll)
	if len(g.Members) != 1 || len(g.Lines) != 1 || !g.HasOpen || !g.Open.Due.Equal(at) {
		t.Errorf("after the first: %+v", g)
	}
	found, _, err := s.Due(t.Context(), ws, at, airlock.Page{})
	check(t, err)
	equal(t, found, []airlock.Open{g.Open})
	c = enrolled(ws, roll, two)
	c.Remove = []access.Membership{one}
	roll = enrol(t, s, c)
	g = registered(t, s, ws)
	if len(g.Members) != 1 || g.Members[0].OID != two.OID || len(g.Lines) != 2 || g.HasOpen || roll.Version == "" {
		t.Errorf("after the second: %+v", g)
	}
	enrol(t, s, enrolled(ws, roll, two)) // there is no open work to remove
}

func memberRoundTrip(t *testing.T, s Store) {
	ws := uuid.NewString()
	want := newMember(ws)
	want.Group = true
	enrol(t, s, enrolled(ws, people.Roll{}, want))
	got := registered(t, s, ws).Members
	if len(got) != 1 || got[0].ETag == "" {
		t.Fatalf("members = %+v", got)
	}
	got[0].ETag = ""
	equal(t, got[0], want)
}

// unenrolled commits a change that must be a conflict and must change nothing.
func unenrolled(t *testing.T, s Store, c people.Change) {
	t.Helper()
	before := registered(t, s, c.Workspace)
	c.Open = &airlock.Open{Key: people.RollKey(c.Workspace), Due: at.Add(time.Minute)}
	if _, err := s.CommitRoll(t.Context(), c); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("commit: %v, want ErrConflict", err)
	}
	equal(t, registered(t, s, c.Workspace), before)
}

func rollStale(t *testing.T, s Store) {
	ws := uuid.NewString()
	old := enrol(t, s, enrolled(ws, people.Roll{}, newMember(ws)))
	enrol(t, s, enrolled(ws, old, newMember(ws)))
	unenrolled(t, s, enrolled(ws, old, newMember(ws)))
	unenrolled(t, s, enrolled(ws, people.Roll{}, newMember(ws)))
	unenrolled(t, s, people.Change{Workspace: uuid.NewString(), Roll: people.Roll{Version: old.Version}})
}

func rollGone(t *testing.T, s Store) {
	ws := uuid.NewString()
	m := newMember(ws)
	roll := enrol(t, s, enrolled(ws, people.Roll{}, m))
	c := enrolled(ws, roll, newMember(ws))
	c.Remove = []access.Membership{newMember(ws)}
	unenrolled(t, s, c)
}

func rollLine(t *testing.T, s Store) {
	ws := uuid.NewString()
	roll := enrol(t, s, enrolled(ws, people.Roll{}, newMember(ws)))
	roll.Head = audit.Head{} // the chain begins anew, at line 1, which exists
	unenrolled(t, s, enrolled(ws, roll, newMember(ws)))
}

func rollRepeat(t *testing.T, s Store) {
	ws := uuid.NewString()
	c := enrolled(ws, people.Roll{}, newMember(ws))
	first := enrol(t, s, c)
	before := registered(t, s, ws)
	equal(t, enrol(t, s, c), first)
	equal(t, registered(t, s, ws), before)
}

func rollRace(t *testing.T, s Store) {
	ws := uuid.NewString()
	roll := enrol(t, s, enrolled(ws, people.Roll{}, newMember(ws)))
	var wait sync.WaitGroup
	var mu sync.Mutex
	won := 0
	for range 4 {
		c := enrolled(ws, roll, newMember(ws))
		wait.Go(func() {
			_, err := s.CommitRoll(t.Context(), c)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				won++
			} else if !errors.Is(err, airlock.ErrConflict) {
				t.Errorf("commit: %v", err)
			}
		})
	}
	wait.Wait()
	if g := registered(t, s, ws); won != 1 || len(g.Members) != 2 || len(g.Lines) != 2 {
		t.Errorf("%d won, %d members, %d lines", won, len(g.Members), len(g.Lines))
	}
}

func rollFreeze(t *testing.T, s Store) {
	want := airlock.Workspace{ID: uuid.NewString(), DisplayName: "d"}
	check(t, s.PutWorkspace(t.Context(), want))
	c := enrolled(want.ID, people.Roll{}, newMember(want.ID))
	c.Roll.Freeze = &airlock.Freeze{By: access.Person{OID: "o", Name: "n"}, Role: access.TREAdmin, At: at, Reason: "r"}
	c.Roll.Resumed = at.Add(-time.Hour)
	enrol(t, s, c)
	got, err := s.Workspace(t.Context(), want.ID)
	check(t, err)
	check(t, s.PutWorkspace(t.Context(), got)) // which does not lift it
	again, err := s.Workspace(t.Context(), want.ID)
	check(t, err)
	want.Policy.Hold = airlock.Hold{Freeze: c.Roll.Freeze, Resumed: c.Roll.Resumed}
	equal(t, got, want)
	equal(t, again, want)
}

func rollDecision(t *testing.T, s Store) {
	r := create(t, s, newKey())
	manager := seedManager(t, s, r.Workspace)
	c := decided(r, manager.OID)
	c.Members = []access.Membership{manager}
	ended := manager
	ended.Expires = at
	enrol(t, s, enrolled(r.Workspace, people.Roll{}, ended))
	refused(t, s, c)
}
