package resources

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Drift is the last report of how the cloud differs from what is kept here.
func (d *Desk) Drift(ctx context.Context, c desk.Caller) (workspace.Drift, error) {
	if _, err := d.Desk.AdmitEverywhere(ctx, c, access.Drift); err != nil {
		return workspace.Drift{}, err
	}
	report, err := d.Ports.Drifts.Drift(ctx)
	if errors.Is(err, airlock.ErrNotFound) {
		return report, fmt.Errorf("no report yet, order one: %w", airlock.ErrNotFound)
	}
	if err != nil {
		return report, fmt.Errorf("drift: %w", err)
	}
	return report, nil
}

// LookForDrift has the engine compare the cloud with what is kept here; the
// report that began after the time returned is the answer.
func (d *Desk) LookForDrift(ctx context.Context, c desk.Caller) (time.Time, error) {
	if _, err := d.Desk.AdmitEverywhere(ctx, c, access.Drift); err != nil {
		return time.Time{}, err
	}
	if _, err := d.builder(); err != nil {
		return time.Time{}, err
	}
	at := d.Now().UTC()
	if err := d.Ports.Orders.Send(ctx, message.QueueDrift, message.Drift{At: at}, 0); err != nil {
		return at, fmt.Errorf("drift: %w", err)
	}
	return at, nil
}
