package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var estateRules = []rule{
	{"an absent request or approval is not found", wantedAbsent},
	{"every field of requests, approvals and blocks comes back", wantedRoundTrip},
	{"requests and approvals come in pages in the order of ids", wantedPages},
	{"open work names its resource and is due", openResource},
	{"open work is closed, and closed again", openClosed},
	{"the airlock's card is written with its workspace", cardWritten},
	{"a workspace, its request and their lines have one id and chains of their own", wantedChains},
	{"audit lines of a partition are found", changeLines},
	{"blocks come in the order of their addresses, an unknown one is empty", blockOrder},
	{"of those who reserve at once one wins", blockRace},
}

func wantedAbsent(t *testing.T, s Store) {
	for range 2 {
		_, err := s.WorkspaceRequest(t.Context(), uuid.NewString())
		_, approvalErr := s.Approval(t.Context(), uuid.NewString())
		for _, err := range []error{err, approvalErr} {
			if !errors.Is(err, airlock.ErrNotFound) {
				t.Errorf("%v, want ErrNotFound", err)
			}
		}
		change(t, s, whole())
	}
}

// wanted is a request, an approval and a block without a zero field.
func wanted(t *testing.T) workspace.Change {
	t.Helper()
	block := newBlock("10.1.0.0/16")
	var err error
	block.Block, err = block.Reserve(netip.MustParsePrefix("10.1.4.0/22"), "holder")
	check(t, err)
	return workspace.Change{Partition: workspace.System,
		Requests: []workspace.Request{filled(workspace.Request{ID: uuid.NewString(), Properties: map[string]any{"a": "<b>", "n": 1.5},
			Secrets: map[string]string{"/a": "id"}})},
		Approvals: []workspace.Approval{filled(workspace.Approval{ID: uuid.NewString()})},
		Blocks:    []workspace.Block{block}}
}

func wantedRoundTrip(t *testing.T, s Store) {
	spoil := func(c workspace.Change) {
		c.Requests[0].Properties["a"], c.Requests[0].Members[0].Name, c.Requests[0].Decided.Reason = "spoiled", "spoiled", "spoiled"
		c.Approvals[0].Sizes[0], c.Approvals[0].Ended.Reason, c.Blocks[0].Taken[0].Holder = "spoiled", "spoiled", "spoiled"
	}
	given := wanted(t)
	got := change(t, s, given)
	v := versions(got)
	given.Requests[0].Version, given.Approvals[0].Version, given.Blocks[0].Version = v[0], v[1], v[2]
	equal(t, got, given)
	spoil(got)
	read := func() (c workspace.Change) {
		r, err := s.WorkspaceRequest(t.Context(), given.Requests[0].ID)
		check(t, err)
		a, err := s.Approval(t.Context(), given.Approvals[0].ID)
		check(t, err)
		b, err := s.BlockOf(t.Context(), given.Blocks[0].Net)
		check(t, err)
		return workspace.Change{Partition: workspace.System, Requests: []workspace.Request{r}, Approvals: []workspace.Approval{a}, Blocks: []workspace.Block{b}}
	}
	first, second := read(), read()
	equal(t, first, given)
	spoil(given)
	spoil(first)
	equal(t, read(), second)
}

func wantedPages(t *testing.T, s Store) {
	var requests []workspace.Request
	var approvals []workspace.Approval
	for range 7 {
		c := change(t, s, whole())
		requests, approvals = append(requests, c.Requests...), append(approvals, c.Approvals...)
	}
	slices.SortFunc(requests, func(a, b workspace.Request) int { return strings.Compare(a.ID, b.ID) })
	slices.SortFunc(approvals, func(a, b workspace.Approval) int { return strings.Compare(a.ID, b.ID) })
	eachLimit(t, func(t *testing.T, limit int) {
		equal(t, pages(t, limit, func(p airlock.Page) ([]workspace.Request, string, error) {
			return s.WorkspaceRequests(t.Context(), p)
		}), requests)
		equal(t, pages(t, limit, func(p airlock.Page) ([]workspace.Approval, string, error) { return s.Approvals(t.Context(), p) }), approvals)
	})
}

func openResource(t *testing.T, s Store) {
	c := whole()
	c.Open[0].Due = at.Add(time.Hour)
	change(t, s, c)
	for i, want := range c.Open {
		got, err := s.Open(t.Context(), want.Key)
		check(t, err)
		equal(t, got, want)
		if hasResource := got.Resource == c.Resources[0].ID; hasResource != (i == 0) {
			t.Errorf("open work %d is about resource %q", i, got.Resource)
		}
	}
	due, _, err := s.Due(t.Context(), workspace.System, at, airlock.Page{})
	check(t, err)
	equal(t, due, c.Open[1:])
	check(t, s.Touch(t.Context(), airlock.Open{Key: c.Open[0].Key, Due: at}))
	touched, err := s.Open(t.Context(), c.Open[0].Key)
	check(t, err)
	equal(t, touched.Resource, c.Resources[0].ID)
}

