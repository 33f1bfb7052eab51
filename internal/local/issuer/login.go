package issuer

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strings"
)

//go:embed login.html
var loginHTML string

//go:embed device.html
var deviceHTML string

var (
	loginPage  = newPage("login", loginHTML)
	devicePage = newPage("device", deviceHTML)
)

func newPage(name, text string) *template.Template {
	return template.Must(template.New(name).Funcs(template.FuncMap{"initials": initials}).Parse(text))
}

// loginView is what the page shows.
type loginView struct {
	Request string // "" outside a sign-in
	Client  string
	Hint    string // who the application expects, by address
	Users   []User
	Problem string
}

// home tells a person who strays here what this is.
func (s *Server) home(w http.ResponseWriter, _ *http.Request) {
	s.show(w, http.StatusOK, loginView{Users: s.Users()})
}

// login asks who signs in.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("request")
	found, err := s.store.AuthRequestByID(r.Context(), id)
	if err != nil {
		s.show(w, http.StatusNotFound, loginView{Problem: "This sign-in has ended. Go back to the application and start again."})
		return
	}
	view := loginView{Request: id, Client: found.GetClientID(), Users: s.Users()}
	if asked, ok := found.(*request); ok {
		view.Hint = asked.asked.LoginHint
	}
	s.show(w, http.StatusOK, view)
}

// chosen records who signs in and hands over to the provider.
func (s *Server) chosen(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	id := r.PostFormValue("request")
	u, err := s.store.byKey(r.PostFormValue("user"))
	if err == nil {
		err = s.store.choose(id, u)
	}
	if err != nil {
		s.show(w, http.StatusNotFound, loginView{Problem: "This sign-in has ended. Go back to the application and start again."})
		return
	}
	http.Redirect(w, r, s.provider.AuthorizationEndpoint().Absolute(s.url)+"/callback?"+url.Values{"id": {id}}.Encode(), http.StatusSeeOther)
}

func (s *Server) show(w http.ResponseWriter, status int, view loginView) {
	s.render(w, status, loginPage, view)
}

func (s *Server) render(w http.ResponseWriter, status int, from *template.Template, view any) {
	var page bytes.Buffer
	if err := from.Execute(&page, view); err != nil {
		http.Error(w, "page could not be made", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	// No form-action: browsers apply it to the redirect that ends at the client.
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes())
}

// initials are up to two letters for a person's badge.
func initials(name string) string {
	var out []rune
	for _, word := range strings.Fields(name) {
		if len(out) < 2 {
			out = append(out, []rune(word)[0])
		}
	}
	return strings.ToUpper(string(out))
}
