package resourcestep_test

import (
	"testing"

	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestPowerNoted: what an action leaves a machine in is known at once.
func TestPowerNoted(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.estate()
	m := b.Get(key(machineID))
	b.Cloud.Add(m.Machine(), "Standard_D2s_v6")
	_, err := b.Store.CommitChange(t.Context(), workspace.Change{Partition: roomtest.Here, Fleets: []workspace.Fleet{{Workspace: roomtest.Here,
		Machines: map[string]workspace.Berth{machineID: {Power: "deallocated", At: b.Now()}}}}})
	b.Must(err)
	b.begin(m, workspace.Order{Action: "start"})
	b.Must(b.run(b.operation(machineID)))
	f, err := b.Store.Fleet(t.Context(), roomtest.Here)
	b.Must(err)
	if berth := f.Machines[machineID]; b.operation(machineID).Status != workspace.ActionSucceeded || berth.Power != "running" {
		t.Errorf("%s, %+v", b.operation(machineID).Status, berth)
	}
}
