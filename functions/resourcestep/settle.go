package resourcestep

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
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
		s.call(ctx, target)
	}
	return !op.Ended(), err
}

// refuse ends the operation at a step that is not begun.
func (s *step) refuse(ctx context.Context, why string) (more bool, err error) {
	op, target, own := s.op.Refuse(s.i, why, s.target, s.own, s.f.Now())
	err = s.commit(ctx, write{op: op, target: target, own: own, said: outcome(op, s.i)})
	if err == nil {
		s.call(ctx, target)
	}
	return false, err
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
// not waited for: what is in it is encrypted and of no use any more. Retain
// forgets that, and what others still had need of, when nobody names it.
func (s *step) bury(ctx context.Context) error {
	if err := s.release(ctx); err != nil {
		return err
	}
	own := map[string]string{}
	for pointer, id := range s.target.Secrets {
		if strings.Contains(id, s.target.ID) { // what a pipeline put here belongs to its source
			own[pointer] = id
		}
	}
	passed, err := s.passed(ctx, own)
	if err != nil {
		return err
	}
	for _, id := range own {
		if passed[id] {
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

// passed are those of some secrets of the target that its pipeline passed on to
// something that is there still: what it is in, or a shared service.
func (s *step) passed(ctx context.Context, own map[string]string) (map[string]bool, error) {
	passed := map[string]bool{}
	if len(own) == 0 {
		return passed, nil
	}
	partitions := []string{workspace.System}
	if s.target.Workspace != "" {
		partitions = append(partitions, s.target.Workspace)
	}
	for _, partition := range partitions {
		all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
			return s.f.Ports.Lists.Resources(ctx, partition, p)
		})
		if err != nil {
			return nil, fmt.Errorf("resources of %s: %w", partition, err)
		}
		for _, r := range all {
			if r.Gone() || r.ID == s.target.ID {
				continue
			}
			for _, id := range r.Secrets {
				passed[id] = true
			}
		}
	}
	return passed, nil
}
