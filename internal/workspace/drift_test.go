package workspace_test

import (
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Each row is a sentence: where the cloud is so, the report says so, and nothing
// else.
func TestCompare(t *testing.T) {
	t.Parallel()
	const (
		wsID, svcID, vmID = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"
		armID             = "/subscriptions/S/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"
	)
	p := workspace.Platform{TRE: "tre", Subscription: "s", Group: "core", Location: "l"}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	type world struct {
		census workspace.Census
		all    []workspace.Resource // workspace, service, machine
	}
	fresh := func() *world {
		w := workspace.Resource{ID: wsID, Kind: workspace.Workspace}
		s := workspace.Resource{ID: svcID, Kind: workspace.Service, Workspace: wsID}
		m := workspace.Resource{ID: vmID, Kind: workspace.UserResource, Workspace: wsID, Service: svcID, Outputs: map[string]any{"azure_resource_id": armID}}
		x := &world{}
		for _, r := range []workspace.Resource{w, s, m} {
			r.Status, r.Installed, r.Generation, r.UpdatedAt = workspace.Deployed, true, 1, at.Add(-time.Hour)
			x.all = append(x.all, r)
			place := p.StackOf(r, x.all[0])
			x.census.Stacks = append(x.census.Stacks, workspace.Held{ID: "/" + place.Name, Stack: place, State: "Succeeded"})
			x.census.Scopes = append(x.census.Scopes, place)
		}
		x.census.Groups = []workspace.Group{{ID: "/g", Name: "g", Tags: map[string]string{"tre_workspace_id": wsID}}, {ID: "/core", Name: "core"}}
		x.census.Machines = map[workspace.Machine]workspace.Power{workspace.Machine(strings.ToLower(armID)): "running"}
		x.census.Powers = []string{"s"}
		return x
	}
	for name, tt := range map[string]struct {
		happens func(*world)
		want    string
	}{
		"all is as it should be":           {func(*world) {}, ""},
		"a stack that nobody has":          {func(x *world) { x.all = x.all[:2] }, "orphan_stack"},
		"a stack of what was deleted":      {func(x *world) { x.all[2].Status = workspace.Deleted }, "orphan_stack"},
		"one of what was deleted just now": {func(x *world) { x.all[2].Status, x.all[2].UpdatedAt = workspace.Deleted, at.Add(time.Second) }, ""},
		"somebody else's stack": {func(x *world) {
			x.census.Stacks = append(x.census.Stacks, workspace.Held{Stack: workspace.Stack{Subscription: "s", Name: "theirs"}})
		}, ""},
		"a stack of an older generation":      {func(x *world) { x.all[2].Generation = 2 }, "missing_stack orphan_stack"},
		"a stack that was deleted":            {func(x *world) { x.census.Stacks = x.census.Stacks[:2] }, "missing_stack"},
		"one whose group could not be asked":  {func(x *world) { x.census.Stacks, x.census.Scopes = x.census.Stacks[:1], x.census.Scopes[:1] }, ""},
		"one that is being deployed by us":    {func(x *world) { x.census.Stacks, x.all[2].Operation = x.census.Stacks[:2], "op" }, ""},
		"one that was never deployed":         {func(x *world) { x.census.Stacks, x.all[2].Installed = x.census.Stacks[:2], false }, ""},
		"one that was changed since the look": {func(x *world) { x.census.Stacks, x.all[2].UpdatedAt = x.census.Stacks[:2], at.Add(time.Second) }, ""},
		"a stack that failed behind our back": {func(x *world) { x.census.Stacks[1].State = "failed" }, "failed_stack"},
		"one of which we know that it failed": {func(x *world) { x.census.Stacks[1].State, x.all[1].Status = "failed", workspace.UpdatingFailed }, ""},
		"a stack that somebody works on":      {func(x *world) { x.census.Stacks[1].State = "deleting" }, "busy_stack"},
		"a machine that was deleted":          {func(x *world) { x.census.Machines = nil }, "missing_machine"},
		"machines that could not be asked":    {func(x *world) { x.census.Machines, x.census.Powers = nil, nil }, ""},
		"a group of no workspace":             {func(x *world) { x.census.Groups[0].Tags["tre_workspace_id"] = svcID }, "orphan_group"},
	} {
		x := fresh()
		tt.happens(x)
		d := p.Compare(x.census, x.all, at)
		var kinds []string
		for _, f := range d.Findings {
			kinds = append(kinds, string(f.Kind))
			if workspace.Advice[f.Kind] == "" || f.Azure == "" {
				t.Errorf("%s: %+v says nothing", name, f)
			}
		}
		if got := strings.Join(kinds, " "); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
	x := fresh()
	for range 600 {
		x.census.Stacks = append(x.census.Stacks, workspace.Held{ID: "/x", Stack: workspace.Stack{Subscription: "s", Name: "tre-aaaaaaaaaaaaaaaaaaaa"}})
	}
	if d := p.Compare(x.census, x.all, at); len(d.Findings) != 500 || d.Left != 100 {
		t.Errorf("%d findings, %d left", len(d.Findings), d.Left)
	}
}
