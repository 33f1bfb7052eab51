package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/local/issuer"
)

// registers is a directory under a test's control.
type registers struct {
	groups []string
	err    error
}

func (r registers) Of(context.Context, string) ([]string, error) { return r.groups, r.err }

const (
	apiID  = "6f2b1c1e-8a53-4b0e-9c39-0d4f2f1f9a11"
	cohort = "d1000000-0000-4000-8000-000000000001"
)

// provider signs Ann in, who is in a few groups, and Mia, who is in more than
// fit into a token, and lets a program in.
func provider(t *testing.T) *issuer.Server {
	t.Helper()
	crowd := []string{cohort}
	for i := range 201 {
		crowd = append(crowd, fmt.Sprintf("d2000000-0000-4000-8000-%012d", i))
	}
	s, err := issuer.Start(t.Context(), issuer.Config{Audience: apiID, Now: time.Now,
		Users: []issuer.User{
			{Key: "ann", Name: "Ann", Email: "ann@example.org", OID: people["ann"].OID, Roles: []string{"TREUser"}, Groups: []string{cohort}},
			{Key: "mia", Name: "Mia", Email: "mia@example.org", OID: people["mia"].OID, Roles: []string{"TREUser"}, Groups: crowd},
		},
		Clients: []issuer.Client{{ID: "cli", Native: true}, {ID: "robot", Secret: "s", Service: true, Roles: []string{"TREUser"}}}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func verifierOf(t *testing.T, s *issuer.Server) *identity.Verifier {
	t.Helper()
	v, err := identity.New(identity.Settings{Issuers: []string{s.URL()}, Audiences: []string{apiID, "api://" + apiID}, Tenants: []string{issuer.Tenant}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestGroups follows groups from the token, and from the directory where they
// do not fit, to the caller.
func TestGroups(t *testing.T) {
	t.Parallel()
	s := provider(t)
	v := verifierOf(t, s)
	away := errors.New("away")
	quiet := slog.New(slog.DiscardHandler)
	for _, tt := range []struct {
		name, who string
		directory api.Groups
		want      []string
		unknown   bool
	}{
		{name: "in the token: the directory is not asked", who: "ann", directory: registers{err: away}, want: []string{cohort}},
		{name: "more than fit", who: "mia", directory: registers{groups: []string{cohort, "other"}}, want: []string{cohort, "other"}},
		{name: "more than fit, the directory away", who: "mia", directory: registers{err: away}, unknown: true},
		{name: "more than fit, no directory", who: "mia"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			token, err := s.Token(t.Context(), tt.who)
			if err != nil {
				t.Fatal(err)
			}
			got, err := api.Identity(v, tt.directory, quiet).Verify(t.Context(), token)
			if err != nil || !slices.Equal(got.Groups, tt.want) || got.GroupsUnknown != tt.unknown {
				t.Errorf("groups %v, unknown %t, error %v", got.Groups, got.GroupsUnknown, err)
			}
		})
	}
}

// TestGroupsUnknown: who has a role of their own keeps it while nobody can tell
// their groups; what only a group could allow is 503, not 403 or 404.
func TestGroupsUnknown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const groupless = "55555555-5555-4555-8555-555555555555"
	b.must(b.store.PutWorkspace(t.Context(), airlock.Workspace{ID: groupless, Deployed: true, EnableAirlock: true}))
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: here, OID: cohort, Group: true, Role: access.AirlockManager}))
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: there, OID: cohort, Group: true, Role: access.WorkspaceResearcher}))
	inReview := b.stage(airlock.InReview)
	draft := b.draft() // of Ann's
	unknown := func(name string) {
		p := people[name]
		p.GroupsUnknown = true
		b.settings.Verifier = only{p}
		b.handler = api.Reused(b.t, b.settings)
	}
	check := func(what, method, path, body string, want int) {
		t.Helper()
		w := b.call(method, path, "x", body)
		if w.Code != want {
			t.Errorf("%s: %d, want %d: %s", what, w.Code, want, w.Body)
		}
		if want == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", what)
		}
	}
	unknown("bob")
	check("a researcher makes a request", "POST", list(here), creation, http.StatusCreated)
	check("a researcher lists", "GET", list(here), "", http.StatusOK)
	check("a researcher would decide", "POST", inReview+"/review", bodies["review"], http.StatusServiceUnavailable)
	check("a colleague's draft, which managers do not see either", "GET", draft, "", http.StatusNotFound)
	check("a workspace where a group has the role", "GET", list(there), "", http.StatusServiceUnavailable)
	check("a workspace where a group has another role", "GET", list(there)+"/"+none+"/sealed-link", "", http.StatusNotFound)
	check("a workspace where no group has a role", "GET", list(groupless), "", http.StatusNotFound)
	check("a workspace that is not there", "GET", list(none), "", http.StatusNotFound)
	check("the workspaces that are known", "GET", "/api/workspaces", "", http.StatusOK)
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: here, OID: strings.Replace(cohort, "d1", "d9", 1), Group: true, Role: access.WorkspaceOwner}))
	check("a colleague's draft, which an owner would see", "GET", draft, "", http.StatusServiceUnavailable)
	unknown("guest")
	check("a role in the token comes from no group of ours", "GET", "/api/workspaces", "", http.StatusForbidden)
}

