package signin

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/azlogin"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
)

// The ways to sign in, with AzureTRE's names where it has them.
const (
	MethodDevice      = "device-code"
	MethodInteractive = "interactive"
	MethodClient      = "client-credentials"
	MethodManaged     = "managed-identity"
	MethodLocal       = "local"
)

// Signer connects commands with the profile in use. It implements cli.Signer.
type Signer struct {
	c  *cli.Context
	mu sync.Mutex // one renewal at a time in this process
	// managed gets a token of the machine's identity.
	managed func(ctx context.Context, clientID, scope string) (string, time.Time, error)
}

// New returns the signer of a context.
func New(c *cli.Context) *Signer { return &Signer{c: c, managed: azlogin.Token} }

// Store is where profiles and tokens are kept: TRE_CONFIG_DIR, else the
// system's folder for configuration.
func (s *Signer) Store() (profile.Store, error) {
	if dir := s.c.Getenv("TRE_CONFIG_DIR"); dir != "" {
		return profile.Store{Dir: dir, Keyring: s.c.Keyring}, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return profile.Store{}, fmt.Errorf("configuration: %w; set TRE_CONFIG_DIR", err)
	}
	return profile.Store{Dir: filepath.Join(dir, "tre"), Keyring: s.c.Keyring}, nil
}

// Wanted is the name of the profile that was asked for; "" means the current.
func (s *Signer) Wanted() string {
	if s.c.Options.Profile != "" {
		return s.c.Options.Profile
	}
	return s.c.Getenv("TRE_PROFILE")
}

// Profile is the profile in use and its name.
func (s *Signer) Profile() (string, profile.Profile, error) {
	store, err := s.Store()
	if err != nil {
		return "", profile.Profile{}, err
	}
	file, err := store.Load()
	if err != nil {
		return "", profile.Profile{}, err
	}
	name := s.Wanted()
	if name == "" {
		name = file.Current
	}
	if name == "" {
		return "", profile.Profile{}, cli.NotSignedIn()
	}
	p, ok := file.Profiles[name]
	if !ok {
		return "", profile.Profile{}, &cli.Error{Code: cli.SignedOut, Err: fmt.Errorf("there is no profile %q", name),
			Hint: "`tre auth status` lists profiles; `tre login URL --profile " + name + "` makes one"}
	}
	return name, p, nil
}

// Connection implements cli.Signer.
func (s *Signer) Connection(context.Context) (cli.Connection, error) {
	name, p, err := s.Profile()
	if err != nil {
		return cli.Connection{}, err
	}
	base := p.URL
	if p.Method == MethodLocal { // its ports are others after each start
		local, err := ReadLocal(p.LocalFile)
		if err != nil {
			return cli.Connection{}, &cli.Error{Code: cli.Unreachable, Err: err, Hint: "`tre login URL` signs in elsewhere, `--profile` chooses another sign-in"}
		}
		base = local.API
	}
	return cli.Connection{Base: base, Workspace: p.Workspace, Token: func(ctx context.Context) (string, error) { return s.Token(ctx, name, p) }}, nil
}

// early is how long before its end a token is renewed: longer than a call takes.
const early = 2 * time.Minute

func (s *Signer) fresh(session profile.Session) bool {
	return session.Access != "" && s.c.Now().Add(early).Before(session.Expiry)
}

// Token is an access token of the profile, renewed when it is about to end: by
// one process at a time, because a refresh token may work once only.
func (s *Signer) Token(ctx context.Context, name string, p profile.Profile) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	store, err := s.Store()
	if err != nil {
		return "", err
	}
	if kept, err := store.Session(name); err == nil && s.current(p, kept) {
		return kept.Access, nil
	}
	unlock, err := store.Lock(ctx, "session-"+name)
	if err != nil {
		return "", err
	}
	defer unlock()
	kept, err := store.Session(name)
	if err != nil && !errors.Is(err, profile.ErrNoSession) {
		return "", &cli.Error{Code: cli.SignedOut, Err: err, Hint: "sign in again: `tre login`"}
	}
	if s.current(p, kept) {
		return kept.Access, nil // another process was faster
	}
	renewed, err := s.renew(ctx, p, kept)
	if err != nil {
		if s.c.Now().Before(kept.Expiry) && cli.CodeOf(err) == cli.Unreachable {
			return kept.Access, nil // it is good for a moment yet
		}
		return "", err
	}
	if _, err := store.PutSession(name, renewed, p.Insecure); err != nil {
		return "", err
	}
	return renewed.Access, nil
}

// current tells whether the kept token can be used: not about to end, and of
// the local system that runs now.
func (s *Signer) current(p profile.Profile, kept profile.Session) bool {
	if p.Method == MethodLocal {
		if local, err := ReadLocal(p.LocalFile); err != nil || local.Issuer != kept.Issuer {
			return false
		}
	}
	return s.fresh(kept)
}

func (s *Signer) renew(ctx context.Context, p profile.Profile, kept profile.Session) (profile.Session, error) {
	r := Registration{Issuer: p.Issuer, ClientID: p.ClientID, Scope: p.Scope}
	switch {
	case p.Method == MethodLocal:
		local, err := ReadLocal(p.LocalFile)
		if err != nil {
			return profile.Session{}, &cli.Error{Code: cli.Unreachable, Err: err}
		}
		return local.SignIn(ctx, s.c.HTTP, p.User, s.c.Now())
	case p.Method == MethodManaged:
		return s.Managed(ctx, r)
	case kept.Secret != "":
		return ClientCredentials(ctx, s.c.HTTP, r, kept.Secret)
	case kept.Refresh == "":
		return profile.Session{}, ended(errRefused)
	}
	renewed, err := renew(ctx, s.c.HTTP, r, kept.Refresh)
	if errors.Is(err, errRefused) {
		return profile.Session{}, ended(err)
	}
	if renewed.Refresh == "" {
		renewed.Refresh = kept.Refresh // it stays good (RFC 6749, 6)
	}
	return renewed, err
}

func ended(err error) error {
	return &cli.Error{Code: cli.SignedOut, Err: err, Hint: "sign in again: `tre login`"}
}

// Managed signs in with the machine's managed identity.
func (s *Signer) Managed(ctx context.Context, r Registration) (profile.Session, error) {
	token, until, err := s.managed(ctx, r.ClientID, AppScope(r.Scope))
	return profile.Session{Access: token, Expiry: until, Issuer: r.Issuer}, err
}

// Client is what calls the issuer.
func (s *Signer) Client() *http.Client { return s.c.HTTP }
