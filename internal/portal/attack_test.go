package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// TestForgedForms sends a decision that everything but one detail is right of.
func TestForgedForms(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	before := b.request(k)
	right := func() url.Values {
		return url.Values{"token": {b.token("mia")}, "manifest": {before.Manifest}, "reason": {"yes"}}
	}
	other := b.token("moe")
	again := b.stranger()
	b.signIn(again, b.url+"/signin", "mia")
	for name, forge := range map[string]func(url.Values) []string{
		"no token":             func(f url.Values) []string { f.Del("token"); return nil },
		"empty token":          func(f url.Values) []string { f.Set("token", ""); return nil },
		"two tokens":           func(f url.Values) []string { f.Add("token", f.Get("token")); return nil },
		"another's token":      func(f url.Values) []string { f.Set("token", other); return nil },
		"token in the address": func(f url.Values) []string { f.Del("token"); return nil },
		"no origin":            func(url.Values) []string { return []string{"Origin", ""} },
		"null origin":          func(url.Values) []string { return []string{"Origin", "null"} },
		"foreign origin":       func(url.Values) []string { return []string{"Origin", "https://evil.example"} },
		"origin that begins so": func(url.Values) []string {
			return []string{"Origin", strings.TrimSuffix(b.url, "/portal") + ".evil.example"}
		},
		"other port":     func(url.Values) []string { return []string{"Origin", "http://127.0.0.1:1"} },
		"cross-site":     func(url.Values) []string { return []string{"Sec-Fetch-Site", "cross-site"} },
		"same site only": func(url.Values) []string { return []string{"Sec-Fetch-Site", "same-site"} },
		"typed in":       func(url.Values) []string { return []string{"Sec-Fetch-Site", "none"} },
		"not a form":     func(url.Values) []string { return []string{"Content-Type", "text/plain"} },
	} {
		form := right()
		path := at(k) + "/approve"
		if headers := forge(form); name == "token in the address" {
			path += "?token=" + b.token("mia")
			forgeFails(t, name, b.do(b.as("mia"), http.MethodPost, b.url+path, form, headers...))
		} else {
			forgeFails(t, name, b.do(b.as("mia"), http.MethodPost, b.url+path, form, headers...))
		}
	}
	forgeFails(t, "token of the person's other session", b.do(again, http.MethodPost, b.url+at(k)+"/approve", right()))
	if a := b.do(b.stranger(), http.MethodPost, b.url+at(k)+"/approve", right()); a.status != http.StatusUnauthorized || !strings.Contains(a.body, ">yes</textarea>") {
		t.Errorf("without a session: %d %s", a.status, a.body)
	}
	if b.request(k).Version != before.Version {
		t.Fatal("a forged form was taken")
	}
	if a := b.do(b.as("mia"), http.MethodPost, b.url+at(k)+"/approve", right()); a.status != http.StatusSeeOther {
		t.Errorf("the right form: %d %s", a.status, a.body)
	}
}

func forgeFails(t *testing.T, name string, a answer) {
	t.Helper()
	if a.status != http.StatusForbidden && a.status != http.StatusBadRequest {
		t.Errorf("%s: %d", name, a.status)
	}
}

// TestLookingChangesNothing asks for every address with every method that only
// looks, with a decision in the address.
func TestLookingChangesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	before := b.request(k)
	decision := "?" + url.Values{"token": {b.token("mia")}, "manifest": {before.Manifest}, "reason": {"yes"}, "verb": {"approve"}, "_method": {"POST"}}.Encode()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, act := range []string{"", "/approve", "/reject", "/return", "/link", "/remove", "/submit", "/cancel", "/stop", "/revoke", "/retry"} {
			for _, who := range []string{"mia", "ann"} {
				a := b.do(b.as(who), method, b.url+at(k)+act+decision, nil, "Origin", strings.TrimSuffix(b.url, "/portal"))
				if strings.Contains(a.body, "sig=") || a.status == http.StatusCreated {
					t.Errorf("%s %s: %d", method, act, a.status)
				}
			}
		}
	}
	if b.request(k).Version != before.Version {
		t.Error("the request changed")
	}
	if a := b.get("mia", at(k)+"/approve"+decision); a.header.Get("Location") != "/portal"+at(k) {
		t.Errorf("an action's address leads to %q", a.header.Get("Location"))
	}
}

func TestOtherWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	elsewhere := airlock.Key{Workspace: there, Request: k.Request}
	for _, path := range []string{at(elsewhere), at(elsewhere) + "/audit", at(airlock.Key{Workspace: nowhere, Request: k.Request}), at(airlock.Key{Workspace: there, Request: "x"})} {
		if a := b.get("sam", path); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	for _, act := range []string{"approve", "reject", "return", "cancel", "link", "retry"} {
		if a := b.post("sam", at(elsewhere)+"/"+act, url.Values{"manifest": {b.digest(k)}, "reason": {"mine"}}); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", act, a.status)
		}
	}
	// Upper case in an address is the same request, as everywhere.
	if a := b.get("mia", at(airlock.Key{Workspace: k.Workspace, Request: strings.ToUpper(k.Request)})); a.status != http.StatusOK {
		t.Errorf("upper case: %d", a.status)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	for _, path := range []string{"/", at(k), "/none", "/style.css", "/signedout"} {
		h := b.get("mia", path).header
		csp := h.Get("Content-Security-Policy")
		for _, want := range []string{"default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'", "style-src 'self'"} {
			if !strings.Contains(csp, want) {
				t.Errorf("%s: policy %q lacks %q", path, csp, want)
			}
		}
		if strings.Contains(csp, "unsafe") || strings.Contains(csp, "*") || strings.Contains(csp, "script-src") {
			t.Errorf("%s: policy %q is lax", path, csp)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Strict-Transport-Security": ""} {
			if got := h.Get(name); got != want {
				t.Errorf("%s: %s is %q, want %q", path, name, got, want)
			}
		}
		if got := h.Get("Cache-Control"); (got == "no-store") == (path == "/style.css") {
			t.Errorf("%s: Cache-Control is %q", path, got)
		}
	}
}

// TestHostileTexts puts what breaks pages into every text that people write.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "`{{.}}&lt;"
	b := newBench(t, func(w *airlock.Workspace) { w.DisplayName, w.Description = evil, evil })
	b.must(b.store.PutMember(t.Context(), membership("rita")))
	k := b.stage(airlock.InReview, content{title: evil, reason: evil, files: []airlock.File{{Name: evil + ".csv",
		Verdict:    &airlock.Verdict{Class: airlock.Clean, Result: evil},
		Inspection: &airlock.Inspection{Size: 1, SHA256: evil, Type: evil, Findings: []airlock.Finding{{Code: evil, Severity: airlock.Note, Text: evil}}}}}})
	if a := b.post("mia", at(k)+"/return", url.Values{"manifest": {b.digest(k)}, "reason": {evil}}); a.status != http.StatusSeeOther {
		t.Fatalf("return: %d", a.status)
	}
	draft := b.draft(content{title: evil, reason: evil})
	bad := b.post("ann", "/new", url.Values{"title": {evil}, "justification": {evil}, "type": {evil}, "workspace": {here}})
	for path, page := range map[string]string{
		"ann": b.get("ann", at(k)).body, "draft": b.get("ann", at(draft)).body, "home": b.get("ann", "/").body, "audit": b.get("olga", at(k)+"/audit").body,
		"workspace": b.get("olga", "/workspaces/"+here).body, "new": b.get("ann", "/new").body, "refused": bad.body,
		"query":  b.get("ann", at(k)+"?done="+url.QueryEscape(evil)+"&show="+url.QueryEscape(evil)+"&page="+url.QueryEscape(evil)).body,
		"status": b.get("olga", "/workspaces/"+here+"?status="+url.QueryEscape(evil)).body,
		"cursor": b.get("ann", at(k)+"?from="+url.QueryEscape(evil)).body, "path": b.get("ann", "/"+url.PathEscape(evil)).body,
	} {
		for _, tag := range []string{"<script", "<img", "onerror=alert(2)>'`"} {
			if strings.Contains(page, tag) {
				t.Errorf("%s: %q gets through", path, tag)
			}
		}
		if page == "" {
			t.Errorf("%s: no page", path)
		}
	}
}

// TestCookieForAnotherPurpose shows the portal things that it sealed itself,
// but not as sessions.
func TestCookieForAnotherPurpose(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	text := []byte(fmt.Sprintf(`{"p":{"id":%q,"name":"Mia","roles":["TREUser"]},"t":"x"}`, people["mia"].OID))
	seal := func(purpose string, life time.Duration) string {
		sealed, err := b.seal.Seal(purpose, text, life)
		b.must(err)
		return sealed
	}
	good := seal("trefoil-session", time.Hour)
	for name, tt := range map[string]struct {
		value string
		want  int
	}{
		"a session":       {good, http.StatusOK},
		"another purpose": {seal("trefoil-signin-ABCDEFGHIJ", time.Hour), http.StatusSeeOther},
		"over":            {seal("trefoil-session", -time.Second), http.StatusSeeOther},
		"not sealed":      {string(text[1 : len(text)-1]), http.StatusSeeOther},
		"changed":         {good[:len(good)-2] + "AA", http.StatusSeeOther},
		"empty":           {"", http.StatusSeeOther},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+"/new", nil)
		b.must(err)
		r.AddCookie(&http.Cookie{Name: "trefoil-session", Value: strings.NewReplacer(`"`, "", ",", "").Replace(tt.value)})
		resp, err := b.stranger().Do(r)
		b.must(err)
		if _ = resp.Body.Close(); resp.StatusCode != tt.want {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, tt.want)
		}
	}
}

func TestLongForm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	if a := b.post("mia", at(k)+"/reject", url.Values{"reason": {strings.Repeat("x", 1<<17)}}); a.status != http.StatusBadRequest {
		t.Errorf("status %d", a.status)
	}
}
