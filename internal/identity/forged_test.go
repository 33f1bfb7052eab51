package identity_test

import (
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

// signText signs a payload as it is written.
func signText(t *testing.T, name, payload string) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: newKey(name), KeyID: name}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := signer.Sign([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := signed.CompactSerialize()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestTwoReadings: a payload that two readers could take for different ones is
// refused, though the issuer itself signed it.
func TestTwoReadings(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	body, err := json.Marshal(f.claims(nil))
	if err != nil {
		t.Fatal(err)
	}
	rest := strings.TrimPrefix(string(body), "{")
	for name, payload := range map[string]string{
		"two people":                       `{"oid":"b3c1f0de-0000-4000-8000-000000000002",` + rest,
		"two issuers":                      `{"iss":"https://evil.example",` + rest,
		"two audiences":                    `{"aud":"other",` + rest,
		"roles twice, the second escaped":  `{"\u0072oles":["TREAdmin"],` + rest,
		"person in capitals":               `{"OID":"b3c1f0de-0000-4000-8000-000000000002",` + rest,
		"roles in capitals":                strings.TrimSuffix(string(body), "}") + `,"Roles":["TREAdmin"]}`,
		"groups in capitals":               strings.TrimSuffix(string(body), "}") + `,"Groups":["d1000000-0000-4000-8000-000000000001"]}`,
		"expiry with a letter of its own":  `{"e\u0078P":99999999999,` + rest,
		"scope spelt with a long s":        `{"\u017fcp":"user_impersonation",` + rest,
		"an object and something after it": string(body) + `{"oid":"b3c1f0de-0000-4000-8000-000000000002"}`,
		"a list":                           "[" + string(body) + "]",
		"nothing":                          "",
	} {
		if got, err := v.Verify(t.Context(), signText(t, "k1", payload)); !errors.Is(err, identity.ErrToken) {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
	if _, err := v.Verify(t.Context(), signText(t, "k1", `{"Custom":1,"custom":2,`+rest)); err != nil {
		t.Errorf("claims of somebody else's: %v", err)
	}
}

// TestHeaders: nothing in a token's header chooses the key but the name of one
// that the issuer publishes.
func TestHeaders(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	mallory := newKey("mallory")
	forged := func(kid string, headers map[jose.HeaderKey]any) string {
		return signWith(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: mallory, KeyID: kid}}, f.claims(nil), headers)
	}
	for name, raw := range map[string]string{
		"kid is an address":         forged("https://evil.example/keys", nil),
		"kid is a file":             forged("file:///etc/hostname", nil),
		"kid is huge":               forged(strings.Repeat("k", 20<<10), nil),
		"kid with a zero byte":      forged("k1\x00", nil),
		"kid in capitals":           forged("K1", nil),
		"kid with a space":          forged("k1 ", nil),
		"certificate address":       forged("k1", map[jose.HeaderKey]any{"x5u": "https://evil.example/cert"}),
		"certificate chain":         forged("k1", map[jose.HeaderKey]any{"x5c": []string{base64.StdEncoding.EncodeToString([]byte("cert"))}}),
		"thumbprint":                forged("", map[jose.HeaderKey]any{"x5t": "k1"}),
		"key address, name unknown": forged("mallory", map[jose.HeaderKey]any{"jku": f.URL + "/keys"}),
		"extension that must be understood": signWith(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: newKey("k1"), KeyID: "k1"}},
			f.claims(nil), map[jose.HeaderKey]any{"crit": []string{"exp"}, "exp": 1}),
		"payload unencoded": signWith(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: newKey("k1"), KeyID: "k1"}},
			f.claims(nil), map[jose.HeaderKey]any{"crit": []string{"b64"}, "b64": false}),
	} {
		if got, err := v.Verify(t.Context(), raw); !errors.Is(err, identity.ErrToken) {
			t.Errorf("%s: %+v, error %v", name, got, err)
		}
	}
	good := f.sign(t, "k1", nil, map[jose.HeaderKey]any{"jku": "https://evil.example/keys", "x5u": "https://evil.example/cert"})
	if _, err := v.Verify(t.Context(), good); err != nil {
		t.Errorf("addresses beside a good signature are not looked at: %v", err)
	}
	if got := f.fetches.Load(); got != 1 {
		t.Errorf("keys fetched %d times", got)
	}
}

