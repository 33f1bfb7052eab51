package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/logctx"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// requestID is the header that names a call in every answer.
const requestID = "X-Request-Id"

// outermost gives every answer its id and the headers that all share, bounds
// the call, and keeps a fault of ours from ending the process.
func (a *api) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := Invocation(r.Header)
		if id == "" {
			id = uuid.NewString()
		}
		h := w.Header()
		h.Set(requestID, id)
		h.Set("Cache-Control", "no-store") // answers hold links and other people's names
		h.Set("X-Content-Type-Options", "nosniff")
		ctx := context.WithValue(r.Context(), operationKey{}, id)
		ctx = context.WithValue(ctx, addressKey{}, r.URL)
		ctx = logctx.With(ctx, slog.String("operation", id))
		ctx, cancel := context.WithTimeout(ctx, a.Limits.Time)
		defer cancel()
		defer a.recovered(ctx, w, r)
		if a.cross(w, r) {
			return
		}
		if n := headerSize(r.Header); n > a.Limits.Header {
			writeError(w, r, http.StatusRequestHeaderFieldsTooLarge, fmt.Sprintf("headers: %d bytes, at most %d", n, a.Limits.Header))
			return
		}
		inner := r.WithContext(ctx)
		defer func() { telemetry.Route(ctx, inner.Pattern) }()
		next.ServeHTTP(w, inner)
	})
}

// operationKey is where the context keeps the call's id, addressKey its URL.
type (
	operationKey struct{}
	addressKey   struct{}
)

func headerSize(h http.Header) (n int) {
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

// recovered answers 500 after a panic. The panic's text may hold anything, so
// only its type is logged.
func (a *api) recovered(ctx context.Context, w http.ResponseWriter, r *http.Request) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	a.Log.ErrorContext(ctx, "call panicked", slog.String("type", typeName(p)))
	writeError(w, r, http.StatusInternalServerError, "internal error")
}

// writeError answers with an error where huma has no say, in the same form.
func writeError(w http.ResponseWriter, r *http.Request, status int, text string) {
	if wantsProblem(r.Header.Get("Accept")) {
		w.Header().Set("Content-Type", problemJSON)
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(huma.ErrorModel{Title: http.StatusText(status), Status: status, Detail: text}) // the client is gone, or has it
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// absent answers calls to addresses that are not in the table of routes, and
// with methods that an address does not take.
func (a *api) absent(mux *http.ServeMux, routes []Route) {
	methods := map[string][]string{}
	for _, r := range routes {
		methods[r.Path] = append(methods[r.Path], r.Method)
	}
	for _, path := range Published() {
		methods[path] = []string{http.MethodGet}
	}
	patterns := make([][]string, 0, len(methods))
	for path := range methods {
		patterns = append(patterns, strings.Split(path, "/"))
	}
	for path, allowed := range methods {
		if slices.Contains(allowed, http.MethodGet) {
			allowed = append(allowed, http.MethodHead)
		}
		slices.Sort(allowed)
		allow := strings.Join(append(allowed, http.MethodOptions), ", ")
		refuse := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Allow", allow)
			if r.Method == http.MethodOptions {
				w.WriteHeader(http.StatusNoContent)
				return
			}
			writeError(w, r, http.StatusMethodNotAllowed, fmt.Sprintf("%.20q is not possible here, only %s", r.Method, allow))
		}
		for _, pattern := range others(path, allowed, patterns) {
			mux.HandleFunc(pattern, refuse)
		}
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeError(w, r, http.StatusNotFound, "there is nothing at this address; /api/docs says what there is")
	})
}

// others are the patterns of what an address does not take: the address itself,
// or, where it also fits another one's wildcard, each method alone, since the
// mux takes nothing that is wider in one way and narrower in another.
func others(path string, allowed []string, all [][]string) []string {
	parts := strings.Split(path, "/")
	if !slices.ContainsFunc(all, func(other []string) bool { return fits(parts, other) && !slices.Equal(parts, other) }) {
		return []string{path}
	}
	var patterns []string
	for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodOptions, http.MethodPatch, http.MethodPost, http.MethodPut} {
		if !slices.Contains(allowed, method) {
			patterns = append(patterns, method+" "+path)
		}
	}
	return patterns
}

// fits tells whether a pattern's wildcards stand for parts of a path.
func fits(path, pattern []string) bool {
	return slices.EqualFunc(path, pattern, func(part, wild string) bool { return part == wild || strings.HasPrefix(wild, "{") })
}

// Invocation is the id that the Functions host gave a call: the same when it
// sends the call again. A client's own header stands before the host's when
// the host forwards (it replaces it when it proxies), so the last part counts.
// "" when there is none that looks like an id.
// https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers
func Invocation(h http.Header) string {
	parts := strings.Split(strings.Join(h.Values("X-Azure-Functions-InvocationId"), ","), ",")
	id, err := uuid.Parse(strings.TrimSpace(parts[len(parts)-1]))
	if err != nil {
		return ""
	}
	return id.String()
}