func openClosed(t *testing.T, s Store) {
	c := made(newResource(uuid.NewString()))
	for range 2 {
		c.Operation(newOperation(c.Resources[0].Key()), at, told("ask"))
	}
	saved := change(t, s, c)
	closing := workspace.Change{Partition: c.Partition, Resources: saved.Resources}
	for i, closed := range [][]string{
		{c.Operations[0].ID}, {c.Operations[0].ID}, {"never", c.Operations[1].ID, "was"}, {c.Operations[0].ID, c.Operations[1].ID, "there"},
	} {
		closing.Closed, closing.Resources[0].Message = closed, fmt.Sprint(i)
		closing = change(t, s, closing)
		r, err := s.Resource(t.Context(), closing.Resources[0].Key())
		check(t, err)
		equal(t, r, closing.Resources[0])
	}
	equal(t, estate(t, s, c.Partition).Open, c.Open[2:])
	check(t, s.Touch(t.Context(), airlock.Open{Key: c.Open[0].Key, Due: at})) // brings nothing back
	alone := workspace.Change{Partition: c.Partition, Closed: []string{"never", c.Operations[2].ID}}
	change(t, s, alone)
	change(t, s, alone)
	equal(t, estate(t, s, c.Partition).Open, []airlock.Open{})
}

func cardWritten(t *testing.T, s Store) {
	c := whole()
	change(t, s, c)
	roll := enrolled(c.Card.ID, people.Roll{}, newMember(c.Card.ID))
	roll.Roll.Freeze = &airlock.Freeze{By: access.Person{OID: "o"}, At: at, Reason: "r"}
	enrol(t, s, roll)
	card := filled(airlock.Workspace{ID: c.Card.ID})
	want := card
	change(t, s, workspace.Change{Partition: workspace.System, Card: &card})
	got, err := s.Workspace(t.Context(), c.Card.ID)
	check(t, err)
	want.Policy.Hold = airlock.Hold{Freeze: roll.Roll.Freeze}
	equal(t, got, want)
}

func wantedChains(t *testing.T, s Store) {
	c := whole()
	first := change(t, s, c)
	next := workspace.Change{Partition: workspace.System}
	next.Resource(first.Resources[0], told("update"))
	next.Request(first.Requests[0], at, told("told"))
	got := change(t, s, next)
	for id, head := range map[string]audit.Head{got.Resources[0].ID: got.Resources[0].Head, got.Requests[0].Chain(): got.Requests[0].Head} {
		lines, _, err := s.Trail(t.Context(), workspace.System, id, airlock.Page{})
		check(t, errors.Join(err, audit.Verify(lines, head)))
		equal(t, len(lines), 2)
	}
}

func changeLines(t *testing.T, s Store) {
	c := made(newResource(uuid.NewString()))
	change(t, s, c)
	change(t, s, whole())
	equal(t, byTime(query(t, s, c.Partition, airlock.AuditFilter{Action: "create"}, 0)), c.Lines[:1])
	equal(t, query(t, s, c.Partition, airlock.AuditFilter{Request: c.Operations[0].ID}, 0), c.Lines[1:])
	equal(t, len(query(t, s, workspace.System, airlock.AuditFilter{}, 1)), 4)
}

func blockOrder(t *testing.T, s Store) {
	blocks := []workspace.Block{newBlock("10.9.0.0/16"), newBlock("172.16.0.0/20"), newBlock("10.10.0.0/16"), newBlock("9.0.0.0/16")}
	got := change(t, s, workspace.Change{Partition: workspace.System, Blocks: blocks}).Blocks
	all, err := s.Blocks(t.Context())
	check(t, err)
	equal(t, all, []workspace.Block{got[3], got[0], got[2], got[1]})
	empty, err := s.BlockOf(t.Context(), netip.MustParsePrefix("10.11.0.0/16"))
	check(t, err)
	equal(t, empty, newBlock("10.11.0.0/16"))
}

func blockRace(t *testing.T, s Store) {
	net := netip.MustParsePrefix("10.1.0.0/16")
	for round := range 2 { // over none, then over one that exists
		block, err := s.BlockOf(t.Context(), net)
		check(t, err)
		var wait sync.WaitGroup
		won := make([]bool, 6)
		for i := range won {
			c := made(newResource(""))
			mine := block
			mine.Block, err = block.Reserve(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 1, byte(10*round + i), 0}), 24), c.Resources[0].ID)
			check(t, err)
			c.Blocks = []workspace.Block{mine}
			wait.Go(func() {
				_, err := s.CommitChange(t.Context(), c)
				if won[i] = err == nil; err != nil && !errors.Is(err, airlock.ErrConflict) {
					t.Errorf("commit: %v, want ErrConflict", err)
				}
			})
		}
		wait.Wait()
		block, err = s.BlockOf(t.Context(), net)
		check(t, err)
		k := estate(t, s, workspace.System)
		winners := slices.DeleteFunc(won, func(w bool) bool { return !w })
		if len(winners) != 1 || len(block.Taken) != round+1 || len(k.Resources) != round+1 {
			t.Errorf("round %d: %d won, %d ranges, %d workspaces", round, len(winners), len(block.Taken), len(k.Resources))
		}
	}
}
