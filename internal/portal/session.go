package portal

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/identity"
)

// session is what a browser keeps, sealed, of who signed in. Roles in
// workspaces are not in it: they are looked up each time.
type session struct {
	Person access.Person `json:"p"`
	Token  string        `json:"t"` // in every form of this session, and nowhere else
	// InGroups says that the person was in some group when they signed in. Which
	// ones is asked of the directory at each call: a session is long.
	InGroups bool `json:"g,omitempty"`
}

// The cookies' names, which are also what they are sealed for. Browsers hold
// one that begins with __Host- to https, this host and no other.
const (
	sessionCookie = "trefoil-session"
	pendingCookie = "trefoil-signin" // followed by the beginning of the sign-in's state
	hostPrefix    = "__Host-"
)

// cookie is a cookie that only this portal gets and no script reads. It is Lax:
// from a mail's link, or back from the identity provider, a Strict one would
// not be sent.
func (p *portal) cookie(name, value string, life time.Duration) *http.Cookie {
	c := &http.Cookie{Name: name, Value: value, Path: p.base, MaxAge: int(life.Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if p.secure {
		c.Name, c.Path, c.Secure = hostPrefix+name, "/", true
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

// cookieName is the name under which a browser sends a cookie of ours.
func (p *portal) cookieName(name string) string {
	if p.secure {
		return hostPrefix + name
	}
	return name
}

// begin starts the session of who signed in.
func (p *portal) begin(w http.ResponseWriter, who identity.Person) error {
	s := session{Person: access.Person{OID: who.OID, Name: who.Name, Email: who.Email}, Token: rand.Text(),
		InGroups: who.MoreGroups || len(who.Groups) > 0}
	for _, role := range []access.Role{access.TREAdmin, access.TREUser} {
		if slices.Contains(who.Roles, string(role)) {
			s.Person.Roles = append(s.Person.Roles, role)
		}
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	sealed, err := p.Seal.Seal(sessionCookie, text, p.Session)
	if err != nil {
		return err
	}
	http.SetCookie(w, p.cookie(sessionCookie, sealed, p.Session))
	return nil
}

// session returns whose browser this is; false when nobody is signed in. Of
// several cookies of the name, which another page of the host may have set, the
// first one that was sealed here counts.
func (p *portal) session(r *http.Request) (session, bool) {
	for _, c := range r.CookiesNamed(p.cookieName(sessionCookie)) {
		text, err := p.Seal.Open(sessionCookie, c.Value)
		if err != nil {
			continue
		}
		var s session
		if json.Unmarshal(text, &s) == nil && s.Person.OID != "" && s.Token != "" {
			return s, true
		}
	}
	return session{}, false
}

// person is who is signed in, in the groups that they are in now.
func (p *portal) person(r *http.Request, s session) access.Person {
	if !s.InGroups {
		return s.Person
	}
	return p.Groups(r.Context(), s.Person)
}

// end ends the session in this browser.
func (p *portal) end(w http.ResponseWriter) { http.SetCookie(w, p.cookie(sessionCookie, "", 0)) }

// here is the page that was asked for, as a path to come back to.
func (p *portal) here(r *http.Request) string {
	at := p.base + strings.TrimPrefix(r.URL.EscapedPath(), mount)
	if r.URL.RawQuery != "" {
		at += "?" + r.URL.RawQuery
	}
	return at
}
