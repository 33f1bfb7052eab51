package ledger

import (
	"context"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Remembered are workspaces that are read again only after a while. A file
// brings several messages, each of which needs its workspace's policy; a
// change of policy reaches the engine after at most For.
type Remembered struct {
	Store airlock.Workspaces
	For   time.Duration // 0 remembers nothing
	Now   func() time.Time

	rows sync.Map // workspace id → remembered
}

type remembered struct {
	row   airlock.Workspace
	until time.Time
}

// Workspace implements airlock.Workspaces. What does not exist is not
// remembered.
func (r *Remembered) Workspace(ctx context.Context, id string) (airlock.Workspace, error) {
	if known, ok := r.rows.Load(id); ok && r.Now().Before(known.(remembered).until) {
		return known.(remembered).row, nil
	}
	row, err := r.Store.Workspace(ctx, id)
	if err == nil {
		r.rows.Store(id, remembered{row: row, until: r.Now().Add(r.For)})
	}
	return row, err
}

// Workspaces implements airlock.Workspaces; lists are not remembered.
func (r *Remembered) Workspaces(ctx context.Context, page airlock.Page) ([]airlock.Workspace, string, error) {
	return r.Store.Workspaces(ctx, page)
}
