package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// measure tells whoever measures what the queues hold and how much work is
// open in which stage. What cannot be told now is told in a minute.
func (f Function) measure(ctx context.Context) {
	if f.Look == nil {
		return
	}
	var failed []error
	for _, queue := range f.Queues {
		q, err := f.Look(ctx, queue)
		if err == nil {
			telemetry.Queue(ctx, queue, q.Depth, q.Poison)
		}
		failed = append(failed, err)
	}
	failed = append(failed, f.stages(ctx))
	if err := errors.Join(failed...); err != nil {
		cmp.Or(f.Log, slog.Default()).WarnContext(ctx, "not everything was measured", slog.Any("error", err))
	}
}

// allStages are told even when nothing is open in them: a figure that is not
// told stays at its last value.
var allStages = []airlock.Stage{airlock.Draft, airlock.Sealing, airlock.Gating, airlock.InReview, airlock.Approving, airlock.Rejecting,
	airlock.Blocking, airlock.Failed}

// ever is further off than any retention.
const ever = 100 * 365 * 24 * time.Hour

func (f Function) stages(ctx context.Context) error {
	workspaces, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) {
		return f.Ledger.Workspaces.Workspaces(ctx, p)
	})
	open := map[airlock.Stage]int{}
	for _, w := range workspaces {
		rows, e := airlock.Collect(func(p airlock.Page) ([]airlock.Open, string, error) {
			return f.Work.Due(ctx, w.ID, f.Ledger.Now().Add(ever), p)
		})
		if e != nil {
			return fmt.Errorf("open work of workspace %s: %w", w.ID, e)
		}
		for _, o := range rows {
			open[o.Stage]++
		}
	}
	if err != nil {
		return fmt.Errorf("workspaces: %w", err)
	}
	for _, stage := range allStages {
		telemetry.Open(ctx, string(stage), open[stage])
	}
	return nil
}
