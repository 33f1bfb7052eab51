package resourcestep_test

import (
	"net/netip"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// wide orders the deletion of a workspace with more address blocks than one
// transaction writes, some of them lent to a service that was never made.
func wide(t testing.TB) *bed {
	b := newBed(t)
	b.room.Pool.Space = netip.MustParsePrefix("10.0.0.0/8")
	b.put(b.resource(workspace.Workspace, roomtest.Here))
	for _, text := range []string{"10.0.0.0/10", "10.64.0.0/10", "10.128.0.0/24", "10.128.1.0/24"} {
		holder := roomtest.Here
		if text == "10.128.1.0/24" {
			holder = serviceID
		}
		r := netip.MustParsePrefix(text)
		w := b.Get(key(roomtest.Here))
		w.Addresses = append(w.Addresses, text)
		c := workspace.Change{Partition: workspace.System}
		c.Quietly(w)
		for _, net := range address.Cover(b.room.Pool.Space, r) {
			block, err := b.Store.BlockOf(t.Context(), net)
			b.Must(err)
			block.Block, err = block.Reserve(r, holder)
			b.Must(err)
			c.Blocks = append(c.Blocks, block)
		}
		_, err := b.Store.CommitChange(t.Context(), c)
		b.Must(err)
	}
	b.begin(b.disabled(key(roomtest.Here)), workspace.Order{Action: workspace.Uninstall})
	return b
}

// A workspace with more address blocks than a transaction has room for can be
// deleted, and gives all of them back, wherever a crash comes between; what
// somebody else reserved meanwhile stays theirs.
func TestManyBlocks(t *testing.T) {
	t.Parallel()
	first := wide(t)
	first.Faults.Fail(0, false)
	first.Must(first.run(first.operation(roomtest.Here)))
	first.vacated("nothing fails")
	for n, port := range first.Faults.Calls() {
		if port != "Store.CommitChange" && n%25 != 0 {
			continue
		}
		for _, did := range []bool{false, true} {
			b := wide(t)
			b.Faults.Fail(n+1, did)
			if err := b.run(b.operation(roomtest.Here)); err != nil {
				b.newcomer()
				b.Must(b.run(b.operation(roomtest.Here)))
			}
			b.vacated(port)
		}
	}
}

const newcomerID = "55555555-5555-4555-8555-555555555599"

// newcomer has another workspace reserve the first range, if it is free.
func (b *bed) newcomer() {
	b.T.Helper()
	r := netip.MustParsePrefix("10.0.0.0/10")
	c := workspace.Change{Partition: workspace.System}
	for _, net := range address.Cover(b.room.Pool.Space, r) {
		block, err := b.Store.BlockOf(b.T.Context(), net)
		b.Must(err)
		if block.Block, err = block.Reserve(r, newcomerID); err != nil {
			return
		}
		c.Blocks = append(c.Blocks, block)
	}
	_, err := b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
	b.taken = len(c.Blocks)
}

// vacated checks that the workspace is gone and holds nothing.
func (b *bed) vacated(when string) {
	b.T.Helper()
	w := b.Get(key(roomtest.Here))
	blocks, err := b.Store.Blocks(b.T.Context())
	b.Must(err)
	taken := 0
	for _, block := range blocks {
		taken += len(block.Taken)
	}
	if !w.Gone() || len(w.Addresses) > 0 || taken != b.taken {
		b.T.Errorf("%s: it is %s (%s) with %d ranges; %d allocations are left, want %d", when, w.Status, w.Message, len(w.Addresses), taken, b.taken)
	}
}

// A secret that a pipeline passed on to what is there still outlives its source;
// its others go with it.
func TestPassedOnSecret(t *testing.T) {
	t.Parallel()
	for name, holder := range map[string]string{"to a shared service": sharedID, "to the service that it is in": serviceID, "to its workspace": roomtest.Here} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBed(t)
			b.estate()
			ids := map[string]string{}
			for _, pointer := range []string{"/own", "/passed"} {
				var err error
				ids[pointer], err = b.Secrets.Put(t.Context(), machineID+"-"+pointer[1:], "hush")
				b.Must(err)
			}
			b.name(holder, map[string]string{"/of_a_machine": ids["/passed"]})
			b.name(machineID, ids)
			m := b.disabled(key(machineID))
			b.Must(b.run(b.begin(m, workspace.Order{Action: workspace.Uninstall})))
			if kept := b.Cloud.Kept(); len(kept) != 1 || kept[machineID+"-passed"] == "" || len(b.Get(key(machineID)).Secrets) > 0 {
				t.Errorf("the vault keeps %d secrets, the machine names %v", len(kept), b.Get(key(machineID)).Secrets)
			}
		})
	}
}

// name has a resource name secrets.
func (b *bed) name(id string, secrets map[string]string) {
	b.T.Helper()
	r := b.Get(key(id))
	r.Secrets = secrets
	c := workspace.Change{Partition: r.Key().Partition}
	c.Quietly(r)
	_, err := b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
}
