package issuer_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

const (
	robot       = "c0ffee00-52a5-4a55-8a55-6b7e5d0c1f22"
	robotSecret = "robot-secret"
	delegated   = "api://" + api + "/user_impersonation"
)

// verified is who the product says a token speaks for.
func verified(t *testing.T, s *issuer.Server, token string) identity.Person {
	t.Helper()
	v, err := identity.New(identity.Settings{Issuers: []string{s.URL()}, Audiences: []string{api}, Tenants: []string{issuer.Tenant}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	p, err := v.Verify(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// deviceStart asks for a code as the command line does.
func deviceStart(t *testing.T, s *issuer.Server, scopes ...string) (oauth2.Config, *oauth2.DeviceAuthResponse) {
	t.Helper()
	c := config(t, s, cli, "", "")
	c.Scopes = scopes
	started, err := c.DeviceAuth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c, started
}

// poll asks once, without the library's pauses.
func poll(t *testing.T, c oauth2.Config, code string) (int, string) {
	t.Helper()
	resp, err := http.PostForm(c.Endpoint.TokenURL, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"},
		"client_id": {c.ClientID}, "device_code": {code}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, readAll(t, resp)
}

func post(t *testing.T, address string, form url.Values) (int, string) {
	t.Helper()
	resp, err := http.PostForm(address, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, readAll(t, resp)
}

func TestDeviceCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	c, started := deviceStart(t, s, "openid", "offline_access", delegated)
	if started.VerificationURI != s.DeviceURL() || !strings.Contains(started.VerificationURIComplete, started.UserCode) {
		t.Errorf("verification %q, %q", started.VerificationURI, started.VerificationURIComplete)
	}
	if status, body := poll(t, c, started.DeviceCode); status != http.StatusBadRequest || !strings.Contains(body, "authorization_pending") {
		t.Errorf("before anybody came: %d %s", status, body)
	}
	page, status := get(t, browser(t, s), started.VerificationURIComplete)
	if status != http.StatusOK || !strings.Contains(page, started.UserCode) || !strings.Contains(page, cli) || strings.Contains(page, "<script") {
		t.Fatalf("page: %d\n%s", status, page)
	}
	typed := strings.ToLower(strings.ReplaceAll(started.UserCode, "-", " "))
	if status, page := post(t, s.DeviceURL(), s.DeviceForm(typed, "researcher")); status != http.StatusOK || !strings.Contains(page, "signed in as Robin") {
		t.Fatalf("choice: %d\n%s", status, page)
	}
	tokens, err := c.DeviceAccessToken(t.Context(), started)
	if err != nil {
		t.Fatal(err)
	}
	checkAccess(t, s, tokens.AccessToken, cli)
	if p := verified(t, s, tokens.AccessToken); p.AppOnly || p.OID != s.Users()[0].OID {
		t.Errorf("person %+v", p)
	}
	again, err := c.TokenSource(t.Context(), &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
	if err != nil {
		t.Fatalf("refresh: %v", err)
	}
	checkAccess(t, s, again.AccessToken, cli)
	if status, body := poll(t, c, started.DeviceCode); status != http.StatusBadRequest || !strings.Contains(body, "invalid_grant") {
		t.Errorf("code used twice: %d %s", status, body)
	}
}

func TestDeviceCodeRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	t.Run("the person refuses", func(t *testing.T) {
		t.Parallel()
		c, started := deviceStart(t, s, delegated)
		if status, _ := post(t, s.DeviceURL(), url.Values{"user_code": {started.UserCode}, "deny": {"yes"}}); status != http.StatusOK {
			t.Fatalf("status %d", status)
		}
		if status, body := poll(t, c, started.DeviceCode); status < 400 || !strings.Contains(body, "access_denied") {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("another program's code", func(t *testing.T) {
		t.Parallel()
		c, started := deviceStart(t, s, delegated)
		c.ClientID = portal
		if status, body := poll(t, c, started.DeviceCode); status < 400 || strings.Contains(body, "access_token") {
			t.Errorf("%d %s", status, body)
		}
	})
	t.Run("a code that nobody has", func(t *testing.T) {
		t.Parallel()
		page, status := get(t, browser(t, s), s.DeviceURL()+"?user_code=%3Cscript%3E")
		if status != http.StatusNotFound || !strings.Contains(page, "No sign-in waits") || strings.Contains(page, "<script") {
			t.Errorf("%d\n%s", status, page)
		}
		if status, _ := post(t, s.DeviceURL(), s.DeviceForm("BBBB-BBBB", "researcher")); status != http.StatusNotFound {
			t.Errorf("status %d", status)
		}
	})
	t.Run("a person that nobody knows", func(t *testing.T) {
		t.Parallel()
		_, started := deviceStart(t, s, delegated)
		if status, _ := post(t, s.DeviceURL(), s.DeviceForm(started.UserCode, "nobody")); status != http.StatusNotFound {
			t.Errorf("status %d", status)
		}
	})
	t.Run("a web application asks for a code", func(t *testing.T) {
		t.Parallel()
		c := config(t, s, portal, "portal-secret", "")
		if _, err := c.DeviceAuth(t.Context()); err == nil {
			t.Error("accepted")
		}
	})
}

// TestDeviceCodeEnds: after a quarter of an hour the code is worth nothing.
func TestDeviceCodeEnds(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := startAt(t, clock.now)
	c, started := deviceStart(t, s, delegated)
	clock.pass(15*time.Minute + time.Second)
	if status, body := poll(t, c, started.DeviceCode); status != http.StatusBadRequest || !strings.Contains(body, "expired_token") {
		t.Errorf("%d %s", status, body)
	}
	if status, _ := post(t, s.DeviceURL(), s.DeviceForm(started.UserCode, "researcher")); status != http.StatusNotFound {
		t.Errorf("page: status %d", status)
	}
}

func TestClientCredentials(t *testing.T) {
	t.Parallel()
	s := start(t)
	p, err := oidc.NewProvider(t.Context(), s.URL())
	if err != nil {
		t.Fatal(err)
	}
	ask := func(id, secret string, scopes ...string) (*oauth2.Token, error) {
		c := clientcredentials.Config{ClientID: id, ClientSecret: secret, TokenURL: p.Endpoint().TokenURL, Scopes: scopes, AuthStyle: oauth2.AuthStyleInParams}
		return c.Token(t.Context())
	}
	token, err := ask(robot, robotSecret, "api://"+api+"/.default")
	if err != nil {
		t.Fatal(err)
	}
	want := issuer.Client{ID: robot}.ObjectID()
	if p := verified(t, s, token.AccessToken); !p.AppOnly || p.OID != want || len(p.Roles) != 1 || p.Roles[0] != "TREUser" || len(p.Groups) != 0 {
		t.Errorf("app %+v", p)
	}
	if c := claimsOf(t, token.AccessToken); c["scp"] != nil || c["sub"] != want || c["name"] != nil {
		t.Errorf("claims %v", c)
	}
	for name, try := range map[string]func() (*oauth2.Token, error){
		"wrong secret":                         func() (*oauth2.Token, error) { return ask(robot, "guess", "api://"+api+"/.default") },
		"no secret":                            func() (*oauth2.Token, error) { return ask(cli, "", "api://"+api+"/.default") },
		"a program with a secret that may not": func() (*oauth2.Token, error) { return ask(portal, "portal-secret", "api://"+api+"/.default") },
		"a delegated permission":               func() (*oauth2.Token, error) { return ask(robot, robotSecret, delegated) },
		"no scope":                             func() (*oauth2.Token, error) { return ask(robot, robotSecret) },
		"another API":                          func() (*oauth2.Token, error) { return ask(robot, robotSecret, "api://other/.default") },
	} {
		var refused *oauth2.RetrieveError
		if token, err := try(); !errors.As(err, &refused) || refused.Response.StatusCode >= 500 {
			t.Errorf("%s: %v, error %v", name, token, err)
		}
	}
}

// TestScopes: the audience follows the scope, as in Entra.
func TestScopes(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := config(t, s, cli, "", "http://127.0.0.1:1/callback")
	for _, tt := range []struct {
		name  string
		scope string
		want  string // audience; "" if refused
	}{
		{name: "the API's permission by its address", scope: delegated, want: api},
		{name: "the API's permission by its id", scope: api + "/user_impersonation", want: api},
		{name: "everything consented to", scope: "api://" + api + "/.default", want: api},
		{name: "no API: the token is for Microsoft Graph", scope: "openid", want: "00000003-0000-0000-c000-000000000000"},
		{name: "an API that nobody registered", scope: "api://workspace/user_impersonation"},
		{name: "a permission that the API does not have", scope: "api://" + api + "/admin"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := c
			c.Scopes = []string{tt.scope}
			started, err := c.DeviceAuth(t.Context())
			if (err == nil) != (tt.want != "") {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				if page, status := get(t, browser(t, s), c.AuthCodeURL("st")); status != http.StatusBadRequest || !strings.Contains(page, "invalid_scope") {
					t.Errorf("authorization: %d\n%s", status, page)
				}
				return
			}
			post(t, s.DeviceURL(), s.DeviceForm(started.UserCode, "researcher"))
			token, err := c.DeviceAccessToken(t.Context(), started)
			if err != nil {
				t.Fatal(err)
			}
			if aud, _ := claimsOf(t, token.AccessToken)["aud"].([]any); len(aud) != 1 || aud[0] != tt.want {
				t.Errorf("audience %v, want %s", aud, tt.want)
			}
		})
	}
}
