package portal

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/logctx"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// policy lets a page be what it is and nothing else: our one style sheet, our
// pictures, forms to ourselves, in nobody's frame. Every form is answered by us
// or by a redirect to us, so form-action needs nobody else.
// https://www.w3.org/TR/CSP3/
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// hsts is how long a browser remembers to come by https only, in seconds: a year.
const hsts = 365 * 24 * 3600

// maxForm is the largest form taken, in bytes: several times the longest
// reason in the widest encoding.
const maxForm = 64 << 10

// outermost sets the headers of every answer, bounds what is read, and keeps a
// fault of ours from ending the process.
func (p *portal) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY") // for browsers that do not know frame-ancestors
		// Not no-referrer: with that, browsers send "Origin: null" with our own forms.
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if p.secure {
			h.Set("Strict-Transport-Security", fmt.Sprintf("max-age=%d", hsts))
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		ctx := r.Context()
		if id := invocation(r.Header); id != "" {
			ctx = logctx.With(ctx, slog.String("operation", id))
		}
		defer p.recovered(ctx, w)
		r = r.WithContext(ctx)
		defer func() { telemetry.Route(ctx, r.Pattern) }()
		next.ServeHTTP(w, r)
	})
}

// recovered answers 500 after a panic. The panic's text may hold anything, so
// only its type is logged.
func (p *portal) recovered(ctx context.Context, w http.ResponseWriter) {
	fault := recover()
	if fault == nil {
		return
	}
	if err, ok := fault.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(fault)
	}
	p.Log.ErrorContext(ctx, "page panicked", slog.String("type", fmt.Sprintf("%T", fault)))
	http.Error(w, "Something went wrong on our side. Nothing was lost. Go back and try again.", http.StatusInternalServerError)
}

// invocation is the id that the Functions host gave a call: the same when it
// sends the call again. Only the last of several is the host's.
func invocation(h http.Header) string {
	parts := strings.Split(strings.Join(h.Values("X-Azure-Functions-InvocationId"), ","), ",")
	id, err := uuid.Parse(strings.TrimSpace(parts[len(parts)-1]))
	if err != nil {
		return ""
	}
	return id.String()
}

//go:embed assets
var assets embed.FS

// asset serves one of our files. Pages name it with its version, so a browser
// may keep it.
func (p *portal) asset(name, kind string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, err := assets.ReadFile("assets/" + name)
		if err != nil {
			p.problem(w, r, errNoPage)
			return
		}
		w.Header().Set("Content-Type", kind)
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		_, _ = w.Write(text) // the browser is gone, or has it
	}
}

// redirect leads to a path of the portal, below its base.
func (p *portal) redirect(w http.ResponseWriter, r *http.Request, path string) {
	http.Redirect(w, r, p.base+path, http.StatusSeeOther)
}