// TestOneNameTwoKeys: a name that stands for two keys proves nothing.
func TestOneNameTwoKeys(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1", "k2")
	f.extra = []jose.JSONWebKey{
		{Key: &newKey("mallory").PublicKey, KeyID: "k1", Algorithm: "RS256", Use: "sig"},
		{Key: &newKey("k2").PublicKey, KeyID: "k2", Algorithm: "RS256", Use: "sig"},
	}
	v := f.verifier(t, nil)
	for _, key := range []*rsa.PrivateKey{newKey("k1"), newKey("mallory")} {
		raw := signWith(t, jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, f.claims(nil), nil)
		if _, err := v.Verify(t.Context(), raw); !errors.Is(err, identity.ErrToken) {
			t.Errorf("error %v", err)
		}
	}
	if _, err := v.Verify(t.Context(), f.sign(t, "k2", nil, nil)); err != nil {
		t.Errorf("the same key twice: %v", err)
	}
}

// TestPrograms: a program is told from a person by more than one claim.
func TestPrograms(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.verifier(t, nil)
	app := set{"scp": nil, "idtyp": "app", "roles": []string{"TREUser"}, "name": nil, "preferred_username": nil}
	for _, tt := range []struct {
		name    string
		changes set
		app     bool
		err     error
	}{
		{name: "a program", app: true},
		{name: "a program without a role", changes: set{"roles": nil}, app: true},
		{name: "a program of version 1.0", changes: set{"idtyp": nil, "azp": nil, "appid": "cli", "sub": oid}, app: true},
		{name: "a program with a person's scope", changes: set{"scp": "user_impersonation"}, err: identity.ErrToken},
		{name: "a person whose scope was taken away", changes: set{"idtyp": "user"}, err: identity.ErrToken},
		{name: "a person's id token", changes: set{"idtyp": nil, "nonce": "n"}, err: identity.ErrToken},
		{name: "no scope, and nobody says program", changes: set{"idtyp": nil}, err: identity.ErrToken},
		{name: "no scope, sub is oid, but no program named", changes: set{"idtyp": nil, "sub": oid, "azp": nil}, err: identity.ErrToken},
		{name: "a program that would be a person to itself", changes: set{"idtyp": "user", "scp": "user_impersonation", "sub": oid}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			changes := maps.Clone(app)
			maps.Copy(changes, tt.changes)
			got, err := v.Verify(t.Context(), f.sign(t, "k1", changes, nil))
			if !errors.Is(err, tt.err) || got.AppOnly != tt.app {
				t.Errorf("%+v, error %v, want %v", got, err, tt.err)
			}
		})
	}
}

// FuzzVerify: whatever is in a token, signed or not, is refused or makes a whole
// person; nothing panics.
func FuzzVerify(f *testing.F) {
	key := newKey("k1")
	for _, seed := range []string{
		`{"iss":"I","aud":"` + api + `","oid":"` + oid + `","tid":"` + tenant + `","scp":"user_impersonation","exp":9999999999}`,
		`{"iss":"I","aud":["` + api + `"],"oid":"` + oid + `","tid":"` + tenant + `","idtyp":"app","roles":"TREAdmin","exp":9999999999,"groups":["x"]}`,
		`{"iss":"I","_claim_names":{"groups":"s"},"_claim_sources":{"s":{}},"hasgroups":true}`, `{}`, `[]`, `null`, `{"iss":{}}`, `{"oid":1,"oid":2}`,
	} {
		f.Add(seed)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}}, nil)
	if err != nil {
		f.Fatal(err)
	}
	forge := newForge(f, "k1")
	v := forge.verifier(f, func(s *identity.Settings) { s.Refetch = time.Nanosecond })
	f.Fuzz(func(t *testing.T, payload string) {
		signed, err := signer.Sign([]byte(strings.ReplaceAll(payload, `"I"`, `"`+forge.URL+`"`)))
		if err != nil {
			return // nothing to sign
		}
		raw, err := signed.CompactSerialize()
		if err != nil {
			return // nothing to send
		}
		for _, token := range []string{raw, payload} {
			who, err := v.Verify(t.Context(), token)
			if err == nil && (len(who.OID) != 36 || who.Name == "" || who.Expires.IsZero() || who.AppOnly && who.Groups != nil) {
				t.Errorf("%q: %+v", token, who)
			}
			if err != nil && (!errors.Is(err, identity.ErrToken) || who.OID != "") {
				t.Errorf("%q: %+v, %v", token, who, err)
			}
		}
	})
}
