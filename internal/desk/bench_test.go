package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
)

const (
	here  = "11111111-1111-4111-8111-111111111111"
	there = "22222222-2222-4222-8222-222222222222"
)

var (
	ann   = person("a0000000-0000-4000-8000-000000000001", "Ann")   // researcher, makes requests
	bob   = person("a0000000-0000-4000-8000-000000000002", "Bob")   // researcher
	olga  = person("a0000000-0000-4000-8000-000000000003", "Olga")  // owner
	mia   = person("a0000000-0000-4000-8000-000000000004", "Mia")   // airlock manager
	moe   = person("a0000000-0000-4000-8000-000000000005", "Moe")   // airlock manager
	rita  = person("a0000000-0000-4000-8000-000000000006", "Rita")  // researcher and airlock manager
	adam  = person("a0000000-0000-4000-8000-000000000007", "Adam")  // TREAdmin, no role here
	sam   = person("a0000000-0000-4000-8000-000000000008", "Sam")   // everything, in the other workspace
	liar  = person("a0000000-0000-4000-8000-000000000009", "Liar")  // token claims workspace roles
	nobod = person("a0000000-0000-4000-8000-00000000000a", "Nobod") // TREUser without a role
)

func person(oid, name string) access.Person {
	p := access.Person{OID: oid, Name: name, Email: strings.ToLower(name) + "@example.org", Roles: []access.Role{access.TREUser}}
	switch name {
	case "Adam":
		p.Roles = []access.Role{access.TREAdmin}
	case "Liar":
		p.Roles = append(p.Roles, access.WorkspaceOwner, access.AirlockManager, access.WorkspaceResearcher)
	}
	return p
}

// bench is a desk on memory, with a clock that moves a second a reading.
type bench struct {
	*desk.Desk
	t      *testing.T
	store  *memstore.Store
	files  *memfiles.Files
	orders *recorder
	faults *faults

	mu  sync.Mutex
	now time.Time
}

// recorder takes orders and facts.
type recorder struct {
	mu    sync.Mutex
	sent  []string
	facts []message.Fact
}

func (r *recorder) Send(_ context.Context, queue string, message any, _ time.Duration) error {
	text, err := json.Marshal(message)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, queue+" "+string(text))
	return err
}

func (r *recorder) Publish(_ context.Context, f message.Fact) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.facts = append(r.facts, f)
	return nil
}

// queues lists the queues that were sent to, sorted, each once.
func (r *recorder) queues() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, s := range r.sent {
		queue, _, _ := strings.Cut(s, " ")
		all = append(all, queue)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func (r *recorder) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent, r.facts = nil, nil
}

func newBench(t *testing.T, change ...func(*airlock.Workspace)) *bench {
	t.Helper()
	b := &bench{t: t, store: &memstore.Store{}, orders: &recorder{}, faults: &faults{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	b.files = &memfiles.Files{Now: b.clock}
	w := airlock.Workspace{ID: here, DisplayName: "Here", StorageAccount: "stgwshere", Deployed: true, EnableAirlock: true}
	for _, c := range change {
		c(&w)
	}
	b.must(b.store.PutWorkspace(t.Context(), w))
	w.ID, w.DisplayName, w.StorageAccount = there, "There", "stgwsthere"
	b.must(b.store.PutWorkspace(t.Context(), w))
	for _, m := range []struct {
		workspace string
		who       access.Person
		role      access.Role
	}{
		{here, ann, access.WorkspaceResearcher}, {here, bob, access.WorkspaceResearcher}, {here, olga, access.WorkspaceOwner},
		{here, mia, access.AirlockManager}, {here, moe, access.AirlockManager},
		{here, rita, access.WorkspaceResearcher}, {here, rita, access.AirlockManager},
		{there, sam, access.WorkspaceOwner}, {there, sam, access.WorkspaceResearcher}, {there, sam, access.AirlockManager},
	} {
		b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: m.workspace, OID: m.who.OID, Name: m.who.Name, Email: m.who.Email, Role: m.role}))
	}
	p := flaky{Store: b.store, files: b.files, orders: b.orders, faults: b.faults}
	b.Desk = &desk.Desk{Ports: desk.Ports{Requests: p, Files: flakyFiles{p}, Trail: p, Workspaces: p, Members: p, People: p,
		Manifests: b.store, Containers: flakyContainers{p}, Orders: p, Facts: p},
		Now: b.clock, Cadence: airlock.Cadence{Hint: time.Minute, Draft: time.Hour},
		Log: slog.New(slog.DiscardHandler)}
	return b
}

