package issuer_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

const (
	api      = "6f2b1c1e-8a53-4b0e-9c39-0d4f2f1f9a11"
	cli      = "b7d4a1b2-52a5-4a55-8a55-6b7e5d0c1f22"
	portal   = "3f0e7c54-93a7-46c4-9a0f-15e2a1c3d433"
	redirect = "http://127.0.0.1:7071/portal/signed-in"
)

func start(t *testing.T) *issuer.Server {
	t.Helper()
	return startAt(t, time.Now)
}

// startAt is start with another clock.
func startAt(t *testing.T, now func() time.Time) *issuer.Server {
	t.Helper()
	s, err := issuer.Start(t.Context(), issuer.Config{
		Audience: api,
		Now:      now,
		Users: []issuer.User{
			{Key: "researcher", Name: "Robin <b>Hill</b>", Email: "robin@example.org", OID: "a3c1f0de-0000-4000-8000-000000000001", Roles: []string{"TREUser"}},
			{Key: "admin", Name: "Alex Admin", Email: "alex@example.org", Roles: []string{"TREAdmin", "TREUser"}},
		},
		Clients: []issuer.Client{
			{ID: cli, Native: true, Redirects: []string{"http://127.0.0.1/callback", "http://localhost/callback"}},
			{ID: robot, Secret: robotSecret, Service: true, Roles: []string{"TREUser"}},
			{ID: portal, Secret: "portal-secret", Redirects: []string{redirect}, SignedOut: []string{"http://127.0.0.1:7071/"}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// browser keeps cookies and stops where a redirect leaves the issuer.
func browser(t *testing.T, s *issuer.Server) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(r.URL.String(), s.URL()) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

var hidden = regexp.MustCompile(`name="request" value="([^"]+)"`)

// signIn walks the sign-in as a person would and returns where it ended.
func signIn(t *testing.T, s *issuer.Server, address, user string) *url.URL {
	t.Helper()
	b := browser(t, s)
	page, status := get(t, b, address)
	found := hidden.FindStringSubmatch(page)
	if status != http.StatusOK || found == nil {
		t.Fatalf("sign-in page: status %d\n%s", status, page)
	}
	resp, err := b.PostForm(s.URL()+"/login", url.Values{"request": {found[1]}, "user": {user}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	end, err := resp.Location()
	if err != nil {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return end
}

func get(t *testing.T, c *http.Client, address string) (string, int) {
	t.Helper()
	resp, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return readAll(t, resp), resp.StatusCode
}

func readAll(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// clock is time under a test's control.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func claimsOf(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts", len(parts))
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var c map[string]any
	if err := json.Unmarshal(body, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func config(t *testing.T, s *issuer.Server, id, secret, back string) oauth2.Config {
	t.Helper()
	p, err := oidc.NewProvider(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	e := p.Endpoint()
	e.AuthStyle = oauth2.AuthStyleInParams
	return oauth2.Config{ClientID: id, ClientSecret: secret, RedirectURL: back, Endpoint: e,
		Scopes: []string{"openid", "profile", "email", "offline_access", "api://" + api + "/user_impersonation"}}
}

func TestAuthorizationCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	for _, tt := range []struct{ name, client, secret, back string }{
		{name: "command line, loopback port of its own", client: cli, back: "http://127.0.0.1:54321/callback"},
		{name: "portal with secret", client: portal, secret: "portal-secret", back: redirect},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := config(t, s, tt.client, tt.secret, tt.back)
			verifier := oauth2.GenerateVerifier()
			end := signIn(t, s, c.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier), oidc.Nonce("no")), "researcher")
			if got := end.Query().Get("state"); got != "st" {
				t.Fatalf("state %q in %s", got, end)
			}
			tokens, err := c.Exchange(t.Context(), end.Query().Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			checkAccess(t, s, tokens.AccessToken, tt.client)
			id, _ := tokens.Extra("id_token").(string)
			if c := claimsOf(t, id); c["nonce"] != "no" || c["oid"] != s.Users()[0].OID || !cmp.Equal(c["aud"], []any{tt.client}) || c["scp"] != nil {
				t.Errorf("id token %v", c)
			}
			if _, err := c.Exchange(t.Context(), end.Query().Get("code"), oauth2.VerifierOption(verifier)); err == nil {
				t.Error("code worked twice")
			}
			again, err := c.TokenSource(t.Context(), &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
			if err != nil {
				t.Fatalf("refresh: %v", err)
			}
			checkAccess(t, s, again.AccessToken, tt.client)
		})
	}
}

func checkAccess(t *testing.T, s *issuer.Server, token, azp string) {
	t.Helper()
	got := claimsOf(t, token)
	want := map[string]any{
		"iss": s.URL(), "aud": []any{api}, "azp": azp, "oid": "a3c1f0de-0000-4000-8000-000000000001", "tid": issuer.Tenant,
		"name": "Robin <b>Hill</b>", "preferred_username": "robin@example.org", "email": "robin@example.org",
		"roles": []any{"TREUser"}, "ver": "2.0", "scp": "user_impersonation",
	}
	for name, value := range want {
		if diff := cmp.Diff(value, got[name]); diff != "" {
			t.Errorf("claim %s: %s", name, diff)
		}
	}
	if got["sub"] == got["oid"] {
		t.Error("sub is oid: a person would look like an app")
	}
}
