package airlockadvance

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// held tells that a move is not made because the workspace is frozen since it
// was read last: no deadline passes then, and nothing is purged because its
// retention is over. What has been purged no thaw brings back, so such a move
// does not go by what is remembered of the workspace.
func (s *step) held(ctx context.Context, moves []airlock.Move) (bool, error) {
	if len(moves) == 0 || !byTime(moves[0].On) {
		return false, nil
	}
	w, err := s.f.Fresh.Workspace(ctx, s.c.Request.Workspace)
	if err != nil {
		return false, fmt.Errorf("workspace %s: %w", s.c.Request.Workspace, err)
	}
	return w.Policy.Hold.Freeze != nil, nil
}

// byTime tells whether a move is one that a deadline brings.
func byTime(on airlock.Trigger) bool {
	return on == airlock.Expired || on == airlock.Broke || on == airlock.Retired
}
