package portal

import (
	"crypto/subtle"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// visitor is who is signed in, in one call.
type visitor struct {
	session
	desk.Caller
}

// page answers somebody who is signed in.
type page func(w http.ResponseWriter, r *http.Request, v visitor)

// signedIn lets people in; others are sent to sign in, and come back here.
func (p *portal) signedIn(next page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, ok := p.session(r)
		switch {
		case ok && !p.take(w, r, s):
		case ok:
			next(w, r, visitor{session: s, Caller: desk.Caller{Person: p.person(r, s)}})
		case r.URL.Path == mount+"/":
			p.welcome(w, r)
		default:
			p.toProvider(w, r, p.here(r))
		}
	})
}

// What is wrong with a form that is not taken.
var (
	errForeign = errors.New("form not sent from the portal")
	errToken   = errors.New("form of another session")
	errForm    = errors.New("form not readable")
)

// guarded lets only forms of this session through: sent from our own pages, as
// the browser says itself, and with the session's token.
func (p *portal) guarded(next page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !p.ours(r) {
			p.problem(w, r, errForeign)
			return
		}
		if err := r.ParseForm(); err != nil || !ofForm(r) {
			p.problem(w, r, errForm)
			return
		}
		s, ok := p.session(r)
		if !ok {
			p.problem(w, r, errSession)
			return
		}
		sent := r.PostForm["token"]
		if len(sent) != 1 || subtle.ConstantTimeCompare([]byte(sent[0]), []byte(s.Token)) != 1 {
			p.problem(w, r, errToken)
			return
		}
		if !p.take(w, r, s) {
			return
		}
		next(w, r, visitor{session: s, Caller: desk.Caller{Person: p.person(r, s), Operation: operation(r)}})
	})
}

// ours tells whether a browser says that the call comes from one of our pages.
// Every browser sends Origin with a POST; the newer header is held to what it
// says where there is one.
// https://www.w3.org/TR/fetch-metadata/
func (p *portal) ours(r *http.Request) bool {
	origins, sites := r.Header.Values("Origin"), r.Header.Values("Sec-Fetch-Site")
	return len(origins) == 1 && origins[0] == p.origin &&
		!slices.ContainsFunc(sites, func(site string) bool { return site != "same-origin" })
}

// ofForm tells whether the body is what a form of ours sends.
func ofForm(r *http.Request) bool {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	return strings.EqualFold(strings.TrimSpace(kind), "application/x-www-form-urlencoded")
}

// operation names what a form asks for. Every form is made with an id of its
// own, so the same form sent again with the same content, by a second click, a
// reload, or the host after a crash, is the same call; changed, it is another.
// A form without an id is named by the host's id of the call.
func operation(r *http.Request) string {
	made, err := uuid.Parse(r.PostForm.Get("form"))
	if err != nil {
		return invocation(r.Header)
	}
	return uuid.NewSHA1(made, []byte(r.URL.Path+"\n"+r.PostForm.Encode())).String()
}

// key is the request that the address names.
func key(r *http.Request) airlock.Key {
	return airlock.Key{Workspace: strings.ToLower(r.PathValue("workspace")), Request: strings.ToLower(r.PathValue("request"))}
}

// text is what a person wrote into a form's field, with the line ends that
// everybody else uses (forms send \r\n), without white space around it.
func text(r *http.Request, field string) string {
	return strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get(field), "\r\n", "\n"))
}
