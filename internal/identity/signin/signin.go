// Package signin signs people in to the portal: OpenID Connect's authorization
// code flow with PKCE, state and nonce. It keeps nothing: what must survive
// between start and finish is returned, to be sealed into a cookie.
package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/trefoil-tre/trefoil/internal/identity"
)

var (
	// ErrDeclined says that the person or the directory said no: show the
	// sign-in page again.
	ErrDeclined = errors.New("sign-in declined")
	// ErrStale says that this answer belongs to no sign-in under way here (old,
	// repeated, or somebody else's): start again.
	ErrStale = errors.New("sign-in not under way")
)

// Settings describe the portal to the identity provider.
type Settings struct {
	ClientID     string // application (client) id of the portal
	ClientSecret string // "" for a public client: PKCE alone
	RedirectURL  string // where the provider sends people back, absolute
	// APIScope is what the portal asks for beside the sign-in, e.g.
	// api://<client id>/user_impersonation. If set, roles come from that access
	// token; else from the ID token, right where portal and API are one app
	// registration.
	APIScope string
	// Life is how long a sign-in may take. Default 15 min: somebody may have to
	// find a phone.
	Life time.Duration
	Now  func() time.Time // the clock; required
	// Client talks to the token endpoint. Default: 10 s time-out, no redirects.
	Client *http.Client
}

// Flow signs people in. It is safe for concurrent use.
type Flow struct {
	settings Settings
	verifier *identity.Verifier
}

