package portal_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"
)

var hiddenRequest = regexp.MustCompile(`name="request" value="([^"]+)"`)

// stranger is a browser that nobody has signed in with; it follows no redirects.
func (b *bench) stranger() *http.Client {
	jar, err := cookiejar.New(nil)
	b.must(err)
	return &http.Client{Jar: jar, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// as is a browser with which somebody signed in, the whole way round.
func (b *bench) as(who string) *http.Client {
	b.t.Helper()
	b.mu.Lock()
	c := b.clients[who]
	b.mu.Unlock()
	if c == nil {
		c = b.stranger()
		b.signIn(c, b.url+"/signin", who)
		b.mu.Lock()
		b.clients[who] = c
		b.mu.Unlock()
	}
	return c
}

// signIn begins at an address, chooses a person at the provider, and returns
// where the portal then leads.
func (b *bench) signIn(c *http.Client, address, who string) (to string) {
	b.t.Helper()
	follow := *c
	follow.CheckRedirect = nil
	a := b.do(&follow, http.MethodGet, address, nil)
	id := hiddenRequest.FindStringSubmatch(a.body)
	if id == nil {
		b.t.Fatalf("no sign-in page: %d %s", a.status, a.body)
	}
	a = b.do(c, http.MethodPost, provider.URL()+"/login", url.Values{"request": {id[1]}, "user": {who}})
	for range 5 {
		to = a.header.Get("Location")
		if strings.HasPrefix(to, "/portal/") {
			return to
		}
		a = b.do(c, http.MethodGet, to, nil)
	}
	b.t.Fatalf("the sign-in of %s ends at %d %q: %s", who, a.status, to, a.body)
	return ""
}

// answer is what a browser got.
type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request as a browser's form or link does.
func (b *bench) do(c *http.Client, method, address string, form url.Values, headers ...string) answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	b.must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", r.URL.Scheme+"://"+r.URL.Host)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if r.Header.Del(headers[i]); headers[i+1] != "" {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := c.Do(r)
	b.must(err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	b.must(err)
	return answer{resp.StatusCode, resp.Header, string(body)}
}

// get opens a page of the portal.
func (b *bench) get(who, path string) answer {
	b.t.Helper()
	return b.do(b.as(who), http.MethodGet, b.url+path, nil)
}

var hiddenToken = regexp.MustCompile(`name="token" value="([^"]+)"`)

// token is that of somebody's session.
func (b *bench) token(who string) string {
	b.t.Helper()
	found := hiddenToken.FindStringSubmatch(b.get(who, "/").body)
	if found == nil {
		b.t.Fatalf("no token on the page of %s", who)
	}
	return found[1]
}

// post sends a form of the portal, complete but for its fields.
func (b *bench) post(who, path string, fields url.Values, headers ...string) answer {
	b.t.Helper()
	form := url.Values{"token": {b.token(who)}}
	for name, values := range fields {
		form[name] = values
	}
	return b.do(b.as(who), http.MethodPost, b.url+path, form, headers...)
}
