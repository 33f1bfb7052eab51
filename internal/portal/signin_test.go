package portal_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/portal"
)

func TestReturnToThePageAskedFor(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	for _, path := range []string{at(k), at(k) + "?page=2&show=notable", at(k) + "/audit", "/new"} {
		c := b.stranger()
		if to := b.signIn(c, b.url+path, "mia"); to != "/portal"+path {
			t.Errorf("%s leads to %s", path, to)
		}
	}
	if a := b.do(b.stranger(), http.MethodGet, b.url+"/", nil); a.status != http.StatusOK || !strings.Contains(a.body, "Sign in") {
		t.Errorf("first page: %d", a.status)
	}
	if a := b.do(b.stranger(), http.MethodGet, b.url, nil); a.header.Get("Location") != "/portal/" {
		t.Errorf("without a slash: %d %q", a.status, a.header.Get("Location"))
	}
}

// TestNowhereElse asks to be sent somewhere else after the sign-in.
func TestNowhereElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, to := range []string{"https://evil.example/", "//evil.example", `/\evil.example`, "/portal/../../evil", "/portal//evil.example", "/api/x",
		"/portalx", "javascript:alert(1)", "/portal/%2e%2e/x", "/portal/signout/everywhere", "/portal/signin?to=//evil.example", "\t//evil.example", ""} {
		if got := b.signIn(b.stranger(), b.url+"/signin?to="+url.QueryEscape(to), "ann"); got != "/portal/" {
			t.Errorf("%q leads to %q", to, got)
		}
	}
}

func TestTwoTabs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.stranger()
	follow := *c
	follow.CheckRedirect = nil
	var ids []string
	for _, path := range []string{"/new", "/workspaces/" + here} {
		ids = append(ids, hiddenRequest.FindStringSubmatch(b.do(&follow, http.MethodGet, b.url+path, nil).body)[1])
	}
	for i, want := range []string{"/portal/new", "/portal/workspaces/" + here} {
		a := b.do(c, http.MethodPost, provider.URL()+"/login", url.Values{"request": {ids[i]}, "user": {"ann"}})
		for range 3 {
			if a.status != http.StatusFound && a.status != http.StatusSeeOther || strings.HasPrefix(a.header.Get("Location"), "/portal/") {
				break
			}
			a = b.do(c, http.MethodGet, a.header.Get("Location"), nil)
		}
		if got := a.header.Get("Location"); got != want {
			t.Errorf("tab %d ends at %q, want %q: %d", i+1, got, want, a.status)
		}
	}
}

func TestManySignInsBegunAreForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.stranger()
	at, err := url.Parse(b.url + "/")
	b.must(err)
	for range 12 {
		b.do(c, http.MethodGet, b.url+"/signin", nil)
		if n := len(c.Jar.Cookies(at)); n > 6 {
			t.Fatalf("%d cookies", n)
		}
	}
}

// TestAnswersOfNoSignIn shows the callback what it did not ask for.
func TestAnswersOfNoSignIn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.stranger()
	a := b.do(c, http.MethodGet, b.url+"/signin", nil)
	asked, err := url.Parse(a.header.Get("Location"))
	b.must(err)
	state := asked.Query().Get("state")
	for name, tt := range map[string]struct {
		client *http.Client
		query  string
		status int
	}{
		"nothing":            {c, "", 400},
		"a state made up":    {c, "?state=AAAAAAAAAAAA&code=x", 400},
		"in another browser": {b.stranger(), "?state=" + state + "&code=x", 400},
		"a code made up":     {c, "?state=" + state + "&code=x", 400},
		"with a session":     {b.as("ann"), "?state=AAAA&code=x", 303},
	} {
		if a := b.do(tt.client, http.MethodGet, b.url+portal.Callback+tt.query, nil); a.status != tt.status {
			t.Errorf("%s: %d, want %d", name, a.status, tt.status)
		}
	}
	d := b.do(c, http.MethodGet, b.url+"/signin", nil)
	asked, err = url.Parse(d.header.Get("Location"))
	b.must(err)
	if a := b.do(c, http.MethodGet, b.url+portal.Callback+"?error=access_denied&state="+asked.Query().Get("state"), nil); a.status != http.StatusForbidden || !strings.Contains(a.body, "declined") {
		t.Errorf("declined: %d %s", a.status, a.body)
	}
	if a := b.do(c, http.MethodHead, b.url+portal.Callback+"?state=x&code=y", nil); a.status != http.StatusUnauthorized {
		t.Errorf("HEAD: %d", a.status)
	}
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	form := url.Values{"token": {b.token("mia")}, "manifest": {b.digest(k)}, "reason": {"what I wrote"}}
	b.mu.Lock()
	b.ahead = 8*time.Hour + time.Minute
	b.mu.Unlock()
	a := b.do(b.as("mia"), http.MethodPost, b.url+at(k)+"/reject", form)
	if a.status != http.StatusUnauthorized || !strings.Contains(a.body, "what I wrote") || !strings.Contains(a.body, url.QueryEscape("/portal"+at(k))) {
		t.Errorf("a form after the end: %d %s", a.status, a.body)
	}
	if a := b.get("mia", at(k)); a.status != http.StatusSeeOther || !strings.HasPrefix(a.header.Get("Location"), provider.URL()) {
		t.Errorf("a page after the end: %d", a.status)
	}
	if b.request(k).Stage != airlock.InReview {
		t.Error("it was taken")
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if a := b.post("ann", "/signout", nil); a.header.Get("Location") != "/portal/signedout" {
		t.Errorf("sign-out: %d %q", a.status, a.header.Get("Location"))
	}
	if a := b.get("ann", "/new"); a.status != http.StatusSeeOther {
		t.Errorf("afterwards: %d", a.status)
	}
	if a := b.get("ann", "/signedout"); a.status != http.StatusOK || strings.Contains(a.body, "Signed in as") {
		t.Errorf("page: %d %s", a.status, a.body)
	}
	a := b.get("ann", "/signout/everywhere")
	if to := a.header.Get("Location"); !strings.HasPrefix(to, provider.URL()) || !strings.Contains(to, url.QueryEscape(b.url+"/")) {
		t.Errorf("at the provider: %d %q", a.status, to)
	}
}

