package api

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"strings"
	"sync"
)

// The addresses of the description, beside the routes it describes.
const (
	openAPI   = "/api/openapi.json"     // OpenAPI 3.1
	openAPI30 = "/api/openapi-3.0.json" // OpenAPI 3.0.3
	docsPage  = "/api/docs"
)

// Published lists the addresses that are not in the table of routes: the
// description itself, open to everybody.
func Published() []string { return []string{openAPI, openAPI30, docsPage} }

//go:embed assets
var assets embed.FS

// published is the description, made when somebody first asks.
type published struct {
	current, older, page []byte
	err                  error
}

// publish serves the description.
func (a *api) publish(mux *http.ServeMux) {
	make := sync.OnceValue(func() (p published) {
		d := described(a.Settings)
		if p.current, p.older, p.err = d.documents(); p.err == nil {
			p.page, p.err = d.docs()
		}
		return p
	})
	policy := fmt.Sprintf("default-src 'none'; style-src '%s'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'", styleHash())
	for path, pick := range map[string]func(published) []byte{
		openAPI:   func(p published) []byte { return p.current },
		openAPI30: func(p published) []byte { return p.older },
		docsPage:  func(p published) []byte { return p.page },
	} {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
			p := make()
			if p.err != nil {
				a.Log.ErrorContext(r.Context(), "no description of the API", slog.Any("error", p.err))
				writeError(w, r, http.StatusInternalServerError, "internal error")
				return
			}
			h := w.Header()
			h.Set("Content-Type", "application/json")
			if path == docsPage {
				h.Set("Content-Type", "text/html; charset=utf-8")
				h.Set("Content-Security-Policy", policy)
				h.Set("Referrer-Policy", "no-referrer")
			}
			h.Set("Cache-Control", "no-cache")
			_, _ = w.Write(pick(p)) // the client is gone, or has it
		})
	}
}

// styleSheet is the page's only style.
func styleSheet() string {
	text, err := assets.ReadFile("assets/docs.css")
	if err != nil {
		panic(err) // it is embedded
	}
	return strings.TrimSpace(string(text))
}

// styleHash names the one style that the page may have.
// https://www.w3.org/TR/CSP3/#grammardef-hash-source
func styleHash() string {
	sum := sha256.Sum256([]byte(styleSheet()))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// docs renders the description for people.
func (a *api) docs() ([]byte, error) {
	page, err := template.New("docs.html").Funcs(template.FuncMap{"code": statusName, "table": titled, "slug": slug}).ParseFS(assets, "assets/docs.html")
	if err != nil {
		return nil, fmt.Errorf("docs page: %w", err)
	}
	var b bytes.Buffer
	if err := page.Execute(&b, a.manual()); err != nil {
		return nil, fmt.Errorf("docs page: %w", err)
	}
	return b.Bytes(), nil
}

func statusName(code string) string {
	var n int
	_, _ = fmt.Sscan(code, &n) // no number has no name
	return http.StatusText(n)
}

// slug is a chapter's name as an anchor has it.
func slug(name string) string { return strings.ReplaceAll(name, " ", "-") }

// titled is a table of fields with its heading.
func titled(title string, rows []field) map[string]any {
	return map[string]any{"Title": title, "Rows": rows}
}
