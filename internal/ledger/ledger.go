// Package ledger joins the rulebook with the store for the engine's functions:
// load a request and its workspace, make a move, commit it with its open-work
// row. It decides nothing.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/refusals"
)

// Ledger is where the engine reads and writes requests.
type Ledger struct {
	Requests   airlock.Requests
	Workspaces airlock.Workspaces
	Trail      airlock.Trail
	Now        func() time.Time
	Cadence    airlock.Cadence
	Refusals   *refusals.Book // keeps messages about requests that do not exist
}

// Case is a request with what its workspace says of it.
type Case struct {
	Request   airlock.Request
	Workspace airlock.Workspace
	Policy    airlock.Policy // with defaults
}

// Load reads a request named in a message. A message that names none is
// unreadable; one that names a request we do not have is audited and refused.
func (l Ledger) Load(ctx context.Context, workspace, request string) (Case, error) {
	for _, id := range []string{workspace, request} {
		if u, err := uuid.Parse(id); err != nil || u.String() != id {
			return Case{}, fault.Unreadable(fmt.Errorf("message: %.50q is no id", id))
		}
	}
	key := airlock.Key{Workspace: workspace, Request: request}
	r, err := l.Requests.Request(ctx, key)
	if errors.Is(err, airlock.ErrNotFound) {
		return Case{}, l.Unknown(ctx, key)
	}
	if err != nil {
		return Case{}, fmt.Errorf("request %s: %w", request, err)
	}
	return l.withWorkspace(ctx, r)
}

func (l Ledger) withWorkspace(ctx context.Context, r airlock.Request) (Case, error) {
	w, err := l.Workspaces.Workspace(ctx, r.Workspace)
	if err != nil {
		return Case{}, fmt.Errorf("workspace %s: %w", r.Workspace, err)
	}
	return Case{Request: r, Workspace: w, Policy: w.Policy.WithDefaults()}, nil
}

// Unknown audits a message about a request that does not exist and returns the
// refusal.
func (l Ledger) Unknown(ctx context.Context, key airlock.Key) error {
	call, _ := azfunc.CallFrom(ctx)
	err := fmt.Errorf("request %s in workspace %s: %w", key.Request, key.Workspace, airlock.ErrNotFound)
	line := audit.Line{Workspace: "system", At: l.Now().UTC(), Action: "refused", Reason: err.Error(),
		Actor: audit.Actor{Name: call.Function, Role: string(airlock.Engine)}}
	if kept := l.Refusals.Keep(ctx, "unknown", line, key.Workspace, key.Request); kept != nil {
		return kept
	}
	return fault.Refuse(err)
}

// Move makes moves of the engine, one after the other, and commits them as one
// change with a line each. It returns the case as it is then, and the orders
// that follow. airlock.ErrConflict: somebody else was faster; load again.
func (l Ledger) Move(ctx context.Context, c Case, moves ...airlock.Move) (Case, []airlock.Order, error) {
	call, _ := azfunc.CallFrom(ctx)
	all := airlock.Change{Request: c.Request}
	for _, m := range moves {
		m.As, m.At, m.Operation = []airlock.Role{airlock.Engine}, l.Now(), call.Invocation
		if m.Function == "" {
			m.Function = call.Function
		}
		change, err := all.Request.Apply(m)
		if err != nil {
			return c, nil, fmt.Errorf("request %s: %w", c.Request.ID, err)
		}
		all.Request, all.Lines, all.Orders = change.Request, append(all.Lines, change.Lines...), append(all.Orders, change.Orders...)
	}
	return l.Commit(ctx, c, all)
}

// Note commits a change that moves nothing, with what is to be audited of it.
func (l Ledger) Note(ctx context.Context, c Case, action, detail string) (Case, error) {
	var lines []audit.Line
	if action != "" {
		call, _ := azfunc.CallFrom(ctx)
		lines = append(lines, audit.Line{At: l.Now(), Action: action, Detail: detail,
			From: string(c.Request.Stage), To: string(c.Request.Stage),
			Actor: audit.Actor{Name: call.Function, Role: string(airlock.Engine)}})
	}
	c, _, err := l.Commit(ctx, c, c.Request.Note(lines...))
	return c, err
}

// Commit writes a change with its open-work row.
func (l Ledger) Commit(ctx context.Context, c Case, change airlock.Change) (Case, []airlock.Order, error) {
	saved, err := l.Requests.Commit(ctx, change.WithOpen(c.Policy, l.Cadence))
	if err != nil {
		return c, nil, fmt.Errorf("request %s: commit: %w", c.Request.ID, err)
	}
	c.Request = saved
	return c, change.Orders, nil
}

// Pending is what a request has to have done beside its stage's own work.
func Pending(r airlock.Request) []airlock.Order {
	var orders []airlock.Order
	if len(r.Notices) > 0 {
		orders = append(orders, airlock.Notify)
	}
	if len(r.Purges()) > 0 {
		orders = append(orders, airlock.Purge)
	}
	return orders
}

// Has tells whether an order is among orders.
func Has(orders []airlock.Order, o airlock.Order) bool { return slices.Contains(orders, o) }
