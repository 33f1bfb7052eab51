package storetest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var changeRules = []rule{
	{"every kind of row is written by one change", changeWhole},
	{"returns versions that the next one takes", changeChain},
	{"a row that is not as it was read is a conflict, whichever it is", changeConflicts},
	{"an audit line that exists is a conflict", changeLine},
	{"what no transaction holds is refused whole", changeInvalid},
	{"a row too large is refused with all others", changeTooLarge},
	{"nothing is nothing", changeNothing},
	{"a repeat succeeds and writes nothing", changeRepeat},
	{"a repeat gives the rows as they became", changeRepeatLate},
	{"a first row like the stored one is no repeat", changeUnchanged},
	{"a first row like another commit's is no repeat", changeLike},
	{"of several at once one wins", changeRace},
}

func changeWhole(t *testing.T, s Store) {
	c := whole("10.1.0.0/16", "10.0.0.0/16")
	got := change(t, s, c)
	k := estate(t, s, workspace.System)
	equal(t, k.Resources, got.Resources)
	equal(t, k.Operations, got.Operations)
	equal(t, k.Requests, got.Requests)
	equal(t, k.Approvals, got.Approvals)
	equal(t, k.Blocks, []workspace.Block{got.Blocks[1], got.Blocks[0]})
	equal(t, k.History, c.History)
	equal(t, k.Cards, []airlock.Workspace{*c.Card})
	equal(t, len(k.Lines), 4)
	equal(t, len(k.Open), 2)
	for id, head := range map[string]audit.Head{c.Resources[0].ID: got.Resources[0].Head, c.Operations[0].ID: got.Operations[0].Head,
		c.Requests[0].Chain(): got.Requests[0].Head, c.Approvals[0].ID: got.Approvals[0].Head} {
		lines, _, err := s.Trail(t.Context(), workspace.System, id, airlock.Page{})
		check(t, errors.Join(err, audit.Verify(lines, head)))
	}
}

// versions of a change's rows.
func versions(c workspace.Change) []string {
	var all []string
	for _, r := range c.Resources {
		all = append(all, r.Version)
	}
	for _, o := range c.Operations {
		all = append(all, o.Version)
	}
	for _, r := range c.Requests {
		all = append(all, r.Version)
	}
	for _, a := range c.Approvals {
		all = append(all, a.Version)
	}
	for _, b := range c.Blocks {
		all = append(all, b.Version)
	}
	return all
}

func changeChain(t *testing.T, s Store) {
	c := whole("10.1.0.0/16", "10.0.0.0/16")
	seen := map[string]bool{"": true}
	for i := range 3 {
		c = change(t, s, c)
		for j, v := range versions(c) {
			if seen[fmt.Sprint(j, " ", v)] || v == "" {
				t.Errorf("version %q of row %d came twice", v, j)
			}
			seen[fmt.Sprint(j, " ", v)] = true
		}
		c.Lines, c.History = nil, nil
		c.Resources[0].Message, c.Operations[0].Message, c.Requests[0].Message = fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint(i)
		c.Approvals[0].Used, c.Blocks[0].Taken = i+1, nil
	}
}

// unchanged commits a change that must be refused and must change nothing.
func unchanged(t *testing.T, s Store, name string, c workspace.Change, want error) {
	t.Helper()
	before := estate(t, s, c.Partition)
	if _, err := s.CommitChange(t.Context(), c); !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
	}
	equal(t, estate(t, s, c.Partition), before)
}

func changeConflicts(t *testing.T, s Store) {
	first := change(t, s, whole("10.1.0.0/16", "10.0.0.0/16"))
	next := first
	next.Lines, next.History = nil, nil
	again := func() workspace.Change { // the rows that exist, as they are
		c := next
		c.Resources, c.Operations, c.Requests = slices.Clone(c.Resources), slices.Clone(c.Operations), slices.Clone(c.Requests)
		c.Approvals, c.Blocks = slices.Clone(c.Approvals), slices.Clone(c.Blocks)
		c.Resources[0].Message = uuid.NewString()
		return c
	}
	breaks := map[string]func(c *workspace.Change, version string){
		"resource":  func(c *workspace.Change, v string) { c.Resources[0].Version = v },
		"operation": func(c *workspace.Change, v string) { c.Operations[0].Version = v },
		"request":   func(c *workspace.Change, v string) { c.Requests[0].Version = v },
		"approval":  func(c *workspace.Change, v string) { c.Approvals[0].Version = v },
		"block":     func(c *workspace.Change, v string) { c.Blocks[1].Version = v },
	}
	next = change(t, s, again())
	stale := versions(first)
	for i, name := range []string{"resource", "operation", "request", "approval", "block"} {
		c := again()
		breaks[name](&c, stale[min(i, 4)])
		unchanged(t, s, "a stale "+name, c, airlock.ErrConflict)
		breaks[name](&c, "")
		unchanged(t, s, "a new "+name+" that exists", c, airlock.ErrConflict)
	}
	for name, gone := range map[string]func(c *workspace.Change){
		"resource":  func(c *workspace.Change) { c.Resources[0].ID = uuid.NewString() },
		"operation": func(c *workspace.Change) { c.Operations[0].ID = uuid.NewString() },
		"request":   func(c *workspace.Change) { c.Requests[0].ID = uuid.NewString() },
		"approval":  func(c *workspace.Change) { c.Approvals[0].ID = uuid.NewString() },
		"block":     func(c *workspace.Change) { c.Blocks[0].Net = newBlock("10.9.0.0/16").Net },
	} {
		c := again()
		gone(&c)
		unchanged(t, s, "a version of a "+name+" that does not exist", c, airlock.ErrConflict)
	}
	c := again()
	c.History = first.History
	unchanged(t, s, "history that exists", c, airlock.ErrConflict)
	change(t, s, again())
}

