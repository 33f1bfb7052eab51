package provision_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	adam  = access.Person{OID: "11111111-0000-4000-8000-000000000001", Name: "Adam", Email: "adam@example.org"}
	berta = access.Person{OID: "11111111-0000-4000-8000-000000000002", Name: "Berta", Email: "berta@example.org"}
	rita  = access.Person{OID: "11111111-0000-4000-8000-000000000003", Name: "Rita", Email: "rita@example.org"}
)

// canary is the secret that must turn up nowhere but in the vault.
const canary = "canary-5f1d-value"

// vault keeps secrets in memory.
type vault struct {
	mu     sync.Mutex
	values map[string]string
	err    error
}

func (v *vault) Put(_ context.Context, name, value string) (string, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.err != nil {
		return "", v.err
	}
	if v.values == nil {
		v.values = map[string]string{}
	}
	id := "https://vault.example/secrets/" + name
	v.values[id] = value
	return id, nil
}

// orders keeps what was ordered.
type orders struct {
	mu   sync.Mutex
	sent []any
	err  error
}

func (o *orders) Send(_ context.Context, _ string, order any, _ time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sent = append(o.sent, order)
	return o.err
}

// steps lists the operations that the engine was told of, each once.
func (o *orders) steps() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var ids []string
	for _, order := range o.sent {
		if s, ok := order.(message.Step); ok && !slices.Contains(ids, s.Operation) {
			ids = append(ids, s.Operation)
		}
	}
	return ids
}

// bed is a Builder on a store in memory.
type bed struct {
	*provision.Builder
	t      *testing.T
	store  *memstore.Store
	vault  *vault
	orders *orders
}

func newBed(t *testing.T) *bed {
	t.Helper()
	b := &bed{t: t, store: &memstore.Store{}, vault: &vault{}, orders: &orders{}}
	b.Builder = &provision.Builder{
		Ports: provision.Ports{Store: b.store, Lists: b.store, Requests: b.store, Addresses: b.store, Templates: b.store, Packages: b.store,
			Vault: b.vault, Cards: b.store, Airlock: b.store, Members: b.store, Records: b.store, Orders: b.orders},
		Platform: workspace.Platform{TRE: "tre1", Location: "westeurope", Subscription: "sub", Group: "rg-tre1"},
		Pool:     workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/12"), Reserved: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/22")}},
		Now:      func() time.Time { return now },
		Log:      slog.New(slog.DiscardHandler),
	}
	b.push(base("0.1.0"), guacamole("0.1.0"), vm("0.1.0"), firewall("0.1.0"))
	return b
}

func (b *bed) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bed) push(packages ...pack) {
	b.t.Helper()
	for _, p := range packages {
		_, err := b.Register(b.t.Context(), by(adam), p.files(), true)
		b.must(err)
	}
}

// by is a call of its own.
func by(p access.Person) workspace.Act {
	role := access.TREAdmin
	if p.OID == rita.OID {
		role = access.WorkspaceOwner
	}
	return workspace.Act{By: p, Role: role, At: now, Operation: uuid.NewString(), Call: "call"}
}

func id() string { return uuid.NewString() }

// named are properties with a name and what is given.
func named(more map[string]any) map[string]any {
	all := map[string]any{"display_name": "Study", "description": "A study"}
	maps.Copy(all, more)
	return all
}

// workspace makes a workspace that is deployed.
func (b *bed) workspace() workspace.Resource {
	b.t.Helper()
	r, o, err := b.Workspace(b.t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
	b.must(err)
	return b.deployed(r, o)
}

func (b *bed) service(within workspace.Resource) workspace.Resource {
	b.t.Helper()
	r, o, err := b.Service(b.t.Context(), by(rita), id(), within, provision.New{Template: "guacamole", Properties: named(nil)})
	b.must(err)
	return b.deployed(r, o)
}

func (b *bed) machine(within, service workspace.Resource) workspace.Resource {
	b.t.Helper()
	r, o, err := b.UserResource(b.t.Context(), by(rita), id(), within, service, provision.New{Template: "vm", Properties: named(nil)})
	b.must(err)
	return b.deployed(r, o)
}

// deployed plays the engine: the operation succeeds.
func (b *bed) deployed(r workspace.Resource, o workspace.Operation) workspace.Resource {
	b.t.Helper()
	var err error
	c := workspace.Change{Partition: r.Key().Partition}
	for i, s := range o.Steps {
		if s.Target == r.Key() {
			o, r, err = o.Take(i, r, nil, now)
			b.must(err)
			r = r.Began("", now, workspace.DefaultCadence).Finish(workspace.Seen{Progress: workspace.Complete}, now)
			o, r, _ = o.Settle(i, r, r, now)
			continue
		}
		o = o.Advance(i, s.Action.Status(workspace.Succeeded), "", now)
	}
	r.Operation = ""
	c.Resource(r, lineOf("engine"))
	c.Operation(o, now, lineOf("engine"))
	saved, err := b.store.CommitChange(b.t.Context(), c)
	b.must(err)
	return saved.Resources[0]
}

// disabled disables a resource, and lets the engine deploy that.
func (b *bed) disabled(r workspace.Resource) workspace.Resource {
	b.t.Helper()
	off := false
	r, o, err := b.Update(b.t.Context(), by(adam), r.Key(), provision.Patch{Match: "*", Enabled: &off})
	b.must(err)
	return b.deployed(r, o)
}

func (b *bed) load(key workspace.Key) workspace.Resource {
	b.t.Helper()
	r, err := b.store.Resource(b.t.Context(), key)
	b.must(err)
	return r
}

// wrong checks that an error is of a kind.
func wrong(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v; want %v", what, err, want)
	}
}

// all reads every resource of a partition.
func (b *bed) all(partition string) []workspace.Resource {
	b.t.Helper()
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
		return b.store.Resources(b.t.Context(), partition, p)
	})
	b.must(err)
	return all
}

func asText(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%#v", v)
	}
	return string(text)
}
