package desk

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// tries is how often a move is built anew on what somebody else committed
// meanwhile: each loss means that another call won, so three in a row are rare.
const tries = 3

// move is one person's way to change a request.
type move struct {
	action access.Action
	on     airlock.Trigger // what it is called in the audit trail
	// build makes the change from the request as it is now.
	build func(ctx context.Context, v visit, operation string) (airlock.Change, error)
	// done tells whether the request shows that this operation happened;
	// nil: the audit trail is asked.
	done func(r airlock.Request, operation string) bool
}

// change commits a move and sets going what follows. A repeat of a call that
// committed succeeds without doing anything twice.
func (d *Desk) change(ctx context.Context, c Caller, key airlock.Key, m move) (visit, airlock.Change, error) {
	operation := c.id(string(m.on), key)
	for try := 1; ; try++ {
		admitted, err := d.Admit(ctx, c, key.Workspace, m.action)
		if err != nil {
			return visit{}, airlock.Change{}, err
		}
		v, err := d.load(ctx, admitted, key)
		if err != nil {
			return visit{}, airlock.Change{}, err
		}
		change, err := d.attempt(ctx, v, m, operation)
		switch {
		case err == nil:
			return v, change, nil
		case errors.Is(err, errLost) && try < tries:
			c.standing = nil // a membership may be what changed
			continue
		case errors.Is(err, errLost):
			return visit{}, airlock.Change{}, fmt.Errorf("airlock request %s: somebody else is changing it, try again: %w", key.Request, airlock.ErrConflict)
		}
		return visit{}, airlock.Change{}, err
	}
}

// errLost means that somebody else's commit came first.
var errLost = errors.New("lost the race")

// attempt builds and commits once.
func (d *Desk) attempt(ctx context.Context, v visit, m move, operation string) (airlock.Change, error) {
	if m.happened(v.request, operation) {
		return d.again(ctx, v.request, m), nil
	}
	var change airlock.Change
	err := v.sees(m.action)
	if err == nil {
		err = v.caller.matches(v.request)
	}
	if err == nil {
		change, err = m.build(ctx, v, operation)
	}
	switch {
	case err == nil:
	case (errors.Is(err, airlock.ErrIllegal) || errors.Is(err, errUnseen) || errors.Is(err, ErrStale)) && m.done == nil && d.traced(ctx, v, operation):
		return d.again(ctx, v.request, m), nil
	default:
		return airlock.Change{}, err
	}
	if change, err = d.commit(ctx, v.workspace.Policy, change); err != nil {
		return d.afterFailure(ctx, v, m, operation, err)
	}
	d.after(ctx, v.request.Stage, change)
	return change, nil
}

// commit writes a change with its row of unfinished work.
func (d *Desk) commit(ctx context.Context, p airlock.Policy, change airlock.Change) (airlock.Change, error) {
	saved, err := d.Ports.Requests.Commit(ctx, change.WithOpen(p, d.Cadence))
	if err != nil {
		return change, fmt.Errorf("airlock request %s: commit: %w", change.Request.ID, err)
	}
	change.Request = saved
	return change, nil
}

// afterFailure finds out whether a commit that answered with an error happened
// all the same.
func (d *Desk) afterFailure(ctx context.Context, v visit, m move, operation string, cause error) (airlock.Change, error) {
	now, err := d.Ports.Requests.Request(ctx, v.request.Key())
	switch {
	case err != nil:
		return airlock.Change{}, cause
	case m.happened(now, operation):
		return d.again(ctx, now, m), nil
	case errors.Is(cause, airlock.ErrConflict):
		return airlock.Change{}, errLost
	}
	return airlock.Change{}, cause
}

// happened tells whether the request itself shows the operation.
func (m move) happened(r airlock.Request, operation string) bool {
	if r.Operation == operation {
		return true
	}
	return m.done != nil && m.done(r, operation)
}

// again is the change of a repeated call: nothing new, but what follows is
// ordered once more where the request still stands there.
func (d *Desk) again(ctx context.Context, r airlock.Request, m move) airlock.Change {
	change := airlock.Change{Request: r}
	for _, row := range airlock.Steps {
		if row.To == r.Stage && (row.On == m.on || strings.HasPrefix(string(row.On), string(m.on)+"_")) {
			change.Orders = append(change.Orders, row.Then...)
		}
	}
	d.after(ctx, "", change)
	return change
}

// traced tells whether the audit trail shows the operation: the engine may
// have moved the request on since. Trouble reads as no: the caller is then
// told how the request stands.
func (d *Desk) traced(ctx context.Context, v visit, operation string) bool {
	lines, err := d.lines(ctx, v.request)
	if err != nil {
		return false
	}
	for _, line := range lines {
		if line.Actor.OID == v.caller.Person.OID && line.Detail == operationMark+operation {
			return true
		}
	}
	return false
}

// operationMark stands before an operation's id in an audit line. The id says
// who did what in which call, see Caller.id.
const operationMark = "operation "

// pull is the rulebook's move by the visitor.
func (d *Desk) pull(v visit, on airlock.Trigger, reason, operation string) airlock.Move {
	return airlock.Move{On: on, By: v.caller.person(), As: v.as, At: d.Now(), Reason: reason,
		Operation: operation, Call: v.caller.call(), Detail: operationMark + operation}
}
