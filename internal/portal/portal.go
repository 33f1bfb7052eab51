// Package portal is the airlock for people with a browser: what waits for
// them, the decision page that a mail's link opens, and what they may do there.
// Pages are plain HTML, made here, and work without JavaScript. A GET changes
// nothing; a POST counts only from the portal's own forms. What may be done is
// for the desk to say, by the roles that the person has at that moment.
package portal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/identity/seal"
	"github.com/trefoil-tre/trefoil/internal/identity/signin"
)

// mount is where the Functions host leads people to this handler.
const mount = "/portal"

// Callback is the part of the portal's address that the identity provider
// sends people back to, after Settings.URL.
const Callback = "/signin/callback"

// Settings are what the portal works with.
type Settings struct {
	Desk   *desk.Desk
	Roster Roster // nil: there are no pages on members
	// Resources are workspaces and what is in them; nil: there are no pages on
	// those, nor on requests for them.
	Resources Resources
	SignIn    *signin.Flow // with URL+Callback as its redirect
	Seal      *seal.Codec  // seals cookies
	URL       string       // of the portal as people see it; its path ends in /portal
	// Session is how long a sign-in lasts, at most; 0 means 8 h, a working day.
	Session time.Duration
	// Groups returns the person with the groups that they are in now. nil means
	// that there is no directory: nobody is in a group here.
	Groups func(ctx context.Context, p access.Person) access.Person
	Meter  Meter // nil counts nothing
	Now    func() time.Time
	Log    *slog.Logger // nil means slog.Default
}

type portal struct {
	Settings
	base   string // path before every address of ours, such as /portal
	origin string // scheme, host and port, as browsers name it in Origin
	secure bool   // people come over https
	pages  func() (*pages, error)
}

// New returns the handler of everything under /portal.
func New(s Settings) (http.Handler, error) {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("portal: %q is no web address", s.URL)
	case !strings.HasSuffix(u.Path, mount) || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("portal: address %q does not end in %s", s.URL, mount)
	case s.Desk == nil || s.SignIn == nil || s.Seal == nil || s.Now == nil:
		return nil, errors.New("portal: desk, sign-in, seal or clock missing")
	}
	if s.Session <= 0 {
		s.Session = 8 * time.Hour
	}
	if s.Groups == nil {
		s.Groups = func(_ context.Context, p access.Person) access.Person { return p }
	}
	if s.Log == nil {
		s.Log = slog.Default()
	}
	p := &portal{Settings: s, base: u.Path, origin: originOf(u), secure: u.Scheme == "https"}
	p.pages = parseOnce(p.base)
	return p.outermost(p.routes()), nil
}

// originOf is the address's origin as a browser writes it: lower case, without
// the port that the scheme implies (RFC 6454, 6.2).
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	if implied := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]; strings.HasSuffix(host, implied) {
		host = strings.TrimSuffix(host, implied)
	}
	return u.Scheme + "://" + host
}

func (p *portal) routes() http.Handler {
	const one = mount + "/workspaces/{workspace}/requests/{request}"
	mux := http.NewServeMux()
	get := func(path string, h page) { mux.Handle("GET "+path, p.signedIn(h)) }
	post := func(path string, h page) { mux.Handle("POST "+path, p.guarded(h)) }

	get(mount+"/{$}", p.home)
	get(mount+"/new", p.newForm)
	post(mount+"/new", p.create)
	get(mount+"/workspaces/{workspace}", p.workspace)
	if p.Roster != nil {
		get(mount+"/workspaces/{workspace}/members", p.members)
		post(mount+"/workspaces/{workspace}/members/add", p.addMember)
		post(mount+"/workspaces/{workspace}/members/amend", p.amendMember)
		post(mount+"/workspaces/{workspace}/members/remove", p.removeMember)
		get(mount+"/people", p.findPerson)
		get(mount+"/people/{person}", p.recorded)
		get(mount+"/people/{person}/{action}", p.backToPerson)
		for action, act := range p.personActions() {
			post(mount+"/people/{person}/"+action, act)
		}
	}
	if p.Resources != nil {
		p.routeResources(get, post)
	}
	get(one, p.request)
	get(one+"/audit", p.audit)
	get(one+"/{action}", p.back) // an action's address, typed or reloaded
	for action, act := range p.actions() {
		post(one+"/"+action, act)
	}
	post(one+"/link", p.link)
	post(one+"/remove", p.remove)
	post(mount+"/signout", p.signOut)

	mux.HandleFunc("GET "+mount+"/signin", p.startSignIn)
	mux.HandleFunc("GET "+mount+Callback, p.finishSignIn)
	mux.HandleFunc("GET "+mount+"/signedout", p.signedOut)
	mux.HandleFunc("GET "+mount+"/signout/everywhere", p.signOutEverywhere)
	mux.HandleFunc("GET "+mount+"/style.css", p.asset("style.css", "text/css; charset=utf-8"))
	mux.HandleFunc("GET "+mount+"/trefoil.svg", p.asset("trefoil.svg", "image/svg+xml"))
	mux.HandleFunc("GET "+mount, func(w http.ResponseWriter, r *http.Request) { p.redirect(w, r, "/") })
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { p.problem(w, r, errNoPage) })
	return mux
}
