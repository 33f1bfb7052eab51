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

// matrix says what every route answers to everybody, about a request of Ann's
// that is under review. It is an allow list: a route without a row fails. Every
// caller but the first three has a good token:
//
//	none     sends no token, "expired" one of Ann's that has ended, "foreign"
//	         one that says it is Ann's, signed with somebody else's key
//	guest    is in the directory, and nothing here
//	sam      has every role, in the other workspace
//	ann      made the request; bob is another researcher, olga the owner, mia an
//	         airlock manager, rita researcher and manager, adam administrator
//	ann@o    is Ann in the other workspace, and so on; sam@o, who may do
//	         everything there, names the request of this one
const matrix = `
	route                                                       none expired foreign guest sam  ann bob olga mia rita adam  ann@o adam@o sam@o
	GET  /api/audit                                             401  401     401     403   403  403 403 403  403 403  200   403   200    403
	GET  /api/health/details                                    401  401     401     403   403  403 403 403  403 403  200   403   200    403
	GET  /api/requests                                          401  401     401     403   200  200 200 200  200 200  200   200   200    200
	GET  /api/workspaces                                        401  401     401     403   200  200 200 200  200 200  200   200   200    200
	GET  {w}                                                    401  401     401     404   404  200 200 200  200 200  200   404   200    200
	GET  {w}/scopeid                                            401  401     401     404   404  200 200 200  200 200  200   404   200    200
	GET  {w}/audit                                              401  401     401     404   404  403 403 200  200 200  200   404   200    200
	GET  {w}/requests                                           401  401     401     404   404  200 200 200  200 200  403   404   403    200
	POST {w}/requests                                           401  401     401     404   404  201 201 201  403 201  403   404   403    201
	GET  {w}/requests/{r}                                       401  401     401     404   404  200 200 200  200 200  403   404   403    404
	GET  {w}/requests/{r}/audit                                 401  401     401     404   404  403 403 200  200 200  200   404   404    404
	POST {w}/requests/{r}/cancel                                401  401     401     404   404  200 403 200  403 403  403   404   403    404
	GET  {w}/requests/{r}/files                                 401  401     401     404   404  200 200 200  200 200  403   404   403    404
	POST {w}/requests/{r}/files/remove                          401  401     401     404   404  400 403 403  403 403  403   404   403    404
	GET  {w}/requests/{r}/link                                  401  401     401     404   404  403 403 200  200 200  403   404   403    404
	POST {w}/requests/{r}/retry                                 401  401     401     404   404  403 403 400  400 400  400   404   404    404
	POST {w}/requests/{r}/return                                401  401     401     404   404  403 403 403  200 200  403   404   403    404
	POST {w}/requests/{r}/review                                401  401     401     404   404  403 403 403  200 200  403   404   403    404
	POST {w}/requests/{r}/review-user-resource                  401  401     401     404   404  403 403 403  422 422  403   404   403    404
	POST {w}/requests/{r}/revoke                                401  401     401     404   404  403 403 403  400 400  403   404   403    404
	GET  {w}/requests/{r}/sealed-link                           401  401     401     404   404  403 403 200  200 200  403   404   403    404
	POST {w}/requests/{r}/stop                                  401  401     401     404   404  403 403 403  400 400  403   404   403    404
	POST {w}/requests/{r}/submit                                401  401     401     404   404  400 400 400  403 400  403   404   403    404
	GET  {w}/users                                              401  401     401     404   404  200 200 200  200 200  200   404   200    200
	GET  {w}/roles                                              401  401     401     404   404  403 403 200  403 403  200   404   200    200
	GET  {w}/assignable-users                                   401  401     401     404   404  403 403 200  403 403  200   404   200    200
	POST {w}/users/assign                                       401  401     401     404   404  403 403 202  403 403  202   404   202    202
	DELETE {w}/users/assign                                     401  401     401     404   404  403 403 202  403 403  202   404   404    404
	PATCH {w}/users/{user_id}                                   401  401     401     404   404  403 403 200  403 403  200   404   404    404
	POST {w}/freeze                                             401  401     401     404   404  403 403 200  403 403  200   404   200    200
	POST {w}/unfreeze                                           401  401     401     404   404  403 403 409  403 403  409   404   409    409
	GET  /api/people/{user_id}                                  401  401     401     403   404  404 200 404  404 404  200   404   200    404
	PUT  /api/people/{user_id}/expiries                         401  401     401     403   403  403 403 403  403 403  200   403   200    403
	POST /api/people/{user_id}/suspend                          401  401     401     403   403  403 403 403  403 403  200   403   200    403
	POST /api/people/{user_id}/reinstate                        401  401     401     403   403  403 403 403  403 403  409   403   409    403
	GET  /api/people/{user_id}/audit                            401  401     401     403   403  403 403 403  403 403  200   403   200    403
	GET  /.metadata                                             200  200     200     200   200  200 200 200  200 200  200   200   200    200
	GET  /api/.metadata                                         200  200     200     200   200  200 200 200  200 200  200   200   200    200
	GET  /api/docs                                              200  200     200     200   200  200 200 200  200 200  200   200   200    200
	GET  /api/health                                            200  200     200     200   200  200 200 200  200 200  200   200   200    200
	GET  /api/openapi-3.0.json                                  200  200     200     200   200  200 200 200  200 200  200   200   200    200
	GET  /api/openapi.json                                      200  200     200     200   200  200 200 200  200 200  200   200   200    200
	GET  /api/ping                                              200  200     200     200   200  200 200 200  200 200  200   200   200    200
	GET  /health                                                200  200     200     200   200  200 200 200  200 200  200   200   200    200
`

// inMatrix is a route's name in the matrix, from its name in the description.
func inMatrix(method, path string) string {
	path = strings.NewReplacer("/api/workspaces/{workspace_id}", "{w}", "{airlock_request_id}", "{r}").Replace(path)
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
	lines := strings.Split(strings.TrimSpace(matrix), "\n")
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
			for i, head := range heads {
				if got := tokens.ask(t, method, path, head); strconv.Itoa(got) != cells[2+i] {
					t.Errorf("as %s: %d, want %s", head, got, cells[2+i])
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

// token is one of somebody's, or one that is not good.
func (m *mint) token(t *testing.T, who string) string {
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

// ask makes a request under review, and asks the route as who.
func (m *mint) ask(t *testing.T, method, path, head string) int {
	t.Helper()
	b := newBench(t)
	id := b.stage(airlock.InReview)[len(list(here))+1:]
	b.settings.Verifier = m.verifier
	b.handler = api.New(b.settings)
	who, elsewhere := strings.CutSuffix(head, "@o")
	workspace := map[bool]string{false: here, true: there}[elsewhere]
	address := strings.NewReplacer("{workspace_id}", workspace, "{airlock_request_id}", id, "{user_id}", people["bob"].OID).Replace(path)
	if method == http.MethodDelete {
		address += "?role_id=WorkspaceResearcher&user_id=" + people["bob"].OID
	}
	before := b.everything()
	w := b.call(method, address, m.token(t, who), bodyOf(api.Route{Method: method, Path: path}))
	if w.Code >= 400 && !slices.Equal(before, b.everything()) {
		t.Errorf("%s as %s: refused with %d, and changed something", path, head, w.Code)
	}
	return w.Code
}

// everything is all that is stored of requests and their audit, as text.
func (b *bench) everything() (all []string) {
	b.t.Helper()
	for _, workspace := range []string{here, there} {
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
	return all
}
