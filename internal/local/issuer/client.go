package issuer

import (
	"context"
	"crypto/subtle"
	"net/url"
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// client implements [op.Client].
type client struct {
	Client
	lifetime time.Duration
}

func (c client) GetID() string                    { return c.ID }
func (c client) RedirectURIs() []string           { return c.Redirects }
func (c client) PostLogoutRedirectURIs() []string { return c.SignedOut }
func (c client) IDTokenLifetime() time.Duration   { return c.lifetime }
func (c client) DevMode() bool                    { return false }
func (c client) ClockSkew() time.Duration         { return 0 }

// IDTokenUserinfoClaimsAssertion is true because Entra puts name and address
// into the ID token.
func (c client) IDTokenUserinfoClaimsAssertion() bool { return true }

// IsScopeAllowed lets everything through, as Entra does for scopes of an API
// that the client is pre-authorised for (api://…/user_impersonation).
func (c client) IsScopeAllowed(string) bool { return true }

func (c client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }

func (c client) ApplicationType() op.ApplicationType {
	if c.Native {
		return op.ApplicationTypeNative
	}
	return op.ApplicationTypeWeb
}

func (c client) AuthMethod() oidc.AuthMethod {
	if c.Secret == "" {
		return oidc.AuthMethodNone
	}
	return oidc.AuthMethodPost
}

func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}

func (c client) GrantTypes() []oidc.GrantType {
	grants := []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
	if c.Native {
		grants = append(grants, oidc.GrantTypeDeviceCode)
	}
	if c.Service {
		grants = append(grants, oidc.GrantTypeClientCredentials)
	}
	return grants
}

func (c client) LoginURL(id string) string { return "/login?" + url.Values{"request": {id}}.Encode() }

func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string     { return slices.Clone }
func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string { return slices.Clone }

// GetClientByClientID implements [op.OPStorage].
func (s *store) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	for _, c := range s.config.Clients {
		if c.ID == id {
			return client{Client: c, lifetime: s.config.Lifetime}, nil
		}
	}
	return nil, errUnknown
}

// AuthorizeClientIDSecret implements [op.OPStorage].
func (s *store) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	for _, c := range s.config.Clients {
		if c.ID == id && c.Secret != "" && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1 {
			return nil
		}
	}
	return errUnknown
}
