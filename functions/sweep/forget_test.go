package sweep_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/sweep"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// The secrets of a request that became no workspace are nobody's any more: they
// leave the vault, also where that is away at first. Those of one that waits, or
// was granted, stay.
func TestSecretsOfNoWorkspace(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status workspace.RequestStatus
		away   bool
		stays  bool
	}{
		{workspace.Asked, false, true},
		{workspace.Granted, false, true},
		{workspace.Declined, false, false},
		{workspace.Declined, true, false},
		{workspace.Withdrawn, false, false},
	} {
		e := roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
		id, err := e.Secrets.Put(t.Context(), roomtest.RequestID+"-p", "hush")
		e.Must(err)
		r := workspace.Request{ID: roomtest.RequestID, Requester: roomtest.Ada, Status: tt.status, CreatedAt: e.Now(), Secrets: map[string]string{"/password": id}}
		c := workspace.Change{Partition: workspace.System}
		c.Request(r, e.Now(), audit.Line{At: e.Now(), Action: "test"})
		_, err = e.Store.CommitChange(t.Context(), c)
		e.Must(err)
		f := estateRoom(e, &aside{})
		f.Estate.Vault = e.Secrets
		if tt.away {
			e.Cloud.Script(memcloud.Rule{Call: memcloud.Forget, Times: 1, Before: memcloud.Unavailable()})
		}
		var out sweep.Out
		for range 3 {
			out, err = f.Handle(e.Context("sweep"), azfunc.Tick{})
			e.Must(err)
			e.Pass(time.Hour)
		}
		stays := len(e.Cloud.Kept()) > 0
		due, _, err := e.Store.Due(t.Context(), workspace.System, e.Now(), airlock.Page{})
		e.Must(err)
		if stays != tt.stays || len(due) > 0 != (tt.status == workspace.Asked) || len(out.Notify) > 0 {
			t.Errorf("%s, the vault away: %t: in the vault %t, left to do %v", tt.status, tt.away, stays, due)
		}
	}
}
