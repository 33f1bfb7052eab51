package identity_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

const (
	partner  = "11111111-3d0c-4f5e-9a55-7b0e0f1c2d3e"
	stranger = "22222222-3d0c-4f5e-9a55-7b0e0f1c2d3e"
)

func TestEntraIssuers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		authority string
		tenants   []string
		want      []string
		discovery string // of the second one
		wrong     string
	}{
		{name: "the public cloud", authority: "https://login.microsoftonline.com", tenants: []string{strings.ToUpper(tenant)},
			want:      []string{"https://login.microsoftonline.com/" + tenant + "/v2.0", "https://sts.windows.net/" + tenant + "/"},
			discovery: "https://login.microsoftonline.com/" + tenant},
		{name: "US Government", authority: "https://login.microsoftonline.us/", tenants: []string{tenant},
			want:      []string{"https://login.microsoftonline.us/" + tenant + "/v2.0", "https://sts.windows.net/" + tenant + "/"},
			discovery: "https://login.microsoftonline.us/" + tenant},
		{name: "China", authority: "https://login.partner.microsoftonline.cn", tenants: []string{tenant},
			want:      []string{"https://login.partner.microsoftonline.cn/" + tenant + "/v2.0", "https://sts.chinacloudapi.cn/" + tenant + "/"},
			discovery: "https://login.partner.microsoftonline.cn/" + tenant},
		{name: "a cloud nobody has heard of has no version 1.0", authority: "https://login.example", tenants: []string{tenant},
			want: []string{"https://login.example/" + tenant + "/v2.0"}},
		{name: "two tenants, the first one signs in", authority: "https://login.example", tenants: []string{tenant, partner},
			want: []string{"https://login.example/" + tenant + "/v2.0", "https://login.example/" + partner + "/v2.0"}},
		{name: "every tenant at once", authority: "https://login.microsoftonline.com", tenants: []string{"common"}, wrong: `"common" is no tenant id`},
		{name: "a domain", authority: "https://login.microsoftonline.com", tenants: []string{"tre.example"}, wrong: "no tenant id"},
		{name: "an authority with a path", authority: "https://login.microsoftonline.com/common", tenants: []string{tenant}, wrong: "authority"},
		{name: "no authority", tenants: []string{tenant}, wrong: "authority"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := identity.EntraIssuers(tt.authority, tt.tenants)
			if tt.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), tt.wrong) {
					t.Errorf("error %v, want %q", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got.Accepted); diff != "" {
				t.Error(diff)
			}
			if len(tt.want) > 1 && got.Discovery[tt.want[1]] != tt.discovery {
				t.Errorf("discovery %v, want %s", got.Discovery, tt.discovery)
			}
		})
	}
}

// entra is a verifier of two tenants, whose issuers all sign with the forge's
// keys, as Entra's do.
func (f *forge) entra(t *testing.T, change func(*identity.Settings)) *identity.Verifier {
	t.Helper()
	all, err := identity.EntraIssuers("https://login.microsoftonline.com", []string{tenant, partner})
	if err != nil {
		t.Fatal(err)
	}
	for _, issuer := range all.Accepted {
		if id := identity.TenantOf(issuer); strings.HasSuffix(issuer, "/v2.0") {
			all.Discovery[issuer] = f.URL + "/" + id + "/v2.0"
		} else {
			all.Discovery[issuer] = f.URL + "/" + id
		}
	}
	return f.verifier(t, func(s *identity.Settings) {
		s.Issuers, s.Discovery, s.Tenants = all.Accepted, all.Discovery, nil
		if change != nil {
			change(s)
		}
	})
}

// TestTenants: what an issuer signs is believed of its own tenant and version.
func TestTenants(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	v := f.entra(t, nil)
	v2 := func(id string) string { return "https://login.microsoftonline.com/" + id + "/v2.0" }
	v1 := func(id string) string { return "https://sts.windows.net/" + id + "/" }
	for _, tt := range []struct {
		name    string
		changes set
		err     error
	}{
		{name: "version 2.0", changes: set{"iss": v2(tenant)}},
		{name: "version 2.0 of the partner", changes: set{"iss": v2(partner), "tid": partner}},
		{name: "version 1.0", changes: set{"iss": v1(tenant), "ver": "1.0", "aud": "api://" + api, "preferred_username": nil, "unique_name": "robin@example.org", "azp": nil, "appid": "cli"}},
		{name: "version 1.0 of the partner", changes: set{"iss": v1(partner), "tid": partner, "ver": "1.0"}},
		{name: "no version named", changes: set{"iss": v2(tenant), "ver": nil}},
		{name: "one tenant's issuer, the other one's person", changes: set{"iss": v2(tenant), "tid": partner}, err: identity.ErrToken},
		{name: "no tenant", changes: set{"iss": v2(tenant), "tid": nil}, err: identity.ErrToken},
		{name: "a tenant that is not allowed", changes: set{"iss": v2(stranger), "tid": stranger}, err: identity.ErrToken},
		{name: "a tenant that is not allowed, version 1.0", changes: set{"iss": v1(stranger), "tid": stranger, "ver": "1.0"}, err: identity.ErrToken},
		{name: "version 1.0 from the issuer of version 2.0", changes: set{"iss": v2(tenant), "ver": "1.0"}, err: identity.ErrToken},
		{name: "version 2.0 from the issuer of version 1.0", changes: set{"iss": v1(tenant), "ver": "2.0"}, err: identity.ErrToken},
		{name: "version 1.0 issuer without its slash", changes: set{"iss": strings.TrimSuffix(v1(tenant), "/"), "ver": "1.0"}, err: identity.ErrToken},
		{name: "every tenant's issuer", changes: set{"iss": "https://login.microsoftonline.com/common/v2.0"}, err: identity.ErrToken},
		{name: "another cloud's issuer", changes: set{"iss": "https://login.microsoftonline.us/" + tenant + "/v2.0"}, err: identity.ErrToken},
		{name: "the placeholder of Entra's own document", changes: set{"iss": v2("{tenantid}")}, err: identity.ErrToken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := v.Verify(t.Context(), f.sign(t, "k1", tt.changes, nil))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if err == nil && (got.OID != oid || got.Email != "robin@example.org" || got.AppOnly) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestDiscoveryOfSomebodyElse: a document that another issuer published proves
// nothing.
func TestDiscoveryOfSomebodyElse(t *testing.T) {
	t.Parallel()
	f := newForge(t, "k1")
	issuer := "https://login.microsoftonline.com/" + tenant + "/v2.0"
	v := f.verifier(t, func(s *identity.Settings) {
		s.Issuers, s.Discovery = []string{issuer}, map[string]string{issuer: f.URL + "/" + partner + "/v2.0"}
	})
	if _, err := v.Verify(t.Context(), f.sign(t, "k1", set{"iss": issuer}, nil)); !errors.Is(err, identity.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if f.fetches.Load() != 0 {
		t.Error("its keys were fetched")
	}
}
