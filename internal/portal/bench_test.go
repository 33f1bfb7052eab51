package portal_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/identity/seal"
	"github.com/trefoil-tre/trefoil/internal/identity/signin"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/portal"
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
}

func person(n int, name string, roles ...access.Role) access.Person {
	first, _, _ := strings.Cut(strings.ToLower(name), " ")
	return access.Person{OID: fmt.Sprintf("a0000000-0000-4000-8000-%012d", n), Name: name, Email: first + "@example.org", Roles: roles}
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
		u := issuer.User{Key: key, Name: p.Name, Email: p.Email, OID: p.OID}
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

func (*recorder) Publish(context.Context, message.Fact) error { return nil }

// bench is a portal on memory, served over HTTP.
type bench struct {
	t      testing.TB
	desk   *desk.Desk
	store  *memstore.Store
	files  *memfiles.Files
	orders *recorder
	seal   *seal.Codec
	url    string // of the portal
	logs   *logs

	mu      sync.Mutex
	clients map[string]*http.Client
	ahead   time.Duration // of the real clock
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
	b.desk = &desk.Desk{Ports: desk.Ports{Requests: b.store, Files: b.store, Trail: b.store, Workspaces: b.store, Members: b.store,
		Manifests: b.store, Containers: b.files, Orders: b.orders, Facts: b.orders},
		Now: b.now, Cadence: airlock.Cadence{Hint: time.Minute, Draft: time.Hour}, Log: log}
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
	h, err := portal.New(portal.Settings{Desk: b.desk, SignIn: flow, Seal: b.seal, URL: address, Now: b.now, Log: b.desk.Log})
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

var hiddenRequest = regexp.MustCompile(`name="request" value="([^"]+)"`)

// stranger is a browser that nobody has signed in with; it follows no redirects.
func (b *bench) stranger() *http.Client {
	jar, err := cookiejar.New(nil)
	b.must(err)
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// as is a browser with which somebody signed in, the whole way round.
func (b *bench) as(who string) *http.Client {
	b.t.Helper()
	b.mu.Lock()
	c := b.clients[who]
	b.mu.Unlock()
	if c == nil {
		c = b.stranger()
		b.signIn(c, b.url+"/signin", who)
		b.mu.Lock()
		b.clients[who] = c
		b.mu.Unlock()
	}
	return c
}

// signIn begins at an address, chooses a person at the provider, and returns
// where the portal then leads.
func (b *bench) signIn(c *http.Client, address, who string) (to string) {
	b.t.Helper()
	follow := *c
	follow.CheckRedirect = nil
	a := b.do(&follow, http.MethodGet, address, nil)
	id := hiddenRequest.FindStringSubmatch(a.body)
	if id == nil {
		b.t.Fatalf("no sign-in page: %d %s", a.status, a.body)
	}
	a = b.do(c, http.MethodPost, provider.URL()+"/login", url.Values{"request": {id[1]}, "user": {who}})
	for range 5 {
		to = a.header.Get("Location")
		if strings.HasPrefix(to, "/portal/") {
			return to
		}
		a = b.do(c, http.MethodGet, to, nil)
	}
	b.t.Fatalf("the sign-in of %s ends at %d %q: %s", who, a.status, to, a.body)
	return ""
}

// answer is what a browser got.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request as a browser's form or link does.
func (b *bench) do(c *http.Client, method, address string, form url.Values, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	b.must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := c.Do(r)
	b.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	b.must(err)
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// get opens a page of the portal.
func (b *bench) get(who, path string) answer {
	b.t.Helper()
	return b.do(b.as(who), http.MethodGet, b.url+path, nil)
}

var hiddenToken = regexp.MustCompile(`name="token" value="([^"]+)"`)

// token is that of somebody's session.
func (b *bench) token(who string) string {
	b.t.Helper()
	found := hiddenToken.FindStringSubmatch(b.get(who, "/").body)
	if found == nil {
		b.t.Fatalf("no token on the page of %s", who)
	}
	return found[1]
}

// post sends a form of the portal, complete but for its fields.
func (b *bench) post(who, path string, fields url.Values, headers ...string) answer {
	b.t.Helper()
	form := url.Values{"token": {b.token(who)}}
	for name, values := range fields {
		form[name] = values
	}
	return b.do(b.as(who), http.MethodPost, b.url+path, form, headers...)
}
