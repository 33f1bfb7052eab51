package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Operations keeps what is done to resources.
type Operations interface {
	// Operation returns airlock.ErrNotFound when there is none.
	Operation(ctx context.Context, key workspace.OperationKey) (workspace.Operation, error)
	// CommitChange is workspace.Store's.
	CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error)
}

// Requests knows who asked for a workspace.
type Requests interface {
	// WorkspaceRequest returns airlock.ErrNotFound when there is none.
	WorkspaceRequest(ctx context.Context, id string) (workspace.Request, error)
}

// Vault forgets the secrets of requests that became no workspace.
type Vault interface {
	// Forget deletes a secret; one that is gone is fine.
	Forget(ctx context.Context, id string) error
}

// Estate is what sweep sees to beside the airlock.
type Estate struct {
	Operations Operations
	Requests   Requests
	Vault      Vault         // nil where no workspaces are made
	Life       time.Duration // of a request that nobody decides on; 0 means 30 days
}

// hourly is how often a request that waits for a decision is looked at.
const hourly = time.Hour

// month is how long a request waits where nothing else is said.
const month = 30 * 24 * time.Hour

// asked sees to a request for a workspace: people who are to be told are, and
// one that nobody decided on in time ends.
func (f Function) asked(ctx context.Context, o airlock.Open, out *Out) error {
	r, err := f.Estate.Requests.WorkspaceRequest(ctx, o.Key.Request)
	if errors.Is(err, airlock.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("request for workspace %s: %w", o.Key.Request, err)
	}
	now, life := f.Ledger.Now(), cmp.Or(f.Estate.Life, month)
	if ended, late := r.Lapse(now, life); late {
		c := workspace.Change{Partition: workspace.System}
		c.Request(ended, now.Add(f.Ledger.Cadence.Hint), f.line(audit.Line{Action: "lapse", From: string(r.Status), To: string(ended.Status), Reason: ended.Message}))
		if _, err := f.Estate.Operations.CommitChange(ctx, c); err != nil {
			return fmt.Errorf("request for workspace %s: %w", r.ID, err)
		}
		r = ended
	}
	if len(r.Notices) > 0 {
		out.Notify = append(out.Notify, message.Notify{Workspace: workspace.System, Request: r.ID})
		return nil
	}
	if left := r.Left(); len(left) > 0 && f.Estate.Vault != nil {
		err := f.forget(ctx, r, left)
		if err == nil {
			return nil
		}
		cmp.Or(f.Log, slog.Default()).WarnContext(ctx, "secrets of a request that became no workspace stay in the vault for now", slog.String("request", r.ID), slog.Any("error", err))
	}
	o.Due = now.Add(hourly)
	if end := r.CreatedAt.Add(life); r.Status == workspace.Asked && end.Before(o.Due) {
		o.Due = end
	}
	if err := f.Work.Touch(ctx, o); err != nil {
		return fmt.Errorf("open work: %w", err)
	}
	return nil
}

// forget deletes the secrets of a request that became no workspace. Doing it
// again is harmless.
func (f Function) forget(ctx context.Context, r workspace.Request, secrets []string) error {
	for _, id := range secrets {
		if err := f.Estate.Vault.Forget(ctx, id); err != nil {
			return fmt.Errorf("secrets of request %s: %w", r.ID, err)
		}
	}
	c := workspace.Change{Partition: workspace.System}
	c.Request(r.Forgot(), f.Ledger.Now(), f.line(audit.Line{Action: "forget", From: string(r.Status), To: string(r.Status), Detail: fmt.Sprintf("%d secrets", len(secrets))}))
	if _, err := f.Estate.Operations.CommitChange(ctx, c); err != nil {
		return fmt.Errorf("request for workspace %s: %w", r.ID, err)
	}
	return nil
}

func (f Function) line(l audit.Line) audit.Line {
	l.At, l.Actor = f.Ledger.Now(), audit.Actor{Name: "sweep", Role: string(airlock.Engine)}
	return l
}

// stuck is what people read of an operation whose orders were poisoned.
const stuck = "the engine has trouble with this operation and tries again every minute; an administrator finds the reason in the engine's log"

