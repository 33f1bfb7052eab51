package identity_test

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

// forgeries are what an attacker without the issuer's key can make of a good
// token.
func forgeries(t *testing.T, f *forge, good string) map[string]string {
	t.Helper()
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
	return map[string]string{
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
	}
}

func TestForged(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	good := f.sign(t, "k1", nil, nil)
	for name, raw := range forgeries(t, f, good) {
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

// TestLongToken: even a properly signed token has a limit.
func TestLongToken(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	raw := f.sign(t, "k1", set{"groups": strings.Repeat("g", 8<<10)}, nil)
	for limit, want := range map[int]error{0: nil, len(raw): nil, len(raw) - 1: identity.ErrToken} {
		v := f.verifier(t, func(s *identity.Settings) { s.MaxToken = limit })
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, want) {
			t.Errorf("limit %d: error %v, want %v", limit, err, want)
		}
	}
}
