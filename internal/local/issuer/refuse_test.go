package issuer_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

func TestRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := config(t, s, cli, "", "http://127.0.0.1:1/callback")
	verifier := oauth2.GenerateVerifier()
	t.Run("wrong pkce verifier", func(t *testing.T) {
		t.Parallel()
		end := signIn(t, s, c.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier)), "researcher")
		if _, err := c.Exchange(t.Context(), end.Query().Get("code"), oauth2.VerifierOption(oauth2.GenerateVerifier())); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("no pkce", func(t *testing.T) {
		t.Parallel()
		end := signIn(t, s, c.AuthCodeURL("st"), "researcher")
		if _, err := c.Exchange(t.Context(), end.Query().Get("code")); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("wrong secret", func(t *testing.T) {
		t.Parallel()
		c := config(t, s, portal, "guess", redirect)
		end := signIn(t, s, c.AuthCodeURL("st", oauth2.S256ChallengeOption(verifier)), "researcher")
		if _, err := c.Exchange(t.Context(), end.Query().Get("code"), oauth2.VerifierOption(verifier)); err == nil {
			t.Error("accepted")
		}
	})
	t.Run("foreign redirect", func(t *testing.T) {
		t.Parallel()
		c := config(t, s, portal, "", "http://evil.example/")
		if page, status := get(t, browser(t, s), c.AuthCodeURL("st")); status < 400 {
			t.Errorf("status %d\n%s", status, page)
		}
	})
	t.Run("unknown sign-in", func(t *testing.T) {
		t.Parallel()
		page, status := get(t, browser(t, s), s.URL()+"/login?request=%3Cscript%3E")
		if status != http.StatusNotFound || !strings.Contains(page, "start again") || strings.Contains(page, "<script") {
			t.Errorf("status %d\n%s", status, page)
		}
	})
}

func TestForeignHost(t *testing.T) {
	t.Parallel()
	s := start(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.TokenURL(), strings.NewReader("user=admin"))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "rebound.example"
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMisdirectedRequest {
		t.Errorf("status %d", resp.StatusCode)
	}
}

// TestRotate follows a key from its first token to its end, with the product's
// own check.
func TestRotate(t *testing.T) {
	t.Parallel()
	s := start(t)
	token := func() string {
		raw, err := s.Token(t.Context(), "admin")
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	check := func(raw string) error { // a fresh verifier has no keys from before
		v, err := identity.New(identity.Settings{Issuers: []string{s.URL()}, Audiences: []string{api}, Tenants: []string{issuer.Tenant}, Now: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Verify(t.Context(), raw)
		return err
	}
	before := token()
	if err := s.Rotate(); err != nil {
		t.Fatal(err)
	}
	after := token()
	if err := errors.Join(check(before), check(after)); err != nil {
		t.Errorf("both published: %v", err)
	}
	s.Retire()
	if err := check(before); !errors.Is(err, identity.ErrToken) {
		t.Errorf("retired key: error %v", err)
	}
	if err := check(after); err != nil {
		t.Errorf("key that stays: %v", err)
	}
}

func TestTokenRoute(t *testing.T) {
	t.Parallel()
	s := start(t)
	post := func(form url.Values) (int, string) {
		resp, err := http.PostForm(s.TokenURL(), form)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		var answer struct {
			Token string `json:"access_token"`
		}
		if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, answer.Token
	}
	status, token := post(s.TokenForm("researcher"))
	if status != http.StatusOK {
		t.Fatalf("status %d", status)
	}
	checkAccess(t, s, token, api)
	if status, token := post(s.TokenForm("nobody")); status != http.StatusBadRequest || token != "" {
		t.Errorf("unknown user: status %d, token %q", status, token)
	}
}

func TestSignInPage(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := config(t, s, cli, "", "http://127.0.0.1:1/callback")
	page, _ := get(t, browser(t, s), c.AuthCodeURL("st"))
	if strings.Contains(page, "<script") || strings.Contains(page, "<b>Hill") {
		t.Error("page needs script or shows a name unescaped")
	}
	for _, want := range []string{`value="researcher"`, `value="admin"`, `name="viewport"`, `lang="en"`} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %s", want)
		}
	}
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	two := []issuer.User{{Key: "a"}, {Key: "a"}}
	for name, c := range map[string]issuer.Config{
		"nothing":    {},
		"same key":   {Audience: api, Users: two, Now: time.Now},
		"bad listen": {Audience: api, Users: two[:1], Now: time.Now, Listen: "127.0.0.1:none"},
	} {
		if s, err := issuer.Start(t.Context(), c); err == nil {
			t.Errorf("%s: started at %s", name, s.URL())
		}
	}
}
