package walk

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"
)

// site is a portal and a provider in little.
func site(t *testing.T) (b *browser, portal string) {
	t.Helper()
	var issuer, pages *httptest.Server
	issuer = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			fmt.Fprint(w, `<form method=post action="/login"><input type=hidden name=request value=1><button name=user value=bob>Bob</button></form>`)
			return
		}
		http.Redirect(w, r, pages.URL+"/callback?who="+r.PostFormValue("user")+r.PostFormValue("request"), http.StatusSeeOther)
	}))
	pages = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch c, err := r.Cookie("who"); {
		case r.URL.Path == "/callback":
			http.SetCookie(w, &http.Cookie{Name: "who", Value: r.FormValue("who")})
			http.Redirect(w, r, "/request", http.StatusSeeOther)
		case err != nil:
			http.Redirect(w, r, issuer.URL+"/login", http.StatusSeeOther)
		case r.Method == http.MethodGet:
			fmt.Fprintf(w, `<h1>Hello %s</h1><form method="post" action="/request/approve"><input type="hidden" name="token" value="a&amp;b"><textarea name="reason">
</textarea><button name="x" value="1">Approve</button></form>`, c.Value)
		case r.Header.Get("Origin") != pages.URL || r.PostFormValue("token") != "a&b" || r.PostFormValue("x") != "":
			http.Error(w, "foreign", http.StatusForbidden)
		case r.PostFormValue("reason") == "":
			w.WriteHeader(http.StatusUnprocessableEntity)
			fmt.Fprint(w, `<h1>Request</h1><div role="alert"><p><span aria-hidden="true">!</span> A reason</p><p>is required.</p></div>`)
		default:
			fmt.Fprintf(w, `<h1>Done: %s</h1>`, r.PostFormValue("reason"))
		}
	}))
	t.Cleanup(func() { issuer.Close(); pages.Close() })
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{issuer: issuer.URL, user: "bob", http: &http.Client{Jar: jar}}, pages.URL
}

func TestABrowserSignsInAndSendsForms(t *testing.T) {
	t.Parallel()
	b, portal := site(t)
	first, err := b.open(t.Context(), portal+"/request")
	if err != nil || first.title() != "Hello bob1" {
		t.Fatalf("page %v, %v", first, err)
	}
	refused, err := b.decide(t.Context(), portal+"/request", "approve", "")
	if err != nil || refused.taken() == nil || refused.message() != "A reason. is required" {
		t.Errorf("%q, %v", refused.message(), err)
	}
	done, err := b.decide(t.Context(), portal+"/request", "approve", "fine")
	if err != nil || done.taken() != nil || done.message() != "Done: fine" {
		t.Errorf("%q, %v", done.message(), err)
	}
	if _, err := b.decide(t.Context(), portal+"/request", "reject", "no"); err == nil {
		t.Error("a form was found that the page does not have")
	}
}
