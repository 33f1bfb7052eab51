package mail_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/local/inbox"
	"github.com/trefoil-tre/trefoil/internal/mail"
)

func TestInjection(t *testing.T) {
	t.Parallel()
	in := open(t, inbox.Config{})
	s := sender(t, in, nil)
	for name, change := range map[string]func(*mail.Message){
		"subject crlf":      func(m *mail.Message) { m.Subject = "x\r\nBcc: eve@example.org" },
		"subject lf":        func(m *mail.Message) { m.Subject = "x\nBcc: eve@example.org" },
		"subject cr":        func(m *mail.Message) { m.Subject = "x\rBcc: eve@example.org" },
		"subject nul":       func(m *mail.Message) { m.Subject = "x\x00" },
		"subject separator": func(m *mail.Message) { m.Subject = "x\u2028y" },
		"subject bad utf-8": func(m *mail.Message) { m.Subject = "x\xff" },
		"subject empty":     func(m *mail.Message) { m.Subject = "" },
		"subject too long":  func(m *mail.Message) { m.Subject = strings.Repeat("ä", 251) },
		"name crlf":         func(m *mail.Message) { m.To.Name = "Ann\r\nBcc: eve@example.org" },
		"address crlf":      func(m *mail.Message) { m.To.Email = "ann@example.org\r\nRCPT TO:<eve@example.org>" },
		"address bracket":   func(m *mail.Message) { m.To.Email = "ann@example.org> SIZE=1 <eve@example.org" },
		"address list":      func(m *mail.Message) { m.To.Email = "ann@example.org,eve@example.org" },
		"address named":     func(m *mail.Message) { m.To.Email = "Ann <ann@example.org>" },
		"address missing":   func(m *mail.Message) { m.To.Email = "" },
		"id crlf":           func(m *mail.Message) { m.ID = "a@b\r\nBcc: eve@example.org" },
		"id bracket":        func(m *mail.Message) { m.ID = "a@b>" },
		"id without right":  func(m *mail.Message) { m.ID = "a" },
		"no date":           func(m *mail.Message) { m.Date = time.Time{} },
		"no text":           func(m *mail.Message) { m.Text = "" },
		"huge":              func(m *mail.Message) { m.HTML = strings.Repeat("a", 1<<20+1) },
	} {
		if err := s.Send(t.Context(), letter(change)); !errors.Is(err, mail.ErrPermanent) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if got := len(in.Mails()); got != 0 {
		t.Errorf("%d mails sent", got)
	}
}

// TestAnySubject: whatever Check lets through arrives as it was, and adds no
// header.
func TestAnySubject(t *testing.T) {
	t.Parallel()
	in := open(t, inbox.Config{})
	s := sender(t, in, nil)
	if err := s.Send(t.Context(), letter(nil)); err != nil {
		t.Fatal(err)
	}
	headers := func(raw string) (names string) {
		head, _, _ := strings.Cut(raw, "\r\n\r\n")
		for line := range strings.SplitSeq(head, "\r\n") {
			if name, _, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
				names += name + "\n"
			}
		}
		return names
	}
	want := headers(in.Mails()[0].Raw)
	messages := rapid.Custom(func(rt *rapid.T) mail.Message {
		return letter(func(m *mail.Message) {
			m.ID = rapid.StringMatching(`[a-z0-9]{20}@x`).Draw(rt, "id")
			m.Subject = rapid.StringN(1, 100, -1).Draw(rt, "subject")
			m.To.Name = rapid.StringN(0, 40, -1).Draw(rt, "name")
		})
	}).Filter(func(m mail.Message) bool { return m.Check() == nil })
	rapid.Check(t, func(rt *rapid.T) {
		m := messages.Draw(rt, "message")
		if err := s.Send(t.Context(), m); err != nil {
			rt.Fatal(err)
		}
		got := in.Mails()[0]
		if strings.TrimSpace(got.Subject) != strings.TrimSpace(m.Subject) {
			rt.Errorf("subject %q, want %q", got.Subject, m.Subject)
		}
		if h := headers(got.Raw); h != want {
			rt.Errorf("headers %q", h)
		}
	})
}

func TestNewSMTPRefuses(t *testing.T) {
	t.Parallel()
	noPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(noPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*mail.Settings){
		"no host":               func(s *mail.Settings) { s.Host = "" },
		"port":                  func(s *mail.Settings) { s.Port = 70000 },
		"tls mode":              func(s *mail.Settings) { s.TLS = "maybe" },
		"password in the clear": func(s *mail.Settings) { s.TLS, s.Username, s.Password = mail.TLSNone, "u", "p" },
		"no sender":             func(s *mail.Settings) { s.From = "" },
		"sender with header":    func(s *mail.Settings) { s.From = "a@b\r\nBcc: c@d" },
		"ca missing":            func(s *mail.Settings) { s.CAFile = noPEM + "x" },
		"ca empty":              func(s *mail.Settings) { s.CAFile = noPEM },
	} {
		s := mail.Settings{Host: "smtp.example", From: "a@example.org"}
		change(&s)
		if _, err := mail.NewSMTP(s); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
