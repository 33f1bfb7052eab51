package commands_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/cli"
)

// stranger is a TRE of somebody else's making, that is its own issuer. named
// are what its discovery document says.
func stranger(t *testing.T, named map[string]string) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	answer := func(path string, v any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(v) })
	}
	document := map[string]string{"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token",
		"device_authorization_endpoint": s.URL + "/device"}
	for name, address := range named {
		document[name] = address
	}
	answer("/api/.metadata", map[string]string{"api_client_id": audience, "api_root_scope": "scope", "issuer": s.URL})
	answer("/.well-known/openid-configuration", document)
	return s
}

// TestAnIssuerOpensNoPrograms: whoever names the issuer could have the system
// open what they like in place of a browser, or secrets sent in the open.
func TestAnIssuerOpensNoPrograms(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, endpoint, address, way string }{
		{"a file in place of a page", "authorization_endpoint", "file:///usr/bin/true", "interactive"},
		{"a share in place of a page", "authorization_endpoint", `\\files.example.org\share\page`, "interactive"},
		{"another program's address", "authorization_endpoint", "ms-settings:about", "interactive"},
		{"an option in place of a page", "authorization_endpoint", "--help", "interactive"},
		{"tokens in the open", "token_endpoint", "http://tre.example.org/token", "client-credentials"},
		{"codes in the open", "device_authorization_endpoint", "http://tre.example.org/device", "device-code"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.env["BROWSER"], w.env["TRE_CLIENT_SECRET"] = "true", secret
			w.saw = func(text string) {
				if strings.Contains(text, tc.address) && !strings.Contains(text, "no https address") {
					t.Errorf("said %q", text)
				}
			}
			got := w.run("login", tc.way, stranger(t, map[string]string{tc.endpoint: tc.address}).URL, "--client-id", "robot")
			if got.code != cli.Failed || !strings.Contains(got.err, "no https address") {
				t.Errorf("exit code %d, said %q", got.code, got.err)
			}
		})
	}
}

// TestSecretsAreNotSentOn: an address that answers with a redirect gets what it
// was sent, and nobody else does.
func TestSecretsAreNotSentOn(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("somebody else was sent %s %s with %q", r.Method, r.URL, r.Header.Get("Authorization"))
	}))
	t.Cleanup(other.Close)
	away := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	t.Cleanup(away.Close)

	w := newWorld(t)
	w.env["TRE_CLIENT_SECRET"] = secret
	s := stranger(t, map[string]string{"token_endpoint": away.URL})
	if got := w.run("login", "client-credentials", s.URL, "--client-id", "robot"); got.code == cli.Done || !strings.Contains(got.err, "sends on to") {
		t.Errorf("a client's secret: %+v", got)
	}
	if got := newWorld(t).at(away).run("workspaces", "list"); got.code == cli.Done || !strings.Contains(got.err, "sends on to") {
		t.Errorf("a token: %+v", got)
	}
}

// TestRedirectsWithinAnAddress are followed.
func TestRedirectsWithinAnAddress(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.Handle("/api/workspaces", http.RedirectHandler("/moved", http.StatusFound))
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			t.Error("no token")
		}
		_, _ = w.Write([]byte(`{"workspaces":[]}`))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	newWorld(t).at(s).must("workspaces", "list")
}

// TestWordsDoNotSteerTheTerminal: names, codes and addresses are of others'
// making.
func TestWordsDoNotSteerTheTerminal(t *testing.T) {
	t.Parallel()
	const wipe = "\x1b[2Jgone"
	mux := http.NewServeMux()
	answer := func(path string, v any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(v) })
	}
	answer("/device", map[string]any{"device_code": "d", "user_code": wipe, "verification_uri": "https://example.org/" + wipe, "interval": 1, "expires_in": 60})
	answer("/api/workspaces", map[string]any{"workspaces": []any{map[string]any{"properties": map[string]string{"display_name": wipe}}}})
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":"access_denied"}`))
	})
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	tre := stranger(t, map[string]string{"device_authorization_endpoint": s.URL + "/device", "token_endpoint": s.URL + "/token"})
	got := newWorld(t).person().run("login", "device-code", tre.URL, "--client-id", "robot")
	if got.code == cli.Done || strings.Contains(got.err, "\x1b") || !strings.Contains(got.err, "gone") {
		t.Errorf("a code: %+v", got)
	}
	got = newWorld(t).at(s).person().run("workspaces", "list", "-q", "workspaces[0].properties.display_name")
	if got.code != cli.Done || strings.Contains(got.out, "\x1b") || !strings.Contains(got.out, "gone") {
		t.Errorf("one name: %+v", got)
	}
}
