package mail_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/inbox"
	"github.com/trefoil-tre/trefoil/internal/mail"
)

var sent = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

func letter(change func(*mail.Message)) mail.Message {
	m := mail.Message{
		ID: "r1.in_review.1@tre.example", Date: sent, To: mail.Address{Name: "Ann Olsen", Email: "ann@example.org"},
		Subject: "Review wanted", Text: "Dear Ann,\n\n.a line that starts with a dot\n", HTML: "<p>Dear Ann</p>",
	}
	if change != nil {
		change(&m)
	}
	return m
}

func open(t *testing.T, c inbox.Config) *inbox.Server {
	t.Helper()
	c.Now = time.Now
	s, err := inbox.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func sender(t *testing.T, in *inbox.Server, change func(*mail.Settings)) *mail.SMTP {
	t.Helper()
	s := mail.Settings{Host: "localhost", Port: in.Port(), TLS: mail.TLSNone, From: "Trefoil <tre@example.org>", Timeout: 10 * time.Second}
	if ca := in.CA(); ca != nil {
		s.CAFile = filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(s.CAFile, ca, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(&s)
	}
	smtp, err := mail.NewSMTP(s)
	if err != nil {
		t.Fatal(err)
	}
	return smtp
}

func TestSend(t *testing.T) {
	t.Parallel()
	in := open(t, inbox.Config{})
	s := sender(t, in, nil)
	subject := "Überprüfung „Kohorte Ø“ " + strings.Repeat("sehr lange ", 20)
	m := letter(func(m *mail.Message) {
		m.To.Name, m.Subject = `Ann "Ölaf", Olsen <x@y>`, strings.TrimSpace(subject)
	})
	for range 2 { // twice the same: one mail
		if err := s.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	mails := in.Mails()
	if len(mails) != 1 || mails[0].Count != 2 {
		t.Fatalf("mails %+v", mails)
	}
	got := mails[0]
	if got.Subject != m.Subject || got.MessageID != m.ID || !got.Date.Equal(sent) || got.To != "ann@example.org" || got.From != "Trefoil <tre@example.org>" {
		t.Errorf("headers of %+v", got)
	}
	if strings.TrimSpace(got.Text) != strings.TrimSpace(m.Text) || strings.TrimSpace(got.HTML) != m.HTML {
		t.Errorf("text %q, html %q", got.Text, got.HTML)
	}
	if !strings.Contains(got.Raw, "Auto-Submitted: auto-generated\r\n") || strings.Contains(got.Raw, "User-Agent") {
		t.Errorf("raw %s", got.Raw)
	}
	for line := range strings.SplitSeq(got.Raw, "\r\n") {
		if len(line) > 998 {
			t.Errorf("line of %d bytes", len(line))
		}
	}
}

func TestSignInAndTLS(t *testing.T) {
	t.Parallel()
	guarded := inbox.Config{Username: "u", Password: "p\u00e9ss"}
	login := func(s *mail.Settings) { s.Username, s.Password = guarded.Username, guarded.Password }
	for _, tt := range []struct {
		name   string
		server inbox.Config
		change func(*mail.Settings)
		err    error
	}{
		{name: "starttls", server: inbox.Config{Mode: inbox.StartTLS}, change: func(s *mail.Settings) { s.TLS = mail.TLSStartTLS }},
		{name: "starttls by default", server: inbox.Config{Mode: inbox.StartTLS}, change: func(s *mail.Settings) { s.TLS = "" }},
		{name: "starttls, sign-in", server: inbox.Config{Mode: inbox.StartTLS, Username: "u", Password: guarded.Password}, change: func(s *mail.Settings) { s.TLS = ""; login(s) }},
		{name: "tls, sign-in", server: inbox.Config{Mode: inbox.TLS, Username: "u", Password: guarded.Password}, change: func(s *mail.Settings) { s.TLS = mail.TLSImplicit; login(s) }},
		{name: "exchange online", server: inbox.Config{Mode: inbox.StartTLS, LoginOnly: true, Username: "u", Password: guarded.Password}, change: func(s *mail.Settings) { s.TLS = ""; login(s) }},
		{name: "exchange online, wrong password", server: inbox.Config{Mode: inbox.StartTLS, LoginOnly: true, Username: "u", Password: "other"}, change: func(s *mail.Settings) { s.TLS = ""; login(s) }, err: mail.ErrTemporary},
		{name: "wrong password", server: inbox.Config{Mode: inbox.TLS, Username: "u", Password: "other"}, change: func(s *mail.Settings) { s.TLS = mail.TLSImplicit; login(s) }, err: mail.ErrTemporary},
		{name: "sign-in forgotten", server: inbox.Config{Mode: inbox.TLS, Username: "u", Password: "p"}, change: func(s *mail.Settings) { s.TLS = mail.TLSImplicit }, err: mail.ErrTemporary},
		{name: "server without starttls", change: func(s *mail.Settings) { s.TLS = "" }, err: mail.ErrTemporary},
		{name: "unknown authority", server: inbox.Config{Mode: inbox.StartTLS}, change: func(s *mail.Settings) { s.TLS, s.CAFile = "", "" }, err: mail.ErrTemporary},
		{name: "plain against tls", server: inbox.Config{Mode: inbox.TLS}, change: func(s *mail.Settings) { s.Timeout = 300 * time.Millisecond }, err: mail.ErrTemporary},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := open(t, tt.server)
			err := sender(t, in, tt.change).Send(t.Context(), letter(nil))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if want := tt.err == nil; (len(in.Mails()) == 1) != want {
				t.Errorf("%d mails", len(in.Mails()))
			}
			if err != nil && strings.Contains(err.Error(), guarded.Password) {
				t.Errorf("error shows the password: %v", err)
			}
		})
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault inbox.Fault
		err   error
		count int // times the message has arrived after the failure and one more try
	}{
		{name: "sender deferred", fault: inbox.Fault{At: inbox.AtSender, Code: 451}, err: mail.ErrTemporary, count: 1},
		{name: "mailbox busy", fault: inbox.Fault{At: inbox.AtRecipient, Code: 450}, err: mail.ErrTemporary, count: 1},
		{name: "no such mailbox", fault: inbox.Fault{At: inbox.AtRecipient, Code: 550}, err: mail.ErrPermanent, count: 1},
		{name: "content refused", fault: inbox.Fault{At: inbox.AtData, Code: 554}, err: mail.ErrPermanent, count: 1},
		{name: "server full", fault: inbox.Fault{At: inbox.AtData, Code: 452}, err: mail.ErrTemporary, count: 1},
		{name: "dropped before the answer", fault: inbox.Fault{At: inbox.AfterData}, err: mail.ErrTemporary, count: 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := open(t, inbox.Config{})
			s := sender(t, in, nil)
			in.Fail(tt.fault)
			err := s.Send(t.Context(), letter(nil))
			if !errors.Is(err, tt.err) || errors.Is(err, mail.ErrTemporary) && errors.Is(err, mail.ErrPermanent) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if strings.Contains(err.Error(), "ann@") {
				t.Errorf("error shows the address: %v", err)
			}
			if err := s.Send(t.Context(), letter(nil)); err != nil {
				t.Fatalf("again: %v", err)
			}
			if mails := in.Mails(); len(mails) != 1 || mails[0].Count != tt.count {
				t.Errorf("mails %+v", mails)
			}
		})
	}
}

func TestServerGone(t *testing.T) {
	t.Parallel()
	in := open(t, inbox.Config{})
	s := sender(t, in, nil)
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), letter(nil)); !errors.Is(err, mail.ErrTemporary) {
		t.Errorf("error %v", err)
	}
}

// TestSilentServer accepts and says nothing: the sender's patience ends.
func TestSilentServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	settings := mail.Settings{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, TLS: mail.TLSNone, From: "a@example.org", Timeout: time.Minute}
	s, err := mail.NewSMTP(settings)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := s.Send(ctx, letter(nil)); !errors.Is(err, mail.ErrTemporary) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}
