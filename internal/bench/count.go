package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// store is every port of the rulebook that keeps rows.
type store interface {
	airlock.Requests
	airlock.Files
	airlock.Trail
	airlock.Refusals
	airlock.Workspaces
	airlock.Members
	desk.Records
	airlock.Manifests
	airlock.Work
	PutWorkspace(ctx context.Context, w airlock.Workspace) error
	PutMember(ctx context.Context, m access.Membership) error
}

// calls counts the calls to the ports, and the time spent in them.
type calls struct {
	mu  sync.Mutex
	n   map[string]int // by caller and port
	in  time.Duration
	who string // calls now
}

// by says who makes the calls that follow.
func (c *calls) by(who string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.who = who
}

// begin counts a call; what it returns ends it.
func (c *calls) begin(port string) func() {
	from := time.Now()
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.n == nil {
			c.n = map[string]int{}
		}
		c.n[c.who+": "+port]++
		c.in += time.Since(from)
	}
}

func (c *calls) total() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	sum := 0
	for n := range maps.Values(c.n) {
		sum += n
	}
	return sum
}

// named lists the calls by caller: "create: desk.Create 1, ...".
func (c *calls) named() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var text strings.Builder
	last := ""
	for _, key := range slices.Sorted(maps.Keys(c.n)) {
		who, port, _ := strings.Cut(key, ": ")
		if who != last {
			fmt.Fprintf(&text, "; %s:", who)
		}
		fmt.Fprintf(&text, " %s %d", port, c.n[key])
		last = who
	}
	return strings.TrimPrefix(text.String(), "; ")
}

// counted is a store whose calls are counted. What is not overridden is not
// used by the functions that are measured.
type counted struct {
	store
	c *calls
}

func (s counted) Request(ctx context.Context, key airlock.Key) (airlock.Request, error) {
	defer s.c.begin("requests.Request")()
	return s.store.Request(ctx, key)
}

func (s counted) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	defer s.c.begin("requests.Commit")()
	return s.store.Commit(ctx, c)
}

func (s counted) Put(ctx context.Context, slot airlock.Slot, files []airlock.File) error {
	defer s.c.begin("files.Put")()
	return s.store.Put(ctx, slot, files)
}

func (s counted) Get(ctx context.Context, slot airlock.Slot, name, etag string) (airlock.File, error) {
	defer s.c.begin("files.Get")()
	return s.store.Get(ctx, slot, name, etag)
}

func (s counted) List(ctx context.Context, slot airlock.Slot, sel airlock.Selection, p airlock.Page) ([]airlock.File, string, error) {
	defer s.c.begin("files.List")()
	return s.store.List(ctx, slot, sel, p)
}

func (s counted) Open(ctx context.Context, key airlock.Key) (airlock.Open, error) {
	defer s.c.begin("work.Open")()
	return s.store.Open(ctx, key)
}

func (s counted) Touch(ctx context.Context, open airlock.Open) error {
	defer s.c.begin("work.Touch")()
	return s.store.Touch(ctx, open)
}

func (s counted) Expect(ctx context.Context, key airlock.Key, at time.Time) error {
	defer s.c.begin("work.Expect")()
	return s.store.Expect(ctx, key, at)
}

func (s counted) Strange(ctx context.Context, id string, line audit.Line) error {
	defer s.c.begin("trail.Strange")()
	return s.store.Strange(ctx, id, line)
}

func (s counted) Workspace(ctx context.Context, id string) (airlock.Workspace, error) {
	defer s.c.begin("workspaces.Workspace")()
	return s.store.Workspace(ctx, id)
}

func (s counted) Members(ctx context.Context, workspace string) ([]access.Membership, error) {
	defer s.c.begin("members.Members")()
	return s.store.Members(ctx, workspace)
}

func (s counted) MembershipsOf(ctx context.Context, workspace, oid string) ([]access.Membership, error) {
	defer s.c.begin("members.MembershipsOf")()
	return s.store.MembershipsOf(ctx, workspace, oid)
}

func (s counted) SaveManifest(ctx context.Context, key airlock.Key, digest string, text []byte) error {
	defer s.c.begin("manifests.Save")()
	return s.store.SaveManifest(ctx, key, digest, text)
}

func (s counted) LoadManifest(ctx context.Context, key airlock.Key, digest string) ([]byte, error) {
	defer s.c.begin("manifests.Load")()
	return s.store.LoadManifest(ctx, key, digest)
}

// countedDesk and countedVault do the same for files.
type countedDesk struct {
	airlock.Desk
	c *calls
}

func (d countedDesk) Create(ctx context.Context, place airlock.Place) error {
	defer d.c.begin("desk.Create")()
	return d.Desk.Create(ctx, place)
}

func (d countedDesk) List(ctx context.Context, place airlock.Place, p airlock.Page) ([]airlock.Blob, string, error) {
	defer d.c.begin("desk.List")()
	return d.Desk.List(ctx, place, p)
}

type countedVault struct {
	airlock.Vault
	c *calls
}

func (v countedVault) Open(ctx context.Context, ref airlock.Ref, from, count int64) (airlock.Content, error) {
	defer v.c.begin("vault.Open")()
	return v.Vault.Open(ctx, ref, from, count)
}

func (v countedVault) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	defer v.c.begin("vault.Copy")()
	return v.Vault.Copy(ctx, c)
}

func (s counted) Record(ctx context.Context, oid string) (people.Record, error) {
	defer s.c.begin("people.Record")()
	return s.store.Record(ctx, oid)
}
