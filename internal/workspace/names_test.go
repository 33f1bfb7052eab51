package workspace_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// AzureTRE's names end in four hexadecimal digits, so that the 65,537th
// workspace has another one's (W54).
func TestW54NamesDoNotCollide(t *testing.T) {
	t.Parallel()
	name := regexp.MustCompile(`^[a-z2-7]{20}$`)
	seen := map[string]bool{}
	for i := range 200_000 {
		s := workspace.Suffix("tre", fmt.Sprintf("%08d-0000-4000-8000-000000000000", i), 1)
		if seen[s] || !name.MatchString(s) {
			t.Fatalf("%q, the %dth", s, i)
		}
		seen[s] = true
	}
	for _, other := range []string{workspace.Suffix("tre", wsID, 2), workspace.Suffix("ert", wsID, 1)} {
		if other == workspace.Suffix("tre", wsID, 1) {
			t.Error("another generation, or TRE, has the same names")
		}
	}
}

var platform = workspace.Platform{TRE: "tre", Location: "westeurope", Subscription: "sub", Group: "rg-core", Facts: map[string]any{"zone": "z"}}

func TestStackOf(t *testing.T) {
	t.Parallel()
	ws := workspace.Resource{ID: wsID, Kind: workspace.Workspace, Generation: 1}
	far := ws
	far.Subscription, far.Location = "other", "northeurope"
	group := "rg-tre-ws-" + workspace.Suffix("tre", wsID, 1)
	in := func(kind workspace.Kind) workspace.Resource {
		return workspace.Resource{ID: opID, Kind: kind, Workspace: wsID, Generation: 1}
	}
	name := func(id string) string { return "tre-" + workspace.Suffix("tre", id, 1) }
	tests := []struct {
		name      string
		r, within workspace.Resource
		want      workspace.Stack
	}{
		{"a workspace", ws, ws, workspace.Stack{Subscription: "sub", Name: name(wsID), Location: "westeurope"}},
		{"a workspace elsewhere", far, far, workspace.Stack{Subscription: "other", Name: name(wsID), Location: "northeurope"}},
		{"a service", in(workspace.Service), ws, workspace.Stack{Subscription: "sub", Group: group, Name: name(opID)}},
		{"a machine of a workspace elsewhere", in(workspace.UserResource), far, workspace.Stack{Subscription: "other", Group: group, Name: name(opID)}},
		{"a shared service", in(workspace.SharedService), workspace.Resource{}, workspace.Stack{Subscription: "sub", Group: "rg-core", Name: name(opID)}},
	}
	for _, tt := range tests {
		if got := platform.StackOf(tt.r, tt.within); got != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

// A template is told what it declares and nothing else; secrets by reference
// alone, and a redacted value never.
func TestParameters(t *testing.T) {
	t.Parallel()
	ws := workspace.Resource{ID: wsID, Kind: workspace.Workspace, Generation: 1, Addresses: []string{"10.2.0.0/24", "10.3.0.0/24"},
		Outputs: map[string]any{"key_vault_id": "kv"}}
	service := workspace.Resource{ID: opID, Outputs: map[string]any{"connection_uri": "https://x"}}
	vm := workspace.Resource{ID: "77777777-7777-4777-8777-777777777777", Kind: workspace.UserResource, Workspace: wsID, Service: opID, Generation: 1,
		Owner: access.Person{OID: ada.OID}, Secrets: map[string]string{"/admin_password": "secret-1"},
		Properties: map[string]any{"vm_size": "large", "admin_password": workspace.Redacted, "lost": workspace.Redacted, "other": 1, "tre_id": "forged"}}
	got := platform.Parameters(workspace.Lineage{Resource: vm, Within: ws, Service: service},
		[]string{"VM_Size", "admin_password", "lost", "unknown", "tre_id", "workspace_id", "resource_id", "parent_service_id", "azure_location", "address_space", "address_spaces",
			"owner_id", "action", "tags", "platform", "workspace", "service", "resource_group_name"}, "start")
	want := map[string]workspace.Parameter{
		"VM_Size": {Value: "large"}, "admin_password": {Secret: "secret-1"}, "tre_id": {Value: "tre"}, "workspace_id": {Value: wsID},
		"resource_id": {Value: vm.ID}, "parent_service_id": {Value: opID}, "azure_location": {Value: "westeurope"}, "address_space": {Value: "10.2.0.0/24"},
		"address_spaces": {Value: []string{"10.2.0.0/24", "10.3.0.0/24"}}, "owner_id": {Value: ada.OID}, "action": {Value: "start"},
		"tags":     {Value: map[string]any{"tre_id": "tre", "tre_workspace_id": wsID, "tre_workspace_service_id": opID, "tre_user_resource_id": vm.ID}},
		"platform": {Value: map[string]any{"zone": "z"}}, "workspace": {Value: map[string]any{"key_vault_id": "kv"}},
		"service": {Value: map[string]any{"connection_uri": "https://x"}}, "resource_group_name": {Value: "rg-tre-ws-" + workspace.Suffix("tre", wsID, 1)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if action := platform.Parameters(workspace.Lineage{Resource: vm, Within: ws}, []string{"action"}, workspace.Upgrade)["action"]; action.Value != "" {
		t.Errorf("an upgrade is no action: %v", action)
	}
}

func TestParents(t *testing.T) {
	t.Parallel()
	r := func(kind workspace.Kind, status workspace.Status, installed, enabled bool) workspace.Resource {
		return workspace.Resource{ID: wsID, Kind: kind, Status: status, Installed: installed, Enabled: enabled}
	}
	tests := []struct {
		r   workspace.Resource
		why string
	}{
		{r(workspace.Workspace, workspace.Deployed, true, true), ""},
		{r(workspace.Workspace, workspace.UpdatingFailed, true, true), ""}, // still there
		{r(workspace.Service, workspace.ActionFailed, true, true), ""},
		{r(workspace.Workspace, workspace.Deploying, false, true), "not deployed yet"},
		{r(workspace.Workspace, workspace.DeploymentFailed, false, true), "not deployed yet"},
		{r(workspace.Service, workspace.Deployed, true, false), "workspace service " + wsID + " is disabled"},
		{r(workspace.Workspace, workspace.Deleting, true, true), "being deleted"},
		{r(workspace.Workspace, workspace.DeletingFailed, true, true), "being deleted"},
		{r(workspace.Workspace, workspace.Deleted, false, false), "was deleted"},
	}
	for _, tt := range tests {
		err := tt.r.MayHold()
		if (err == nil) != (tt.why == "") || err != nil && (!errors.Is(err, airlock.ErrConflict) || !strings.Contains(err.Error(), tt.why)) {
			t.Errorf("in a %s %s: %v, want %q", tt.r.Status, tt.r.Kind, err, tt.why)
		}
	}
}

func TestMayDelete(t *testing.T) {
	t.Parallel()
	off := workspace.Resource{ID: wsID, Kind: workspace.Workspace}
	on := workspace.Resource{ID: opID, Kind: workspace.Service, Workspace: wsID, Enabled: true}
	if err := off.MayDelete(nil); err != nil {
		t.Error(err)
	}
	if err := off.MayDelete([]workspace.Resource{on, on, on, on, on, on}); !errors.Is(err, airlock.ErrIllegal) || !strings.Contains(err.Error(), "6 resources") || strings.Count(err.Error(), opID) != 5 {
		t.Errorf("with what is enabled in it: %v", err)
	}
	if err := on.MayDelete(nil); !errors.Is(err, airlock.ErrIllegal) {
		t.Errorf("enabled itself: %v", err)
	}
	op := workspace.Operation{Steps: []workspace.Step{{Target: off.Key()}}}
	if added := op.Added([]workspace.Resource{off, on}); len(added) != 1 || added[0].ID != on.ID {
		t.Errorf("added meanwhile: %v", added)
	}
}

// A resource's machine is one of its workspace's group, however the id is
// written, and nothing that only begins like one.
func TestHolds(t *testing.T) {
	t.Parallel()
	ws := workspace.Resource{ID: wsID, Kind: workspace.Workspace, Generation: 1}
	vm := workspace.Resource{ID: opID, Kind: workspace.UserResource, Workspace: wsID, Generation: 1}
	shared := workspace.Resource{ID: opID, Kind: workspace.SharedService}
	group := "rg-tre-ws-" + workspace.Suffix("tre", wsID, 1)
	id := func(subscription, group, name string) workspace.Machine {
		return workspace.Machine("/subscriptions/" + subscription + "/resourceGroups/" + group + "/providers/Microsoft.Compute/virtualMachines/" + name)
	}
	for name, tt := range map[string]struct {
		r    workspace.Resource
		m    workspace.Machine
		want bool
	}{
		"its own":                    {vm, id("sub", group, "vm1"), true},
		"its own, in capitals":       {vm, workspace.Machine(strings.ToUpper(string(id("sub", group, "vm1")))), true},
		"a workspace's own":          {ws, id("sub", group, "vm1"), true},
		"a shared service's":         {shared, id("sub", "rg-core", "vm1"), true},
		"another workspace's":        {vm, id("sub", "rg-tre-ws-other", "vm1"), false},
		"the core's":                 {vm, id("sub", "rg-core", "vm1"), false},
		"of another subscription":    {vm, id("other", group, "vm1"), false},
		"a group that is longer":     {vm, id("sub", group+"x", "vm1"), false},
		"nobody's":                   {vm, id("sub", group, ""), false},
		"one that leads out":         {vm, id("sub", group, "../../../../rg-core/providers/Microsoft.Compute/virtualMachines/vm1"), false},
		"an extension of one":        {vm, id("sub", group, "vm1/extensions/x"), false},
		"one with a query":           {vm, id("sub", group, "vm1?x"), false},
		"no id":                      {vm, "", false},
		"a shared service for a vm1": {shared, id("sub", group, "vm1"), false},
	} {
		if got := platform.Holds(tt.r, ws, tt.m); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
