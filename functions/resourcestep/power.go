package resourcestep

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// leaves is the power state that an action which succeeded leaves a machine in.
var leaves = map[workspace.Action]workspace.Power{"start": "running", "restart": "running", "redeploy": "running", "stop": "deallocated"}

// powered notes the power state of a machine after an action, so that nobody has
// to wait for the next look of tend to see it. It is best effort: tend sees what
// was not noted.
func (s *step) powered(ctx context.Context, op workspace.Operation) {
	power, known := leaves[op.Steps[s.i].Action]
	if !known || op.Steps[s.i].Status.Failed() || s.target.Machine() == "" || s.f.Ports.Fleets == nil {
		return
	}
	fleet, err := s.f.Ports.Fleets.Fleet(ctx, s.target.Workspace)
	if err == nil {
		next, changed := fleet.Powered(s.target.ID, power, s.f.Now())
		if !changed {
			return
		}
		_, err = s.f.Ports.Store.CommitChange(ctx, workspace.Change{Partition: s.target.Workspace, Fleets: []workspace.Fleet{next}})
	}
	if err != nil {
		cmp.Or(s.f.Log, slog.Default()).InfoContext(ctx, "power state not noted, tend will", slog.String("resource", s.target.ID), slog.Any("error", err))
	}
}
