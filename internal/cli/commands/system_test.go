package commands_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

// clock is a time that a test moves.
type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time       { return time.Unix(0, c.nanos.Load()) }
func (c *clock) pass(d time.Duration) { c.nanos.Add(int64(d)) }

// system is a TRE with its own provider, whose API takes any token of it.
type system struct {
	issuer *issuer.Server
	api    *httptest.Server
	clock  *clock
}

func newSystem(t *testing.T) *system {
	t.Helper()
	s := &system{clock: &clock{}}
	s.clock.nanos.Store(time.Now().UnixNano())
	var err error
	s.issuer, err = issuer.Start(t.Context(), issuer.Config{Audience: audience, Now: s.clock.now,
		Users: []issuer.User{{Key: "researcher", Name: "Some Researcher", Email: "researcher@tre.example", Roles: []string{"TREUser"}}},
		Clients: []issuer.Client{{ID: "trefoil-cli", Native: true, Redirects: []string{"http://127.0.0.1/callback", "http://localhost"}},
			{ID: "robot", Secret: secret, Service: true, Roles: []string{"TREUser"}}}})
	if err != nil {
		t.Fatal(err)
	}
	s.api = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/api/.metadata":
			fmt.Fprintf(w, `{"api_client_id":%q,"api_root_scope":"api://%s/user_impersonation","aad_tenant_id":"","issuer":%q,"cli_client_id":"trefoil-cli"}`,
				audience, audience, s.issuer.URL())
		case strings.Count(r.Header.Get("Authorization"), ".") != 2:
			http.Error(w, "no valid access token", http.StatusUnauthorized)
		default:
			fmt.Fprint(w, "[]")
		}
	}))
	t.Cleanup(func() { s.api.Close(); _ = s.issuer.Close() })
	return s
}

func (s *system) world(t *testing.T) *world {
	w := newWorld(t)
	w.now = s.clock.now
	return w
}

// choose is a person's browser: it follows the address to the page where one
// is chosen, and posts the form.
func choose(t *testing.T, address string) {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar}
	page, err := browser.Get(address)
	if err != nil {
		t.Error(err)
		return
	}
	defer page.Body.Close()
	form := page.Request.URL.Query()
	form.Set("user", "researcher")
	at := *page.Request.URL
	at.RawQuery = ""
	back, err := browser.PostForm(at.String(), form)
	if err != nil {
		t.Error(err)
		return
	}
	defer back.Body.Close()
	if text, _ := io.ReadAll(back.Body); back.StatusCode != http.StatusOK || !strings.Contains(string(text), "signed in") {
		t.Errorf("the browser ends at %s: %d: %.200s", back.Request.URL.Path, back.StatusCode, text)
	}
}