// New returns a flow that trusts v. It fetches nothing.
func New(s Settings, v *identity.Verifier) (*Flow, error) {
	u, err := url.Parse(s.RedirectURL)
	switch {
	case s.ClientID == "":
		return nil, errors.New("sign-in settings: client id missing")
	case err != nil || !u.IsAbs() || u.Host == "":
		return nil, fmt.Errorf("sign-in settings: redirect url %q not absolute", s.RedirectURL)
	case s.Now == nil || v == nil:
		return nil, errors.New("sign-in settings: clock or verifier missing")
	}
	if s.Life <= 0 {
		s.Life = 15 * time.Minute
	}
	if s.Client == nil {
		s.Client = &http.Client{
			Timeout:       10 * time.Second,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	}
	return &Flow{settings: s, verifier: v}, nil
}

// Pending is a sign-in under way. It belongs in a sealed cookie of the browser
// that started it: State and Nonce tie the answer to that browser, Verifier to
// this portal.
type Pending struct {
	State    string    `json:"s"`
	Nonce    string    `json:"n"`
	Verifier string    `json:"v"` // PKCE code verifier (RFC 7636)
	ReturnTo string    `json:"r"` // local path to show afterwards
	Started  time.Time `json:"t"`
}

// Start begins a sign-in that ends at returnTo, a path of the portal; anything
// else becomes "/". It returns where to send the browser. Errors wrap
// identity.ErrUnavailable.
func (f *Flow) Start(ctx context.Context, returnTo string) (string, Pending, error) {
	config, err := f.config(ctx)
	if err != nil {
		return "", Pending{}, err
	}
	p := Pending{
		State:    rand.Text(),
		Nonce:    rand.Text(),
		Verifier: oauth2.GenerateVerifier(),
		ReturnTo: LocalPath(returnTo),
		Started:  f.settings.Now(),
	}
	address := config.AuthCodeURL(p.State,
		oauth2.S256ChallengeOption(p.Verifier),
		oauth2.SetAuthURLParam("nonce", p.Nonce),
		oauth2.SetAuthURLParam("response_mode", "query"),
	)
	return address, p, nil
}

// Finish takes the query that the provider sent the browser back with and
// returns who signed in. Errors wrap ErrDeclined, ErrStale, identity.ErrToken
// or identity.ErrUnavailable, or are the context's.
func (f *Flow) Finish(ctx context.Context, p Pending, answer url.Values) (identity.Person, error) {
	if err := f.belongs(p, answer); err != nil {
		return identity.Person{}, err
	}
	if code := answer.Get("error"); code != "" {
		return identity.Person{}, fmt.Errorf("provider answered %q: %w", short(code), ErrDeclined)
	}
	code := answer.Get("code")
	if code == "" {
		return identity.Person{}, fmt.Errorf("answer without code: %w", ErrStale)
	}
	config, err := f.config(ctx)
	if err != nil {
		return identity.Person{}, err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, f.settings.Client)
	tokens, err := config.Exchange(ctx, code, oauth2.VerifierOption(p.Verifier))
	if err != nil {
		return identity.Person{}, exchangeError(ctx, err)
	}
	return f.person(ctx, p, tokens)
}

// belongs reports an answer that is not this pending sign-in's.
func (f *Flow) belongs(p Pending, answer url.Values) error {
	if p.State == "" || len(answer["state"]) != 1 ||
		subtle.ConstantTimeCompare([]byte(answer.Get("state")), []byte(p.State)) != 1 {
		return fmt.Errorf("state differs: %w", ErrStale)
	}
	if age := f.settings.Now().Sub(p.Started); age < 0 || age > f.settings.Life {
		return fmt.Errorf("started %s ago: %w", age.Round(time.Second), ErrStale)
	}
	return nil
}

// person checks the tokens and puts together who they speak for.
func (f *Flow) person(ctx context.Context, p Pending, tokens *oauth2.Token) (identity.Person, error) {
	raw, _ := tokens.Extra("id_token").(string)
	who, err := f.verifier.VerifyID(ctx, raw, identity.Binding{
		ClientID: f.settings.ClientID, Nonce: p.Nonce, AccessToken: tokens.AccessToken,
	})
	if err != nil {
		return identity.Person{}, fmt.Errorf("id token: %w", err)
	}
	if f.settings.APIScope == "" {
		return who, nil
	}
	access, err := f.verifier.Verify(ctx, tokens.AccessToken)
	if err != nil {
		return identity.Person{}, fmt.Errorf("access token: %w", err)
	}
	if access.OID != who.OID {
		return identity.Person{}, fmt.Errorf("access token is another person's: %w", identity.ErrToken)
	}
	who.Roles, who.Groups, who.MoreGroups = access.Roles, access.Groups, access.MoreGroups
	return who, nil
}

// SignOut returns where a browser goes to end its session at the provider and
// come back to after, or "" if the provider has no such place. Errors wrap
// identity.ErrUnavailable.
func (f *Flow) SignOut(ctx context.Context, after string) (string, error) {
	ends, err := f.verifier.Endpoints(ctx)
	if err != nil || ends.EndSession == "" {
		return "", err
	}
	u, err := url.Parse(ends.EndSession)
	if err != nil {
		return "", fmt.Errorf("end session address: %w: %w", identity.ErrUnavailable, err)
	}
	q := u.Query()
	q.Set("client_id", f.settings.ClientID)
	q.Set("post_logout_redirect_uri", after)
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func (f *Flow) config(ctx context.Context) (oauth2.Config, error) {
	ends, err := f.verifier.Endpoints(ctx)
	if err != nil {
		return oauth2.Config{}, err
	}
	scopes := []string{"openid", "profile", "email"}
	if f.settings.APIScope != "" {
		scopes = append(scopes, f.settings.APIScope)
	}
	// Said outright, or x/oauth2 tries both ways and spends the one-use code.
	ends.AuthStyle = oauth2.AuthStyleInParams
	return oauth2.Config{
		ClientID:     f.settings.ClientID,
		ClientSecret: f.settings.ClientSecret,
		RedirectURL:  f.settings.RedirectURL,
		Endpoint:     ends.Endpoint,
		Scopes:       slices.Clip(scopes),
	}, nil
}

// exchangeError tells a code that was not taken (used, too old) from a provider
// that is down or does not know this portal. The provider's text stays out: it
// may quote the request.
func exchangeError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	said, ok := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case !ok:
		return fmt.Errorf("code exchange: no answer: %w", identity.ErrUnavailable)
	case said.ErrorCode == "invalid_grant": // RFC 6749, 5.2
		return fmt.Errorf("code exchange: code not taken: %w", ErrStale)
	}
	return fmt.Errorf("code exchange: status %d, %q: %w", said.Response.StatusCode, short(said.ErrorCode), identity.ErrUnavailable)
}

// short bounds what is quoted of a provider's answer.
func short(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), 64)], "")
}
