package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"os"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// How a connection is protected.
const (
	TLSNone     = "none"     // not at all: a relay on this machine
	TLSStartTLS = "starttls" // plain at first, then mandatory TLS (RFC 3207); port 587
	TLSImplicit = "tls"      // TLS from the first byte (RFC 8314); port 465
)

// Settings say which server sends our mail.
type Settings struct {
	Host string // name of the SMTP server; required
	// Port of the server. Default 587, or 465 with TLS "tls": Azure blocks 25
	// (https://learn.microsoft.com/azure/virtual-network/troubleshoot-outbound-smtp-connectivity).
	Port     int
	TLS      string // TLSNone, TLSStartTLS or TLSImplicit. Default TLSStartTLS
	Username string // "" for a server that asks for none
	Password string
	From     string        // who mails come from: "Name <address>" or an address; required
	CAFile   string        // PEM certificates to trust instead of the system's; "" for the system's
	Timeout  time.Duration // of one whole conversation. Default 30 s
}

// SMTP is a [Sender]. It is safe for concurrent use and keeps no connection:
// mails are few and handlers short-lived.
type SMTP struct {
	settings Settings
	from     netmail.Address
	tls      *tls.Config
}

var _ Sender = (*SMTP)(nil)

// NewSMTP checks the settings, reads CAFile and connects to nothing.
func NewSMTP(s Settings) (*SMTP, error) {
	from, err := s.complete()
	if err != nil {
		return nil, fmt.Errorf("mail settings: %w", err)
	}
	config := &tls.Config{ServerName: s.Host, MinVersion: tls.VersionTLS12}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("mail settings: ca file: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("mail settings: ca file %q: no certificate in it", s.CAFile)
		}
	}
	return &SMTP{settings: s, from: *from, tls: config}, nil
}

// complete fills defaults and names everything that is wrong.
func (s *Settings) complete() (*netmail.Address, error) {
	if s.TLS == "" {
		s.TLS = TLSStartTLS
	}
	if s.Port == 0 {
		s.Port = gomail.DefaultPortTLS
		if s.TLS == TLSImplicit {
			s.Port = gomail.DefaultPortSSL
		}
	}
	if s.Timeout <= 0 {
		s.Timeout = 30 * time.Second
	}
	var wrong []error
	if s.Host == "" || s.Port < 0 || s.Port > 65535 {
		wrong = append(wrong, fmt.Errorf("server %q, port %d", s.Host, s.Port))
	}
	if s.TLS != TLSNone && s.TLS != TLSStartTLS && s.TLS != TLSImplicit {
		wrong = append(wrong, fmt.Errorf("tls mode %q: want none, starttls or tls", s.TLS))
	}
	if s.TLS == TLSNone && s.Password != "" {
		wrong = append(wrong, errors.New("a password would go out in the clear without tls"))
	}
	from, err := netmail.ParseAddress(s.From)
	if err != nil || !validEmail(from.Address) || !oneLine(from.Name, maxName) {
		wrong = append(wrong, fmt.Errorf("sender %q is no address", s.From))
	}
	return from, errors.Join(wrong...)
}

// Send implements [Sender].
func (s *SMTP) Send(ctx context.Context, m Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	message, err := s.compose(m)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPermanent, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.settings.Timeout)
	defer cancel()
	line := &line{settings: s.settings, tls: s.tls}
	defer line.hangUp()
	// go-mail looks at the context only while it dials.
	stop := context.AfterFunc(ctx, line.hangUp)
	defer stop()
	client, err := s.client(line)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTemporary, err)
	}
	err = client.DialAndSendWithContext(ctx, message)
	switch {
	case message.IsDelivered(): // what follows the server's 250 changes nothing
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", ErrTemporary, ctx.Err())
	}
	return classify(err)
}

// compose builds the message in go-mail's terms.
func (s *SMTP) compose(m Message) (*gomail.Msg, error) {
	out := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	out.FromMailAddress(&s.from)
	out.ToMailAddress(&netmail.Address{Name: m.To.Name, Address: m.To.Email})
	out.Subject(m.Subject)
	out.SetMessageIDWithValue(m.ID)
	out.SetDateWithValue(m.Date)
	// No out-of-office answers, please (RFC 3834; the second is Exchange's).
	out.SetGenHeader("Auto-Submitted", "auto-generated")
	out.SetGenHeader("X-Auto-Response-Suppress", "All")
	out.SetBodyString(gomail.TypeTextPlain, m.Text)
	if m.HTML != "" {
		out.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	}
	// go-mail keeps addresses it cannot use to itself until it sends.
	if _, err := out.GetSender(false); err != nil {
		return nil, err
	}
	_, err := out.GetRecipients()
	return out, err
}

// client is made anew for each message: go-mail's holds one connection.
func (s *SMTP) client(l *line) (*gomail.Client, error) {
	policy := gomail.NoTLS
	if s.settings.TLS == TLSStartTLS {
		policy = gomail.TLSMandatory
	}
	_, domain, _ := strings.Cut(s.from.Address, "@")
	options := []gomail.Option{
		gomail.WithPort(s.settings.Port),
		gomail.WithTLSPolicy(policy),
		gomail.WithTLSConfig(s.tls),
		gomail.WithTimeout(s.settings.Timeout),
		gomail.WithDialContextFunc(l.dial),
		gomail.WithHELO(domain),
		gomail.WithoutNoop(),
	}
	if s.settings.Username != "" {
		options = append(options, gomail.WithSMTPAuthCustom(&signIn{settings: s.settings}))
	}
	return gomail.NewClient(s.settings.Host, options...)
}

// classify turns go-mail's error into one of ours. What is no answer to the
// message itself (no connection, no TLS, sign-in refused) is the operator's to
// mend, and the message waits for that.
func classify(err error) error {
	said, ok := errors.AsType[*gomail.SendError](err)
	if !ok {
		return fmt.Errorf("%w: %w", ErrTemporary, err)
	}
	code := said.ErrorCode()
	// The text may quote the recipient's address: it stays out of our errors.
	switch {
	case code == 530 || code == 535 || code == 538: // sign in first (RFC 4954)
		return fmt.Errorf("%w: server wants another sign-in, status %d", ErrTemporary, code)
	case code >= 500 && code < 600:
		return fmt.Errorf("%w: %s, status %d", ErrPermanent, said.Reason, code)
	case code != 0:
		return fmt.Errorf("%w: %s, status %d", ErrTemporary, said.Reason, code)
	}
	return fmt.Errorf("%w: %s, connection broken", ErrTemporary, said.Reason)
}

// line is one connection. It closes in every error path, where go-mail leaves
// some open, and when its sender stops waiting.
type line struct {
	settings Settings
	tls      *tls.Config

	mu   sync.Mutex
	conn net.Conn
}

// dial implements [gomail.DialContextFunc].
func (l *line) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	l.conn = conn
	l.mu.Unlock()
	if l.settings.TLS != TLSImplicit {
		return conn, nil
	}
	secure := tls.Client(conn, l.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return secure, nil
}

func (l *line) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
	}
}
