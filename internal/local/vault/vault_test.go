package vault_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azvault"
	"github.com/trefoil-tre/trefoil/internal/cloudtest"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/vault"
)

// bearer is a credential whose token is a name.
type bearer string

func (b bearer) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(b), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func start(t *testing.T, cfg vault.Config) *vault.Server {
	t.Helper()
	s, err := vault.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func pool(t *testing.T, pem []byte) *x509.CertPool {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		t.Fatal("no certificate")
	}
	return roots
}

// client is the SDK's, as somebody.
func client(t *testing.T, url string, ca []byte, principal string) *azsecrets.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool(t, ca)}}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := azsecrets.NewClient(url, bearer(principal), &azsecrets.ClientOptions{DisableChallengeResourceVerification: true,
		ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func set(t *testing.T, c *azsecrets.Client, name, value string) (azsecrets.SetSecretResponse, error) {
	t.Helper()
	return c.SetSecret(t.Context(), name, azsecrets.SetSecretParameters{Value: to.Ptr(value)}, nil)
}

// status is the status of an error of the API.
func status(t *testing.T, err error) int {
	t.Helper()
	refused, ok := errors.AsType[*azcore.ResponseError](err)
	if !ok {
		t.Fatalf("error = %v, want one of the API", err)
	}
	return refused.StatusCode
}

func TestConformance(t *testing.T) {
	t.Parallel()
	cloudtest.RunVault(t, func(t *testing.T) cloudtest.Vault {
		s := start(t, vault.Config{})
		c := azvault.Config{URL: s.URL(), Credential: bearer("engine"), Roots: pool(t, s.CA()), AnyDomain: true, Pause: time.Microsecond}
		v, err1 := azvault.New(c)
		r, err2 := azvault.NewReader(c)
		all, err3 := azvault.NewRegister(c)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		return cloudtest.Vault{Port: v, Read: r.Read, Register: all}
	})
}

func TestVersionsAreKeptAndReadingsCounted(t *testing.T) {
	t.Parallel()
	s := start(t, vault.Config{ID: "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/kv"})
	c := client(t, s.URL(), s.CA(), "engine")
	first, err := set(t, c, "pw", "one")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set(t, c, "PW", "two"); err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string]string{"": "two", first.ID.Version(): "one"} {
		got, err := c.GetSecret(t.Context(), "pw", version, nil)
		if err != nil || *got.Value != want {
			t.Errorf("version %q: %v, want %s", version, err, want)
		}
	}
	if value, err := s.Secret("/subscriptions/S/resourceGroups/g/providers/Microsoft.KeyVault/vaults/KV", "pw", first.ID.Version()); err != nil || value != "one" {
		t.Errorf("for a template: %q, %v", value, err)
	}
	readers := map[string]int{}
	for _, r := range s.Reads() {
		readers[r.Principal+" "+r.Name]++
	}
	if diff := cmp.Diff(map[string]int{"engine pw": 2, "Resource Manager pw": 1}, readers); diff != "" {
		t.Error(diff)
	}
	for vaultID, name := range map[string]string{"/other": "pw", s.ID(): "none"} {
		if value, err := s.Secret(vaultID, name, ""); err == nil {
			t.Errorf("%s %s gave %q", vaultID, name, value)
		}
	}
}

func TestListsHavePages(t *testing.T) {
	t.Parallel()
	s := start(t, vault.Config{})
	c := client(t, s.URL(), s.CA(), "engine")
	for i := range 30 {
		if _, err := set(t, c, fmt.Sprintf("s%02d", i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	pages, names := 0, 0
	for pager := c.NewListSecretPropertiesPager(nil); pager.More(); pages++ {
		page, err := pager.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names += len(page.Value)
	}
	if pages != 2 || names != 30 || len(s.Reads()) > 0 {
		t.Errorf("%d names on %d pages, %d readings", names, pages, len(s.Reads()))
	}
}

func TestADeletedNameIsHeld(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	s := start(t, vault.Config{Settle: time.Minute, Now: func() time.Time { return now }})
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool(t, s.CA()), Time: func() time.Time { return now }}}
	c, err := azsecrets.NewClient(s.URL(), bearer("engine"), &azsecrets.ClientOptions{DisableChallengeResourceVerification: true,
		ClientOptions: azcore.ClientOptions{Transport: &http.Client{Transport: transport}, Retry: policy.RetryOptions{MaxRetries: -1}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set(t, c, "pw", "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.DeleteSecret(t.Context(), "pw", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := set(t, c, "pw", "two"); status(t, err) != http.StatusConflict {
		t.Errorf("while it is being deleted: %v", err)
	}
	now = now.Add(2 * time.Minute)
	if _, err := set(t, c, "pw", "two"); status(t, err) != http.StatusConflict {
		t.Errorf("while it is deleted: %v", err)
	}
	if _, err := c.GetDeletedSecret(t.Context(), "pw", nil); err != nil {
		t.Error(err)
	}
	if _, err := c.RecoverDeletedSecret(t.Context(), "pw", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetSecret(t.Context(), "pw", "", nil); status(t, err) != http.StatusNotFound {
		t.Errorf("while it is being given back: %v", err)
	}
	now = now.Add(2 * time.Minute)
	if got, err := c.GetSecret(t.Context(), "pw", "", nil); err != nil || *got.Value != "one" {
		t.Errorf("given back: %v", err)
	}
	if _, err := c.DeleteSecret(t.Context(), "pw", nil); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Minute)
	if _, err := c.PurgeDeletedSecret(t.Context(), "pw", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := set(t, c, "pw", "two"); err != nil {
		t.Errorf("after the purge: %v", err)
	}
}

func TestWhoMayNotIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, vault.Config{Allow: func(principal, action string) bool { return principal == "engine" || action != "get" },
		Authorize: func(token string) (string, bool) { return token, token != "bad" }})
	front := client(t, s.URL(), s.CA(), "front")
	if _, err := set(t, front, "pw", "one"); err != nil {
		t.Fatal(err)
	}
	if _, err := front.GetSecret(t.Context(), "pw", "", nil); status(t, err) != http.StatusForbidden {
		t.Errorf("front reads: %v", err)
	}
	if _, err := client(t, s.URL(), s.CA(), "engine").GetSecret(t.Context(), "pw", "", nil); err != nil {
		t.Error(err)
	}
	if _, err := set(t, client(t, s.URL(), s.CA(), "bad"), "pw", "one"); status(t, err) != http.StatusUnauthorized {
		t.Errorf("a bad token: %v", err)
	}
	if diff := cmp.Diff([]string{"pw"}, s.Names()); diff != "" {
		t.Error(diff)
	}
}

// TestOneAuthorityForAll: whoever trusts the Event Grid stand-in trusts the vault.
func TestOneAuthorityForAll(t *testing.T) {
	t.Parallel()
	grid, err := eventgrid.Start(eventgrid.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := grid.Close(); err != nil {
			t.Error(err)
		}
	})
	s := start(t, vault.Config{Certificate: grid.Certificate()})
	if _, err := set(t, client(t, s.URL(), grid.CA(), "engine"), "pw", "one"); err != nil {
		t.Error(err)
	}
}
