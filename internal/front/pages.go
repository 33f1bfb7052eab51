package front

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/backing"
	"github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/config"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/identity"
	"github.com/trefoil-tre/trefoil/internal/identity/seal"
	"github.com/trefoil-tre/trefoil/internal/identity/signin"
	"github.com/trefoil-tre/trefoil/internal/portal"
)

// addPages adds what people reach: the API and the portal. Nobody is asked
// anything here, so that the handler starts while its issuer is down.
func addPages(app *azfunc.App, settings Settings, people *desk.Desk, members *roster.Roster, s backing.State, m *health.Monitor) error {
	c := settings.Config
	verifier, err := newVerifier(c)
	if err != nil {
		return err
	}
	graph, err := newDirectory(c.People)
	if err != nil {
		return err
	}
	if graph != nil {
		members.Ports.Directory = graph
		m.Ports.Others = append(m.Ports.Others, health.Check{Service: "Directory", Probe: answers(graph)})
	}
	groups, err := newGroups(c.People, graph)
	if err != nil {
		return err
	}
	things, err := newResources(c, people, s)
	if err != nil {
		return err
	}
	meter := &calls.Meter{Buckets: s.Store, Now: time.Now, Rate: float64(c.API.Rate), Burst: c.API.Burst, Block: c.API.RateBlock}
	app.HTTP("api", atFirstCall(func() http.Handler {
		return api.New(api.Settings{Desk: people, Roster: members, Resources: things, Verifier: api.Identity(verifier, groups, app.Log),
			ScopeID: scopeID(c.SignIn.Audience), Now: time.Now, Log: app.Log,
			Checks: m.Checks(), Details: m.Details, Health: api.HealthTimes{Probe: c.Health.Probe, Life: c.Health.Life},
			Metadata: metadata(c.SignIn, settings.Version), Limits: limits(c.API), Origins: c.API.Origins, Keys: s.Store,
			Meter: meter})
	}))
	pages, err := newPortal(c, verifier, portal.Settings{Desk: people, Roster: members, Resources: things, Groups: inGroups(groups, people.Log),
		Meter: meter, Now: time.Now, Log: people.Log})
	if err != nil {
		return err
	}
	app.HTTP("portal", pages)
	return nil
}

// atFirstCall is a handler that is built when its first call comes: the API's
// description takes milliseconds, in which a handler that was started for an
// event would answer nobody.
func atFirstCall(build func() http.Handler) http.Handler {
	once := sync.OnceValue(build)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { once().ServeHTTP(w, r) })
}

// limits are those of the settings.
func limits(c config.API) api.Limits {
	return api.Limits{Body: c.MaxBody, Template: c.MaxTemplate, Depth: c.MaxDepth, Header: c.MaxHeaders, Time: c.Timeout, Key: c.KeyLife, List: c.MaxList}
}

// newPortal adds to a portal's settings what people sign in with.
func newPortal(c config.Config, verifier *identity.Verifier, s portal.Settings) (http.Handler, error) {
	settings := signin.Settings{ClientID: c.SignIn.ClientID, ClientSecret: c.SignIn.ClientSecret.Reveal(),
		RedirectURL: string(c.SignIn.PortalURL) + portal.Callback, Now: time.Now}
	if c.SignIn.ClientID != c.SignIn.Audience { // two registrations: the API's roles are in its own access token
		settings.APIScope = scope(c.SignIn.Audience)
	}
	var err error
	if s.SignIn, err = signin.New(settings, verifier); err != nil {
		return nil, err
	}
	keys, err := cookieKeys(c.SignIn.CookieKeys)
	if err != nil {
		return nil, err
	}
	if s.Seal, err = seal.New(keys, time.Now); err != nil {
		return nil, err
	}
	s.URL, s.Session = string(c.SignIn.PortalURL), c.SignIn.Session
	return portal.New(s)
}

// cookieKeys are the settings' keys as the cipher needs them.
func cookieKeys(secrets config.Secrets) (string, error) {
	keys, err := seal.Keys(secrets.Reveal(), "trefoil cookie key")
	if err != nil {
		return "", fmt.Errorf("TRE_COOKIE_KEYS: %w", err)
	}
	return keys, nil
}
