package signin_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/identity/signin"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

const (
	api  = "6f2b1c1e-8a53-4b0e-9c39-0d4f2f1f9a11"
	back = "http://127.0.0.1:7071/portal/signed-in"
)

type site struct {
	issuer   *issuer.Server
	verifier *identity.Verifier
	now      time.Time
}

func newSite(t *testing.T) *site {
	t.Helper()
	is, err := issuer.Start(t.Context(), issuer.Config{
		Audience: api, Now: time.Now,
		Users:   []issuer.User{{Key: "manager", Name: "Morgan Vale", Email: "morgan@example.org", Roles: []string{"TREUser"}}},
		Clients: []issuer.Client{{ID: api, Redirects: []string{back}, SignedOut: []string{"http://127.0.0.1:7071/"}}, {ID: "portal", Secret: "s", Redirects: []string{back}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = is.Close() })
	v, err := identity.New(identity.Settings{Issuers: []string{is.URL()}, Audiences: []string{api}, Tenants: []string{issuer.Tenant}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return &site{issuer: is, verifier: v, now: time.Now()}
}

func (s *site) flow(t *testing.T, change func(*signin.Settings)) *signin.Flow {
	t.Helper()
	c := signin.Settings{ClientID: api, RedirectURL: back, Now: func() time.Time { return s.now }}
	if change != nil {
		change(&c)
	}
	f, err := signin.New(c, s.verifier)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var hidden = regexp.MustCompile(`name="request" value="([^"]+)"`)

// visit signs in at the provider and returns what it answers the portal.
func (s *site) visit(t *testing.T, address string) url.Values {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar, Timeout: 10 * time.Second, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), back) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	resp, err := c.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	page, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	found := hidden.FindSubmatch(page)
	if found == nil {
		t.Fatalf("no sign-in page: %s", page)
	}
	resp, err = c.PostForm(s.issuer.URL()+"/login", url.Values{"request": {string(found[1])}, "user": {"manager"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	end, err := resp.Location()
	if err != nil {
		t.Fatal(err)
	}
	return end.Query()
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for name, change := range map[string]func(*signin.Settings){
		"one registration": nil,
		"portal's own, with scope": func(c *signin.Settings) {
			c.ClientID, c.ClientSecret, c.APIScope = "portal", "s", "api://"+api+"/user_impersonation"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := s.flow(t, change)
			address, pending, err := f.Start(t.Context(), "/portal/requests/r1?tab=files")
			if err != nil {
				t.Fatal(err)
			}
			q, err := url.Parse(address)
			if err != nil {
				t.Fatal(err)
			}
			if q.Query().Get("code_challenge_method") != "S256" || q.Query().Get("nonce") != pending.Nonce || strings.Contains(address, pending.Verifier) {
				t.Errorf("address %s", address)
			}
			answer := s.visit(t, address)
			who, err := f.Finish(t.Context(), pending, answer)
			if err != nil {
				t.Fatal(err)
			}
			if who.OID != s.issuer.Users()[0].OID || who.Name != "Morgan Vale" || who.Email != "morgan@example.org" || !slices.Equal(who.Roles, []string{"TREUser"}) || who.AppOnly {
				t.Errorf("person %+v", who)
			}
			if pending.ReturnTo != "/portal/requests/r1?tab=files" {
				t.Errorf("return to %q", pending.ReturnTo)
			}
			if _, err := f.Finish(t.Context(), pending, answer); !errors.Is(err, signin.ErrStale) {
				t.Errorf("finished twice: error %v", err)
			}
		})
	}
}

func TestFinishRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.flow(t, nil)
	for _, tt := range []struct {
		name   string
		change func(*signin.Pending, url.Values)
		err    error
	}{
		{name: "other browser's state", change: func(p *signin.Pending, _ url.Values) { p.State = "other" }, err: signin.ErrStale},
		{name: "empty cookie", change: func(p *signin.Pending, q url.Values) { *p = signin.Pending{}; q.Del("state") }, err: signin.ErrStale},
		{name: "two states", change: func(_ *signin.Pending, q url.Values) { q.Add("state", "x") }, err: signin.ErrStale},
		{name: "took too long", change: func(p *signin.Pending, _ url.Values) { p.Started = p.Started.Add(-16 * time.Minute) }, err: signin.ErrStale},
		{name: "from the future", change: func(p *signin.Pending, _ url.Values) { p.Started = p.Started.Add(time.Hour) }, err: signin.ErrStale},
		{name: "no code", change: func(_ *signin.Pending, q url.Values) { q.Del("code") }, err: signin.ErrStale},
		{name: "made-up code", change: func(_ *signin.Pending, q url.Values) { q.Set("code", "x") }, err: signin.ErrStale},
		{name: "other pkce verifier", change: func(p *signin.Pending, _ url.Values) { p.Verifier = strings.Repeat("v", 43) }, err: signin.ErrStale},
		{name: "other nonce", change: func(p *signin.Pending, _ url.Values) { p.Nonce = "n" }, err: identity.ErrToken},
		{name: "declined", change: func(_ *signin.Pending, q url.Values) { q.Set("error", "access_denied") }, err: signin.ErrDeclined},
		{name: "declined, other browser", change: func(_ *signin.Pending, q url.Values) { q.Set("error", "access_denied"); q.Set("state", "x") }, err: signin.ErrStale},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			address, pending, err := f.Start(t.Context(), "/")
			if err != nil {
				t.Fatal(err)
			}
			answer := s.visit(t, address)
			tt.change(&pending, answer)
			if who, err := f.Finish(t.Context(), pending, answer); !errors.Is(err, tt.err) || who.OID != "" {
				t.Errorf("person %+v, error %v, want %v", who, err, tt.err)
			}
		})
	}
}

func TestProviderDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	f := s.flow(t, func(c *signin.Settings) { c.ClientSecret = "" })
	address, pending, err := f.Start(t.Context(), "/")
	if err != nil {
		t.Fatal(err)
	}
	answer := s.visit(t, address)
	if out, err := f.SignOut(t.Context(), "http://127.0.0.1:7071/"); err != nil || !strings.HasPrefix(out, s.issuer.URL()+"/end_session?") {
		t.Errorf("sign out %q, %v", out, err)
	}
	if err := s.issuer.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Finish(t.Context(), pending, answer); !errors.Is(err, identity.ErrUnavailable) {
		t.Errorf("finish: error %v", err)
	}
	fresh := newSite(t)
	if err := fresh.issuer.Close(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := fresh.flow(t, nil).Start(t.Context(), "/"); !errors.Is(err, identity.ErrUnavailable) {
		t.Errorf("start: error %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	good := signin.Settings{ClientID: api, RedirectURL: back, Now: time.Now}
	for name, change := range map[string]func(*signin.Settings){
		"no client":         func(c *signin.Settings) { c.ClientID = "" },
		"relative redirect": func(c *signin.Settings) { c.RedirectURL = "/signed-in" },
		"no clock":          func(c *signin.Settings) { c.Now = nil },
	} {
		c := good
		change(&c)
		if _, err := signin.New(c, s.verifier); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
