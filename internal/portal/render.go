package portal

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// pages are the templates, by the file that says what is between header and
// footer.
type pages struct {
	byName  map[string]*template.Template
	version string // of style sheet and pictures, for their addresses
}

// parseOnce parses the templates when the first page is asked for: until then
// a process that only serves the API has not paid for them.
func parseOnce(base string) func() (*pages, error) {
	return sync.OnceValues(func() (*pages, error) { return parse(base) })
}

func parse(base string) (*pages, error) {
	all := &pages{byName: map[string]*template.Template{}}
	sum := sha256.New()
	for _, name := range []string{"style.css", "trefoil.svg"} {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			return nil, fmt.Errorf("portal: %w", err)
		}
		sum.Write(text)
	}
	all.version = hex.EncodeToString(sum.Sum(nil))[:12]
	layout, err := template.New("layout.html").Funcs(helpers(base, all.version)).ParseFS(assets, "assets/layout.html", "assets/parts.html", "assets/fields.html", "assets/things.html")
	if err != nil {
		return nil, fmt.Errorf("portal: %w", err)
	}
	for _, name := range []string{"home.html", "welcome.html", "request.html", "admin.html", "audit.html", "new.html", "workspace.html", "members.html", "link.html", "notice.html",
		"wishes.html", "wish.html", "standing.html", "inside.html", "thing.html", "form.html", "choose.html", "erase.html", "people.html", "person.html"} {
		t, err := layout.Clone()
		if err == nil {
			t, err = t.ParseFS(assets, "assets/"+name)
		}
		if err != nil {
			return nil, fmt.Errorf("portal: %w", err)
		}
		all.byName[name] = t
	}
	return all, nil
}

// helpers are what templates call.
func helpers(base, version string) template.FuncMap {
	return template.FuncMap{
		"base": func() string { return base }, "version": func() string { return version },
		"at":     func(w, r string) string { return base + "/workspaces/" + w + "/requests/" + r },
		"marked": marked, "size": size, "exact": exact, "when": when, "stamp": stamp, "ago": ago,
		"label": labelOf, "status": statusLabel, "wanted": wantedLabel, "called": nameOf, "current": current, "powered": powered, "deed": deedName, "lastday": lastDay, "connection": opened, "base64": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) },
		"dict": dict, "sentence": sentence, "counted": counted, "add": func(a, b int) int { return a + b }, "short": func(id string) string { return id[:min(len(id), 8)] },
	}
}

// dict hands several named values to a part of a page.
func dict(pairs ...any) map[string]any {
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m
}

// frame is what every page shows around its own.
type frame struct {
	Title   string
	Person  *access.Person // nil when nobody is signed in
	Token   string         // of the session, for forms
	Form    string         // id of the forms of this page, see operation
	Message *banner
	Faults  []action // what has to change, with links to where
	Now     time.Time
	Refresh int // seconds after which a browser loads the page again; 0: it does not
}

// refreshEvery is how often a page on something under way is loaded again, in
// seconds: about as often as the engine looks at first.
const refreshEvery = 10

// formID is that of the forms of a new page. Where a form is shown again, it is
// the same: perhaps what it asked for was done and only the answer was lost, and
// then it is not done twice.
func formID(r *http.Request) string {
	if sent, err := uuid.Parse(r.PostForm.Get("form")); err == nil {
		return sent.String()
	}
	return uuid.NewString()
}

func (p *portal) frame(r *http.Request, title string) frame {
	f := frame{Title: title, Form: formID(r), Now: p.Now().UTC()}
	if s, ok := p.session(r); ok {
		f.Person, f.Token = &s.Person, s.Token
	}
	return f
}

// show writes a page. Nothing is sent before all of it is made.
func (p *portal) show(w http.ResponseWriter, r *http.Request, name string, status int, data any) {
	all, err := p.pages()
	var page bytes.Buffer
	if err == nil {
		err = all.byName[name].ExecuteTemplate(&page, "layout.html", data)
	}
	if err != nil {
		p.Log.ErrorContext(r.Context(), "page not made", slog.String("page", name), slog.Any("error", err))
		http.Error(w, "This page could not be made. Nothing was lost. Go back and try again.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(page.Bytes()) // the browser is gone, or has it
}

func escapeQuery(s string) string { return url.QueryEscape(s) }

// trimMount is a path of a call as it follows the portal's address.
func trimMount(p string) string { return strings.TrimPrefix(path.Clean(p), mount) }
