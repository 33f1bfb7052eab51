package identity_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	in := func(d time.Duration) int64 { return f.clock().Add(d).Unix() }
	for _, tt := range []struct {
		name    string
		changes set
		err     error
	}{
		{name: "good"},
		{name: "api uri as audience", changes: set{"aud": "api://" + api}},
		{name: "several audiences", changes: set{"aud": []string{"other", api}}},
		{name: "oid in upper case", changes: set{"oid": strings.ToUpper(oid)}},
		{name: "nbf within the skew", changes: set{"nbf": in(4 * time.Minute)}},
		{name: "wrong issuer", changes: set{"iss": "https://evil.example"}, err: identity.ErrToken},
		{name: "issuer with slash", changes: set{"iss": f.URL + "/"}, err: identity.ErrToken},
		{name: "no issuer", changes: set{"iss": nil}, err: identity.ErrToken},
		{name: "wrong audience", changes: set{"aud": "00000003-0000-0000-c000-000000000000"}, err: identity.ErrToken},
		{name: "no audience", changes: set{"aud": nil}, err: identity.ErrToken},
		{name: "audience as prefix", changes: set{"aud": api + "0"}, err: identity.ErrToken},
		{name: "wrong tenant", changes: set{"tid": "11111111-3d0c-4f5e-9a55-7b0e0f1c2d3e"}, err: identity.ErrToken},
		{name: "no tenant", changes: set{"tid": nil}, err: identity.ErrToken},
		{name: "nbf in future", changes: set{"nbf": in(6 * time.Minute)}, err: identity.ErrToken},
		{name: "expired", changes: set{"exp": in(-time.Second)}, err: identity.ErrToken},
		{name: "no expiry", changes: set{"exp": nil}, err: identity.ErrToken},
		{name: "no oid", changes: set{"oid": nil}, err: identity.ErrToken},
		{name: "oid no uuid", changes: set{"oid": "robin"}, err: identity.ErrToken},
		{name: "oid in braces", changes: set{"oid": "{" + oid + "}"}, err: identity.ErrToken},
		{name: "oid of zeros", changes: set{"oid": "00000000-0000-0000-0000-000000000000"}, err: identity.ErrToken},
		{name: "no scope", changes: set{"scp": nil}, err: identity.ErrToken},
		{name: "other scope", changes: set{"scp": "user_impersonation2 User.Read"}, err: identity.ErrToken},
		{name: "id token", changes: set{"nonce": "n"}, err: identity.ErrToken},
		{name: "app claim with scope", changes: set{"idtyp": "app", "scp": "User.Read"}, err: identity.ErrToken},
		{name: "claims of wrong type", changes: set{"oid": 7}, err: identity.ErrToken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Verify(t.Context(), f.sign(t, "k1", tt.changes, nil))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			want := identity.Person{OID: oid, Name: "Robin Hill", Email: "robin@example.org", Roles: []string{"TREAdmin", "TREUser"}, Expires: f.clock().Add(time.Hour).Local()}
			if diff := cmp.Diff(want, got); err == nil && diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPerson(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	for _, tt := range []struct {
		name    string
		changes set
		want    identity.Person
	}{
		{name: "email first", changes: set{"email": "r.hill@example.org"}, want: identity.Person{Name: "Robin Hill", Email: "r.hill@example.org"}},
		{name: "upn last", changes: set{"preferred_username": nil, "upn": "robin@corp.example"}, want: identity.Person{Name: "Robin Hill", Email: "robin@corp.example"}},
		{name: "no address", changes: set{"preferred_username": "+44 1632 960001"}, want: identity.Person{Name: "Robin Hill"}},
		{name: "address with header", changes: set{"email": "a@example.org\r\nBcc: b@example.org", "preferred_username": nil}, want: identity.Person{Name: "Robin Hill"}},
		{name: "address with name", changes: set{"email": "Robin <a@example.org>", "preferred_username": nil}, want: identity.Person{Name: "Robin Hill"}},
		{name: "name of many lines", changes: set{"name": " Robin\r\n\tHill\u202e\u0000 "}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org"}},
		{name: "no name", changes: set{"name": nil}, want: identity.Person{Name: "robin@example.org", Email: "robin@example.org"}},
		{name: "nothing but oid", changes: set{"name": "\u200b", "preferred_username": nil}, want: identity.Person{Name: oid}},
		{name: "one role as text", changes: set{"roles": "TREUser"}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org", Roles: []string{"TREUser"}}},
		{name: "app, idtyp", changes: set{"scp": nil, "idtyp": "app"}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org", AppOnly: true}},
		{name: "app, sub is oid", changes: set{"scp": nil, "sub": oid}, want: identity.Person{Name: "Robin Hill", Email: "robin@example.org", AppOnly: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changes := set{"roles": nil}
			for k, c := range tt.changes {
				changes[k] = c
			}
			got, err := v.Verify(t.Context(), f.sign(t, "k1", changes, nil))
			if err != nil {
				t.Fatal(err)
			}
			tt.want.OID, tt.want.Expires = oid, got.Expires
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestForged tries what an attacker without the issuer's key can make.
func TestForged(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	good := f.sign(t, "k1", nil, nil)
	parts := strings.Split(good, ".")
	head := func(h set) string {
		b, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	public, err := x509.MarshalPKIXPublicKey(&newKey("k1").PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	hmac := func(secret []byte) string {
		return signWith(t, jose.SigningKey{Algorithm: jose.HS256, Key: jose.JSONWebKey{Key: secret, KeyID: "k1"}}, f.claims(nil), nil)
	}
	mallory := func(headers map[jose.HeaderKey]any, kid string) string {
		return signWith(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: newKey("mallory"), KeyID: kid}}, f.claims(nil), headers)
	}
	escalated := f.claims(set{"roles": []string{"TREAdmin"}, "oid": "b3c1f0de-0000-4000-8000-000000000002"})
	for name, raw := range map[string]string{
		"alg none":                  head(set{"alg": "none", "kid": "k1"}) + "." + parts[1] + ".",
		"alg none, signature kept":  head(set{"alg": "none", "kid": "k1"}) + "." + parts[1] + "." + parts[2],
		"alg in odd case":           head(set{"alg": "NoNe", "kid": "k1"}) + "." + parts[1] + ".",
		"hmac with public key der":  hmac(public),
		"hmac with public key pem":  hmac(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})),
		"other key, same kid":       mallory(nil, "k1"),
		"other key, other kid":      mallory(nil, "mallory"),
		"other key, no kid":         mallory(nil, ""),
		"kid as path":               mallory(nil, "../../../../dev/null"),
		"kid as query":              mallory(nil, "' OR 1=1 --"),
		"key in the header":         mallory(map[jose.HeaderKey]any{"jwk": jose.JSONWebKey{Key: &newKey("mallory").PublicKey, KeyID: "k1"}}, "k1"),
		"key address in the header": mallory(map[jose.HeaderKey]any{"jku": "https://evil.example/keys"}, "k1"),
		"other algorithm":           signWith(t, jose.SigningKey{Algorithm: jose.PS256, Key: jose.JSONWebKey{Key: newKey("k1"), KeyID: "k1"}}, f.claims(nil), nil),
		"claims changed":            parts[0] + "." + head(escalated) + "." + parts[2],
		"signature cut":             parts[0] + "." + parts[1] + ".",
		"two parts":                 parts[0] + "." + parts[1],
		"empty":                     "",
		"json form":                 `{"payload":"` + parts[1] + `","protected":"` + parts[0] + `","signature":"` + parts[2] + `"}`,
		"huge":                      good + strings.Repeat("A", 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := v.Verify(t.Context(), raw); !errors.Is(err, identity.ErrToken) || got.OID != "" {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	}
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("the good one: %v", err)
	}
}

func TestVerifyID(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	id := func(changes set) string {
		c := set{"aud": "portal", "scp": nil, "nonce": "n1"}
		for k, v := range changes {
			c[k] = v
		}
		return f.sign(t, "k1", c, nil)
	}
	for _, tt := range []struct {
		name  string
		token string
		want  identity.Binding
		err   error
	}{
		{name: "good", token: id(nil), want: identity.Binding{ClientID: "portal", Nonce: "n1"}},
		{name: "other nonce", token: id(nil), want: identity.Binding{ClientID: "portal", Nonce: "n2"}, err: identity.ErrToken},
		{name: "no nonce anywhere", token: id(set{"nonce": nil}), want: identity.Binding{ClientID: "portal"}, err: identity.ErrToken},
		{name: "other client", token: id(nil), want: identity.Binding{ClientID: "cli", Nonce: "n1"}, err: identity.ErrToken},
		{name: "other access token", token: id(set{"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}), want: identity.Binding{ClientID: "portal", Nonce: "n1", AccessToken: "other"}, err: identity.ErrToken},
		{name: "its access token", token: id(set{"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"}), want: identity.Binding{ClientID: "portal", Nonce: "n1", AccessToken: "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := v.VerifyID(t.Context(), tt.token, tt.want); !errors.Is(err, tt.err) {
				t.Errorf("error %v, want %v", err, tt.err)
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	good := identity.Settings{Issuers: []string{"https://login.example/v2.0"}, Audiences: []string{api}, Now: time.Now}
	for name, change := range map[string]func(*identity.Settings){
		"no issuer":        func(s *identity.Settings) { s.Issuers = nil },
		"issuer over http": func(s *identity.Settings) { s.Issuers = []string{"http://login.example"} },
		"issuer no url":    func(s *identity.Settings) { s.Issuers = []string{"common"} },
		"no audience":      func(s *identity.Settings) { s.Audiences = nil },
		"empty audience":   func(s *identity.Settings) { s.Audiences = []string{api, ""} },
		"no clock":         func(s *identity.Settings) { s.Now = nil },
	} {
		s := good
		change(&s)
		if _, err := identity.New(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := identity.New(good); err != nil {
		t.Error(err)
	}
}
