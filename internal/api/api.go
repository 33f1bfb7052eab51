// Package api is the HTTP API: AzureTRE's airlock routes with its paths,
// fields and codes, and ours beside them. It translates between HTTP and the
// desk and decides nothing itself.
package api

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/logctx"
)

// What a Verifier says of a token.
var (
	ErrToken       = errors.New("no valid access token") // there is none, or it is not good here: 401
	ErrUnavailable = errors.New("nobody can tell now")   // the issuer cannot be reached: 503
)

// Verifier proves who is calling.
type Verifier interface {
	// Verify returns whom an access token speaks for; ErrToken or
	// ErrUnavailable otherwise.
	Verify(ctx context.Context, token string) (access.Person, error)
}

// Check is one part of the system that health asks.
type Check struct {
	Service string
	Probe   func(ctx context.Context) error // cheap; nil means well
}

// Metadata is what clients ask before they sign in, with AzureTRE's names.
type Metadata struct {
	Version   string `json:"api_version"`
	ClientID  string `json:"api_client_id"`
	RootScope string `json:"api_root_scope"`
	Tenant    string `json:"aad_tenant_id"`
}

// Settings are what the API works with.
type Settings struct {
	Desk     *desk.Desk
	Verifier Verifier
	Checks   []Check
	Metadata Metadata
	Now      func() time.Time
	Log      *slog.Logger // nil means slog.Default
}

type api struct {
	Settings
	huma   huma.API
	health *health
}

// New returns the handler of everything under /api, and of AzureTRE's
// unauthenticated addresses beside it.
func New(s Settings) http.Handler {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	mux := http.NewServeMux()
	a := &api{Settings: s, health: &health{checks: s.Checks, now: s.Now}}
	a.huma = humago.New(mux, a.config())
	for _, r := range a.routes() {
		r.register(r, a)
	}
	return a.outermost(mux)
}

// config is huma's, with JSON alone and the errors of AzureTRE.
func (a *api) config() huma.Config {
	format := huma.Format{Marshal: marshal, Unmarshal: json.Unmarshal}
	config := huma.DefaultConfig("Trefoil", a.Metadata.Version)
	config.CreateHooks = nil // no $schema in answers: AzureTRE's have none
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "/api/openapi", "", ""
	config.Formats = map[string]huma.Format{"application/json": format, "json": format}
	config.Transformers = []huma.Transformer{shapeError}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	return config
}

// bearer is the name of the security scheme in the OpenAPI document.
const bearer = "bearer"

// marshal writes JSON, and a plain error as it is.
func marshal(w io.Writer, v any) error {
	if text, ok := v.(plain); ok {
		_, err := io.WriteString(w, string(text))
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// requestID is the header that names a call in every answer.
const requestID = "X-Request-Id"

// outermost gives every answer its id and the headers that all share, and
// keeps a fault of ours from ending the process.
func (a *api) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := Operation(r.Header)
		if id == "" {
			id = uuid.NewString()
		}
		h := w.Header()
		h.Set(requestID, id)
		h.Set("Cache-Control", "no-store") // answers hold links and other people's names
		h.Set("X-Content-Type-Options", "nosniff")
		ctx := context.WithValue(r.Context(), operationKey{}, id)
		ctx = logctx.With(ctx, slog.String("operation", id))
		defer a.recovered(ctx, w)
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// operationKey is where the context keeps the call's id.
type operationKey struct{}

// recovered answers 500 after a panic. The panic's text may hold anything, so
// only its type is logged.
func (a *api) recovered(ctx context.Context, w http.ResponseWriter) {
	p := recover()
	if p == nil {
		return
	}
	if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(p)
	}
	a.Log.ErrorContext(ctx, "call panicked", slog.String("type", typeName(p)))
	http.Error(w, "internal error", http.StatusInternalServerError)
}

// Operation is the id that the Functions host gave a call: the same when it
// sends the call again. A client's own header stands before the host's when
// the host forwards (it replaces it when it proxies), so the last part counts.
// "" when there is none that looks like an id.
// https://learn.microsoft.com/azure/azure-functions/functions-custom-handlers
func Operation(h http.Header) string {
	parts := strings.Split(strings.Join(h.Values("X-Azure-Functions-InvocationId"), ","), ",")
	id, err := uuid.Parse(strings.TrimSpace(parts[len(parts)-1]))
	if err != nil {
		return ""
	}
	return id.String()
}
