package issuer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// tokenPath is the route that hands out access tokens without a browser: the
// library has no password grant, and neither should a product.
const tokenPath = "/local/token"

// scope is what every access token grants, as Entra's does for an API that
// publishes one delegated permission.
const scope = "user_impersonation"

// subject is a user's `sub`: like Entra's it is not the object id, so that
// nobody can mix them up unnoticed.
func subject(u User) string {
	return uuid.NewSHA1(uuid.MustParse(Tenant), []byte("sub "+u.OID)).String()
}

// shared are the claims Entra puts into both tokens.
func (s *store) shared(u User) map[string]any {
	claims := map[string]any{
		"oid":                u.OID,
		"tid":                s.config.Tenant,
		"name":               u.Name,
		"preferred_username": u.Email,
		"email":              u.Email,
		"roles":              u.Roles,
		"ver":                "2.0",
	}
	switch {
	case len(u.Groups) > maxGroups:
		claims["_claim_names"] = map[string]string{"groups": "src1"}
		claims["_claim_sources"] = map[string]any{"src1": map[string]string{
			"endpoint": "https://graph.windows.net/" + s.config.Tenant + "/users/" + u.OID + "/getMemberObjects"}}
	case len(u.Groups) > 0:
		claims["groups"] = u.Groups
	}
	return claims
}

// maxGroups is the most groups that a token carries.
// https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference
const maxGroups = 200

// GetPrivateClaimsFromRequest makes an access token's claims.
func (s *store) GetPrivateClaimsFromRequest(_ context.Context, t op.TokenRequest, _ []string) (map[string]any, error) {
	asked, _ := t.(*request)
	if asked != nil && asked.service != nil {
		return s.appClaims(*asked.service), nil
	}
	u, err := s.bySubject(t.GetSubject())
	if err != nil {
		return nil, fmt.Errorf("user: %w", err)
	}
	claims := s.shared(u)
	claims["scp"] = scope
	claims["idtyp"] = "user"
	if asked != nil {
		claims["azp"] = asked.GetClientID()
		asked.forID = true
	}
	return claims, nil
}

// SetUserinfoFromRequest makes an ID token's claims.
func (s *store) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	return s.setUserinfo(info, r.GetSubject())
}

// SetUserinfoFromToken implements [op.OPStorage]: the userinfo endpoint.
func (s *store) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, _, sub, _ string) error {
	return s.setUserinfo(info, sub)
}

func (s *store) setUserinfo(info *oidc.UserInfo, sub string) error {
	u, err := s.bySubject(sub)
	if err != nil {
		return fmt.Errorf("user: %w", err)
	}
	info.Subject = sub
	for name, value := range s.shared(u) {
		info.AppendClaims(name, value)
	}
	return nil
}

// SetUserinfoFromScopes implements [op.OPStorage]: superseded by
// SetUserinfoFromRequest, which the library calls as well.
func (s *store) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

// GetPrivateClaimsFromScopes implements [op.OPStorage].
func (s *store) GetPrivateClaimsFromScopes(context.Context, string, string, []string) (map[string]any, error) {
	return map[string]any{}, nil
}

// SetIntrospectionFromToken implements [op.OPStorage]: Entra has no
// introspection.
func (s *store) SetIntrospectionFromToken(context.Context, *oidc.IntrospectionResponse, string, string, string) error {
	return errUnknown
}

// Token returns an access token of the user called key.
func (s *Server) Token(ctx context.Context, key string) (string, error) {
	u, err := s.store.byKey(key)
	if err != nil {
		return "", fmt.Errorf("user %q: %w", key, err)
	}
	r := &request{subject: subject(u), audience: s.config.Audience, asked: oidc.AuthRequest{ClientID: s.config.Audience}}
	id, end, err := s.store.CreateAccessToken(ctx, r)
	if err != nil {
		return "", err
	}
	c := client{Client: Client{ID: s.config.Audience}, lifetime: s.config.Lifetime}
	return op.CreateJWT(ctx, s.url, r, end, id, c, s.store)
}

// token answers the token route.
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<16)
	token, err := s.Token(r.Context(), r.PostFormValue("user"))
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": "invalid_grant", "error_description": "unknown user"})
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(s.config.Lifetime.Seconds()),
	})
}
