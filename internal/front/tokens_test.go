package front

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/config"
)

const (
	own     = "0c6d1f64-3d0c-4f5e-9a55-7b0e0f1c2d3e"
	partner = "11111111-3d0c-4f5e-9a55-7b0e0f1c2d3e"
	public  = "https://login.microsoftonline.com"
)

// TestMetadata: clients learn where to sign in, whichever way the settings say
// it, and the verifier accepts that issuer's tokens.
func TestMetadata(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		settings       config.SignIn
		tenant, issuer string
		accepted       int
	}{
		{name: "one tenant", settings: config.SignIn{Authority: public, Tenants: []string{own}},
			tenant: own, issuer: public + "/" + own + "/v2.0", accepted: 2},
		{name: "two tenants: people sign in at the first", settings: config.SignIn{Authority: public, Tenants: []string{own, partner}},
			tenant: own, issuer: public + "/" + own + "/v2.0", accepted: 4},
		{name: "a national cloud", settings: config.SignIn{Authority: "https://login.microsoftonline.us", Tenants: []string{own}},
			tenant: own, issuer: "https://login.microsoftonline.us/" + own + "/v2.0", accepted: 2},
		{name: "an issuer named", settings: config.SignIn{Authority: public, Issuers: []string{public + "/" + own + "/v2.0"}},
			tenant: own, issuer: public + "/" + own + "/v2.0", accepted: 1},
		{name: "another provider, which has no tenants", settings: config.SignIn{Authority: public, Issuers: []string{"https://id.example"}},
			issuer: "https://id.example", accepted: 1},
		{name: "another provider with a tenant of its own", settings: config.SignIn{Authority: public, Issuers: []string{"https://id.example"}, Tenants: []string{partner}},
			tenant: partner, issuer: "https://id.example", accepted: 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.settings.Audience = "api://tre"
			got := metadata(tt.settings, "1.2.3")
			want := api.Metadata{Version: "1.2.3", ClientID: "tre", RootScope: "api://tre/user_impersonation", Tenant: tt.tenant, Issuer: tt.issuer}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if all, err := issuers(tt.settings); err != nil || len(all.Accepted) != tt.accepted {
				t.Errorf("%d issuers, error %v", len(all.Accepted), err)
			}
			if _, err := newVerifier(config.Config{SignIn: tt.settings}); err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := newVerifier(config.Config{SignIn: config.SignIn{Authority: public, Tenants: []string{"common"}, Audience: "tre"}}); err == nil || !strings.Contains(err.Error(), "TRE_TENANTS") {
		t.Errorf("every tenant there is: error %v", err)
	}
}

// TestDirectoryOrNone: without a directory nothing asks for one.
func TestDirectoryOrNone(t *testing.T) {
	t.Parallel()
	graph, err := newDirectory(config.Directory{})
	if graph != nil || err != nil {
		t.Errorf("%v, error %v", graph, err)
	}
	groups, err := newGroups(config.Directory{}, graph)
	if groups != nil || err != nil || inGroups(groups, nil) != nil {
		t.Errorf("%v, error %v", groups, err)
	}
	if graph, err := newDirectory(config.Directory{Endpoint: "https://graph.microsoft.com"}); graph == nil || err != nil {
		t.Errorf("%v, error %v", graph, err)
	}
	if _, err := newDirectory(config.Directory{Endpoint: "http://graph.example"}); err == nil {
		t.Error("a directory without TLS taken")
	}
}
