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
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/health"
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
type Check = health.Check

// Metadata is what clients ask before they sign in, with AzureTRE's names.
type Metadata struct {
	Version   string `json:"api_version" doc:"Version of this API" example:"1.2.3"`
	ClientID  string `json:"api_client_id" doc:"Client id of the API's registration in Entra" example:"6f0d5a5e-3b1c-4a53-9d1f-0d8c1b1c7c11"`
	RootScope string `json:"api_root_scope" doc:"Scope to ask a token for" example:"api://6f0d5a5e-3b1c-4a53-9d1f-0d8c1b1c7c11/user_impersonation"`
	Tenant    string `json:"aad_tenant_id" doc:"Tenant to sign in to" example:"2f0b7a0e-7a53-4bfa-8e3e-0a1b2c3d4e5f"`
	Issuer    string `json:"issuer,omitempty" doc:"Ours: who signs people in, where it need not be Entra ID" example:"https://login.microsoftonline.com/2f0b7a0e-7a53-4bfa-8e3e-0a1b2c3d4e5f/v2.0"`
	CLIClient string `json:"cli_client_id,omitempty" doc:"Ours: client id of the command line's registration" example:"8c1b1c7c-3b1c-4a53-9d1f-0d8c1b1c7c12"`
}

// Settings are what the API works with.
type Settings struct {
	Desk      *desk.Desk
	Roster    *roster.Roster
	Resources *resources.Desk
	Verifier  Verifier
	Checks    []Check
	Details   func(ctx context.Context) health.Details // what administrators see of it
	Health    HealthTimes
	Metadata  Metadata
	ScopeID   string // what clients put before the permission they ask a token for, such as api://<client id>
	Now       func() time.Time
	Log       *slog.Logger // nil means slog.Default
	Limits    Limits
	Keys      calls.Keys
	Meter     Meter    // nil counts nothing
	Origins   []string // whose pages may call, such as https://tre.example.org; none by default
}

type api struct {
	Settings
	huma   huma.API
	health *healthMemory
}

// New returns the handler of everything under /api, and of AzureTRE's
// unauthenticated addresses beside it.
func New(s Settings) http.Handler {
	a, mux := build(s)
	a.publish(mux)
	return a.outermost(mux)
}

// build registers the routes. Nothing in it is for the description alone, which
// few ask for, and which takes as long again.
func build(s Settings) (*api, *http.ServeMux) {
	if s.Log == nil {
		s.Log = slog.Default()
	}
	s.Limits = s.Limits.withDefaults()
	mux := http.NewServeMux()
	a := &api{Settings: s, health: &healthMemory{}}
	a.huma = humago.New(mux, a.config())
	routes := a.routes()
	for _, r := range routes {
		r.register(r, a)
	}
	a.absent(mux, routes)
	return a, mux
}

// config is huma's, with JSON alone and the errors of AzureTRE.
func (a *api) config() huma.Config {
	format := huma.Format{Marshal: marshal, Unmarshal: json.Unmarshal}
	config := huma.DefaultConfig("Trefoil", a.Metadata.Version)
	config.CreateHooks = nil                                             // no $schema in answers: AzureTRE's have none
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", "" // ours, see publish
	config.Info.Description, config.Tags = introduction, tags
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