// TestRolesAreOfNow takes a role away while a session lasts.
func TestRolesAreOfNow(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	if a := b.get("mia", at(k)); a.status != http.StatusOK {
		t.Fatalf("before: %d", a.status)
	}
	b.must(b.store.DeleteMember(t.Context(), here, people["mia"].OID, "AirlockManager"))
	if a := b.post("mia", at(k)+"/approve", url.Values{"manifest": {b.digest(k)}}); a.status != http.StatusNotFound {
		t.Errorf("approve: %d", a.status)
	}
	if a := b.get("mia", at(k)); a.status != http.StatusNotFound {
		t.Errorf("page: %d", a.status)
	}
}

// TestOverHTTPS looks at what browsers are told where people come by https.
func TestOverHTTPS(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	h := b.handler("https://tre.example.org/portal")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/portal/new", nil))
	if w.Header().Get("Strict-Transport-Security") == "" {
		t.Error("no HSTS")
	}
	for _, c := range w.Result().Cookies() {
		if !strings.HasPrefix(c.Name, "__Host-trefoil-signin-") || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
			t.Errorf("cookie %+v", c)
		}
	}
	if len(w.Result().Cookies()) != 1 {
		t.Errorf("%d cookies", len(w.Result().Cookies()))
	}
	to, err := url.Parse(w.Header().Get("Location"))
	b.must(err)
	if q := to.Query(); q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" || q.Get("nonce") == "" || q.Get("redirect_uri") != "https://tre.example.org/portal/signin/callback" {
		t.Errorf("asked for %v", q)
	}
	plain := httptest.NewRecorder() // a session for the http name is none here
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/portal/new", nil)
	sealed, err := b.seal.Seal("trefoil-session", []byte(`{"p":{"id":"x"},"t":"y"}`), time.Hour)
	b.must(err)
	r.AddCookie(&http.Cookie{Name: "trefoil-session", Value: sealed})
	if h.ServeHTTP(plain, r); plain.Code != http.StatusSeeOther {
		t.Errorf("cookie without prefix: %d", plain.Code)
	}
}

func TestSessionCookieOnOneMachine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	c := b.stranger()
	recorded := &recording{next: http.DefaultTransport}
	c.Transport = recorded
	b.signIn(c, b.url+"/signin", "ann")
	found := false
	for _, set := range recorded.set {
		if strings.HasPrefix(set, "trefoil-session=") {
			found = true
			for _, want := range []string{"; Path=/portal", "; HttpOnly", "; SameSite=Lax", "; Max-Age=28800"} {
				if !strings.Contains(set, want) {
					t.Errorf("session cookie lacks %q", want)
				}
			}
			if strings.Contains(set, "Secure") || strings.Contains(set, people["ann"].OID) {
				t.Error("session cookie is not as it should be")
			}
		}
	}
	if !found {
		t.Error("no session cookie")
	}
}

// recording keeps the cookies that the portal sets.
type recording struct {
	next http.RoundTripper
	set  []string
}

func (r *recording) RoundTrip(q *http.Request) (*http.Response, error) {
	a, err := r.next.RoundTrip(q)
	if err == nil && q.URL.Hostname() == "127.0.0.1" {
		r.set = append(r.set, a.Header.Values("Set-Cookie")...)
	}
	return a, err
}
