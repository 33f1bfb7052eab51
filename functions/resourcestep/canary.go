package resourcestep

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Canary tries the way of files between the airlock and a workspace.
type Canary interface {
	// Cross copies a tiny file into a workspace's account and back; key names its
	// containers, and must be fresh.
	Cross(ctx context.Context, account string, key airlock.Key) error
}

// cross lets a test file cross into a workspace whose account is new and back,
// before it counts as deployed: endpoints and names in Azure come up later than
// what they belong to, and the first person's files are not to find out. Trouble
// with it passes or meets the step's deadline; who cancels waits for neither.
func (s *step) cross(ctx context.Context, seen workspace.Seen) (workspace.Seen, error) {
	account, _ := seen.Outputs["storage_account_name"].(string)
	before, _ := s.target.Outputs["storage_account_name"].(string)
	job := s.target.Job
	ours := seen.Run == "" || seen.Run == job.Run
	if seen.Progress != workspace.Complete || !ours || s.target.Kind != workspace.Workspace || !airlocked(s.target) || account == before {
		return seen, nil
	}
	key := airlock.Key{Workspace: s.target.ID, Request: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d/%d", job.Run, job.Looks, s.f.Now().UnixNano())).String()}
	err := s.f.Ports.Canary.Cross(ctx, account, key)
	switch {
	case err == nil:
		return seen, nil
	case s.op.Cancel != nil:
		return workspace.Seen{Progress: workspace.Stopped, Run: seen.Run}, nil
	}
	cmp.Or(s.f.Log, slog.Default()).WarnContext(ctx, "a test file does not cross into the workspace", slog.String("workspace", s.target.ID), slog.Any("error", err))
	return seen, &workspace.CloudError{Class: workspace.Passing, Message: "it is there, but a test file does not cross between it and the airlock yet"}
}
