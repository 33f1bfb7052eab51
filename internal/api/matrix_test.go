package api_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/identity"
)

// inMatrix is a route's name in the matrix, from its name in the description.
func inMatrix(method, path string) string {
	path = strings.NewReplacer("/api/workspaces/{workspace_id}", "{w}", "{airlock_request_id}", "{r}", "{user_id}", "{p}",
		"{service_id}", "{s}", "{resource_id}", "{u}", "{operation_id}", "{o}", "{shared_service_id}", "{c}", "{service_template_name}", "{n}", "{template_name}", "{t}",
		"{workspace_request_id}", "{q}", "{standing_approval_id}", "{a}").Replace(path)
	return strings.ToUpper(method) + " " + path
}

// TestMatrix asks every route of the description as everybody, with real
// tokens.
func TestMatrix(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	templates := map[string]string{}
	for path, item := range b.document("/api/openapi.json").Paths {
		for method := range item {
			templates[inMatrix(method, path)] = path
		}
	}
	for _, path := range api.Published() {
		templates[inMatrix("get", path)] = path
	}
	lines := strings.Split(strings.TrimSpace(matrix)+"\n"+strings.Trim(estateMatrix, "\n"), "\n")
	heads := strings.Fields(lines[0])[1:]
	tokens := newMint(t)
	for _, line := range lines[1:] {
		cells := strings.Fields(line)
		method, name := cells[0], cells[0]+" "+cells[1]
		path, ok := templates[name]
		if !ok {
			t.Errorf("the matrix has %s, the description has not", name)
			continue
		}
		delete(templates, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var b *bench
			var before []string
			for i, head := range heads {
				if b == nil {
					b = tokens.bench(t)
					before = b.everything()
				}
				got := tokens.ask(b, method, path, head)
				if strconv.Itoa(got) != cells[2+i] {
					t.Errorf("as %s: %d, want %s", head, got, cells[2+i])
				}
				if got < 400 && method != http.MethodGet {
					b = nil
				} else { // what is refused, and a read, leaves everything as it was
					b.unchanged(before, name+" as "+head)
				}
			}
		})
	}
	for name := range templates {
		t.Errorf("%s has no row in the matrix: say what everybody may do with it", name)
	}
}

// mint makes tokens that the real verifier looks at.
type mint struct {
	verifier api.Verifier
	url      string
	own, odd *rsa.PrivateKey
	tokens   sync.Map // by whose they are: to sign one is slow
}

// keys are slow to make.
var keys = sync.OnceValue(func() (pair [2]*rsa.PrivateKey) {
	for i := range pair {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		pair[i] = key
	}
	return pair
})

var mintTime = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

func newMint(t *testing.T) *mint {
	t.Helper()
	m := &mint{own: keys()[0], odd: keys()[1]}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	m.url = server.URL
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": m.url, "jwks_uri": m.url + "/keys",
			"authorization_endpoint": m.url + "/authorize", "token_endpoint": m.url + "/token"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &m.own.PublicKey, KeyID: "one", Algorithm: "RS256", Use: "sig"}}})
	})
	verifier, err := identity.New(identity.Settings{Issuers: []string{m.url}, Audiences: []string{apiID}, Now: func() time.Time { return mintTime }})
	if err != nil {
		t.Fatal(err)
	}
	m.verifier = api.Identity(verifier, nil, nil)
	return m
}

// token is one of somebody's, or one that is not good; the same each time.
func (m *mint) token(t testing.TB, who string) string {
	t.Helper()
	token, ok := m.tokens.Load(who)
	if !ok {
		token, _ = m.tokens.LoadOrStore(who, m.sign(t, who))
	}
	return token.(string)
}

func (m *mint) sign(t testing.TB, who string) string {
	t.Helper()
	person, ends, key := people[who], mintTime.Add(time.Hour), m.own
	switch who {
	case "none":
		return ""
	case "expired":
		person, ends = people["ann"], mintTime.Add(-time.Hour)
	case "foreign":
		person, key = people["ann"], m.odd
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "one"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(map[string]any{"iss": m.url, "aud": apiID, "oid": person.OID, "sub": person.OID, "name": person.Name, "roles": person.Roles,
		"scp": "user_impersonation", "iat": ends.Add(-2 * time.Hour).Unix(), "nbf": ends.Add(-2 * time.Hour).Unix(), "exp": ends.Unix(), "tid": "t", "ver": "2.0"})
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(text)
	if err != nil {
		t.Fatal(err)
	}
	compact, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return compact
}

// bench has a request of Ann's under review, and takes the mint's tokens.
func (m *mint) bench(t *testing.T) *bench {
	t.Helper()
	b := newBench(t).estate()
	b.subject = b.stage(airlock.InReview)[len(list(here))+1:]
	b.settings.Verifier = m.verifier
	b.handler = api.Reused(b.t, b.settings)
	return b
}

// ask asks the route as who.
func (m *mint) ask(b *bench, method, path, head string) int {
	b.t.Helper()
	who, elsewhere := strings.CutSuffix(head, "@o")
	workspace := map[bool]string{false: here, true: there}[elsewhere]
	address := placed(path, workspace, b.subject)
	if strings.HasSuffix(path, "/users/assign") && method == http.MethodDelete {
		address += "?user_id=" + people["bob"].OID + "&role_id=WorkspaceResearcher"
	}
	return b.call(method, address, m.token(b.t, who), bodyOf(api.Route{Method: method, Path: path}), "ETag", "*").Code
}

// unchanged holds that everything is as it was before what was done.
func (b *bench) unchanged(before []string, what string) {
	b.t.Helper()
	if !slices.Equal(before, b.everything()) {
		b.t.Errorf("%s: it changed something", what)
	}
}

// everything is all that is stored of requests and their audit, as text.
func (b *bench) everything() (all []string) {
	b.t.Helper()
	for _, workspace := range []string{here, there, airlock.PeoplePartition} {
		requests, _, err := b.store.Requests(b.t.Context(), workspace, airlock.Page{})
		b.must(err)
		lines, _, err := b.store.AuditLines(b.t.Context(), workspace, airlock.AuditFilter{}, airlock.Page{})
		b.must(err)
		members, err := b.store.Members(b.t.Context(), workspace)
		b.must(err)
		for _, one := range []any{requests, lines, members} {
			text, err := json.Marshal(one)
			b.must(err)
			all = append(all, string(text))
		}
	}
	return append(all, b.kept()...)
}
