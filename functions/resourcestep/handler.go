// Package resourcestep does the next step of an operation on a resource: takes
// its target, starts the deployment or the machine's action, looks how it
// stands, settles how it ended. In: an order that names the operation, and
// nothing else that is believed. Out: orders for what follows. It never waits:
// what takes long is looked at again on a delayed order, an event of Azure or a
// hint of sweep, all of which lead here. Repeats and late orders find nothing
// to do.
package resourcestep

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/refusals"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Out names this function's output bindings.
type Out struct {
	Step   *message.Step   `json:"resourcestep,omitempty"`
	Notify *message.Notify `json:"notify,omitempty"`
}

// Orders puts orders on queues, to be seen after a delay: an output binding
// cannot delay.
type Orders interface {
	Send(ctx context.Context, queue string, message any, delay time.Duration) error
}

// Ports are what the function needs of the world.
type Ports struct {
	Store     workspace.Store
	Lists     workspace.Lists
	Requests  Requests
	Addresses workspace.Addresses
	Packages  workspace.Packages
	Names     workspace.Names
	Fleets    workspace.Fleets // nil: power states are not noted
	Work      airlock.Work
	Cards     airlock.Workspaces // remembers nothing
	Rolls     people.Rolls
	Members   airlock.Members
	Stacks    workspace.Stacks
	Machines  workspace.Machines
	Vault     Vault
	Canary    Canary
	Orders    Orders
}

// Requests knows who asked for a workspace.
type Requests interface {
	// WorkspaceRequest returns airlock.ErrNotFound when there is none.
	WorkspaceRequest(ctx context.Context, id string) (workspace.Request, error)
}

// Vault forgets the secrets of what was deleted.
type Vault interface {
	// Forget deletes a secret; one that is gone is fine.
	Forget(ctx context.Context, id string) error
}

// Function does steps.
type Function struct {
	Ports    Ports
	Platform workspace.Platform
	Pool     workspace.Pool
	Cadence  workspace.Cadence
	Now      func() time.Time
	Refusals *refusals.Book // keeps orders about operations that do not exist
	Log      *slog.Logger   // nil means slog.Default()
}

// What one call may do: a step takes four commits of which none waits, a
// cascade over what is gone already one each.
const (
	maxLooks     = 24
	maxConflicts = 3 // with somebody faster, before the order is tried again
)

// Handle does what can be done of an operation until it waits for something.
func (f Function) Handle(ctx context.Context, m message.Step) (Out, error) {
	var out Out
	conflicts := 0
	for range maxLooks {
		s, err := f.load(ctx, m)
		if err != nil {
			return out, err
		}
		if s.op.ID != "" { // when its job ended, the resource does not name it any more
			m.Workspace, m.Resource, m.Operation = s.op.Resource.Partition, s.op.Resource.ID, s.op.ID
		}
		s.out = &out
		more, err := s.next(ctx)
		switch {
		case errors.Is(err, airlock.ErrConflict) && conflicts < maxConflicts:
			conflicts++
		case err != nil:
			return out, err
		case !more:
			return out, nil
		}
	}
	out.Step = &m
	return out, nil
}

// step is one look at an operation.
type step struct {
	f      Function
	m      message.Step
	op     workspace.Operation
	i      int                // its current step
	target workspace.Resource // of that step, as stored
	own    workspace.Resource // the operation's own resource, as stored; the target where that is its own
	out    *Out
}

// next does what the rulebook says; more tells that something else can be done
// at once.
func (s *step) next(ctx context.Context) (more bool, err error) {
	if s.op.ID == "" {
		return false, nil // nothing is done to the resource
	}
	do, _ := s.op.Next(s.target)
	switch do {
	case workspace.Take:
		return s.take(ctx)
	case workspace.Hold:
		return s.hold(ctx)
	case workspace.Start:
		return s.start(ctx)
	case workspace.Look:
		return s.look(ctx)
	case workspace.Settle:
		return s.settle(ctx)
	case workspace.Refuse:
		return s.refuse(ctx, "")
	default:
		return false, s.free(ctx)
	}
}

