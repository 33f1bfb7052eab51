package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
	"github.com/trefoil-tre/trefoil/internal/message"
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
	r := t.c.Request
	l := letter{key: r.Key(), id: fmt.Sprintf("%s.%d.%s", r.ID, t.n.Seq, t.n.Event), event: string(t.n.Event), at: t.n.At, to: p}
	return t.f.send(ctx, l, func() (compose.Content, error) { return compose.Render(t.notice(p)) })
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
