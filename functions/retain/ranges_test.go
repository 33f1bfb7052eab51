package retain_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/retain"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

const serviceID = "55555555-5555-4555-8555-555555555502"

// lent is a world in which a range was reserved for a service, which is there
// or not.
func lent(t testing.TB, there bool) *roomtest.Estate {
	t.Helper()
	e := roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
	w := workspace.Resource{ID: roomtest.Here, Kind: workspace.Workspace, Status: workspace.Deployed, Addresses: []string{"10.1.0.0/24", "10.1.1.0/24"},
		Properties: map[string]any{"address_spaces": []any{"10.1.0.0/24", "10.1.1.0/24"}}}
	block := address.Block{Net: netip.MustParsePrefix("10.1.0.0/16")}
	for r, holder := range map[string]string{"10.1.0.0/24": roomtest.Here, "10.1.1.0/24": serviceID} {
		var err error
		block, err = block.Reserve(netip.MustParsePrefix(r), holder)
		e.Must(err)
	}
	c := workspace.Change{Partition: workspace.System, Blocks: []workspace.Block{{Block: block}}}
	c.Resource(w, audit.Line{At: e.Now(), Action: "reserve", Detail: "range 10.1.1.0/24 for workspace service " + serviceID})
	_, err := e.Store.CommitChange(t.Context(), c)
	e.Must(err)
	if there {
		c = workspace.Change{Partition: roomtest.Here}
		c.Resource(workspace.Resource{ID: serviceID, Kind: workspace.Service, Workspace: roomtest.Here}, audit.Line{At: e.Now(), Action: "asked"})
		_, err = e.Store.CommitChange(t.Context(), c)
		e.Must(err)
	}
	return e
}

func run(e *roomtest.Estate) error {
	_, err := retain.Function{Ledger: e.Ledger, Work: e.Work, Janitor: e.Janitor, Members: e.Members, Rolls: e.Rolls, Records: e.Records,
		Estate: retain.Estate{Store: e.Resources, Lists: e.Lists, Addresses: e.Addresses, Requests: e.Wanted, Vault: e.Register, Unowned: time.Hour}}.Handle(e.Context("retain"), azfunc.Tick{})
	return err
}

// Each row is a sentence: the range is free again, or not.
func TestRanges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		there bool
		after time.Duration
		left  int
	}{
		"of a service that is there":     {true, 100 * day, 2},
		"of one that may be made yet":    {false, time.Hour - time.Second, 2},
		"of one that nobody made, later": {false, time.Hour, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := lent(t, tt.there)
			e.Pass(tt.after)
			for range 2 {
				e.Must(run(e))
			}
			blocks, err := e.Store.Blocks(t.Context())
			e.Must(err)
			w := e.Get(workspace.Key{Partition: workspace.System, ID: roomtest.Here})
			told, _ := w.Properties["address_spaces"].([]any)
			if len(blocks[0].Taken) != tt.left || len(w.Addresses) != tt.left || len(told) != tt.left {
				t.Errorf("reserved is %v, the workspace has %v and tells %v", blocks[0].Taken, w.Addresses, told)
			}
			if said := e.Said(workspace.System, w.ID, w.Head); len(said) != 3-tt.left {
				t.Errorf("the trail says %v", said)
			}
		})
	}
}

func TestRangesUnderFaults(t *testing.T) {
	t.Parallel()
	estates := map[*roomtest.World]*roomtest.Estate{}
	roomtest.EveryFault(t, roomtest.Scene{
		Set: func(t testing.TB) *roomtest.World {
			e := lent(t, false)
			e.Pass(2 * time.Hour)
			estates[e.World] = e
			return e.World
		},
		Run: func(w *roomtest.World) error { return errorsNone(run(estates[w]), run(estates[w])) },
	})
}

// errorsNone is the last error: what a run did not do the next one does.
func errorsNone(_, last error) error { return last }

// A workspace that is not deployed yet has no account, and one that is gone has
// none any more: nobody looks into either.
func TestNoAccount(t *testing.T) {
	t.Parallel()
	w := roomtest.New(t)
	w.Must(w.Store.PutWorkspace(t.Context(), airlock.Workspace{ID: roomtest.NobodysID}))
	w.Must(w.Store.PutWorkspace(t.Context(), airlock.Workspace{ID: roomtest.There, StorageAccount: roomtest.ThereAccount, Gone: true}))
	w.Faults.Fail(0, false)
	if _, err := tick(w); err != nil {
		t.Fatal(err)
	}
	lists := 0
	for _, call := range w.Faults.Calls() {
		if call == "Janitor.Containers" {
			lists++
		}
	}
	if lists != 2 {
		t.Errorf("%d accounts were listed: the airlock's and one workspace's have containers", lists)
	}
}
