package resourcestep

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// settle takes over how the step ended into its operation.
func (s *step) settle(ctx context.Context) (more bool, err error) {
	if s.target.Gone() {
		if err := s.bury(ctx); err != nil {
			return false, err
		}
	}
	op, target, own := s.op.Settle(s.i, s.target, s.own, s.f.Now())
	if target.Gone() && target.ID != "" {
		target.Secrets = nil
	}
	err = s.commit(ctx, write{op: op, target: target, own: own, said: outcome(op, s.i)})
	if err == nil {
		s.powered(ctx, op)
	}
	return !op.Ended(), err
}

// refuse ends the operation at a step that is not begun.
func (s *step) refuse(ctx context.Context, why string) (more bool, err error) {
	op, target, own := s.op.Refuse(s.i, why, s.target, s.own, s.f.Now())
	return false, s.commit(ctx, write{op: op, target: target, own: own, said: outcome(op, s.i)})
}

// outcome is what the audit trail calls the end of a step.
func outcome(op workspace.Operation, i int) string {
	if op.Steps[i].Status.Failed() {
		return string(workspace.Fails)
	}
	return string(workspace.Succeeds)
}

// patience is how long a deletion waits for a vault that cannot be asked.
const patience = time.Hour

// bury lets go of what a deleted resource held: a service's address ranges and
// the resource's secrets. Doing it again is harmless. A vault that stays away is
// not waited for: what is in it is encrypted and of no use any more.
func (s *step) bury(ctx context.Context) error {
	if err := s.release(ctx); err != nil {
		return err
	}
	for _, id := range s.target.Secrets {
		if !strings.Contains(id, s.target.ID) { // what a pipeline put here belongs to its source
			continue
		}
		err := s.f.Ports.Vault.Forget(ctx, id)
		if err == nil {
			continue
		}
		if s.f.Now().Sub(s.target.UpdatedAt) < patience {
			return fmt.Errorf("secrets of resource %s: %w", s.target.ID, shown(err))
		}
		cmp.Or(s.f.Log, slog.Default()).WarnContext(ctx, "a secret of a deleted resource stays in the vault", slog.String("resource", s.target.ID))
	}
	return nil
}
