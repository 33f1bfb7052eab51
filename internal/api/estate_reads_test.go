package api_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// TestPackages: what the estate is made of are templates that would be let in.
func TestPackages(t *testing.T) {
	t.Parallel()
	for kind, name := range map[workspace.Kind]string{workspace.Workspace: "base", workspace.Service: "desktop", workspace.UserResource: "machine", workspace.SharedService: "wiki"} {
		if _, err := template.Parse(pack(kind, name, "desktop", "1.0.0"), template.DefaultLimits); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestResourceFields holds a machine against AzureTRE's field names, and ours.
func TestResourceFields(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	w := b.call("GET", placed(ofUserResource, here, ""), "ann", "")
	var got map[string]map[string]any
	b.must(json.Unmarshal(w.Body.Bytes(), &got))
	machine := got["userResource"]
	tag, _ := machine["_etag"].(string)
	if w.Header().Get("ETag") != `"`+tag+`"` || tag == "" {
		t.Errorf("ETag %q, _etag %q", w.Header().Get("ETag"), tag)
	}
	delete(machine, "_etag")
	olga := map[string]any{"id": people["olga"].OID, "name": "Olga", "email": "", "roles": []any{}}
	want := map[string]any{"id": machineID, "resourceType": "user-resource", "templateName": "machine", "templateVersion": "1.2.0", "isEnabled": true,
		"resourcePath":     "/workspaces/" + here + "/workspace-services/" + serviceID + "/user-resources/" + machineID,
		"deploymentStatus": "updating_failed", "statusMessage": "QuotaExceeded: no more cores", "resourceVersion": 1.0, "updatedWhen": 1795334400.25, "createdWhen": 1795334400.25,
		"properties": map[string]any{"display_name": "Heart <study>", "description": "Outcomes", "quota": 3.0, "password": "REDACTED"}, "user": olga, "createdBy": olga,
		"availableUpgrades": []any{map[string]any{"version": "1.2.1", "forceUpdateRequired": false}}, "workspaceId": here, "parentWorkspaceServiceId": serviceID,
		"ownerId": people["ann"].OID, "azureStatus": map[string]any{"powerState": "VM running", "seenWhen": 1795338000.25}}
	if diff := cmp.Diff(want, machine); diff != "" {
		t.Error(diff)
	}
}

// TestWhoSeesWhichMachines: one's own, all for an owner, none elsewhere; power
// states are read once for a list (W61), and storage that does not answer them is
// no reason not to.
func TestWhoSeesWhichMachines(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	for i := range 30 {
		b.put(workspace.Resource{ID: fmt.Sprintf("55555555-5555-4555-8555-1000000000%02d", i), Kind: workspace.UserResource, Workspace: here, Service: serviceID,
			Owner: people["bob"], Template: workspace.TemplateRef{Name: "machine", Version: "1.2.1"}, Outputs: map[string]any{"azure_resource_id": armID}})
		b.seen(fmt.Sprintf("55555555-5555-4555-8555-1000000000%02d", i))
	}
	for who, want := range map[string]int{"ann": 1, "bob": 30, "olga": 31, "mia": 0} {
		list := decoded[api.UserResources](b, "GET", placed(ofService+"/user-resources", here, ""), who)
		if len(list.Resources) != want {
			t.Errorf("%s sees %d, want %d", who, len(list.Resources), want)
		}
		for _, r := range list.Resources {
			if r.AzureStatus == nil || r.AzureStatus.PowerState != "VM running" {
				t.Errorf("%s: %+v", r.ID, r.AzureStatus)
			}
		}
	}
	if b.powers.asked != 3 { // who sees none needs none
		t.Errorf("machines were read %d times", b.powers.asked)
	}
	away := newBench(t).estate()
	away.powers.err = errors.New("storage does not answer")
	one := decoded[api.UserResourceIn](away, "GET", placed(ofUserResource, here, ""), "ann")
	if one.Resource.ID != machineID || one.Resource.AzureStatus != nil {
		t.Errorf("%+v", one)
	}
}

// TestSharedServicesRestricted: everybody learns what a shared service is called
// and where it is, and nothing else of it.
func TestSharedServicesRestricted(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	for who, want := range map[string]map[string]any{
		"ann":  {"display_name": "Wiki", "connection_uri": "https://wiki"},
		"adam": {"display_name": "Wiki", "connection_uri": "https://wiki", "fixed": "inner"},
	} {
		all := decoded[api.SharedServices](b, "GET", "/api/shared-services", who).Services
		one := decoded[api.SharedServiceIn](b, "GET", "/api/shared-services/"+sharedID, who).Service
		if len(all) != 1 || !cmp.Equal(all[0].Properties, want) || !cmp.Equal(one.Properties, want) || (one.StatusMessage == "") != (who == "ann") {
			t.Errorf("%s: %+v, %+v", who, all, one)
		}
	}
}

// TestTemplatesOffered: in a workspace one sees what one's roles may use.
func TestTemplatesOffered(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	names := func(path, who string) (all []string) {
		for _, one := range decoded[api.TemplateEntries](b, "GET", placed(path, here, ""), who).Templates {
			all = append(all, one.Name)
		}
		return all
	}
	for _, tt := range []struct{ path, who, want string }{
		{"/api/workspace-service-templates", "ann", "[desktop secret]"},
		{"/api/workspace-service-templates?authorized_only=true", "ann", "[desktop]"},
		{ofWorkspaces + "/workspace-service-templates", "olga", "[desktop]"},
		{ofWorkspaces + "/workspace-service-templates", "mia", "[desktop secret]"},
		{ofWorkspaces + "/workspace-service-templates/desktop/user-resource-templates", "mia", "[]"},
		{ofWorkspaces + "/workspace-service-templates/desktop/user-resource-templates", "ann", "[machine]"},
		{"/api/workspace-service-templates/other/user-resource-templates", "ann", "[]"},
		{"/api/shared-service-templates", "ann", "[other wiki]"},
	} {
		if got := fmt.Sprint(names(tt.path, tt.who)); got != tt.want {
			t.Errorf("%s as %s: %s, want %s", tt.path, tt.who, got, tt.want)
		}
	}
}

// TestDeletedResources: what was deleted is 404, and what happened to it can be
// read (W16: AzureTRE answers 404 there, too).
func TestDeletedResources(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	for _, key := range []workspace.Key{{Partition: here, ID: machineID}, {Partition: here, ID: serviceID}, {Partition: workspace.System, ID: here}, {Partition: workspace.System, ID: sharedID}} {
		b.alter(key, func(r *workspace.Resource) { r.Status, r.Enabled = workspace.Deleted, false })
	}
	check := func(path, who string, want int) {
		t.Helper()
		if w := b.call("GET", placed(path, here, ""), who, ""); w.Code != want {
			t.Errorf("%s as %s: %d, want %d: %s", path, who, w.Code, want, w.Body)
		}
	}
	for _, path := range []string{ofUserResource, ofService} {
		check(path, "olga", 404)
		check(path+"/operations", "olga", 200)
		check(path+"/operations/{operation_id}", "olga", 200)
		check(path+"/history", "olga", 200)
		check(path+"/audit", "olga", 200)
	}
	check("/api/shared-services/{shared_service_id}", "adam", 404)
	check("/api/shared-services/{shared_service_id}/operations/{operation_id}", "adam", 200)

	b.must(b.store.PutWorkspace(t.Context(), airlock.Workspace{ID: here, Gone: true})) // as the engine writes in the end
	for _, who := range []string{"olga", "adam"} {
		for _, path := range []string{"", "/scopeid", "/users", "/workspace-services", "/requests"} {
			if w := b.call("GET", "/api/workspaces/"+here+path, who, ""); w.Code != 404 {
				t.Errorf("%s as %s of a deleted workspace: %d %s", path, who, w.Code, w.Body)
			}
		}
		for _, path := range []string{ofWorkspaces + "/operations", ofWorkspaces + "/operations/{operation_id}", ofWorkspaces + "/history", ofWorkspaces + "/audit", ofService + "/operations"} {
			check(path, who, map[string]int{"olga": 404, "adam": 200}[who])
		}
		if list := decoded[api.Workspaces](b, "GET", "/api/workspaces", who); slices.ContainsFunc(list.Workspaces, func(w api.Workspace) bool { return w.ID == here }) {
			t.Errorf("%s sees a deleted workspace in the list", who)
		}
	}
}

// TestFrozenResources: in a frozen workspace nothing is made, changed, acted on
// or tried again; reading, stopping and deleting go on.
func TestFrozenResources(t *testing.T) {
	t.Parallel()
	b := newBench(t).estate()
	if w := b.call("POST", ws+"/freeze", "olga", because); w.Code != 200 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, r := range api.Routes() {
		if !strings.HasPrefix(r.Path, ofWorkspaces) || r.Action == access.Freeze || !strings.Contains(string(r.Action), "service/") && !strings.Contains(string(r.Action), "user-resource/") && !strings.Contains(string(r.Action), "workspace/") {
			continue
		}
		who := "olga"
		if !access.May(r.Action, access.WorkspaceOwner) {
			who = "adam"
		}
		w := b.call(r.Method, placed(r.Path, here, ""), who, bodyOf(r), "etag", "*")
		held := strings.Contains(w.Body.String(), "frozen by Olga") && w.Code == http.StatusConflict
		if held != (r.Method != http.MethodGet && !strings.HasSuffix(r.Path, "/cancel") && r.Method != http.MethodDelete) {
			t.Errorf("%s %s: %d %s", r.Method, r.Path, w.Code, w.Body)
		}
	}
}