// markStep shows on an operation that an order about it was poisoned, has
// administrators told when that happened often enough, and hints at it.
func (f Function) markStep(ctx context.Context, p Poisoned, out *Out) error {
	var m message.Step
	if json.Unmarshal([]byte(p.Text), &m) != nil || !isID(m.Resource) || m.Operation != "" && !isID(m.Operation) {
		return f.odd(ctx, message.QueueStep, p)
	}
	if m.Operation == "" { // an event's hint: whatever it was about has an order of its own
		return nil
	}
	op, err := f.Estate.Operations.Operation(ctx, workspace.OperationKey{Partition: m.Workspace, Resource: m.Resource, ID: m.Operation})
	if errors.Is(err, airlock.ErrNotFound) {
		return f.odd(ctx, message.QueueStep, p)
	}
	if err != nil {
		return fmt.Errorf("operation %s: %w", m.Operation, err)
	}
	if op.Ended() { // but whoever took what is not its own may have ended before it let go of that: a look does
		out.Step = append(out.Step, message.Step{Workspace: m.Workspace, Resource: m.Resource, Operation: m.Operation})
		return nil
	}
	cmp.Or(f.Log, slog.Default()).ErrorContext(ctx, "poisoned order about an operation", slog.String("operation", op.ID), slog.String("resource", op.Resource.ID))
	op, news := op.Marked(workspace.Poisoned{Message: p.ID, At: f.Ledger.Now()}, stuck, cmp.Or(f.Marks, 3))
	if news {
		c := workspace.Change{Partition: op.Resource.Partition}
		c.Operation(op, f.Ledger.Now().Add(f.Ledger.Cadence.Hint), f.line(audit.Line{Action: "poisoned", From: string(op.Status), To: string(op.Status), Detail: message.QueueStep}))
		if _, err := f.Estate.Operations.CommitChange(ctx, c); err != nil {
			return fmt.Errorf("operation %s: %w", op.ID, err)
		}
	}
	if op.Untold() {
		out.Notify = append(out.Notify, message.Notify{Workspace: m.Workspace, Resource: m.Resource, Request: m.Operation})
	}
	out.Step = append(out.Step, message.Step{Workspace: m.Workspace, Resource: m.Resource, Operation: m.Operation})
	return nil
}

// askAgain puts a poisoned request for a workspace back on its queue, and
// audits that: it is nowhere else.
func (f Function) askAgain(ctx context.Context, p Poisoned) error {
	var m message.RequestWorkspace
	if json.Unmarshal([]byte(p.Text), &m) != nil || !isID(m.ID) || doorman.CheckRequest(m.Request) != nil {
		return f.odd(ctx, message.QueueRequest, p) // it would be poisoned again
	}
	line := f.line(audit.Line{Workspace: workspace.System, Request: m.ID, Action: "poisoned", Detail: message.QueueRequest, Reason: "a request for a workspace, tried again"})
	if err := f.Ledger.Refusals.Keep(ctx, "poison."+message.QueueRequest, line, m.ID); err != nil {
		return err
	}
	pause := f.pause(m.Again)
	m.Again++
	if err := f.Orders.Send(ctx, message.QueueRequest, m, pause); err != nil {
		return fmt.Errorf("poisoned request for a workspace: %w", err)
	}
	return nil
}

// requested orders that a dead-lettered request for a workspace is kept, if
// workspacerequested would have let it in.
func (f Function) requested(ctx context.Context, ev azfunc.Event) error {
	m, err := f.Door.Request(ev)
	if err != nil {
		if err = f.Door.Refuse(ctx, ev, err); settled(err) {
			return nil // and audited
		}
		return fmt.Errorf("dead letter: %w", err)
	}
	if err := f.Orders.Send(ctx, message.QueueRequest, *m, 0); err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	return nil
}

func isID(text string) bool {
	u, err := uuid.Parse(text)
	return err == nil && u.String() == text
}

// give gives one hint about what is due.
func (f Function) give(ctx context.Context, o airlock.Open, out *Out, seen map[string]int64) error {
	most := cmp.Or(f.Most, 5000)
	switch {
	case o.Resource != "":
		if len(out.Step) < most {
			out.Step = append(out.Step, message.Step{Workspace: o.Key.Workspace, Resource: o.Resource, Operation: o.Key.Request})
			seen[health.CountHints]++
		}
		if o.Tell && len(out.Notify) < most { // whose order was lost
			out.Notify = append(out.Notify, message.Notify{Workspace: o.Key.Workspace, Resource: o.Resource, Request: o.Key.Request})
		}
	case o.Key.Workspace == workspace.System:
		if len(out.Notify) < most {
			return f.asked(ctx, o, out)
		}
	case o.Key.Workspace == airlock.PeoplePartition || o.Key.Request == o.Key.Workspace: // somebody is to be told
		if len(out.Notify) < most {
			out.Notify = append(out.Notify, message.Notify{Workspace: o.Key.Workspace, Request: o.Key.Request})
		}
	case !o.Rests && len(out.Advance) < most:
		out.Advance = append(out.Advance, message.Advance{Workspace: o.Key.Workspace, Request: o.Key.Request})
		seen[health.CountHints]++
	}
	return nil
}
