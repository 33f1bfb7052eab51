package sweep

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/health"
)

// settled tells whether trying again changes nothing: the message is no
// message, or about nothing of ours.
func settled(err error) bool {
	return err != nil && fault.KindOf(err) != fault.Retry
}

// odd audits a poisoned message that names no request of ours. Its text is not
// kept: nobody knows what is in it.
func (f Function) odd(ctx context.Context, queue string, p Poisoned) error {
	line := audit.Line{Workspace: "system", At: f.Ledger.Now().UTC(), Action: "poisoned", Detail: queue,
		Reason: fmt.Sprintf("%d bytes that name no request", len(p.Text)),
		Actor:  audit.Actor{Name: "sweep", Role: string(airlock.Engine)}}
	return f.Ledger.Refusals.Keep(ctx, "poison."+queue, line, p.ID)
}

// tell leaves behind how the sweep went and what it saw.
func (f Function) tell(ctx context.Context, seen map[string]int64, err error) {
	if err != nil {
		f.Health.Failed(ctx, health.Sweep, fault.KindOf(err).String())
		return
	}
	f.Health.Well(ctx, health.Sweep, "", seen)
}
