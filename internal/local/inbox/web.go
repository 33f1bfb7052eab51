package inbox

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"time"
)

//go:embed inbox.html
var inboxHTML string

var pages = template.Must(template.New("inbox").Funcs(template.FuncMap{
	"when": func(t time.Time) string { return t.UTC().Format("2 Jan 15:04") },
}).Parse(inboxHTML))

// What a page may load, and what a mail's HTML may: nothing but styles and
// embedded pictures, no scripts, no forms; links open elsewhere.
const (
	pagePolicy = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	mailPolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)

func (s *Server) routes(port int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /mail", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.Mails()) })
	mux.HandleFunc("GET /mail/{n}", s.with(func(w http.ResponseWriter, m Mail) { answer(w, m) }))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { show(w, "list", s.Mails()) })
	mux.HandleFunc("GET /read/{n}", s.with(func(w http.ResponseWriter, m Mail) { show(w, "read", m) }))
	mux.HandleFunc("GET /read/{n}/html", s.with(body))
	mux.HandleFunc("GET /read/{n}/raw", s.with(func(w http.ResponseWriter, m Mail) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte(m.Raw))
	}))
	hosts := map[string]bool{}
	for _, name := range []string{"localhost", "127.0.0.1"} {
		hosts[net.JoinHostPort(name, strconv.Itoa(port))] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A foreign name that resolves to this machine is a web page at work.
		if !hosts[r.Host] {
			http.Error(w, "unknown host", http.StatusMisdirectedRequest)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cache-Control", "no-store")
		mux.ServeHTTP(w, r)
	})
}

// with finds the mail that a path names.
func (s *Server) with(next func(http.ResponseWriter, Mail)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		m, ok := s.store.find(r.PathValue("n"))
		if !ok {
			http.Error(w, "no such mail", http.StatusNotFound)
			return
		}
		next(w, m)
	}
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func show(w http.ResponseWriter, name string, v any) {
	var page bytes.Buffer
	if err := pages.ExecuteTemplate(&page, name, v); err != nil {
		http.Error(w, "page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page.Bytes())
}

var head = regexp.MustCompile(`(?i)<head[^>]*>`)

// body shows a mail's HTML as it came, but for links, which open in a tab of
// their own: most sites refuse to be shown inside another.
func body(w http.ResponseWriter, m Mail) {
	w.Header().Set("Content-Security-Policy", mailPolicy)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	const base = `<base target="_blank">`
	page := base + m.HTML
	if at := head.FindStringIndex(m.HTML); at != nil {
		page = m.HTML[:at[1]] + base + m.HTML[at[1]:]
	}
	_, _ = w.Write([]byte(page))
}