func changeLine(t *testing.T, s Store) {
	c := change(t, s, made(newResource("")))
	r := c.Resources[0]
	r.Head = audit.Head{} // the chain begins anew, at line 1, which exists
	again := workspace.Change{Partition: workspace.System}
	again.Resource(r, told("rewritten"))
	unchanged(t, s, "line 1 once more", again, airlock.ErrConflict)
}

func changeInvalid(t *testing.T, s Store) {
	change(t, s, whole("10.1.0.0/16", "10.0.0.0/16"))
	many := made(newResource(""))
	for i := range workspace.MaxRows {
		many.Closed = append(many.Closed, fmt.Sprint(i))
	}
	twice := made(newResource(""))
	twice.Resources = append(twice.Resources, twice.Resources[0])
	foreign := made(newResource(""))
	foreign.Resources = append(foreign.Resources, newResource(uuid.NewString()))
	for name, c := range map[string]workspace.Change{"too many rows": many, "a row twice": twice, "two partitions": foreign} {
		unchanged(t, s, name, c, airlock.ErrInvalid)
	}
}

func changeTooLarge(t *testing.T, s Store) {
	c := made(newResource(""))
	text := make([]rune, workspace.MaxRow)
	for i := range text {
		text[i] = 'é'
	}
	c.Operations[0].Message = string(text)
	unchanged(t, s, "a message of the most that a row holds", c, airlock.ErrInvalid)
	c.Operations[0].Message = string(text[:workspace.MaxRow-10_000])
	equal(t, change(t, s, c).Operations[0].Message, c.Operations[0].Message)
}

func changeNothing(t *testing.T, s Store) {
	change(t, s, workspace.Change{})
	change(t, s, workspace.Change{Partition: workspace.System})
	equal(t, estate(t, s, workspace.System), kept{})
}

func changeRepeat(t *testing.T, s Store) {
	c := whole("10.1.0.0/16", "10.0.0.0/16")
	first := change(t, s, c)
	before := estate(t, s, workspace.System)
	equal(t, versions(change(t, s, c)), versions(first))
	equal(t, estate(t, s, workspace.System), before)
	next := first
	next.Lines, next.History = nil, nil
	next.Resources = slices.Clone(first.Resources)
	next.Resources[0].Message = "replaced"
	next.Closed, next.Open = []string{first.Operations[0].ID}, nil
	second := change(t, s, next)
	before = estate(t, s, workspace.System)
	equal(t, change(t, s, next), second)
	equal(t, estate(t, s, workspace.System), before)
}

func changeRepeatLate(t *testing.T, s Store) {
	c := made(newResource(""))
	first := change(t, s, c)
	later := workspace.Change{Partition: c.Partition}
	later.Operation(first.Operations[0], at, told("went on"))
	moved := change(t, s, later)
	got := change(t, s, c) // its resource is as it wrote it
	equal(t, got.Operations, moved.Operations)
	equal(t, got.Resources, first.Resources)
}

func changeUnchanged(t *testing.T, s Store) {
	first := change(t, s, made(newResource("")))
	later := workspace.Change{Partition: first.Partition}
	later.Operation(first.Operations[0], at, told("went on"))
	change(t, s, later)
	stale := workspace.Change{Partition: first.Partition, Operations: slices.Clone(first.Operations)}
	stale.Quietly(first.Resources[0])
	stale.Operations[0].Message = "lost"
	unchanged(t, s, "a stale operation beside a resource as it is", stale, airlock.ErrConflict)
}

func changeLike(t *testing.T, s Store) {
	first := change(t, s, made(newResource("")))
	with := func(what string) workspace.Change { // only the line of the operation tells these two apart
		c := workspace.Change{Partition: first.Partition}
		r := first.Resources[0]
		r.Message = "the same"
		c.Quietly(r)
		c.Operation(first.Operations[0], at, told(what))
		return c
	}
	change(t, s, with("mine"))
	unchanged(t, s, "a commit of somebody else with the same first row", with("theirs"), airlock.ErrConflict)
}

func changeRace(t *testing.T, s Store) {
	first := change(t, s, made(newResource("")))
	won := map[int]bool{}
	var wait sync.WaitGroup
	var mu sync.Mutex
	for i := range 8 {
		wait.Go(func() {
			c := workspace.Change{Partition: first.Partition}
			c.Resource(first.Resources[0], told(fmt.Sprint("racer ", i)))
			_, err := s.CommitChange(t.Context(), c)
			if err != nil && !errors.Is(err, airlock.ErrConflict) {
				t.Errorf("commit: %v, want ErrConflict", err)
			}
			mu.Lock()
			defer mu.Unlock()
			won[i] = err == nil
		})
	}
	wait.Wait()
	lines, _, err := s.Trail(t.Context(), first.Partition, first.Resources[0].ID, airlock.Page{})
	check(t, err)
	if winners := slices.DeleteFunc(slices.Collect(maps.Values(won)), func(w bool) bool { return !w }); len(winners) != 1 || len(lines) != 2 {
		t.Errorf("%d won and left %d lines, want 1 and 2", len(winners), len(lines))
	}
}
