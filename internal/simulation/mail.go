package simulation

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/mail"
)

// deadEnd is the address that no mail server takes.
const deadEnd = "moe@tre.example"

// mailServer is an SMTP server and everybody's inbox.
type mailServer struct {
	w     *World
	inbox map[string]map[string]int // address → Message-ID → times it came
}

func (m *mailServer) init() { m.inbox = map[string]map[string]int{} }

// errMailTorn is what a sender sees when the connection breaks.
var errMailTorn = fmt.Errorf("connection lost: %w", mail.ErrTemporary)

// Send implements mail.Sender.
func (m *mailServer) Send(ctx context.Context, msg mail.Message) error {
	w := m.w
	err := execute(ctx, w, "mail.Send", func() error {
		if err := msg.Check(); err != nil {
			w.fail("mails are well-formed", "%v", err)
			return err
		}
		for _, text := range []string{msg.ID, msg.Subject, msg.Text, msg.HTML} {
			w.secrets.check(w, "mail", text)
		}
		switch {
		case msg.To.Email == deadEnd:
			return fmt.Errorf("550 no such mailbox: %w", mail.ErrPermanent)
		case w.storm && w.chance(w.weather.mailTemporary):
			return fmt.Errorf("451 try later: %w", mail.ErrTemporary)
		}
		m.accept(msg)
		if w.storm && w.chance(w.weather.mailLost) {
			return errMailTorn
		}
		return nil
	})
	if isTrouble(err) || err != nil && !errors.Is(err, mail.ErrPermanent) && !errors.Is(err, mail.ErrTemporary) {
		return fmt.Errorf("%w: %w", err, mail.ErrTemporary)
	}
	return err
}

func (m *mailServer) accept(msg mail.Message) {
	if m.inbox[msg.To.Email] == nil {
		m.inbox[msg.To.Email] = map[string]int{}
	}
	m.inbox[msg.To.Email][msg.ID]++
	m.w.tracef("mail to %s: %s", msg.To.Email, msg.ID)
}

// told counts the different mails that somebody got of a request's event. A
// Message-ID is <request>.<audit line>.<event>.<person>@<domain>.
func (m *mailServer) told(email, request, event string) int {
	n := 0
	for id := range m.inbox[email] {
		parts := strings.Split(id, ".")
		if parts[0] == request && len(parts) > 2 && parts[2] == event {
			n++
		}
	}
	return n
}
