package arm

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/background"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

// Tenant is the directory of subscriptions where Config names none.
const Tenant = "0c6d1f64-3d0c-4f5e-9a55-7b0e0f1c2d3e"

// Config says how the stand-in behaves. The zero value is Azure on a good day, without its waits.
type Config struct {
	// Listen is a loopback address. Default 127.0.0.1:0, any free port.
	Listen string
	// Tenant is the directory of the subscriptions, a UUID. Default Tenant.
	Tenant string
	// Pace is how long things take. Zero: no time.
	Pace Pace
	// Unkind is what goes wrong from the start.
	Unkind Unkind
	// Authorize tells the object id of a bearer token's owner (the token comes without the word Bearer). Default:
	// every token is good, and its owner is its claim oid, or the token itself.
	Authorize func(token string) (principal string, ok bool)
	// Secret reads a vault's secret for a parameter that refers to one; an empty version means the latest. Its error
	// is told to the caller. Default: no vault has any secret.
	Secret func(vaultID, name, version string) (string, error)
	// OnEvent takes every event of a subscription, in the Event Grid schema; it must not wait. Default: nobody.
	OnEvent func(eventgrid.Event)
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Wait passes the time that something takes, which is never nothing; it returns false when ctx ends before.
	// Default: a timer. A test lets time pass as it likes.
	Wait func(ctx context.Context, d time.Duration) bool
	// Log takes the HTTP server's own troubles at debug level. Default: nobody.
	Log *slog.Logger
}

// Pace is how long things take in Azure.
type Pace struct {
	// Resource is the time to create or update one resource of a template.
	Resource time.Duration
	// Delete is the time to delete one resource.
	Delete time.Duration
	// Machine is the time of an action on a virtual machine.
	Machine time.Duration
	// RetryAfter is what whoever polls is told to wait; rounded up to seconds, as Azure does, unless it is shorter.
	RetryAfter time.Duration
}

// RealPace is about Azure's.
func RealPace() Pace {
	return Pace{Resource: 4 * time.Second, Delete: 8 * time.Second, Machine: 40 * time.Second, RetryAfter: 15 * time.Second}
}

// Server is a running stand-in.
type Server struct {
	cfg  Config
	url  string
	http *http.Server
	work *background.Group

	mu    sync.Mutex
	state *state
	mood  *mood
}

// Start listens and serves until Close.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, url: "http://" + listener.Addr().String(), work: background.New(), state: newState(), mood: newMood(cfg.Unkind)}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 30 * time.Second,
		ErrorLog: slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug)}
	go func() { _ = s.http.Serve(listener) }() // ends with ErrServerClosed
	return s, nil
}

// URL is the endpoint and the audience of Resource Manager.
func (s *Server) URL() string { return s.url }

// Close stops serving. Operations under way end where they are.
func (s *Server) Close() error {
	err := s.http.Close()
	s.work.Close()
	return err
}

// SetUnkind changes what goes wrong from now on; seeds and counts start anew, and scripts are forgotten.
func (s *Server) SetUnkind(u Unkind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood = newMood(u)
}

// Script adds faults to what goes wrong; they come before those of SetUnkind.
func (s *Server) Script(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mood.script(faults)
}

// wait passes the time that something takes; false when the server closes meanwhile.
func (s *Server) wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	return s.cfg.Wait(ctx, d)
}

func timer(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (cfg Config) withDefaults() Config {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Tenant == "" {
		cfg.Tenant = Tenant
	}
	if cfg.Authorize == nil {
		cfg.Authorize = func(token string) (string, bool) { return owner(token), true }
	}
	if cfg.Secret == nil {
		cfg.Secret = func(string, string, string) (string, error) { return "", errNoVault }
	}
	if cfg.OnEvent == nil {
		cfg.OnEvent = func(eventgrid.Event) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Wait == nil {
		cfg.Wait = timer
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// owner is the claim oid of a token that is a JWT, unverified, or the token itself.
func owner(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return token
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		OID string `json:"oid"`
	}
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.OID == "" {
		return token
	}
	return claims.OID
}
