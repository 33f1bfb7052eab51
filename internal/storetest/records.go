package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

func recordNone(t *testing.T, s Store) {
	oid := uuid.NewString()
	got, err := s.Record(t.Context(), oid)
	check(t, err)
	equal(t, got, people.Record{OID: oid})
	lines, _, err := s.Lines(t.Context(), got.Key(), airlock.Page{})
	check(t, err)
	equal(t, lines, []audit.Line(nil))
}

// recorded is a change of a record with one audit line.
func recorded(r people.Record, detail string) people.RecordChange {
	line, head := r.Head.Append(audit.Line{Workspace: people.Partition, Request: r.OID, At: at, Action: "suspend", Detail: detail})
	r.Head, r.Operation = head, detail
	return people.RecordChange{Record: r, Lines: []audit.Line{line}}
}

func recordRoundTrip(t *testing.T, s Store) {
	want := people.Record{OID: uuid.NewString(), Name: "n", Email: "e", PrincipalName: "p", Told: 1,
		Suspended: &people.Suspension{By: access.Person{OID: "o"}, At: at, Reason: "r"},
		Expiries:  []people.Expiry{{Kind: people.Training, Ends: at, Warned: []int{3}}},
		Notices:   []people.Notice{{Event: people.Suspended, Seq: 1, At: at, Member: access.Membership{OID: "x"}, Kind: people.Agreement, Ends: at}}}
	c := recorded(want, "operation")
	c.Open = &airlock.Open{Key: want.Key(), Due: at}
	saved, err := s.CommitRecord(t.Context(), c)
	check(t, err)
	got, err := s.Record(t.Context(), want.OID)
	check(t, err)
	equal(t, got, saved)
	want = c.Record
	want.Version = got.Version
	equal(t, got, want)
	again, err := s.CommitRecord(t.Context(), c) // its answer was lost
	check(t, err)
	equal(t, again, got)
	lines, _, err := s.Lines(t.Context(), got.Key(), airlock.Page{})
	check(t, err)
	check(t, audit.Verify(lines, got.Head))
	open, err := s.Open(t.Context(), got.Key())
	check(t, err)
	equal(t, open, *c.Open)
	found, _, err := s.Due(t.Context(), people.Partition, at, airlock.Page{})
	check(t, err)
	equal(t, found, []airlock.Open{open})
}

func recordStale(t *testing.T, s Store) {
	first, err := s.CommitRecord(t.Context(), recorded(people.Record{OID: uuid.NewString()}, "one"))
	check(t, err)
	second, err := s.CommitRecord(t.Context(), recorded(first, "two"))
	check(t, err)
	for _, stale := range []people.Record{first, {OID: first.OID}} {
		if _, err := s.CommitRecord(t.Context(), recorded(stale, "three")); !errors.Is(err, airlock.ErrConflict) {
			t.Errorf("commit: %v, want ErrConflict", err)
		}
	}
	got, err := s.Record(t.Context(), first.OID)
	check(t, err)
	equal(t, got, second)
}

func recordPages(t *testing.T, s Store) {
	var want []people.Record
	for i := range 7 {
		c := recorded(people.Record{OID: uuid.NewString()}, fmt.Sprint(i))
		c.Open = &airlock.Open{Key: c.Record.Key(), Due: at}
		r, err := s.CommitRecord(t.Context(), c)
		check(t, err)
		want = append(want, r)
	}
	slices.SortFunc(want, func(a, b people.Record) int { return strings.Compare(a.OID, b.OID) })
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, pages(t, limit, func(p airlock.Page) ([]people.Record, string, error) { return s.Records(t.Context(), p) }), want)
	})
}
