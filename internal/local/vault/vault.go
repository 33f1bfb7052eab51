// Package vault stands in for a Key Vault on one machine: the data plane of its secrets over TLS, with the challenge
// that azsecrets answers, versions, soft deletion, and a record of who read what. It must never be reachable from
// outside.
// What it imitates: https://learn.microsoft.com/rest/api/keyvault/secrets/operation-groups
package vault

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/authority"
)

// Config says how the stand-in behaves. The zero value is a vault without secrets that everybody may use.
type Config struct {
	// Listen is a loopback address. Default 127.0.0.1:0, any free port.
	Listen string
	// ID is the vault's resource id, by which parameters of templates refer to it. Default: one in group "local".
	ID string
	// Certificate is the server's. Default: one of a CA of its own; see CA.
	Certificate tls.Certificate
	// Tenant is told in the challenge, a UUID. Default: zeros.
	Tenant string
	// Resource is the audience that the challenge asks for. Default https://vault.azure.net.
	Resource string
	// Authorize tells the object id of a bearer token's owner. Default: every token is good and names its owner.
	Authorize func(token string) (principal string, ok bool)
	// Allow says whether a principal may do an action: get, list, set, delete, recover or purge. Default: all may do all.
	Allow func(principal, action string) bool
	// Settle is how long a deletion or a recovery takes, during which the name answers 409. Default: no time.
	Settle time.Duration
	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Read is one reading of a value.
type Read struct{ Principal, Name, Version string }

// Server is a running vault.
type Server struct {
	cfg  Config
	url  string
	ca   []byte
	http *http.Server

	mu      sync.Mutex
	secrets map[string]*secret // by lower-case name
	reads   []Read
}

// keptReads is how many readings are remembered.
const keptReads = 10_000

// Start listens and serves until Close.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	var ca []byte
	if cfg.Certificate.Certificate == nil {
		var err error
		if cfg.Certificate, ca, err = authority.New(cfg.Now()); err != nil {
			return nil, err
		}
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, url: "https://" + listener.Addr().String(), ca: ca, secrets: map[string]*secret{}}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 30 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cfg.Certificate}, MinVersion: tls.VersionTLS12},
		ErrorLog:  slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	go func() { _ = s.http.ServeTLS(listener, "", "") }() // ends with ErrServerClosed
	return s, nil
}

// URL is the vault's address.
func (s *Server) URL() string { return s.url }

// ID is the vault's resource id.
func (s *Server) ID() string { return s.cfg.ID }

// CA is the certificate authority as PEM; nil when Config brought the certificate.
func (s *Server) CA() []byte { return s.ca }

// Close stops serving.
func (s *Server) Close() error { return s.http.Close() }

// Reads are the readings of values, the oldest first, through the API and by Secret.
func (s *Server) Reads() []Read {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.reads)
}

// Names are the secrets that are kept and not deleted, in order.
func (s *Server) Names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, k := range s.sorted() {
		if sec := s.secrets[k]; sec.deleted.IsZero() {
			out = append(out, sec.name)
		}
	}
	return out
}

// Errors of Secret.
var (
	errVault  = errors.New("the vault does not exist")
	errSecret = errors.New("a secret with this name and version was not found in this key vault")
)

// Secret reads a secret for a parameter of a template, as Resource Manager does: it is what arm.Config.Secret takes.
func (s *Server) Secret(vaultID, name, version string) (string, error) {
	if !strings.EqualFold(vaultID, s.cfg.ID) {
		return "", errVault
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.version(name, version)
	if v == nil || !v.enabled {
		return "", errSecret
	}
	s.noteRead(Read{"Resource Manager", name, v.id})
	return v.value, nil
}

// Recall puts a version of a secret back that an earlier run gave out under an id, with another value. An id that is none
// is passed over.
func (s *Server) Recall(id, value string) {
	_, path, ok := strings.Cut(id, "/secrets/")
	name, version, named := strings.Cut(path, "/")
	if !ok || !named || !validName.MatchString(name) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version(name, version) != nil {
		return
	}
	s.add(name, version, value)
}

// noteRead remembers a reading. The lock is held.
func (s *Server) noteRead(r Read) {
	if s.reads = append(s.reads, r); len(s.reads) > keptReads {
		s.reads = s.reads[1:]
	}
}

func (cfg Config) withDefaults() Config {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.ID == "" {
		cfg.ID = "/subscriptions/local/resourceGroups/local/providers/Microsoft.KeyVault/vaults/local"
	}
	if cfg.Tenant == "" {
		cfg.Tenant = "00000000-0000-0000-0000-000000000000"
	}
	if cfg.Resource == "" {
		cfg.Resource = "https://vault.azure.net"
	}
	if cfg.Authorize == nil {
		cfg.Authorize = func(token string) (string, bool) { return token, true }
	}
	if cfg.Allow == nil {
		cfg.Allow = func(string, string) bool { return true }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return cfg
}
