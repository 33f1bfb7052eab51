package portal_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/identity/seal"
	"github.com/trefoil-tre/trefoil/internal/identity/signin"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/portal"
	"github.com/trefoil-tre/trefoil/internal/provision"
)

const (
	here     = "11111111-1111-4111-8111-111111111111"
	there    = "22222222-2222-4222-8222-222222222222"
	nowhere  = "33333333-3333-4333-8333-333333333333"
	audience = "6f0f3f4e-2f51-4c0b-8f9e-7a4f3f0a1b11"
	client   = "trefoil-portal"
)

// people by key: name, and the roles of the token.
var people = map[string]access.Person{
	"ann":   person(1, "Ann Researcher", access.TREUser),
	"bob":   person(2, "Bob Researcher", access.TREUser),
	"olga":  person(3, "Olga Owner", access.TREUser),
	"mia":   person(4, "Mia Manager", access.TREUser),
	"moe":   person(5, "Moe Manager", access.TREUser),
	"rita":  person(6, "Rita Both", access.TREUser),
	"adam":  person(7, "Adam Administrator", access.TREAdmin),
	"sam":   person(8, "Sam Elsewhere", access.TREUser),
	"guest": person(9, "Guest Without Role"),
	"gina":  inGroup(person(10, "Gina Grouped", access.TREUser)),
}

func person(n int, name string, roles ...access.Role) access.Person {
	first, _, _ := strings.Cut(strings.ToLower(name), " ")
	return access.Person{OID: fmt.Sprintf("a0000000-0000-4000-8000-%012d", n), Name: name, Email: first + "@example.org", Roles: roles}
}

// team is a group that people are in when they sign in.
const team = "d1000000-0000-4000-8000-000000000001"

func inGroup(p access.Person) access.Person {
	p.Groups = []string{team}
	return p
}

// roles that people have in the workspaces.
var roles = map[string]map[access.Role][]string{
	here:  {access.WorkspaceResearcher: {"ann", "bob", "rita"}, access.WorkspaceOwner: {"olga"}, access.AirlockManager: {"mia", "moe", "rita"}},
	there: {access.WorkspaceResearcher: {"sam"}, access.WorkspaceOwner: {"sam"}, access.AirlockManager: {"sam"}},
}

// provider is the one identity provider of all tests.
var provider *issuer.Server

func TestMain(m *testing.M) {
	cfg := issuer.Config{Audience: audience, Now: time.Now, Clients: []issuer.Client{
		{ID: client, Native: true, Redirects: []string{"http://127.0.0.1/portal" + portal.Callback}, SignedOut: []string{"http://127.0.0.1/portal/"}}}}
	for key, p := range people {
		u := issuer.User{Key: key, Name: p.Name, Email: p.Email, OID: p.OID, Groups: p.Groups}
		for _, role := range p.Roles {
			u.Roles = append(u.Roles, string(role))
		}
		cfg.Users = append(cfg.Users, u)
	}
	var err error
	if provider, err = issuer.Start(context.Background(), cfg); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	_ = provider.Close()
	os.Exit(code)
}

// recorder takes orders and facts.
type recorder struct {
	mu   sync.Mutex
	sent []string
}

func (r *recorder) Send(_ context.Context, queue string, _ any, _ time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, queue)
	return nil
}

// queues are those that got an order.
func (r *recorder) queues() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

func (*recorder) Publish(context.Context, message.Fact) error { return nil }

// bench is a portal on memory, served over HTTP.
type bench struct {
	t         testing.TB
	desk      *desk.Desk
	estate    *resources.Desk
	builder   *provision.Builder
	store     *memstore.Store
	files     *memfiles.Files
	orders    *recorder
	seal      *seal.Codec
	url       string // of the portal
	logs      *logs
	directory directory // that the portal asks for groups
	spent     sync.Map  // object ids of who has no call left
	mu        sync.Mutex
	clients   map[string]*http.Client
	ahead     time.Duration // of the real clock
}

// logs keeps what was logged.
type logs struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (b *bench) now() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Now().Add(b.ahead)
}

// newBench serves a portal for workspaces that are as change says.
func newBench(t testing.TB, change ...func(*airlock.Workspace)) *bench {
	t.Helper()
	b := &bench{t: t, store: &memstore.Store{}, orders: &recorder{}, logs: &logs{}, clients: map[string]*http.Client{}}
	b.files = &memfiles.Files{Now: b.now}
	b.seed(change)
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	var err error
	b.seal, err = seal.New(base64.StdEncoding.EncodeToString(key), b.now)
	b.must(err)
	log := slog.New(slog.NewTextHandler(b.logs, nil))
	b.desk = &desk.Desk{Ports: desk.Ports{Requests: b.store, Files: b.store, Trail: b.store, Workspaces: b.store, Members: b.store, People: b.store,
		Manifests: b.store, Containers: b.files, Orders: b.orders, Facts: b.orders},
		Now: b.now, Cadence: airlock.Cadence{Hint: time.Minute, Draft: time.Hour}, Log: log}
	b.estate = b.newEstate()
	server := httptest.NewUnstartedServer(nil)
	b.url = "http://" + server.Listener.Addr().String() + "/portal"
	server.Config.Handler = b.handler(b.url)
	server.Start()
	t.Cleanup(server.Close)
	return b
}

// handler is a portal at an address.
func (b *bench) handler(address string) http.Handler {
	b.t.Helper()
	verifier, err := identity.New(identity.Settings{Issuers: []string{provider.URL()}, Audiences: []string{audience}, Now: time.Now})
	b.must(err)
	flow, err := signin.New(signin.Settings{ClientID: client, RedirectURL: address + portal.Callback,
		APIScope: "api://" + audience + "/user_impersonation", Now: b.now}, verifier)
	b.must(err)
	members := &roster.Roster{Desk: b.desk, Now: b.now, Hint: time.Minute, Log: b.desk.Log, Ports: roster.Ports{Rolls: b.store, Records: b.store,
		Members: b.store, Workspaces: b.store, Directory: book{}, Orders: b.orders}}
	h, err := portal.New(portal.Settings{Desk: b.desk, Roster: members, Resources: b.estate, SignIn: flow, Seal: b.seal, URL: address, Now: b.now, Log: b.desk.Log, Groups: b.directory.fill, Meter: meter{&b.spent}})
	b.must(err)
	return h
}

func (b *bench) seed(change []func(*airlock.Workspace)) {
	for id, name := range map[string]string{here: "Heart study", there: "Lung study"} {
		w := airlock.Workspace{ID: id, DisplayName: name, Description: "Outcomes, pseudonymised", StorageAccount: "stgws" + id[:8], Deployed: true, EnableAirlock: true}
		for _, c := range change {
			c(&w)
		}
		b.must(b.store.PutWorkspace(b.t.Context(), w))
		for role, keys := range roles[id] {
			for _, key := range keys {
				p := people[key]
				b.must(b.store.PutMember(b.t.Context(), access.Membership{Workspace: id, OID: p.OID, Name: p.Name, Email: p.Email, Role: role}))
			}
		}
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}
