// Package directory is a stand-in for Microsoft Graph on one machine: the
// people and groups of the local provider, by the few routes that the product
// asks, and the managed identities that Azure's services are asked with. It fails on demand as Graph
// does, and must never be reachable from outside.
package directory

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// User is somebody in the directory, with Graph's names of things.
type User struct {
	ID            string `json:"id"` // a UUID
	DisplayName   string `json:"displayName"`
	PrincipalName string `json:"userPrincipalName"`
	Mail          string `json:"mail,omitempty"`
	Enabled       bool   `json:"accountEnabled"`

	Groups []string `json:"-"` // object ids of the groups that the person is in
}

// Config describes the directory.
type Config struct {
	Listen string // default "127.0.0.1:0"
	Users  []User
	Page   int              // people in one page at most; default 100
	Now    func() time.Time // required
}

// Server is a directory that is running.
type Server struct {
	config Config
	port   int
	http   *http.Server
	fault  atomic.Pointer[http.HandlerFunc]
	asked  atomic.Int64

	mu         sync.Mutex
	identities map[string]identity // by the header that asks for their tokens
}

// Start serves a directory until Close is called.
func Start(ctx context.Context, c Config) (*Server, error) {
	if c.Now == nil {
		return nil, errors.New("directory: a clock is required")
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:0"
	}
	if c.Page <= 0 {
		c.Page = 100
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("directory: %w", err)
	}
	s := &Server{config: c, port: listener.Addr().(*net.TCPAddr).Port, identities: map[string]identity{}}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(listener) }() // ends with Close
	return s, nil
}

// URL is the endpoint of Graph, without its version.
func (s *Server) URL() string { return "http://127.0.0.1:" + strconv.Itoa(s.port) }

// Asked is how often Graph was asked, whatever it answered.
func (s *Server) Asked() int { return int(s.asked.Load()) }

// Fail makes every answer of Graph the fault's; nil ends it.
func (s *Server) Fail(fault http.HandlerFunc) {
	if fault == nil {
		s.fault.Store(nil)
		return
	}
	s.fault.Store(&fault)
}

// Close ends the directory.
func (s *Server) Close() error { return s.http.Close() }

func (s *Server) routes() http.Handler {
	graph := http.NewServeMux()
	graph.HandleFunc("GET /v1.0/users", s.users)
	graph.HandleFunc("GET /v1.0/users/{id}", s.user)
	graph.HandleFunc("POST /v1.0/users/{id}/getMemberGroups", s.groups)
	graph.HandleFunc("POST /v1.0/users/{id}/getMemberObjects", s.groups)
	graph.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, http.StatusBadRequest, "BadRequest", "Resource not found for the segment.")
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+identityPath, s.issue)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if fault := s.fault.Load(); fault != nil {
			(*fault)(w, r)
			return
		}
		if _, ok := s.Principal(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), s.URL()); !ok {
			refuse(w, http.StatusUnauthorized, "InvalidAuthenticationToken", "Access token is empty or wrong.")
			return
		}
		graph.ServeHTTP(w, r)
	})
	return s.here(mux)
}

// here refuses a foreign name that resolves to this machine: a web page at work.
func (s *Server) here(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, port, err := net.SplitHostPort(r.Host)
		if err != nil || port != strconv.Itoa(s.port) || host != "127.0.0.1" && host != "localhost" {
			http.Error(w, "unknown host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// refuse answers with an error as Graph writes one.
// https://learn.microsoft.com/graph/errors
func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, map[string]any{"error": map[string]string{"code": code, "message": message}})
}
