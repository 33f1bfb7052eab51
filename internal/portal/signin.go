package portal

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/identity/signin"
)

const (
	// pendingLife is how long the browser keeps a sign-in under way; the flow
	// itself allows no more.
	pendingLife = 15 * time.Minute
	// maxPending is how many sign-ins one browser has under way: tabs that were
	// opened together.
	maxPending = 5
	// stateMark is how much of a sign-in's state is in its cookie's name.
	stateMark = 10
)

// startSignIn sends the browser to the identity provider.
func (p *portal) startSignIn(w http.ResponseWriter, r *http.Request) {
	p.toProvider(w, r, r.URL.Query().Get("to"))
}

// toProvider begins a sign-in that ends at the path returnTo.
func (p *portal) toProvider(w http.ResponseWriter, r *http.Request, returnTo string) {
	if r.Method != http.MethodGet {
		p.problem(w, r, errSignIn)
		return
	}
	address, pending, err := p.SignIn.Start(r.Context(), p.inside(returnTo))
	if err != nil {
		p.problem(w, r, err)
		return
	}
	text, err := json.Marshal(pending)
	if err != nil {
		p.problem(w, r, err)
		return
	}
	name := pendingName(pending.State)
	sealed, err := p.Seal.Seal(name, text, pendingLife)
	if err != nil {
		p.problem(w, r, err)
		return
	}
	p.forget(w, r)
	http.SetCookie(w, p.cookie(name, sealed, pendingLife))
	http.Redirect(w, r, address, http.StatusSeeOther)
}

// inside returns a path that leads into the portal, or its first page.
func (p *portal) inside(to string) string {
	to = signin.LocalPath(to)
	path, _, _ := strings.Cut(to, "?")
	unsafe := strings.Contains(path, "/.") || strings.Contains(path, "//") || strings.Contains(path, "%")
	if unsafe || !strings.HasPrefix(path, p.base+"/") || strings.HasPrefix(path, p.base+"/sign") {
		return p.base + "/"
	}
	return to
}

// forget drops sign-ins that were begun and not finished, once there are many.
func (p *portal) forget(w http.ResponseWriter, r *http.Request) {
	var begun []string
	for _, c := range r.Cookies() {
		if name, ok := strings.CutPrefix(c.Name, p.cookieName(pendingCookie)); ok {
			begun = append(begun, pendingCookie+name)
		}
	}
	if len(begun) < maxPending {
		return
	}
	for _, name := range begun {
		http.SetCookie(w, p.cookie(name, "", 0))
	}
}

func pendingName(state string) string {
	return pendingCookie + "-" + state[:min(stateMark, len(state))]
}

// finishSignIn takes the provider's answer.
func (p *portal) finishSignIn(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet { // HEAD would spend the code
		p.problem(w, r, errSignIn)
		return
	}
	answer := r.URL.Query()
	name := pendingName(answer.Get("state"))
	pending := p.pending(r, name)
	who, err := p.SignIn.Finish(r.Context(), pending, answer)
	if err == nil && who.AppOnly {
		err = identity.ErrToken // a program has no business here
	}
	if _, in := p.session(r); in && errors.Is(err, signin.ErrStale) {
		p.redirect(w, r, "/") // reloaded, or gone back to
		return
	}
	if pending.State != "" {
		http.SetCookie(w, p.cookie(name, "", 0))
	}
	if err == nil {
		err = p.begin(w, who)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	http.Redirect(w, r, p.inside(pending.ReturnTo), http.StatusSeeOther)
}

// pending is the sign-in that this browser began; empty when it began none.
func (p *portal) pending(r *http.Request, name string) (begun signin.Pending) {
	c, err := r.Cookie(p.cookieName(name))
	if err != nil {
		return begun
	}
	text, err := p.Seal.Open(name, c.Value)
	if err != nil || json.Unmarshal(text, &begun) != nil {
		return signin.Pending{}
	}
	return begun
}

// signOut ends the session here. The provider's own session is left to a link,
// as people are signed in there to more than this.
func (p *portal) signOut(w http.ResponseWriter, r *http.Request, _ visitor) {
	p.end(w)
	p.redirect(w, r, "/signedout")
}

func (p *portal) signedOut(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, "notice.html", http.StatusOK, notice{frame: p.frame(r, "Signed out"), Lead: "You are signed out of the airlock in this browser.",
		Text:  "Close the window if others use this computer.",
		Links: []action{{"Sign in again", p.base + "/signin"}, {"Sign out of your organisation’s account too", p.base + "/signout/everywhere"}}})
}

// signOutEverywhere ends the session at the provider, which asks the person.
func (p *portal) signOutEverywhere(w http.ResponseWriter, r *http.Request) {
	address, err := p.SignIn.SignOut(r.Context(), p.URL+"/")
	switch {
	case err != nil:
		p.problem(w, r, err)
	case address == "":
		p.redirect(w, r, "/signedout")
	default:
		http.Redirect(w, r, address, http.StatusSeeOther)
	}
}
