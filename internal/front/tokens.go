package front

import (
	"fmt"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/identity"
)

// newVerifier checks the tokens that the settings allow. It asks nobody yet.
func newVerifier(c config.Config) (*identity.Verifier, error) {
	accepted, err := issuers(c.SignIn)
	if err != nil {
		return nil, err
	}
	return identity.New(identity.Settings{
		Issuers: accepted.Accepted, Discovery: accepted.Discovery, Audiences: audiences(c.SignIn.Audience), Tenants: c.SignIn.Tenants,
		Timeout: c.Tokens.Timeout, Refetch: c.Tokens.Refetch, Retry: c.Tokens.Retry, Fresh: c.Tokens.Fresh, Stale: c.Tokens.Stale,
		MaxToken: c.Tokens.Longest, Now: time.Now,
	})
}

// issuers are those that the settings name, or Entra's of the tenants they name.
func issuers(s config.SignIn) (identity.Issuers, error) {
	if len(s.Issuers) > 0 {
		return identity.Issuers{Accepted: s.Issuers}, nil
	}
	all, err := identity.EntraIssuers(string(s.Authority), s.Tenants)
	if err != nil {
		return identity.Issuers{}, fmt.Errorf("TRE_TENANTS, TRE_AUTHORITY: %w", err)
	}
	return all, nil
}

// audiences are the forms in which Entra's tokens name the API: its client id
// (version 2.0) and its api:// address (version 1.0).
// https://learn.microsoft.com/entra/identity-platform/access-tokens
func audiences(api string) []string {
	id := strings.TrimPrefix(api, "api://")
	return []string{id, "api://" + id}
}

// scopeID is what a client puts before the permission it asks for, the same in
// every workspace: there is one registration.
func scopeID(api string) string { return audiences(api)[1] }

// scope is what a client asks for to call the API.
func scope(api string) string { return scopeID(api) + "/user_impersonation" }

// metadata is what clients ask before they sign in.
func metadata(s config.SignIn, version string) api.Metadata {
	tenants := []string(s.Tenants)
	for _, issuer := range s.Issuers {
		if tenant := identity.TenantOf(issuer); len(s.Tenants) == 0 && tenant != "" {
			tenants = append(tenants, tenant)
		}
	}
	tenant := ""
	if len(tenants) > 0 {
		tenant = tenants[0] // where the registrations are
	}
	m := api.Metadata{Version: version, ClientID: audiences(s.Audience)[0], RootScope: scope(s.Audience), Tenant: tenant, CLIClient: s.CLIClientID}
	if accepted, err := issuers(s); err == nil && len(accepted.Accepted) > 0 { // newVerifier says what is wrong with them
		m.Issuer = accepted.Accepted[0]
	}
	return m
}
