package eventgrid

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/authority"
	"github.com/trefoil-tre/trefoil/internal/local/background"
)

// ErrNoTopic is a topic that was never added.
var ErrNoTopic = errors.New("no such event grid topic")

// Config says how the stand-in behaves. The zero value is Azure on a good day.
type Config struct {
	// Listen is a loopback address. Default 127.0.0.1:0, any free port.
	Listen string
	// CAFile is where the certificate authority is written as PEM, for clients to trust. Empty: nowhere; see CA.
	CAFile string
	// Times are the intervals. Zero: RealTimes.
	Times Times
	// Unkind is what goes wrong from the start.
	Unkind Unkind
	// AuthorizeToken says whether a bearer token (without the word Bearer) may publish to a topic. Nil: none may.
	AuthorizeToken func(topic, token string) bool
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log tells of deliveries at debug level and of dropped events as warnings. Default: nobody.
	Log *slog.Logger
}

// Server is a running Event Grid stand-in.
type Server struct {
	cfg     Config
	url     string
	ca      []byte
	leaf    tls.Certificate
	server  *http.Server
	client  *http.Client
	work    *background.Group
	pending atomic.Int64

	mu     sync.Mutex
	topics map[string]*topic
	unkind Unkind
	random *mathrand.Rand
}

// topic is a name, its key, and who listens.
type topic struct {
	id, key       string
	subscriptions []*subscriber
}

// Start listens with a certificate of its own and serves until Close.
func Start(cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	certificate, ca, err := authority.New(cfg.Now())
	if err != nil {
		return nil, err
	}
	if cfg.CAFile != "" {
		if err := os.WriteFile(cfg.CAFile, ca, 0o644); err != nil {
			return nil, fmt.Errorf("CA file: %w", err)
		}
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, url: "https://" + listener.Addr().String(), ca: ca, leaf: certificate, topics: map[string]*topic{},
		work: background.New(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	}
	s.SetUnkind(cfg.Unkind)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{topic}/api/events", s.receive)
	s.server = &http.Server{
		Handler: mux, ReadHeaderTimeout: 30 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12},
		ErrorLog:  slog.NewLogLogger(cfg.Log.Handler(), slog.LevelDebug),
	}
	go func() { _ = s.server.ServeTLS(listener, "", "") }() // ends with ErrServerClosed
	return s, nil
}

// CA is the certificate authority as PEM.
func (s *Server) CA() []byte { return s.ca }

// Certificate is the server's, for other stand-ins of this machine: whoever trusts CA trusts them too.
func (s *Server) Certificate() tls.Certificate { return s.leaf }

// URL is the base URL, https.
func (s *Server) URL() string { return s.url }

// Close stops serving. Deliveries and retries under way are lost, as nothing is kept on disk.
func (s *Server) Close() error {
	err := s.server.Close()
	s.work.Close()
	s.client.CloseIdleConnections()
	return err
}

// Pending is the number of deliveries that have neither succeeded nor been given up.
func (s *Server) Pending() int { return int(s.pending.Load()) }

// SetUnkind changes what goes wrong from now on; the seed starts anew.
func (s *Server) SetUnkind(u Unkind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unkind, s.random = u, mathrand.New(mathrand.NewPCG(u.Seed, u.Seed))
}

// AddTopic makes a topic under a short name and returns the endpoint and the key of its publishers. id is the
// resource id that its events carry; events that come with a topic of their own keep it when published in process.
func (s *Server) AddTopic(name, id string) (endpoint, key string) {
	secret := make([]byte, 32)
	rand.Read(secret) // never fails
	key = base64.StdEncoding.EncodeToString(secret)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.topics[name] = &topic{id: id, key: key}
	return s.url + "/" + name + "/api/events", key
}

// Publish takes events in process, as system topics do. It fails with ErrNoTopic and does not wait for deliveries.
func (s *Server) Publish(name string, events ...Event) error {
	s.mu.Lock()
	t, ok := s.topics[name]
	s.mu.Unlock()
	if !ok {
		return fmt.Errorf("%w: %s", ErrNoTopic, name)
	}
	for _, e := range events {
		if e.Topic == "" {
			e.Topic = t.id
		}
		e.MetadataVersion = "1"
		s.route(t, e)
	}
	return nil
}

// route starts a delivery for every subscription whose filter the event passes.
func (s *Server) route(t *topic, e Event) {
	s.mu.Lock()
	subscriptions := t.subscriptions
	s.mu.Unlock()
	for _, sub := range subscriptions {
		if !sub.Filter.Match(e) {
			continue
		}
		for _, delay := range s.fate() {
			s.pending.Add(1)
			s.work.Go(func(ctx context.Context) {
				defer s.pending.Add(-1)
				s.deliver(ctx, sub, e, delay)
			})
		}
	}
}

// fate is the delay of each delivery of one event: usually one, none when it gets lost.
func (s *Server) fate() []time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.random.Float64() < s.unkind.Lose {
		return nil
	}
	delays := []time.Duration{0}
	if s.random.Float64() < s.unkind.Duplicate {
		delays = append(delays, 0)
	}
	if s.unkind.MaxDelay > 0 {
		for i := range delays {
			delays[i] = time.Duration(s.random.Int64N(int64(s.unkind.MaxDelay)))
		}
	}
	return delays
}

func (cfg Config) withDefaults() Config {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	if cfg.Times.Retry == nil {
		cfg.Times = RealTimes()
	}
	if cfg.AuthorizeToken == nil {
		cfg.AuthorizeToken = func(string, string) bool { return false }
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}
