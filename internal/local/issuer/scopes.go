package issuer

import (
	"context"
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// graphAudience is whom Entra makes an access token for when a sign-in names
// no API: Microsoft Graph.
const graphAudience = "00000003-0000-0000-c000-000000000000"

// openScopes are those of OpenID Connect itself.
var openScopes = []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, oidc.ScopeOfflineAccess}

// audienceOf is whom the access token of a sign-in with these scopes is for:
// the API, by its delegated permission or everything consented to, or Graph.
// An API that is not registered is refused, as Entra does (AADSTS500011).
func (s *store) audienceOf(scopes []string) (string, error) {
	audience := graphAudience
	for _, asked := range scopes {
		if slices.Contains(openScopes, asked) {
			continue
		}
		resource, permission := splitScope(asked)
		if s.isAPI(resource) && (permission == scope || permission == defaultScope) {
			audience = s.config.Audience
			continue
		}
		return "", oidc.ErrInvalidScope().WithDescription("scope %q is not one of the API's: ask for api://%s/%s", asked, s.config.Audience, scope)
	}
	return audience, nil
}

// defaultScope asks for everything an application was given.
// https://learn.microsoft.com/entra/identity-platform/scopes-oidc#the-default-scope
const defaultScope = ".default"

func splitScope(asked string) (resource, permission string) {
	i := strings.LastIndexByte(asked, '/')
	if i < 0 {
		return "", asked
	}
	return asked[:i], asked[i+1:]
}

// isAPI tells whether a scope's resource is the API, by its id or its address.
func (s *store) isAPI(resource string) bool {
	return strings.TrimPrefix(resource, "api://") == strings.TrimPrefix(s.config.Audience, "api://")
}

// ClientCredentials implements [op.ClientCredentialsStorage].
func (s *store) ClientCredentials(_ context.Context, id, secret string) (op.Client, error) {
	for _, c := range s.config.Clients {
		if c.ID == id && c.Service && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1 {
			return client{Client: c, lifetime: s.config.Lifetime}, nil
		}
	}
	return nil, errUnknown
}

// ClientCredentialsTokenRequest implements [op.ClientCredentialsStorage]: a
// program asks for everything it was given at the API, nothing else.
func (s *store) ClientCredentialsTokenRequest(_ context.Context, id string, scopes []string) (op.TokenRequest, error) {
	if len(scopes) != 1 {
		return nil, oidc.ErrInvalidScope().WithDescription("ask for api://%s/%s alone", s.config.Audience, defaultScope)
	}
	resource, permission := splitScope(scopes[0])
	if permission != defaultScope || !s.isAPI(resource) {
		return nil, oidc.ErrInvalidScope().WithDescription("ask for api://%s/%s", s.config.Audience, defaultScope)
	}
	for _, c := range s.config.Clients {
		if c.ID == id && c.Service {
			return &request{service: &c, subject: c.ObjectID(), audience: s.config.Audience,
				asked: oidc.AuthRequest{ClientID: id, Scopes: scopes}}, nil
		}
	}
	return nil, errUnknown
}

// ObjectID is the application's own object id in the directory, `oid` and `sub`
// of the tokens it gets for itself.
func (c Client) ObjectID() string {
	return uuid.NewSHA1(uuid.MustParse(Tenant), []byte("app "+c.ID)).String()
}

// appClaims are those of an application that speaks for itself.
func (s *store) appClaims(c Client) map[string]any {
	return map[string]any{"oid": c.ObjectID(), "tid": s.config.Tenant, "azp": c.ID, "idtyp": "app", "roles": c.Roles, "ver": "2.0"}
}

// scoped refuses scopes of other APIs before the provider, which would leave
// them out, sees the call, and answers for device codes.
func (s *Server) scoped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
		if err := r.ParseForm(); err != nil {
			op.RequestError(w, r, oidc.ErrInvalidRequest().WithParent(err), s.config.Logger)
			return
		}
		if r.PostForm.Get("grant_type") == string(oidc.GrantTypeDeviceCode) {
			s.deviceToken(w, r)
			return
		}
		if _, err := s.store.audienceOf(strings.Fields(r.Form.Get("scope"))); err != nil {
			op.RequestError(w, r, err, s.config.Logger)
			return
		}
		next.ServeHTTP(w, r)
	})
}
