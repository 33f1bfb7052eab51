// Package signin signs people and programs in to a TRE: by device code, in the
// browser, with a client's own secret, or with a managed identity; and keeps
// them signed in.
package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"
)

// Metadata is what a TRE says to who wants to sign in, with AzureTRE's names.
type Metadata struct {
	ClientID  string `json:"api_client_id"`
	RootScope string `json:"api_root_scope"`
	Tenant    string `json:"aad_tenant_id"`
	Issuer    string `json:"issuer"`        // ours alone: AzureTRE means Entra ID
	CLIClient string `json:"cli_client_id"` // ours alone: the registration of this program
}

// maxDocument bounds what an address answers, in bytes.
const maxDocument = 1 << 20

// getJSON reads a small JSON document.
func getJSON(ctx context.Context, client *http.Client, address string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", address, err)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s", address, resp.Status)
	}
	if err := json.Unmarshal(text, out); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}

// Ask asks the TRE at base, an address that ends in /api.
func Ask(ctx context.Context, client *http.Client, base string) (Metadata, error) {
	var m Metadata
	if err := getJSON(ctx, client, base+"/.metadata", &m); err != nil {
		return m, fmt.Errorf("is this the address of a TRE? %w", err)
	}
	return m, nil
}

// entra is Entra ID's address of a tenant.
// https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc
const entra = "https://login.microsoftonline.com/"

// IssuerOf is who signs people in: what is given, what the TRE names, or Entra
// ID with its tenant.
func (m Metadata) IssuerOf(given, tenant string) (string, error) {
	if given == "" && tenant == "" {
		given = m.Issuer
	}
	if tenant == "" {
		tenant, _, _ = strings.Cut(m.Tenant, ",") // several: the first is the TRE's own
	}
	if given == "" && tenant != "" {
		given = entra + url.PathEscape(tenant) + "/v2.0"
	}
	if !safe(given) {
		return "", fmt.Errorf("nobody to sign in with: %q is no https address; give --issuer or --aad-tenant-id", given)
	}
	return strings.TrimSuffix(given, "/"), nil
}

// endpoints are the addresses of an issuer (OpenID Connect Discovery, 3).
type endpoints struct {
	Issuer string `json:"issuer"`
	Auth   string `json:"authorization_endpoint"`
	Token  string `json:"token_endpoint"`
	Device string `json:"device_authorization_endpoint"`
}

func discover(ctx context.Context, client *http.Client, issuer string) (endpoints, error) {
	var e endpoints
	if err := getJSON(ctx, client, issuer+"/.well-known/openid-configuration", &e); err != nil {
		return e, fmt.Errorf("sign-in: %w", err)
	}
	if e.Token == "" {
		return e, fmt.Errorf("sign-in: %s is no OpenID Connect issuer", issuer)
	}
	for _, address := range []string{e.Auth, e.Token, e.Device} {
		if address != "" && !safe(address) {
			return e, fmt.Errorf("sign-in: %s names %q, which is no https address", issuer, address)
		}
	}
	return e, nil
}

// safe tells whether an address is one to send secrets to, or to open in a
// browser: https, or http on this machine. The system opens others with
// whatever program is for them, and anybody's TRE names the issuer.
func safe(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// config is what the flows work with. offline_access gives a refresh token.
func config(e endpoints, clientID, scope string) *oauth2.Config {
	return &oauth2.Config{ClientID: clientID, Scopes: []string{scope, "openid", "profile", "offline_access"},
		Endpoint: oauth2.Endpoint{AuthURL: e.Auth, TokenURL: e.Token, DeviceAuthURL: e.Device, AuthStyle: oauth2.AuthStyleInParams}}
}

// with makes oauth2 call with our client.
func with(ctx context.Context, client *http.Client) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, client)
}

// explain makes an answer of the issuer readable. Entra's descriptions go on
// with trace ids in further lines.
func explain(err error) error {
	refused, ok := errors.AsType[*oauth2.RetrieveError](err)
	if !ok {
		return err
	}
	text, _, _ := strings.Cut(refused.ErrorDescription, "\n")
	if text = strings.TrimSpace(text); text == "" {
		text = refused.ErrorCode
	}
	if text == "" && refused.Response != nil {
		text = refused.Response.Status
	}
	return fmt.Errorf("the sign-in was refused: %s", text)
}