func (b *bench) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *bench) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// as is a call of its own by somebody.
func as(p access.Person, operation string) desk.Caller {
	return desk.Caller{Person: p, Operation: operation}
}

// draft is a new request of Ann's.
func (b *bench) draft(kind airlock.Type) (airlock.Key, desk.View) {
	b.t.Helper()
	view, err := b.Create(b.t.Context(), as(ann, "create"), here, desk.New{Type: kind, Title: "t", Justification: "because"})
	b.must(err)
	return view.Request.Key(), view
}

// drop uploads a file into the draft and records what the engine finds of it.
func (b *bench) drop(key airlock.Key, name, content string, facts func(*airlock.File)) airlock.Blob {
	b.t.Helper()
	r := b.request(key)
	blob, err := b.files.Put(r.Place(airlock.DraftFiles, r.Turn), name, []byte(content))
	b.must(err)
	f := airlock.File{Name: name, ETag: blob.ETag,
		Inspection: &airlock.Inspection{Size: blob.Size, SHA256: airlock.Digest([]byte(content)), Type: "text/plain"},
		Verdict:    &airlock.Verdict{Class: airlock.Clean, Result: "No threats found"}}
	if facts != nil {
		facts(&f)
	}
	b.must(b.store.Put(b.t.Context(), airlock.Slot{Key: key, Turn: r.Turn}, []airlock.File{f}))
	return blob
}

func (b *bench) request(key airlock.Key) airlock.Request {
	b.t.Helper()
	r, err := b.store.Request(b.t.Context(), key)
	b.must(err)
	return r
}

// engine makes moves as the engine's functions do.
func (b *bench) engine(key airlock.Key, on ...airlock.Trigger) {
	b.t.Helper()
	for _, trigger := range on {
		r := b.request(key)
		if trigger == airlock.Sealed {
			b.seal(r)
			r.Manifest = "digest-of-turn-" + fmt.Sprint(r.Turn)
		}
		if trigger == airlock.Unfit {
			b.must(b.files.Create(b.t.Context(), r.Place(airlock.DraftFiles, r.Turn+1)))
		}
		c, err := r.Apply(airlock.Move{On: trigger, As: []airlock.Role{airlock.Engine}, Function: "test", At: b.clock(), Operation: "engine"})
		b.must(err)
		_, err = b.store.Commit(b.t.Context(), c.WithOpen(airlock.Policy{}, b.Cadence))
		b.must(err)
	}
	b.orders.clear()
}

// seal notes for every listed file that it is sealed.
func (b *bench) seal(r airlock.Request) {
	b.t.Helper()
	slot := airlock.Slot{Key: r.Key(), Turn: r.Turn}
	b.must(b.files.Create(b.t.Context(), r.Place(airlock.SealedFiles, r.Turn)))
	for _, f := range b.rows(r, airlock.Listed) {
		b.must(b.store.Put(b.t.Context(), slot, []airlock.File{{Name: f.Name, ETag: f.ETag, Seal: &airlock.Seal{ETag: "sealed-" + f.ETag}}}))
	}
}

func (b *bench) rows(r airlock.Request, which airlock.Which) []airlock.File {
	b.t.Helper()
	var all []airlock.File
	for after := ""; ; {
		rows, next, err := b.store.List(b.t.Context(), airlock.Slot{Key: r.Key(), Turn: r.Turn}, airlock.Selection{Which: which}, airlock.Page{After: after})
		b.must(err)
		if all, after = append(all, rows...), next; next == "" {
			return all
		}
	}
}

func wantError(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error is %v, want %v", err, want)
	}
}
