package inbox

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Stage is where in a conversation a fault strikes.
type Stage string

// The stages of a conversation.
const (
	AtSender    Stage = "MAIL" // when the sender is named
	AtRecipient Stage = "RCPT" // when the recipient is named
	AtData      Stage = "DATA" // after the message, instead of keeping it
	AfterData   Stage = "DROP" // the message is kept, but the connection closes before the 250
)

// Fault is a failure on demand.
type Fault struct {
	At    Stage
	Code  int // SMTP status to answer, 400 to 599; not for AfterData
	Times int // how often; 0 means once
}

// faults are those still to come.
type faults struct {
	mu   sync.Mutex
	list []Fault
}

func (f *faults) add(fault Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault.Times = max(fault.Times, 1)
	f.list = append(f.list, fault)
}

// strike uses up one fault of a stage, if there is one.
func (f *faults) strike(at Stage) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		if f.list[i].At != at || f.list[i].Times == 0 {
			continue
		}
		f.list[i].Times--
		code := f.list[i].Code
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 0, 0}, Message: "failing on demand"}
	}
	return nil
}

// session is one conversation with a sender.
type session struct {
	server *Server
	conn   *smtp.Conn
	from   string
	to     []string
}

// Mail implements [smtp.Session].
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.server.faults.strike(AtSender)
}

// Rcpt implements [smtp.Session].
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := s.server.faults.strike(AtRecipient); err != nil {
		return err
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements [smtp.Session].
func (s *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("message: %w", err)
	}
	if err := s.server.faults.strike(AtData); err != nil {
		return err
	}
	for _, to := range s.to {
		if err := s.server.store.keep(s.from, to, raw); err != nil {
			return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "message unreadable"}
		}
	}
	if s.server.faults.strike(AfterData) != nil {
		return errors.Join(errors.New("connection dropped on demand"), s.conn.Conn().Close())
	}
	return nil
}

// Reset implements [smtp.Session].
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements [smtp.Session].
func (s *session) Logout() error { return nil }

// guarded is a session that wants a sign-in first.
type guarded struct {
	*session
	known bool
}

// AuthMechanisms implements [smtp.AuthSession].
func (g *guarded) AuthMechanisms() []string {
	if g.server.config.LoginOnly {
		return []string{sasl.Login}
	}
	return []string{sasl.Plain, sasl.Login}
}

// Auth implements [smtp.AuthSession].
func (g *guarded) Auth(mechanism string) (sasl.Server, error) {
	if mechanism == sasl.Login {
		return &login{check: g.check}, nil
	}
	return sasl.NewPlainServer(func(_, user, password string) error { return g.check(user, password) }), nil
}

func (g *guarded) check(user, password string) error {
	c := g.server.config
	same := subtle.ConstantTimeCompare([]byte(user), []byte(c.Username)) & subtle.ConstantTimeCompare([]byte(password), []byte(c.Password))
	if same != 1 {
		return smtp.ErrAuthFailed
	}
	g.known = true
	return nil
}

// Mail implements [smtp.Session].
func (g *guarded) Mail(from string, o *smtp.MailOptions) error {
	if !g.known {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Authentication required"}
	}
	return g.session.Mail(from, o)
}

// login is the server's side of LOGIN
// (https://datatracker.ietf.org/doc/html/draft-murchison-sasl-login).
type login struct {
	check func(user, password string) error
	user  *string // nil until told
}

// Next implements [sasl.Server].
func (l *login) Next(response []byte) ([]byte, bool, error) {
	switch {
	case l.user != nil:
		return nil, true, l.check(*l.user, string(response))
	case response == nil:
		return []byte("Username:"), false, nil
	}
	name := string(response)
	l.user = &name
	return []byte("Password:"), false, nil
}
