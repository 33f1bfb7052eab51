package identity_test

import (
	"errors"
	"strings"
	"testing"
	"time"

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
