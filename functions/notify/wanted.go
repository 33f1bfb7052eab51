package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Wanted knows who asked for a workspace.
type Wanted interface {
	// WorkspaceRequest returns airlock.ErrNotFound when there is none.
	WorkspaceRequest(ctx context.Context, id string) (workspace.Request, error)
}

// Store keeps requests for workspaces.
type Store interface {
	// CommitChange is workspace.Store's.
	CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error)
}

// hearWanted sends the notices of a request for a workspace. A row that is gone
// has none.
func (f Function) hearWanted(ctx context.Context, id string) error {
	for try := 1; ; try++ {
		r, err := f.Wanted.WorkspaceRequest(ctx, id)
		if errors.Is(err, airlock.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("request for workspace %s: %w", id, err)
		}
		told, failed := f.tellWanted(ctx, r)
		if len(told) == 0 {
			return failed
		}
		c := workspace.Change{Partition: workspace.System}
		c.Told(r.Heard(told), f.Ledger.Now().Add(f.Ledger.Cadence.Hint))
		_, err = f.Store.CommitChange(ctx, c)
		if !errors.Is(err, airlock.ErrConflict) || try == maxTries {
			return errors.Join(failed, err)
		}
	}
}

// tellWanted tells everybody whom the notices of a request concern, and returns
// those that were told to all.
func (f Function) tellWanted(ctx context.Context, r workspace.Request) (told []workspace.Notice, err error) {
	var failed []error
	for _, n := range r.Notices {
		var errs []error
		for _, p := range f.concernedBy(r, n.Event) {
			errs = append(errs, f.announce(ctx, r, n, p))
		}
		if err := errors.Join(errs...); err != nil {
			failed = append(failed, fmt.Errorf("notice %s: %w", n.Event, err))
			continue
		}
		told = append(told, n)
	}
	return told, errors.Join(failed...)
}

// concernedBy lists who is told of an event, each address once. A requester
// without an address is told by the administrators.
func (f Function) concernedBy(r workspace.Request, e workspace.Event) []person {
	var all []person
	add := func(id, name, email string, role compose.Role) {
		if email != "" && !slices.ContainsFunc(all, func(p person) bool { return strings.EqualFold(p.to.Email, email) }) {
			all = append(all, person{id: id, to: mail.Address{Name: name, Email: email}, role: role})
		}
	}
	if e != workspace.EventAsked {
		add(cmp.Or(r.Requester.OID, r.Requester.Email), r.Requester.Name, r.Requester.Email, compose.Requester)
	}
	if e == workspace.EventAsked || e == workspace.EventFailed || len(all) == 0 {
		for _, a := range f.Administrators {
			add(a.Email, a.Name, a.Email, compose.Administrator)
		}
	}
	return all
}

// announce sends one mail about a request for a workspace, once.
func (f Function) announce(ctx context.Context, r workspace.Request, n workspace.Notice, p person) error {
	key := airlock.Key{Workspace: workspace.System, Request: r.ID}
	l := letter{key: key, id: fmt.Sprintf("%s.%s.%d.%s", key.Workspace, key.Request, n.Seq, n.Event), event: string(n.Event), at: n.At, to: p}
	return f.send(ctx, l, func() (compose.Content, error) { return compose.RenderWish(f.wish(r, n, p)) })
}

// wish is what a mail says of a request.
func (f Function) wish(r workspace.Request, n workspace.Notice, p person) compose.Wish {
	w := compose.Wish{Event: compose.WorkspaceEvent(n.Event), Recipient: p.to.Name, Role: p.role, RequestID: r.ID,
		Workspace: shownProperty(r, "display_name"), Template: strings.TrimSpace(r.Template + " " + r.TemplateVersion),
		Size: shownProperty(r, "address_space_size"), Requester: r.Requester.Name, Email: r.Requester.Email, ByEvent: r.Source == workspace.FromEvent,
		Reference: r.Reference, Members: len(r.Members), Why: r.Reason, Reason: reasonOf(r, n), When: n.At,
		Link: f.Portal + "/workspace-requests/" + r.ID}
	if n.Event == workspace.EventDeployed {
		w.Link = f.Portal + "/workspaces/" + r.ID + "/resources"
	}
	w.Standing = r.Decided != nil && r.Decided.Approval != ""
	return w
}

// shownProperty is a property for people to read, where it is text and no
// secret.
func shownProperty(r workspace.Request, name string) string {
	if _, secret := r.Secrets["/"+name]; secret {
		return ""
	}
	s, _ := r.Properties[name].(string)
	return s
}

// reasonOf is why it came to what a notice tells. The request has the message of
// what happened last alone.
func reasonOf(r workspace.Request, n workspace.Notice) string {
	switch n.Event {
	case workspace.EventGranted, workspace.EventDeclined:
		if r.Decided != nil {
			return r.Decided.Reason
		}
	case workspace.EventFailed, workspace.EventWithdrawn:
		if n.Seq == r.Told {
			return r.Message
		}
	case workspace.EventAsked, workspace.EventDeployed:
	}
	return ""
}
