package roster_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
)

const (
	here  = "11111111-1111-4111-8111-111111111111"
	there = "22222222-2222-4222-8222-222222222222"
)

func person(n int, name string, roles ...access.Role) access.Person {
	return access.Person{OID: fmt.Sprintf("a0000000-0000-4000-8000-%012d", n), Name: name, Email: name + "@example.org", Roles: append(roles, access.TREUser)}
}

var (
	adam = person(1, "adam", access.TREAdmin)
	olga = person(2, "olga") // owner
	otto = person(3, "otto") // owner
	mia  = person(4, "mia")  // airlock manager
	ann  = person(5, "ann")  // researcher
	nina = person(6, "nina") // nobody yet
)

var errAway = errors.New("storage is away")

// bench is a roster on memory, each call of whose ports may fail.
type bench struct {
	*roster.Roster
	t     *testing.T
	store *memstore.Store

	mu     sync.Mutex
	orders []message.Notify
	calls  []string
	at     int // the call that fails; 0: none
	did    bool
	hook   func(port string)
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, store: &memstore.Store{}}
	now := func() time.Time { return time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC) }
	for _, id := range []string{here, there} {
		b.must(b.store.PutWorkspace(t.Context(), airlock.Workspace{ID: id, Deployed: true, EnableAirlock: true}))
	}
	for _, m := range []struct {
		p    access.Person
		role access.Role
	}{{olga, access.WorkspaceOwner}, {otto, access.WorkspaceOwner}, {mia, access.AirlockManager}, {ann, access.WorkspaceResearcher}} {
		b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: here, OID: m.p.OID, Name: m.p.Name, Email: m.p.Email, Role: m.role}))
	}
	p, log := ports{b.store, b}, slog.New(slog.DiscardHandler)
	d := &desk.Desk{Now: now, Log: log, Parallel: 1, Ports: desk.Ports{Requests: b.store, Files: b.store, Trail: b.store, Workspaces: p, Members: p,
		People: p, Manifests: b.store, Containers: &memfiles.Files{Now: now}, Orders: p}}
	b.Roster = &roster.Roster{Desk: d, Now: now, Hint: time.Minute, Log: log, Parallel: 1,
		Ports: roster.Ports{Rolls: p, Records: p, Members: p, Workspaces: p, Directory: p, Orders: p}}
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) arm(at int, did bool) { b.calls, b.at, b.did = nil, at, did }

// call makes one port call.
func call[T any](b *bench, port string, do func() (T, error)) (T, error) {
	b.mu.Lock()
	b.calls = append(b.calls, port)
	hit := len(b.calls) == b.at
	b.mu.Unlock()
	if b.hook != nil {
		b.hook(port)
	}
	var none T
	if hit && !b.did {
		return none, errAway
	}
	v, err := do()
	if hit {
		return none, errAway
	}
	return v, err
}

type ports struct {
	*memstore.Store
	b *bench
}

func (p ports) Workspace(ctx context.Context, id string) (airlock.Workspace, error) {
	return call(p.b, "Workspace", func() (airlock.Workspace, error) { return p.Store.Workspace(ctx, id) })
}

func (p ports) Members(ctx context.Context, id string) ([]access.Membership, error) {
	return call(p.b, "Members", func() ([]access.Membership, error) { return p.Store.Members(ctx, id) })
}

func (p ports) MembershipsOf(ctx context.Context, id, oid string) ([]access.Membership, error) {
	return call(p.b, "MembershipsOf", func() ([]access.Membership, error) { return p.Store.MembershipsOf(ctx, id, oid) })
}

func (p ports) Roll(ctx context.Context, id string) (people.Roll, error) {
	return call(p.b, "Roll", func() (people.Roll, error) { return p.Store.Roll(ctx, id) })
}

func (p ports) CommitRoll(ctx context.Context, c people.Change) (people.Roll, error) {
	return call(p.b, "CommitRoll", func() (people.Roll, error) { return p.Store.CommitRoll(ctx, c) })
}

func (p ports) Record(ctx context.Context, oid string) (people.Record, error) {
	return call(p.b, "Record", func() (people.Record, error) { return p.Store.Record(ctx, oid) })
}

func (p ports) CommitRecord(ctx context.Context, c people.RecordChange) (people.Record, error) {
	return call(p.b, "CommitRecord", func() (people.Record, error) { return p.Store.CommitRecord(ctx, c) })
}

func (p ports) Search(context.Context, string, int) ([]people.Entry, error) { return nil, nil }

func (p ports) Entry(_ context.Context, oid string) (people.Entry, error) {
	return call(p.b, "Entry", func() (people.Entry, error) {
		return people.Entry{OID: oid, Name: "of the directory", Email: "d@example.org", Enabled: true}, nil
	})
}

func (p ports) Send(_ context.Context, _ string, m any, _ time.Duration) error {
	_, err := call(p.b, "Send", func() (struct{}, error) {
		p.b.orders = append(p.b.orders, m.(message.Notify))
		return struct{}{}, nil
	})
	return err
}