// only is a verifier that knows one person.
type only struct{ person access.Person }

func (o only) Verify(context.Context, string) (access.Person, error) { return o.person, nil }

// TestScope walks the way of AzureTRE's UI and CLI: ask a workspace for its
// scope, then the provider for a token of that scope, then the workspace.
func TestScope(t *testing.T) {
	t.Parallel()
	s := provider(t)
	b := newBench(t)
	path := b.stage(airlock.InReview)
	robot := issuer.Client{ID: "robot"}.ObjectID()
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: here, OID: robot, Role: access.WorkspaceResearcher}))
	b.must(b.store.PutMember(t.Context(), access.Membership{Workspace: here, OID: robot, Role: access.AirlockManager}))
	b.settings.Verifier, b.settings.ScopeID = api.Identity(verifierOf(t, s), nil, nil), "api://"+apiID
	b.handler = api.Reused(b.t, b.settings)
	first, err := s.Token(t.Context(), "ann")
	b.must(err)
	var ws struct {
		Auth struct {
			ScopeID string `json:"scopeId"`
		} `json:"workspaceAuth"`
	}
	w := b.call("GET", "/api/workspaces/"+here+"/scopeid", first, "")
	b.must(json.Unmarshal(w.Body.Bytes(), &ws))
	if w.Code != http.StatusOK || ws.Auth.ScopeID != "api://"+apiID {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	p, err := oidc.NewProvider(t.Context(), s.URL())
	b.must(err)
	end := p.Endpoint()
	end.AuthStyle = oauth2.AuthStyleInParams

	c := oauth2.Config{ClientID: "cli", Endpoint: end, Scopes: []string{ws.Auth.ScopeID + "/user_impersonation"}}
	started, err := c.DeviceAuth(t.Context())
	b.must(err)
	resp, err := http.PostForm(s.DeviceURL(), s.DeviceForm(started.UserCode, "ann"))
	b.must(err)
	b.must(resp.Body.Close())
	person, err := c.DeviceAccessToken(t.Context(), started)
	b.must(err)
	if w := b.call("POST", list(here), person.AccessToken, creation); w.Code != http.StatusCreated {
		t.Errorf("device code: %d %s", w.Code, w.Body)
	}

	app := clientcredentials.Config{ClientID: "robot", ClientSecret: "s", TokenURL: end.TokenURL, AuthStyle: oauth2.AuthStyleInParams,
		Scopes: []string{ws.Auth.ScopeID + "/.default"}}
	program, err := app.Token(t.Context())
	b.must(err)
	for _, tt := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"a program lists its workspaces", "GET", "/api/workspaces", "", http.StatusOK},
		{"a program makes a request", "POST", list(here), creation, http.StatusCreated},
		{"a program reads what it manages", "GET", path, "", http.StatusOK},
		{"a program never decides, though it has the role", "POST", path + "/review", bodies["review"], http.StatusForbidden},
		{"a program never returns either", "POST", path + "/return", bodies["return"], http.StatusForbidden},
		{"a program has no role elsewhere", "GET", list(there), "", http.StatusNotFound},
	} {
		if w := b.call(tt.method, tt.path, program.AccessToken, tt.body); w.Code != tt.want {
			t.Errorf("%s: %d, want %d: %s", tt.name, w.Code, tt.want, w.Body)
		}
	}
}
