package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

var commitRules = []rule{
	{"returns a version that the next one takes", commitChain},
	{"a new request that exists is a conflict", commitTwice},
	{"a stale version is a conflict", commitStale},
	{"a version of an absent request is a conflict", commitGone},
	{"an audit line that exists is a conflict", commitLine},
	{"a decision that exists is a conflict", commitDecision},
	{"decisions of others and of other turns are new", commitDecisions},
	{"a membership that changed is a conflict", commitMemberChanged},
	{"a membership that was removed is a conflict", commitMemberRemoved},
	{"memberships that stand are no conflict", commitMembers},
	{"a repeat succeeds and writes nothing", commitRepeat},
	{"of several at once one wins", commitRace},
}

// refused commits a change that must be a conflict and must change nothing.
func refused(t *testing.T, s Store, c airlock.Change) {
	t.Helper()
	before := holdings(t, s, c.Request.Key())
	if c.Open == nil { // so that writing it shows
		c.Open = &airlock.Open{Key: c.Request.Key(), Stage: airlock.Gating, Due: at.Add(time.Minute)}
	}
	if _, err := s.Commit(t.Context(), c); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("commit: %v, want ErrConflict", err)
	}
	equal(t, holdings(t, s, c.Request.Key()), before)
}

func commitChain(t *testing.T, s Store) {
	r := create(t, s, newKey())
	seen := map[string]bool{r.Version: true}
	for i := range 3 {
		r = commit(t, s, noted(r, fmt.Sprint(i)))
		if seen[r.Version] {
			t.Errorf("version %s came twice", r.Version)
		}
		seen[r.Version] = true
	}
	h := holdings(t, s, r.Key())
	equal(t, h.Request, r)
	check(t, audit.Verify(h.Lines, r.Head))
}

func commitTwice(t *testing.T, s Store) {
	r := create(t, s, newKey())
	refused(t, s, noted(newRequest(r.Key()), "another of the same id"))
}

func commitStale(t *testing.T, s Store) {
	old := create(t, s, newKey())
	commit(t, s, noted(old, "first"))
	refused(t, s, noted(old, "second"))
	bare := old.Note()
	bare.Request.Title = "without a line"
	refused(t, s, bare)
}

func commitGone(t *testing.T, s Store) {
	r := create(t, s, newKey())
	r.ID = uuid.NewString()
	if _, err := s.Commit(t.Context(), noted(r, "never created")); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("commit: %v, want ErrConflict", err)
	}
	if _, err := s.Request(t.Context(), r.Key()); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("request: %v, want ErrNotFound", err)
	}
	if lines, _, err := s.Lines(t.Context(), r.Key(), airlock.Page{}); len(lines) != 0 || err != nil {
		t.Errorf("lines = %v, %v; want none", lines, err)
	}
}

func commitLine(t *testing.T, s Store) {
	r := create(t, s, newKey())
	r.Head = audit.Head{} // the chain begins anew, at line 1, which exists
	refused(t, s, noted(r, "rewritten"))
}

// decided is a change with a decision of somebody on the request's turn.
func decided(r airlock.Request, oid string) airlock.Change {
	c := noted(r, "decided by "+oid)
	c.Decision = &airlock.Decision{ID: uuid.NewString(), Verb: airlock.VerbApprove, By: access.Person{OID: oid}, Turn: r.Turn, At: at}
	return c
}

func commitDecision(t *testing.T, s Store) {
	oid := uuid.NewString()
	r := commit(t, s, decided(create(t, s, newKey()), oid))
	refused(t, s, decided(r, oid))
}

func commitDecisions(t *testing.T, s Store) {
	oid := uuid.NewString()
	r := commit(t, s, decided(create(t, s, newKey()), oid))
	r = commit(t, s, decided(r, uuid.NewString()))
	r.Turn++
	commit(t, s, decided(r, oid))
	commit(t, s, decided(create(t, s, airlock.Key{Workspace: r.Workspace, Request: uuid.NewString()}), oid))
}

// seedManager makes somebody an airlock manager and reads the row.
func seedManager(t *testing.T, s Store, workspace string) access.Membership {
	t.Helper()
	oid := uuid.NewString()
	check(t, s.PutMember(t.Context(), access.Membership{Workspace: workspace, OID: oid, Name: "N", Role: access.AirlockManager}))
	held, err := s.MembershipsOf(t.Context(), workspace, oid)
	check(t, err)
	if len(held) != 1 || held[0].ETag == "" {
		t.Fatalf("memberships = %+v, want one with an ETag", held)
	}
	return held[0]
}

func commitMemberChanged(t *testing.T, s Store) {
	r := create(t, s, newKey())
	steady, changed := seedManager(t, s, r.Workspace), seedManager(t, s, r.Workspace)
	check(t, s.PutMember(t.Context(), changed))
	c := decided(r, steady.OID)
	c.Members = []access.Membership{steady, changed}
	refused(t, s, c)
	c.Members = []access.Membership{{Workspace: r.Workspace, OID: steady.OID, Role: steady.Role}}
	refused(t, s, c) // one that was never read
	commit(t, s, decided(r, steady.OID))
}

func commitMemberRemoved(t *testing.T, s Store) {
	r := create(t, s, newKey())
	gone := seedManager(t, s, r.Workspace)
	check(t, s.DeleteMember(t.Context(), gone.Workspace, gone.OID, gone.Role))
	c := decided(r, gone.OID)
	c.Members = []access.Membership{gone}
	refused(t, s, c)
	left, err := s.Members(t.Context(), r.Workspace)
	check(t, err)
	equal(t, left, []access.Membership{})
}

func commitMembers(t *testing.T, s Store) {
	r := create(t, s, newKey())
	a, b := seedManager(t, s, r.Workspace), seedManager(t, s, r.Workspace)
	c := decided(r, a.OID)
	c.Members = []access.Membership{a, b, a}
	commit(t, s, c)
	left, err := s.MembershipsOf(t.Context(), a.Workspace, a.OID)
	check(t, err)
	left[0].ETag, a.ETag = "", "" // holding a row may count as writing it
	equal(t, left, []access.Membership{a})
}

func commitRepeat(t *testing.T, s Store) {
	r := create(t, s, newKey())
	c := decided(r, uuid.NewString())
	c.Open = &airlock.Open{Key: r.Key(), Stage: airlock.Sealing, Due: at.Add(time.Hour)}
	first := commit(t, s, c)
	before := holdings(t, s, r.Key())
	equal(t, commit(t, s, c), first)
	equal(t, holdings(t, s, r.Key()), before)
	fresh := noted(newRequest(newKey()), "created")
	equal(t, commit(t, s, fresh), commit(t, s, fresh))
}

func commitRace(t *testing.T, s Store) {
	r := create(t, s, newKey())
	const racers = 8
	errs := make([]error, racers)
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() { _, errs[i] = s.Commit(t.Context(), noted(r, fmt.Sprint("racer ", i))) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, airlock.ErrConflict) {
			t.Errorf("commit: %v, want ErrConflict", err)
		}
	}
	h := holdings(t, s, r.Key())
	if won != 1 || len(h.Lines) != 2 {
		t.Errorf("%d of %d won and left %d lines, want 1 and 2", won, racers, len(h.Lines))
	}
	check(t, audit.Verify(h.Lines, h.Request.Head))
}
