package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/message"
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

// dead orders a look at the requests whose facts were not delivered. Facts are
// hints, so a look finds what they would have said.
func (f Function) dead(ctx context.Context, out *Out, seen map[string]int64) error {
	letters, err := f.Dead.Letters(ctx, cmp.Or(f.Batch, 100))
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	seen[health.CountDead] = int64(len(letters))
	var failed []error
	for _, l := range letters {
		if key, ok := about(l.Event.Subject); ok {
			out.Advance = append(out.Advance, message.Advance{Workspace: key.Workspace, Request: key.Request, Trace: l.Event.ID})
		}
		failed = append(failed, l.Drop(ctx))
	}
	return errors.Join(failed...)
}

// about finds the container of ours that a subject names.
func about(subject string) (airlock.Key, bool) {
	for part := range strings.SplitSeq(subject, "/") {
		if c, err := airlock.ParseContainer(part); err == nil {
			return c.Key, true
		}
	}
	return airlock.Key{}, false
}

// tell leaves behind how the sweep went and what it saw.
func (f Function) tell(ctx context.Context, seen map[string]int64, err error) {
	if err != nil {
		f.Health.Failed(ctx, health.Sweep, fault.KindOf(err).String())
		return
	}
	f.Health.Well(ctx, health.Sweep, "", seen)
}
