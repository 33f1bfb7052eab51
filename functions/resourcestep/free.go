package resourcestep

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// free lets go of what an operation that is over holds still. A target of
// another partition is taken before its operation says so, and between the two
// another worker may have ended the operation. Whoever took the target comes
// here then: its own commit was refused, or its order comes again.
func (s *step) free(ctx context.Context) error {
	var seen []workspace.Key
	for _, at := range s.op.Steps {
		if at.Target.Partition == s.op.Resource.Partition || slices.Contains(seen, at.Target) {
			continue
		}
		seen = append(seen, at.Target)
		before, err := s.f.Ports.Store.Resource(ctx, at.Target)
		if errors.Is(err, airlock.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("resource %s: %w", at.Target.ID, err)
		}
		after, held := s.op.Free(before, s.f.Now())
		if !held {
			continue
		}
		c := workspace.Change{Partition: at.Target.Partition}
		c.Resource(after, s.line(audit.Line{Action: "free", From: string(before.Status), To: string(after.Status), Reason: after.Message, Detail: "operation " + s.op.ID}))
		if err := s.save(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
