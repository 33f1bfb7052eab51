package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

type member = access.Membership

func owners(members []member) []member {
	var all []member
	for _, m := range members {
		if m.Role == access.WorkspaceOwner && !m.Group {
			all = append(all, m)
		}
	}
	return all
}

// researcher tells whose membership gets no mail about requests: they hear of
// their own as creators.
func researcher(m member) bool { return m.Role == access.WorkspaceResearcher }

// telling is one notice being told.
type telling struct {
	f      Function
	c      ledger.Case
	n      airlock.Notice
	people []person
}

// tell publishes the event and sends every mail that is not recorded as sent.
// One address that no server takes does not keep the others from being told.
func (t telling) tell(ctx context.Context) error {
	failed := []error{t.f.Facts.Publish(ctx, t.notification())}
	for _, p := range t.people {
		failed = append(failed, t.mail(ctx, p))
	}
	return errors.Join(failed...)
}

func (t telling) mail(ctx context.Context, p person) error {
	r, id := t.c.Request, t.letter(p)
	sent, err := t.f.Letters.Sent(ctx, r.Key(), id)
	if err != nil || sent {
		return err
	}
	content, err := compose.Render(t.notice(p))
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	err = t.f.Mail.Send(ctx, mail.Message{ID: id + "@" + t.f.Domain, Date: t.n.At, To: p.to,
		Subject: content.Subject, Text: content.Text, HTML: content.HTML})
	t.f.Health.Note(ctx, health.Mail, err, class(err))
	telemetry.Mailed(ctx, class(err))
	if errors.Is(err, mail.ErrPermanent) || err != nil && t.late() {
		t.f.Log.WarnContext(ctx, "mail given up", slog.String("request", r.ID), slog.String("event", string(t.n.Event)))
	} else if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	return t.f.Letters.MarkSent(ctx, r.Key(), id, t.f.Ledger.Now())
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

// late tells that a mail which still cannot be sent is given up, so that one
// address cannot keep a request's work open for ever.
func (t telling) late() bool {
	return t.f.Ledger.Now().Sub(t.n.At) >= t.f.patience()
}

// patience is GiveUp with its default.
func (f Function) patience() time.Duration {
	if f.GiveUp > 0 {
		return f.GiveUp
	}
	return 5 * 24 * time.Hour
}

// letter names a mail: the same for every try, another for every person and
// notice.
func (t telling) letter(p person) string {
	sum := sha256.Sum256([]byte(p.id))
	return fmt.Sprintf("%s.%d.%s.%s", t.c.Request.ID, t.n.Seq, t.n.Event, hex.EncodeToString(sum[:8]))
}

func (t telling) notice(p person) compose.Notice {
	r := t.c.Request
	return compose.Notice{
		Event: compose.Event(t.n.Event), Recipient: p.to.Name, Role: p.role,
		Workspace: t.c.Workspace.DisplayName, RequestID: r.ID, Title: r.Title, Type: string(r.Type),
		RequestedBy: r.CreatedBy.Name, Status: string(r.Stage.Status()), WaitsFor: r.Waits(t.c.Policy).For,
		Reason: r.Message, When: t.n.At,
		Link: fmt.Sprintf("%s/workspaces/%s/requests/%s", t.f.Portal, r.Workspace, r.ID),
	}
}

// notification is the notice as AzureTRE's airlockNotification, without file
// names.
func (t telling) notification() message.Fact {
	r := t.c.Request
	recipients := map[string][]string{"workspace_researcher": {}, "workspace_owner": {}, "airlock_manager": {}}
	for _, p := range t.people {
		key := map[compose.Role]string{compose.Requester: "workspace_researcher", compose.Owner: "workspace_owner",
			compose.Reviewer: "airlock_manager"}[p.role]
		if key != "" {
			recipients[key] = append(recipients[key], p.to.Email)
		}
	}
	return message.Fact{
		ID:      fmt.Sprintf("%s.%d.%s", r.ID, t.n.Seq, t.n.Event),
		Subject: r.ID + "/" + message.TypeNotification,
		Type:    message.TypeNotification, Version: message.VersionNotified, At: t.n.At,
		Data: message.Notification{
			EventType: "status_changed", Recipients: recipients,
			Request: message.NotifiedRequest{
				ID: r.ID, CreatedWhen: seconds(r.CreatedAt), CreatedBy: user(r.CreatedBy),
				UpdatedWhen: seconds(r.UpdatedAt), UpdatedBy: user(r.UpdatedBy), RequestType: string(r.Type),
				Files: []message.NotifiedFile{}, Status: string(r.Stage.Status()), Justification: r.Justification,
			},
			Workspace: message.NotifiedWorkspace{ID: r.Workspace, DisplayName: t.c.Workspace.DisplayName,
				Description: t.c.Workspace.Description},
		},
	}
}

func user(p access.Person) message.NotifiedUser {
	return message.NotifiedUser{Name: p.Name, Email: strings.ToLower(p.Email)}
}

func seconds(at time.Time) float64 { return float64(at.UnixMicro()) / 1e6 }
