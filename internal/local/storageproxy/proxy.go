package storageproxy

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"time"
)

// New is a streaming reverse proxy to the service at upstream (scheme and host only). Path, query and Host pass
// byte for byte, because the client's signature covers them; bodies are never held.
func New(upstream string, log *slog.Logger) (http.Handler, error) {
	target, err := url.Parse(upstream)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("upstream %q: not an absolute URL", upstream)
	}
	return &httputil.ReverseProxy{
		Rewrite:   func(pr *httputil.ProxyRequest) { rewrite(pr, target) },
		Transport: NewTransport(),
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}, nil
}

// rewrite points the request at target. Opaque keeps the path as the client wrote it: a parsed and printed path
// could differ in its escapes, and then the signature would not hold.
func rewrite(pr *httputil.ProxyRequest, target *url.URL) {
	path, query, _ := strings.Cut(pr.In.RequestURI, "?")
	pr.Out.URL = &url.URL{Scheme: target.Scheme, Host: target.Host, Opaque: path, RawQuery: query}
	pr.Out.Host = pr.In.Host
	pr.Out.Header = LowerMetadata(pr.Out.Header)
}

// NewTransport is an HTTP transport that hands bodies on as they are and keeps connections for many callers.
func NewTransport() *http.Transport {
	return &http.Transport{
		DisableCompression:    true, // a decompressed body would not match its length or its hash
		MaxIdleConnsPerHost:   64,
		IdleConnTimeout:       4 * time.Second, // Azurite closes idle connections after 5 s: be first, or race it
		ExpectContinueTimeout: time.Second,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
	}
}

// LowerMetadata spells x-ms-meta-* names in lower case. Storage keeps the case of metadata names, Go's server
// does not, and lower case is what the SDKs send.
func LowerMetadata(h http.Header) http.Header {
	for name, values := range h {
		if strings.HasPrefix(name, "X-Ms-Meta-") {
			delete(h, name)
			h[strings.ToLower(name)] = values
		}
	}
	return h
}

// Server is a handler on a loopback port.
type Server struct {
	// URL is the base URL, such as http://127.0.0.1:41234, without a trailing slash.
	URL    string
	server *http.Server
}

// Serve listens on address ("127.0.0.1:0" for any free port) and serves handler until Close.
func Serve(address string, handler http.Handler) (*Server, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &Server{URL: "http://" + listener.Addr().String(), server: &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 30 * time.Second, // bodies may take as long as they need
	}}
	go func() { _ = s.server.Serve(listener) }() // ends with ErrServerClosed
	return s, nil
}

// Close stops listening and drops open connections.
func (s *Server) Close() error { return s.server.Close() }
