package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

var workRules = []rule{
	{"a commit writes the row that it says", openWritten},
	{"a commit without one removes the row", openRemoved},
	{"a zero looked keeps the stored one", openLooked},
	{"expect writes expected, which nothing else does", expectWrites},
	{"due lists what is not after the time, by id", dueFilter},
	{"due in pages", duePages},
	{"touch writes due and looked only", touchWrites},
	{"touch does not bring a row back", touchGone},
}

// opened commits a note with this row of open work.
func opened(t *testing.T, s Store, r airlock.Request, open *airlock.Open) airlock.Request {
	t.Helper()
	c := noted(r, "opened")
	c.Open = open
	return commit(t, s, c)
}

func openWritten(t *testing.T, s Store) {
	key := newKey()
	want := airlock.Open{Key: key, Stage: airlock.Sealing, Due: at, Looked: at.Add(3), Rests: true, Resource: "r", Tell: true}
	r := opened(t, s, newRequest(key), &want)
	got, err := s.Open(t.Context(), key)
	check(t, err)
	equal(t, got, want)
	want = airlock.Open{Key: key, Stage: airlock.InReview, Due: at.Add(time.Hour), Looked: at.Add(4)}
	opened(t, s, r, &want)
	got, err = s.Open(t.Context(), key)
	check(t, err)
	equal(t, got, want)
}

func openRemoved(t *testing.T, s Store) {
	key := newKey()
	gone := func(when string) {
		t.Helper()
		if _, err := s.Open(t.Context(), key); !errors.Is(err, airlock.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", when, err)
		}
		rows, _, err := s.Due(t.Context(), key.Workspace, at.Add(time.Hour), airlock.Page{})
		if len(rows) != 0 || err != nil {
			t.Errorf("%s: due = %v, %v; want none", when, rows, err)
		}
	}
	r := opened(t, s, newRequest(key), nil)
	gone("born without")
	r = opened(t, s, r, nil)
	gone("removed where there is none")
	r = opened(t, s, r, &airlock.Open{Key: key, Due: at})
	r = opened(t, s, r, nil)
	gone("removed")
	opened(t, s, r, nil)
	gone("removed twice")
}

func openLooked(t *testing.T, s Store) {
	key := newKey()
	looked := func(want time.Time) {
		t.Helper()
		got, err := s.Open(t.Context(), key)
		check(t, err)
		if !got.Looked.Equal(want) {
			t.Errorf("looked = %v, want %v", got.Looked, want)
		}
	}
	r := opened(t, s, newRequest(key), &airlock.Open{Key: key, Due: at})
	looked(time.Time{})
	r = opened(t, s, r, &airlock.Open{Key: key, Due: at, Looked: at})
	r = opened(t, s, r, &airlock.Open{Key: key, Due: at.Add(1)})
	looked(at)
	r = opened(t, s, r, nil)
	opened(t, s, r, &airlock.Open{Key: key, Due: at})
	looked(time.Time{}) // with its row it was forgotten
}

// openAt makes requests in one workspace, due at these times.
func openAt(t *testing.T, s Store, due ...time.Time) []airlock.Open {
	t.Helper()
	ws := uuid.NewString()
	rows := make([]airlock.Open, len(due))
	for i := range due {
		id, err := uuid.NewV7() // in the order of making
		check(t, err)
		rows[i] = airlock.Open{Key: airlock.Key{Workspace: ws, Request: id.String()}, Stage: airlock.Draft, Due: due[i]}
		opened(t, s, newRequest(rows[i].Key), &rows[i])
	}
	return rows
}

func dueFilter(t *testing.T, s Store) {
	zone := time.FixedZone("far", 5*3600)
	rows := openAt(t, s, at.Add(time.Second), at.Add(-time.Hour), at, at.Add(1), at.Add(-1), time.Time{}, at.Add(-2).In(zone))
	openAt(t, s, at.Add(-time.Hour)) // of another workspace
	want := []airlock.Open{rows[1], rows[2], rows[4], rows[5], rows[6]}
	for _, now := range []time.Time{at, at.In(zone)} {
		got, next, err := s.Due(t.Context(), rows[0].Key.Workspace, now, airlock.Page{})
		check(t, err)
		equal(t, got, want)
		if next != "" {
			t.Errorf("cursor = %q after the last page", next)
		}
	}
}

func duePages(t *testing.T, s Store) {
	late := at.Add(time.Hour)
	rows := openAt(t, s, at, late, at, at, late, at, late)
	want := []airlock.Open{rows[0], rows[2], rows[3], rows[5]}
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, pages(t, limit, func(p airlock.Page) ([]airlock.Open, string, error) {
			return s.Due(t.Context(), rows[0].Key.Workspace, at, p)
		}), want)
	})
}

func touchWrites(t *testing.T, s Store) {
	key := newKey()
	opened(t, s, newRequest(key), &airlock.Open{Key: key, Stage: airlock.Draft, Due: at, Rests: true})
	before := holdings(t, s, key)
	check(t, s.Touch(t.Context(), airlock.Open{Key: key, Stage: airlock.Failed, Due: at.Add(time.Hour), Looked: at.Add(time.Minute)}))
	before.Open.Due, before.Open.Looked = at.Add(time.Hour), at.Add(time.Minute)
	equal(t, holdings(t, s, key), before)
	due, _, err := s.Due(t.Context(), key.Workspace, at, airlock.Page{})
	check(t, err)
	equal(t, due, []airlock.Open{})
}

func touchGone(t *testing.T, s Store) {
	key := newKey()
	check(t, s.Touch(t.Context(), airlock.Open{Key: key, Due: at})) // in an empty store
	r := create(t, s, key)
	open, err := s.Open(t.Context(), key)
	check(t, err)
	opened(t, s, r, nil)
	check(t, s.Touch(t.Context(), open))
	if _, err := s.Open(t.Context(), key); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("open: %v, want ErrNotFound", err)
	}
}

func expectWrites(t *testing.T, s Store) {
	key := newKey()
	check(t, s.Expect(t.Context(), key, at)) // in an empty store
	r := opened(t, s, newRequest(key), &airlock.Open{Key: key, Stage: airlock.Sealing, Due: at, Looked: at})
	want := airlock.Open{Key: key, Stage: airlock.Sealing, Due: at, Looked: at, Expected: at.Add(time.Hour)}
	same := func(what string) {
		t.Helper()
		got, err := s.Open(t.Context(), key)
		check(t, err)
		if got.Expected = got.Expected.UTC(); !got.Expected.Equal(want.Expected) {
			t.Errorf("%s: expected = %v, want %v", what, got.Expected, want.Expected)
		}
		got.Expected = want.Expected
		equal(t, got, want)
	}
	check(t, s.Expect(t.Context(), key, at.Add(time.Hour)))
	same("written")
	check(t, s.Touch(t.Context(), airlock.Open{Key: key, Due: at.Add(1), Looked: at.Add(2)}))
	want.Due, want.Looked = at.Add(1), at.Add(2)
	same("touched")
	r = opened(t, s, r, &airlock.Open{Key: key, Stage: airlock.Gating, Due: at, Looked: at})
	want.Stage, want.Due, want.Looked = airlock.Gating, at, at
	same("committed")
	check(t, s.Expect(t.Context(), key, time.Time{}))
	want.Expected = time.Time{}
	same("cleared")
	opened(t, s, r, nil)
	check(t, s.Expect(t.Context(), key, at))
	if _, err := s.Open(t.Context(), key); !errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("open: %v, want ErrNotFound", err)
	}
}
