package notify

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Operations knows what is done to resources, and what they are called.
type Operations interface {
	// Operation returns airlock.ErrNotFound when there is none.
	Operation(ctx context.Context, key workspace.OperationKey) (workspace.Operation, error)
	// Resource returns airlock.ErrNotFound when there is none.
	Resource(ctx context.Context, key workspace.Key) (workspace.Resource, error)
}

// hearStuck tells administrators that an operation is stuck. One that is gone,
// that ended or that they know of is told of to nobody.
func (f Function) hearStuck(ctx context.Context, m message.Notify) error {
	for try := 1; ; try++ {
		op, err := f.Operations.Operation(ctx, workspace.OperationKey{Partition: m.Workspace, Resource: m.Resource, ID: m.Request})
		if errors.Is(err, airlock.ErrNotFound) || err == nil && !op.Untold() {
			return nil
		}
		if err != nil {
			return fmt.Errorf("operation %s: %w", m.Request, err)
		}
		if err := f.tellStuck(ctx, op); err != nil {
			return fmt.Errorf("operation %s: %w", op.ID, err)
		}
		c := workspace.Change{Partition: op.Resource.Partition}
		c.Heard(op.Heard(), f.Ledger.Now().Add(f.Ledger.Cadence.Hint))
		_, err = f.Store.CommitChange(ctx, c)
		if !errors.Is(err, airlock.ErrConflict) || try == maxTries {
			return err
		}
	}
}

// tellStuck sends a mail to every administrator who has none of it.
func (f Function) tellStuck(ctx context.Context, op workspace.Operation) error {
	r, err := f.Operations.Resource(ctx, op.Resource)
	if err != nil && !errors.Is(err, airlock.ErrNotFound) { // one that is gone has no name
		return err
	}
	in := r.Workspace
	if r.Kind == workspace.Workspace {
		in = r.ID
	}
	link := f.Portal + "/"
	if in != "" {
		link = f.Portal + "/workspaces/" + in + "/resources"
	}
	var failed []error
	for _, a := range f.Administrators {
		p := person{id: a.Email, to: mail.Address{Name: a.Name, Email: a.Email}, role: compose.Administrator}
		l := letter{key: airlock.Key{Workspace: op.Resource.Partition, Request: op.ID}, id: fmt.Sprintf("%s.%s.%s.stuck", op.Resource.Partition, op.ID, op.Stuck.Step),
			event: "stuck", at: op.Stuck.At, to: p}
		failed = append(failed, f.send(ctx, l, func() (compose.Content, error) {
			return compose.RenderOperation(compose.Operation{Recipient: a.Name, ID: op.ID, Path: op.ResourcePath, Action: string(op.Action), Resource: r.Name(),
				Person: op.CreatedBy.Name, When: op.Stuck.At, Link: link})
		}))
	}
	return errors.Join(failed...)
}
