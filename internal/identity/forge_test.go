package identity_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

const (
	api    = "6f2b1c1e-8a53-4b0e-9c39-0d4f2f1f9a11"
	tenant = "0c6d1f64-3d0c-4f5e-9a55-7b0e0f1c2d3e"
	oid    = "a3c1f0de-0000-4000-8000-000000000001"
)

// newKey makes an RSA key once per name: they are slow to make.
var newKey = func() func(name string) *rsa.PrivateKey {
	var mu sync.Mutex
	keys := map[string]*rsa.PrivateKey{}
	return func(name string) *rsa.PrivateKey {
		mu.Lock()
		defer mu.Unlock()
		if keys[name] == nil {
			k, err := rsa.GenerateKey(rand.Reader, 2048)
			if err != nil {
				panic(err)
			}
			keys[name] = k
		}
		return keys[name]
	}
}()

// forge is an issuer under a test's control.
type forge struct {
	*httptest.Server
	down      atomic.Bool
	discovery atomic.Int32 // times asked
	fetches   atomic.Int32 // times the keys were asked for
	hold      chan struct{}

	mu    sync.Mutex
	keys  []jose.JSONWebKey
	extra []jose.JSONWebKey // published beside them
	now   time.Time
}

func newForge(t testing.TB, names ...string) *forge {
	t.Helper()
	f := &forge{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	f.publish(names...)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		f.discovery.Add(1)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"issuer": f.URL, "jwks_uri": f.URL + "/keys", "authorization_endpoint": f.URL + "/authorize",
			"token_endpoint": f.URL + "/token", "id_token_signing_alg_values_supported": []string{"RS256", "HS256", "none"},
		})
	})
	for path, issuer := range map[string]string{
		"/{tenant}/v2.0": "https://login.microsoftonline.com/%s/v2.0", "/{tenant}": "https://sts.windows.net/%s/",
	} {
		mux.HandleFunc("GET "+path+"/.well-known/openid-configuration", func(w http.ResponseWriter, r *http.Request) {
			f.discovery.Add(1)
			_ = json.NewEncoder(w).Encode(map[string]any{
				"issuer": fmt.Sprintf(issuer, r.PathValue("tenant")), "jwks_uri": f.URL + "/keys",
				"authorization_endpoint": f.URL + "/authorize", "token_endpoint": f.URL + "/token",
			})
		})
	}
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		f.fetches.Add(1)
		f.mu.Lock()
		defer f.mu.Unlock()
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: append(f.keys, f.extra...)})
	})
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if f.hold != nil {
			<-f.hold
		}
		if f.down.Load() {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
	return f
}

// publish replaces the keys, which are named as their kid.
func (f *forge) publish(names ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.keys = nil
	for _, name := range names {
		f.keys = append(f.keys, jose.JSONWebKey{Key: &newKey(name).PublicKey, KeyID: name, Algorithm: "RS256", Use: "sig"})
	}
}

func (f *forge) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *forge) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func (f *forge) verifier(t testing.TB, change func(*identity.Settings)) *identity.Verifier {
	t.Helper()
	s := identity.Settings{Issuers: []string{f.URL}, Audiences: []string{api, "api://" + api}, Tenants: []string{tenant}, Now: f.clock}
	if change != nil {
		change(&s)
	}
	v, err := identity.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

type set map[string]any

// claims are those of a good access token, with changes; nil removes a claim.
func (f *forge) claims(changes set) set {
	now := f.clock()
	c := set{
		"iss": f.URL, "aud": api, "oid": oid, "tid": tenant, "sub": "pairwise", "azp": "cli", "ver": "2.0",
		"scp": "openid user_impersonation", "name": "Robin Hill", "preferred_username": "robin@example.org",
		"roles": []string{"TREUser", "TREAdmin", "TREUser"},
		"iat":   now.Unix(), "nbf": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// sign makes a token with the key called name and any other headers.
func (f *forge) sign(t *testing.T, name string, changes set, headers map[jose.HeaderKey]any) string {
	t.Helper()
	return signWith(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: newKey(name), KeyID: name}}, f.claims(changes), headers)
}

func signWith(t *testing.T, key jose.SigningKey, claims set, headers map[jose.HeaderKey]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, &jose.SignerOptions{ExtraHeaders: headers})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign(body)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