// load reads the operation that the order names, or that is under way on the
// resource, and what it is about now.
func (f Function) load(ctx context.Context, m message.Step) (*step, error) {
	key, err := f.key(ctx, m)
	if err != nil {
		return nil, err
	}
	s := &step{f: f, m: m}
	if key.ID == "" {
		return s, nil
	}
	s.op, err = f.Ports.Store.Operation(ctx, key)
	if errors.Is(err, airlock.ErrNotFound) {
		return nil, f.unknown(ctx, m, fmt.Errorf("operation %s on resource %s: %w", key.ID, key.Resource, err))
	}
	if err != nil {
		return nil, fmt.Errorf("operation %s: %w", key.ID, err)
	}
	i, ok := s.op.Current()
	if !ok {
		return s, nil
	}
	s.i = i
	if s.own, err = f.Ports.Store.Resource(ctx, s.op.Resource); err != nil {
		return nil, fmt.Errorf("resource %s: %w", s.op.Resource.ID, err)
	}
	s.target = s.own
	if at := s.op.Steps[i].Target; at != s.op.Resource {
		s.target, err = f.Ports.Store.Resource(ctx, at)
		if err != nil && !errors.Is(err, airlock.ErrNotFound) {
			return nil, fmt.Errorf("resource %s: %w", at.ID, err)
		}
	}
	return s, nil
}

// key is the operation that an order is about. A message that names nothing is
// unreadable. One that names a resource alone, as an event of Azure does, is
// about the operation whose job is done to it; none is fine.
func (f Function) key(ctx context.Context, m message.Step) (workspace.OperationKey, error) {
	ids := []string{m.Resource}
	if m.Workspace != workspace.System {
		ids = append(ids, m.Workspace)
	}
	if m.Operation != "" {
		ids = append(ids, m.Operation)
	}
	for _, id := range ids {
		if u, err := uuid.Parse(id); err != nil || u.String() != id {
			return workspace.OperationKey{}, fault.Unreadable(fmt.Errorf("message: %.50q is no id", id))
		}
	}
	if m.Operation != "" {
		return workspace.OperationKey{Partition: m.Workspace, Resource: m.Resource, ID: m.Operation}, nil
	}
	r, err := f.Ports.Store.Resource(ctx, workspace.Key{Partition: m.Workspace, ID: m.Resource})
	if errors.Is(err, airlock.ErrNotFound) {
		return workspace.OperationKey{}, f.unknown(ctx, m, fmt.Errorf("resource %s: %w", m.Resource, err))
	}
	if err != nil {
		return workspace.OperationKey{}, fmt.Errorf("resource %s: %w", m.Resource, err)
	}
	switch {
	case r.Job != nil:
		return r.Job.Operation, nil
	case r.Operation != "" && waits(r.Status): // it was not taken yet; an operation on another resource holds it in no such status
		return workspace.OperationKey{Partition: m.Workspace, Resource: m.Resource, ID: r.Operation}, nil
	}
	return workspace.OperationKey{}, nil
}

// waits tells whether the resource's own operation has not begun.
func waits(s workspace.Status) bool {
	return s == workspace.AwaitingDeployment || s == workspace.AwaitingUpdate || s == workspace.AwaitingDeletion || s == workspace.AwaitingAction
}

// unknown audits an order about what does not exist and returns the refusal.
func (f Function) unknown(ctx context.Context, m message.Step, err error) error {
	call, _ := azfunc.CallFrom(ctx)
	line := audit.Line{Workspace: workspace.System, At: f.Now().UTC(), Action: "refused", Reason: err.Error(),
		Actor: audit.Actor{Name: call.Function, Role: string(airlock.Engine)}}
	if kept := f.Refusals.Keep(ctx, "unknown", line, m.Workspace, m.Resource, m.Operation); kept != nil {
		return kept
	}
	return fault.Refuse(err)
}
