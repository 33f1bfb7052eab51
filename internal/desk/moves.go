package desk

import (
	"context"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Get returns a request.
func (d *Desk) Get(ctx context.Context, c Caller, key airlock.Key) (View, error) {
	v, err := d.enter(ctx, c, key, access.Read)
	if err != nil {
		return View{}, err
	}
	return v.view(v.request), nil
}

// Cancel gives a request up. reason may be empty.
func (d *Desk) Cancel(ctx context.Context, c Caller, key airlock.Key, reason string) (View, error) {
	return d.act(ctx, c, key, d.plain(access.Cancel, airlock.Cancel, reason))
}

// Stop ends a delivery that is under way; what was delivered is purged.
func (d *Desk) Stop(ctx context.Context, c Caller, key airlock.Key, reason string) (View, error) {
	return d.act(ctx, c, key, d.plain(access.Stop, airlock.Stop, reason))
}

// Revoke takes a release back: the released files are purged, which ends the
// links to them. What was fetched before cannot be recalled.
func (d *Desk) Revoke(ctx context.Context, c Caller, key airlock.Key, reason string) (View, error) {
	m := d.plain(access.Revoke, airlock.Revoke, reason)
	apply := m.build
	m.build = func(ctx context.Context, v visit, operation string) (airlock.Change, error) {
		change, err := apply(ctx, v, operation)
		if err != nil {
			return change, err
		}
		// AzureTRE keeps the reason of a revocation among the reviews.
		r := change.Request
		change.Request.Reviews = append(slices.Clone(r.Reviews), airlock.Review{ID: operation, Reviewer: v.caller.person(),
			At: r.UpdatedAt, Decision: "revoked", Reason: reason, Turn: r.Turn, Digest: r.Manifest})
		return change, nil
	}
	return d.act(ctx, c, key, m)
}

// Retry takes a failed request back to where it failed.
func (d *Desk) Retry(ctx context.Context, c Caller, key airlock.Key) (View, error) {
	m := move{action: access.Retry, on: retry}
	m.build = func(ctx context.Context, v visit, operation string) (airlock.Change, error) {
		on, ok := v.request.RetryOf()
		if !ok {
			return airlock.Change{}, fmt.Errorf("request is %s, retry is not possible; allowed now: %v: %w",
				v.request.Stage.Status(), v.view(v.request).Actions, airlock.ErrIllegal)
		}
		change, err := v.request.Apply(d.pull(v, on, "", operation))
		if err != nil {
			return change, err
		}
		return change, d.redraft(ctx, v.request, change.Request)
	}
	return d.act(ctx, c, key, m)
}

// retry stands for whichever of the rulebook's retries applies.
const retry airlock.Trigger = "retry"

// plain is a move that is nothing but the rulebook's.
func (d *Desk) plain(action access.Action, on airlock.Trigger, reason string) move {
	return move{action: action, on: on, build: func(_ context.Context, v visit, operation string) (airlock.Change, error) {
		if err := airlock.Prose("reason", reason, airlock.MaxReason); err != nil {
			return airlock.Change{}, err
		}
		return v.request.Apply(d.pull(v, on, reason, operation))
	}}
}

// act commits a move and returns the request after it.
func (d *Desk) act(ctx context.Context, c Caller, key airlock.Key, m move) (View, error) {
	v, change, err := d.change(ctx, c, key, m)
	if err != nil {
		return View{}, err
	}
	return v.view(change.Request), nil
}

// redraft makes the container of a new turn, before the commit that opens it,
// so that a draft always has one.
func (d *Desk) redraft(ctx context.Context, before, after airlock.Request) error {
	if after.Stage != airlock.Draft || after.Turn == before.Turn {
		return nil
	}
	if err := d.Ports.Containers.Create(ctx, after.Place(airlock.DraftFiles, after.Turn)); err != nil {
		return fmt.Errorf("draft of turn %d: %w", after.Turn, err)
	}
	return nil
}
