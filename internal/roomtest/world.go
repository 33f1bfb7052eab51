// Package roomtest is the small world in which the rooms of the Functions app
// are tested: the airlock's ports in memory, each call of which can be made to
// fail, people, and requests brought to any stage by the rulebook alone.
package roomtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/refusals"
)

// The workspaces, the account that faces outside, and one id of every test's
// request.
const (
	Here          = "11111111-1111-4111-8111-111111111111"
	There         = "22222222-2222-4222-8222-222222222222"
	HereAccount   = "stgwshere"
	ThereAccount  = "stgwsthere"
	OutsideName   = "stairlock" // the storage account behind airlock.AirlockAccount
	RequestID     = "33333333-3333-4333-8333-333333333333"
	NobodysID     = "99999999-9999-4999-8999-999999999999"
	HintAfter     = time.Minute
	DraftEvery    = 5 * time.Minute
	SettleFor     = 15 * time.Minute
	smallPage     = 3
	invocationOne = "44444444-4444-4444-8444-444444444444"
)

// The people.
var (
	Ada  = access.Person{OID: "a0000000-0000-4000-8000-000000000001", Name: "Ada", Email: "ada@example.org"}   // makes requests
	Mia  = access.Person{OID: "a0000000-0000-4000-8000-000000000002", Name: "Mia", Email: "mia@example.org"}   // airlock manager
	Marc = access.Person{OID: "a0000000-0000-4000-8000-000000000003", Name: "Marc", Email: "marc@example.org"} // airlock manager
	Olga = access.Person{OID: "a0000000-0000-4000-8000-000000000004", Name: "Olga", Email: "olga@example.org"} // owner
)

// World is one test's.
type World struct {
	T      testing.TB
	Store  *memstore.Store
	Files  *memfiles.Files
	Faults Faults

	Ledger    ledger.Ledger
	Rows      airlock.Files
	Work      airlock.Work
	Trail     airlock.Trail
	Spaces    airlock.Workspaces
	Members   airlock.Members
	Manifests airlock.Manifests
	Letters   airlock.Letters
	Rolls     people.Rolls
	Records   people.Records
	Desk      airlock.Desk
	Vault     airlock.Vault
	Janitor   airlock.Janitor
	Orders    Orders

	mu   sync.Mutex
	now  time.Time
	sent []Sent
	told []func(state map[string]any) // add to State
}

// Orders puts orders on queues.
type Orders interface {
	Send(ctx context.Context, queue string, message any, delay time.Duration) error
}

// Sent is an order that was put on a queue, and when it is to be seen.
type Sent struct {
	Message any
	At      time.Time
}

// TakeSent returns the orders that were sent since it was called last.
func (w *World) TakeSent() []Sent {
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := w.sent
	w.sent = nil
	return sent
}

// New makes a world with two workspaces of which the first has members. change
// may change the first.
func New(t testing.TB, change ...func(*airlock.Workspace)) *World {
	t.Helper()
	w := &World{T: t, Store: &memstore.Store{}, now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	w.Files = &memfiles.Files{Now: w.Now}
	p, b := rows{w}, boxes{w}
	w.Ledger = ledger.Ledger{Requests: p, Workspaces: p, Trail: p, Now: w.Now,
		Refusals: &refusals.Book{Store: p, Now: w.Now, After: func(time.Duration, func()) {}}, // tests flush it
		Cadence:  airlock.Cadence{Hint: HintAfter, Draft: DraftEvery, Settle: SettleFor}}
	w.Rows, w.Work, w.Trail, w.Spaces, w.Members, w.Manifests, w.Letters = files{w}, p, p, p, p, p, p
	w.Rolls, w.Records = p, p
	w.Desk, w.Vault, w.Janitor, w.Orders = b, b, b, p
	here := airlock.Workspace{ID: Here, DisplayName: "Here", StorageAccount: HereAccount, Deployed: true, EnableAirlock: true}
	for _, c := range change {
		c(&here)
	}
	w.Must(w.Store.PutWorkspace(t.Context(), here))
	w.Must(w.Store.PutWorkspace(t.Context(), airlock.Workspace{ID: There, StorageAccount: ThereAccount, Deployed: true, EnableAirlock: true}))
	for _, m := range []struct {
		p    access.Person
		role access.Role
	}{{Ada, access.WorkspaceResearcher}, {Mia, access.AirlockManager}, {Marc, access.AirlockManager}, {Olga, access.WorkspaceOwner}} {
		w.Must(w.Store.PutMember(t.Context(), access.Membership{Workspace: Here, OID: m.p.OID, Name: m.p.Name, Email: m.p.Email, Role: m.role}))
	}
	return w
}

// Now is the world's clock.
func (w *World) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// Pass lets time pass.
func (w *World) Pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// Must ends the test on an error.
func (w *World) Must(err error) {
	w.T.Helper()
	if err != nil {
		w.T.Fatal(err)
	}
}

// Context is the one a function is called with.
func (w *World) Context(function string) context.Context {
	return azfunc.WithCall(w.T.Context(), azfunc.Call{Function: function, Invocation: invocationOne, Dequeue: 1})
}

// small makes pages small where nobody says, so that the code that pages is at
// work.
func (*World) small(page airlock.Page) airlock.Page {
	if page.Limit == 0 {
		page.Limit = smallPage
	}
	return page
}

// Strange are the audit lines that belong to no request.
func (w *World) Strange() []audit.Line {
	w.T.Helper()
	lines, err := w.Store.StrangeLines(w.T.Context())
	w.Must(err)
	return lines
}

// Actions are the actions in a request's audit trail, which is checked.
func (w *World) Actions(r airlock.Request) (actions []string) {
	w.T.Helper()
	lines, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) { return w.Store.Lines(w.T.Context(), r.Key(), p) })
	w.Must(err)
	w.Must(audit.Verify(lines, w.Reload(r).Head))
	for _, line := range lines {
		actions = append(actions, line.Action)
	}
	return actions
}
