package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// letter is one mail to one person.
type letter struct {
	key   airlock.Key // under which it is recorded as sent
	id    string      // names the notice: the same for every try
	event string
	at    time.Time // when it happened
	to    person
}

// send sends a mail that is not recorded as sent.
func (f Function) send(ctx context.Context, l letter, render func() (compose.Content, error)) error {
	sum := sha256.Sum256([]byte(l.to.id))
	id := l.id + "." + hex.EncodeToString(sum[:8])
	sent, err := f.Letters.Sent(ctx, l.key, id)
	if err != nil || sent {
		return err
	}
	content, err := render()
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	err = f.Mail.Send(ctx, mail.Message{ID: id + "@" + f.Domain, Date: l.at, To: l.to.to, Subject: content.Subject, Text: content.Text, HTML: content.HTML})
	f.Health.Note(ctx, health.Mail, err, class(err))
	telemetry.Mailed(ctx, class(err))
	late := f.Ledger.Now().Sub(l.at) >= f.patience()
	if errors.Is(err, mail.ErrPermanent) || err != nil && late {
		f.Log.WarnContext(ctx, "mail given up", slog.String("workspace", l.key.Workspace), slog.String("request", l.key.Request), slog.String("event", l.event))
	} else if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return f.Letters.MarkSent(ctx, l.key, id, f.Ledger.Now())
}

// class is why a mail was not sent, without address or server.
func class(err error) string {
	switch {
	case err == nil:
		return "sent"
	case errors.Is(err, mail.ErrPermanent):
		return "refused"
	}
	return "temporary"
}

// patience is GiveUp with its default: a mail that still cannot be sent then is
// given up, so that one address cannot keep work open for ever.
func (f Function) patience() time.Duration {
	if f.GiveUp > 0 {
		return f.GiveUp
	}
	return 5 * 24 * time.Hour
}
