// Package issuer is a stand-in for Entra ID on one machine: an OpenID Connect
// provider with a fixed list of people, whose access tokens have the claims of
// Entra's. It asks for no password and must never be reachable from outside.
package issuer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"
)

// User is somebody who can sign in.
type User struct {
	Key   string   // short name, e.g. "researcher"; the token route's form field
	Name  string   // display name
	Email string   // also preferred_username
	OID   string   // object id, a UUID; derived from Key if empty
	Roles []string // app roles, e.g. TREAdmin, TREUser
	// Groups are object ids of security groups. A token carries up to 200 of
	// them; of more it says where to ask, as Entra's.
	Groups []string
}

// Client is an application that signs people in.
type Client struct {
	ID        string
	Secret    string   // "" for a public client, which must use PKCE
	Redirects []string // exact addresses; a Native one's loopback port may differ
	Native    bool     // a program with a loopback redirect or a device code, such as the CLI
	Service   bool     // a program that also acts for itself, with Secret (client credentials)
	Roles     []string // app roles that a Service has itself
	SignedOut []string // where a browser may go after signing out
}

// Config describes the provider. A zero value means its default.
type Config struct {
	Listen   string           // default "127.0.0.1:0"
	Audience string           // the API's client id: `aud` of access tokens; required
	Tenant   string           // `tid`; default a fixed UUID
	Users    []User           // at least one
	Clients  []Client         // who may send people here
	Lifetime time.Duration    // of tokens; default 1 h, Entra's shortest usual
	Now      func() time.Time // required
	Logger   *slog.Logger     // default: silent
}

// Tenant is the directory of tokens whose Config names none.
const Tenant = "0c6d1f64-3d0c-4f5e-9a55-7b0e0f1c2d3e"

// Server is a provider that is running.
type Server struct {
	config   Config
	url      string
	http     *http.Server
	provider *op.Provider
	store    *store
}

// Start serves a provider until ctx ends or Close is called.
func Start(ctx context.Context, c Config) (*Server, error) {
	c, err := c.complete()
	if err != nil {
		return nil, fmt.Errorf("issuer config: %w", err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	s := &Server{config: c, url: "http://localhost:" + strconv.Itoa(port)}
	if s.store, err = newStore(c); err == nil {
		s.provider, err = newProvider(s.url, s.store, c.Logger)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("issuer: %w", err), listener.Close())
	}
	s.http = &http.Server{Handler: s.routes(port), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			c.Logger.ErrorContext(ctx, "issuer ended", slog.Any("error", err))
		}
	}()
	context.AfterFunc(ctx, func() { _ = s.http.Close() })
	return s, nil
}

// complete fills defaults and checks the rest.
func (c Config) complete() (Config, error) {
	if c.Audience == "" || len(c.Users) == 0 || c.Now == nil {
		return c, errors.New("audience, users and clock are required")
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Tenant == "" {
		c.Tenant = Tenant
	}
	if c.Lifetime <= 0 {
		c.Lifetime = time.Hour
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	users := make([]User, len(c.Users))
	seen := map[string]bool{}
	for i, u := range c.Users {
		if u.Key == "" || seen[u.Key] {
			return c, fmt.Errorf("user %q: key empty or used twice", u.Key)
		}
		seen[u.Key] = true
		if u.OID == "" {
			u.OID = uuid.NewSHA1(uuid.MustParse(Tenant), []byte(u.Key)).String()
		}
		users[i] = u
	}
	c.Users = users
	return c, nil
}

func newProvider(url string, s *store, log *slog.Logger) (*op.Provider, error) {
	return op.NewProvider(&op.Config{
		CryptoKey:             s.cryptoKey,
		CodeMethodS256:        true,
		AuthMethodPost:        true,
		GrantTypeRefreshToken: true,
		SupportedUILocales:    []language.Tag{language.English},
		DeviceAuthorization: op.DeviceAuthorizationConfig{Lifetime: deviceLife, PollInterval: time.Second,
			UserFormPath: devicePath, UserCode: op.UserCodeBase20},
	}, s, op.StaticIssuer(url), op.WithAllowInsecure(), op.WithLogger(log))
}

// routes adds sign-in page and token route to the provider's own.
func (s *Server) routes(port int) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", s.scoped(s.provider))
	mux.HandleFunc("GET /{$}", s.home)
	mux.HandleFunc("GET /login", s.login)
	mux.HandleFunc("POST /login", s.chosen)
	mux.HandleFunc("GET "+devicePath, s.devicePage)
	mux.HandleFunc("POST "+devicePath, s.deviceChosen)
	mux.HandleFunc("POST "+tokenPath, s.token)
	hosts := map[string]bool{}
	for _, name := range []string{"localhost", "127.0.0.1"} {
		hosts[net.JoinHostPort(name, strconv.Itoa(port))] = true
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A foreign name that resolves to this machine is a web page at work.
		if !hosts[r.Host] {
			http.Error(w, "unknown host", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// URL is the issuer: `iss` of its tokens, without a slash at the end. It names
// localhost, so that a portal at 127.0.0.1 is another site, as Entra is.
func (s *Server) URL() string { return s.url }

// TokenURL is where a form posted gets an access token; see TokenForm.
func (s *Server) TokenURL() string { return s.url + tokenPath }

// TokenForm is what to post to TokenURL for one user's access token. The answer
// is {"access_token": …, "token_type": "Bearer", "expires_in": seconds}.
func (s *Server) TokenForm(userKey string) url.Values { return url.Values{"user": {userKey}} }

// DeviceURL is where a person types the code that a program shows. Posting
// DeviceForm to it signs the person in without a browser.
func (s *Server) DeviceURL() string { return s.url + devicePath }

// DeviceForm is what to post to DeviceURL for one user to sign in with a code.
func (s *Server) DeviceForm(userCode, userKey string) url.Values {
	return url.Values{"user_code": {userCode}, "user": {userKey}}
}

// Users are the people of the directory, with their object ids.
func (s *Server) Users() []User { return s.store.userList() }

// Rotate signs with a new key from now on; the old one stays published.
func (s *Server) Rotate() error { return s.store.rotate() }

// Retire withdraws every key but the one that signs.
func (s *Server) Retire() { s.store.retire() }

// Close ends the provider.
func (s *Server) Close() error { return s.http.Close() }
