// Package inbox is a stand-in for everybody's mailbox on one machine: an SMTP
// server that keeps what it is sent and shows it in the browser, as JSON and to
// tests. It can fail as real mail servers do.
package inbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/emersion/go-smtp"
)

// How the SMTP server protects connections.
const (
	Plain    = ""         // no TLS offered
	StartTLS = "starttls" // TLS offered after the greeting
	TLS      = "tls"      // TLS from the first byte
)

// Config describes the inbox. A zero value means its default.
type Config struct {
	SMTP     string // address to take mail at; default "127.0.0.1:0"
	HTTP     string // address to show it at; default "127.0.0.1:0"
	Mode     string // Plain, StartTLS or TLS
	Username string // if set, senders must sign in (needs TLS)
	Password string
	// LoginOnly offers LOGIN but not PLAIN, as Exchange Online does.
	LoginOnly bool
	Folder    string // if set, every mail is also kept there as <n>.eml, and found again by the next inbox
	MaxMails  int    // kept in memory, the oldest go first; default 1000
	MaxBytes  int64  // of one mail; default 1 MiB
	Now       func() time.Time
	Logger    *slog.Logger // default: silent
}

// Server is an inbox that is running.
type Server struct {
	config Config
	mails  net.Listener
	smtp   *smtp.Server
	http   *http.Server
	port   int
	url    string
	ca     []byte
	store  *store
	faults faults
}

// Start serves an inbox until ctx ends or Close is called.
func Start(ctx context.Context, c Config) (*Server, error) {
	c, err := c.complete()
	if err != nil {
		return nil, fmt.Errorf("inbox config: %w", err)
	}
	s := &Server{config: c, store: newStore(c)}
	if err := s.store.load(); err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	var certificate *tls.Config
	if c.Mode != Plain {
		if certificate, s.ca, err = throwAway(c.Now()); err != nil {
			return nil, fmt.Errorf("inbox certificate: %w", err)
		}
	}
	mails, err := new(net.ListenConfig).Listen(ctx, "tcp", c.SMTP)
	if err != nil {
		return nil, fmt.Errorf("inbox: %w", err)
	}
	pages, err := new(net.ListenConfig).Listen(ctx, "tcp", c.HTTP)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("inbox: %w", err), mails.Close())
	}
	s.port = mails.Addr().(*net.TCPAddr).Port
	web := pages.Addr().(*net.TCPAddr).Port
	s.url = "http://localhost:" + strconv.Itoa(web)
	s.smtp = s.newSMTP(certificate)
	s.http = &http.Server{Handler: s.routes(web), ReadHeaderTimeout: 10 * time.Second}
	if c.Mode == TLS {
		mails = tls.NewListener(mails, certificate)
	}
	s.mails = mails
	go s.report(ctx, "smtp", func() error { return s.smtp.Serve(mails) })
	go s.report(ctx, "http", func() error { return s.http.Serve(pages) })
	context.AfterFunc(ctx, func() { _ = s.Close() })
	return s, nil
}

func (c Config) complete() (Config, error) {
	if c.Now == nil {
		return c, errors.New("clock missing")
	}
	if c.Username != "" && c.Mode == Plain {
		return c, errors.New("sign-in needs tls")
	}
	for _, a := range []*string{&c.SMTP, &c.HTTP} {
		if *a == "" {
			*a = "127.0.0.1:0"
		}
	}
	if c.MaxMails <= 0 {
		c.MaxMails = 1000
	}
	if c.MaxBytes <= 0 {
		c.MaxBytes = 1 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func (s *Server) newSMTP(certificate *tls.Config) *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		base := &session{server: s, conn: c}
		if s.config.Username == "" {
			return base, nil
		}
		return &guarded{session: base}, nil
	}))
	server.Domain = "inbox.localhost"
	server.MaxMessageBytes = s.config.MaxBytes
	server.MaxRecipients = 50
	server.ReadTimeout = 30 * time.Second
	server.WriteTimeout = 30 * time.Second
	server.EnableSMTPUTF8 = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	if s.config.Mode == StartTLS {
		server.TLSConfig = certificate
	}
	return server
}

func (s *Server) report(ctx context.Context, part string, serve func() error) {
	if err := serve(); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
		s.config.Logger.ErrorContext(ctx, "inbox ended", slog.String("part", part), slog.Any("error", err))
	}
}

// Port is where mail is taken, at localhost.
func (s *Server) Port() int { return s.port }

// URL is where mail is shown. It names localhost, so that a link followed from
// here to 127.0.0.1 comes from another site, as it does from webmail.
func (s *Server) URL() string { return s.url }

// CA is the certificate, in PEM, that proves the server is ours; nil without TLS.
func (s *Server) CA() []byte { return s.ca }

// Mails returns what is kept, newest first.
func (s *Server) Mails() []Mail { return s.store.list() }

// Wait returns the newest mail that match accepts, as soon as there is one, or
// the context's error.
func (s *Server) Wait(ctx context.Context, match func(Mail) bool) (Mail, error) {
	return s.store.wait(ctx, match)
}

// Fail makes the server fail as told, once for every f.Times; several faults
// are used up in turn.
func (s *Server) Fail(f Fault) { s.faults.add(f) }

// Close ends the inbox and every connection to it.
func (s *Server) Close() error {
	// The SMTP server knows its listener only once its goroutine has run.
	for _, err := range []error{s.smtp.Close(), s.mails.Close()} {
		if err != nil && !errors.Is(err, smtp.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			return errors.Join(err, s.http.Close())
		}
	}
	return s.http.Close()
}
