package directory_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/directory"
)

func start(t *testing.T) *directory.Server {
	t.Helper()
	s, err := directory.Start(t.Context(), directory.Config{Now: time.Now, Users: []directory.User{
		{ID: "a3c1f0de-0000-4000-8000-000000000001", DisplayName: "Heart Owner", Enabled: true}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func ask(t *testing.T, address string, change func(*http.Request)) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	change(req)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	identity := s.Identity("00000000-0000-4000-8000-00000000000f")
	token := identity["IDENTITY_ENDPOINT"] + "?api-version=2019-08-01&resource="
	for name, tt := range map[string]struct {
		address string
		change  func(*http.Request)
		want    int
	}{
		"people without a token":         {s.URL() + "/v1.0/users", func(*http.Request) {}, http.StatusUnauthorized},
		"people with a made-up token":    {s.URL() + "/v1.0/users", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }, http.StatusUnauthorized},
		"a token without the header":     {token + s.URL(), func(*http.Request) {}, http.StatusUnauthorized},
		"a token for another API":        {token + "https://vault.azure.net", func(r *http.Request) { r.Header.Set("X-IDENTITY-HEADER", identity["IDENTITY_HEADER"]) }, http.StatusUnauthorized},
		"a token for this one":           {token + s.URL(), func(r *http.Request) { r.Header.Set("X-IDENTITY-HEADER", identity["IDENTITY_HEADER"]) }, http.StatusOK},
		"a name that leads here":         {s.URL() + "/v1.0/users", func(r *http.Request) { r.Host = "rebound.example" }, http.StatusMisdirectedRequest},
		"a name that leads to this port": {s.URL() + "/v1.0/users", func(r *http.Request) { r.Host = "rebound.example" + strings.TrimPrefix(s.URL(), "http://127.0.0.1") }, http.StatusMisdirectedRequest},
		"this machine by its other name": {strings.Replace(s.URL(), "127.0.0.1", "localhost", 1) + "/v1.0/users", func(*http.Request) {}, http.StatusUnauthorized},
	} {
		if got := ask(t, tt.address, tt.change); got != tt.want {
			t.Errorf("%s: %d, want %d", name, got, tt.want)
		}
	}
}

func TestATokenSaysWhoseItIsAndForWhat(t *testing.T) {
	t.Parallel()
	s := start(t)
	const engine, front, arm, vault = "engine", "front", "http://127.0.0.1:1", "https://vault.azure.net"
	get := func(env map[string]string, audience string) string {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, env["IDENTITY_ENDPOINT"]+"?resource="+audience, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-IDENTITY-HEADER", env["IDENTITY_HEADER"])
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var answer struct {
			Token string `json:"access_token"`
		}
		_ = json.NewDecoder(resp.Body).Decode(&answer) // a refusal is no JSON and no token
		return answer.Token
	}
	one, two := s.Identity(engine, arm, vault), s.Identity(front, vault)
	for _, tt := range []struct {
		name         string
		identity     map[string]string
		asked, shown string // audiences: asked for, and shown at
		want         string
	}{
		{"the engine at Resource Manager", one, arm, arm, engine},
		{"the engine at the vault", one, vault, vault, engine},
		{"the front at the vault", two, vault, vault, front},
		{"the front at Resource Manager", two, arm, arm, ""},
		{"a token for the vault at Resource Manager", one, vault, arm, ""},
	} {
		if got, ok := s.Principal(get(tt.identity, tt.asked), tt.shown); got != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]directory.Config{"no clock": {}, "no port": {Now: time.Now, Listen: "127.0.0.1:none"}} {
		if s, err := directory.Start(t.Context(), c); err == nil {
			t.Errorf("%s: started at %s", name, s.URL())
		}
	}
}
