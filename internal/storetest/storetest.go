// Package storetest is the conformance suite of the storage ports of the
// airlock and of workspaces: every sentence of their contract is a test, and
// every implementation passes all of them.
package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Store is everything that is kept, and how a test fills it.
type Store interface {
	airlock.Requests
	airlock.Files
	airlock.Work
	airlock.Trail
	airlock.Refusals
	airlock.AuditQuery
	airlock.Workspaces
	airlock.Members
	airlock.Manifests
	airlock.Letters
	calls.Keys
	calls.Buckets
	people.Rolls
	people.Records
	health.Store
	workspace.Store
	workspace.Lists
	workspace.Requests
	workspace.Addresses
	workspace.Templates
	workspace.Packages
	workspace.Names
	workspace.Fleets
	workspace.Drifts
	Seeder
}

// Seeder writes what the airlock only reads.
type Seeder interface {
	// PutWorkspace writes what is known of a workspace, whether it exists or not.
	PutWorkspace(ctx context.Context, w airlock.Workspace) error
	// PutMember writes a membership, whether it exists or not; its ETag changes.
	PutMember(ctx context.Context, m access.Membership) error
	// DeleteMember returns airlock.ErrNotFound when there is no such membership.
	DeleteMember(ctx context.Context, workspace, oid string, role access.Role) error
	// StrangeLines lists what Strange kept, in the order of the ids.
	StrangeLines(ctx context.Context) ([]audit.Line, error)
}

// rule is one test of the suite.
type rule struct {
	name string
	test func(*testing.T, Store)
}

// Run checks the store that open returns, which must be empty, once per rule.
func Run(t *testing.T, open func(*testing.T) Store) {
	t.Helper()
	for _, room := range []struct {
		name  string
		rules []rule
	}{
		{"requests", requestRules}, {"commit", commitRules}, {"files", fileRules}, {"put", putRules},
		{"selections", selectionRules}, {"work", workRules}, {"trail", trailRules}, {"people", peopleRules},
		{"papers", paperRules}, {"audit", auditRules}, {"calls", callRules}, {"rolls", rollRules},
		{"heartbeats", heartbeatRules}, {"resources", resourceRules}, {"changes", changeRules}, {"estate", estateRules}, {"fleets", fleetRules}, {"names", nameRules},
		{"templates", templateRules},
	} {
		for _, r := range room.rules {
			t.Run(room.name+"/"+r.name, func(t *testing.T) {
				t.Parallel()
				r.test(t, open(t))
			})
		}
	}
}

// at is a moment with nanoseconds, to see that they are kept.
var at = time.Date(2026, 3, 4, 5, 6, 7, 89, time.UTC)

// newKey addresses a request that nobody else has.
func newKey() airlock.Key {
	return airlock.Key{Workspace: uuid.NewString(), Request: uuid.NewString()}
}

// newRequest is a draft with the least that a request has.
func newRequest(key airlock.Key) airlock.Request {
	return airlock.Request{
		ID: key.Request, Workspace: key.Workspace, Type: airlock.Import, Title: "title", Stage: airlock.Draft,
		Since: at, CreatedAt: at, UpdatedAt: at, Turn: 1,
	}
}

// noted is a change of the request with one audit line more.
func noted(r airlock.Request, detail string) airlock.Change {
	r.Message = detail
	return r.Note(audit.Line{At: at, Action: "note", Detail: detail})
}

// create commits a new request with one audit line and a row of open work.
func create(t *testing.T, s Store, key airlock.Key) airlock.Request {
	t.Helper()
	c := noted(newRequest(key), "created")
	c.Open = &airlock.Open{Key: key, Stage: airlock.Draft, Due: at, Looked: at.Add(-time.Hour)}
	return commit(t, s, c)
}

func commit(t *testing.T, s Store, c airlock.Change) airlock.Request {
	t.Helper()
	r, err := s.Commit(t.Context(), c)
	check(t, err)
	return r
}

// check ends the test at an error that should not be.
func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// equal compares what a store gave with what it should have given; an empty
// list is as good as none.
func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Errorf("got unlike want (-want +got):\n%s", diff)
	}
}

// holding is everything kept of one request.
type holding struct {
	Request airlock.Request
	Lines   []audit.Line
	Open    airlock.Open
	HasOpen bool
}

// holdings reads everything kept of a request.
func holdings(t *testing.T, s Store, key airlock.Key) holding {
	t.Helper()
	var h holding
	var err error
	h.Request, err = s.Request(t.Context(), key)
	check(t, err)
	h.Lines, _, err = s.Lines(t.Context(), key, airlock.Page{})
	check(t, err)
	h.Open, err = s.Open(t.Context(), key)
	h.HasOpen = err == nil
	return h
}

// pages walks a list in pages of this limit and returns all its rows.
func pages[T any](t *testing.T, limit int, list func(airlock.Page) ([]T, string, error)) []T {
	t.Helper()
	var all []T
	full := limit
	if full == 0 {
		full = 1000
	}
	for page := (airlock.Page{Limit: limit}); ; {
		rows, next, err := list(page)
		check(t, err)
		if len(rows) > full {
			t.Fatalf("a page of %d holds %d rows", full, len(rows))
		}
		if all = append(all, rows...); next == "" {
			return all
		}
		if len(rows) < full {
			t.Fatalf("a page that is not the last holds %d rows, not %d", len(rows), full)
		}
		if next == page.After {
			t.Fatalf("cursor %q stands still", next)
		}
		page.After = next
	}
}

// limits are the page sizes that every list is tried with.
var limits = []int{0, 1, 3}

// eachLimit runs a test of a list once per page size.
func eachLimit(t *testing.T, test func(t *testing.T, limit int)) {
	t.Helper()
	for _, limit := range limits {
		t.Run(fmt.Sprintf("limit %d", limit), func(t *testing.T) { test(t, limit) })
	}
}
