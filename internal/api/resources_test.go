package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// codeRow is a call and what is answered.
type codeRow struct {
	name, method, path, who, body string
	headers                       []string
	change                        func(b *bench)
	want                          int
	says                          string // in the body
}

// resourceCodes are AzureTRE's tables for templates, workspaces, services, user
// resources and shared services, as ours: what each route answers to a call that
// is well-formed or not. Where it differs, that is said.
// https://github.com/microsoft/AzureTRE/tree/main/api_app/tests_ma/test_api/test_routes
var resourceCodes = []codeRow{
	{name: "a workspace is made for an administrator", method: "POST", path: "/api/workspaces", who: "adam", body: making("base"), want: 202, says: `"action":"install"`},
	{name: "and waits for anybody else", method: "POST", path: "/api/workspaces", who: "ann", body: making("base"), want: 202, says: `"workspaceRequest":{`},
	{name: "of no template", method: "POST", path: "/api/workspaces", who: "adam", body: making("none"), want: 400, says: "templateName"},
	{name: "of a template of another kind", method: "POST", path: "/api/workspaces", who: "adam", body: making("desktop"), want: 400},
	{name: "with a property that breaks the schema", method: "POST", path: "/api/workspaces", who: "adam", body: with(`"quota":77`), want: 400, says: "/quota"},
	{name: "with a property that the schema has not", method: "POST", path: "/api/workspaces", who: "adam", body: with(`"colour":"red"`), want: 400, says: "colour"},
	{name: "with no name", method: "POST", path: "/api/workspaces", who: "adam", body: `{"templateName":"base","properties":{"description":"x"}}`, want: 400, says: "display_name"},
	{name: "without a template's name", method: "POST", path: "/api/workspaces", who: "adam", body: `{"properties":{}}`, want: 422, says: "templateName"},
	{name: "with a bad address space", method: "POST", path: "/api/workspaces", who: "adam", body: with(`"address_space_size":"custom","address_space":"10.2.0.1/24"`), want: 422, says: "address_space"},
	{name: "with an address space outside the pool", method: "POST", path: "/api/workspaces", who: "adam", body: with(`"address_space_size":"custom","address_space":"192.168.0.0/24"`), want: 422},
	{name: "with a custom address space and none", method: "POST", path: "/api/workspaces", who: "adam", body: with(`"address_space_size":"custom"`), want: 422, says: "address_space"},
	{name: "for somebody who is no object id", method: "POST", path: "/api/workspaces", who: "adam", want: 422, says: "members",
		body: `{"templateName":"base","properties":{"display_name":"x","description":"y"},"members":[{"id":"not a UUID but as long as one is...","role":"WorkspaceOwner"}]}`},

	{name: "a change needs an etag", method: "PATCH", path: ofWorkspaces, who: "adam", body: patch, want: 422, says: "etag"},
	{name: "a change of whichever version", method: "PATCH", path: ofWorkspaces, who: "adam", body: patch, headers: []string{"etag", "*"}, want: 202, says: `"action":"upgrade"`},
	{name: "a change of another version", method: "PATCH", path: ofWorkspaces, who: "adam", body: patch, headers: []string{"etag", "old"}, want: 409},
	{name: "a change of another version, as HTTP says it", method: "PATCH", path: ofWorkspaces, who: "adam", body: patch, headers: []string{"If-Match", `"old"`}, want: 412},
	{name: "a change of what cannot be changed", method: "PATCH", path: ofWorkspaces, who: "adam", body: `{"properties":{"fixed":"x"}}`, headers: []string{"etag", "*"}, want: 400, says: "fixed"},
	{name: "a change that breaks the schema", method: "PATCH", path: ofWorkspaces, who: "adam", body: `{"properties":{"quota":"many"}}`, headers: []string{"etag", "*"}, want: 400, says: "/quota"},
	{name: "a minor upgrade", method: "PATCH", path: ofWorkspaces, who: "adam", body: `{"templateVersion":"1.3.0"}`, headers: []string{"etag", "*"}, want: 202},
	{name: "a major upgrade", method: "PATCH", path: ofWorkspaces, who: "adam", body: `{"templateVersion":"2.0.0"}`, headers: []string{"etag", "*"}, want: 400, says: "major"},
	{name: "a major upgrade that is forced", method: "PATCH", path: ofWorkspaces + "?force_version_update=true", who: "adam", body: `{"templateVersion":"2.0.0"}`, headers: []string{"etag", "*"}, want: 202},
	{name: "an upgrade to no version", method: "PATCH", path: ofWorkspaces, who: "adam", body: `{"templateVersion":"9.9.9"}`, headers: []string{"etag", "*"}, want: 400, says: "not registered"},
	{name: "disabled", method: "PATCH", path: ofWorkspaces, who: "adam", body: `{"isEnabled":false}`, headers: []string{"etag", "*"}, want: 202},
	{name: "a change while another one is under way", method: "PATCH", path: ofWorkspaces, who: "adam", body: patch, headers: []string{"etag", "*"}, change: busyWorkspace, want: 409, says: "under way"},
	{name: "deleted while it is enabled", method: "DELETE", path: ofWorkspaces, who: "adam", want: 400, says: "disabled"},
	{name: "deleted while something in it is enabled", method: "DELETE", path: ofWorkspaces, who: "adam", change: func(b *bench) { b.disable(workspace.Key{Partition: workspace.System, ID: here}) }, want: 400, says: "must be disabled first"},
	{name: "deleted with what is in it", method: "DELETE", path: ofWorkspaces, who: "adam", change: disabledAll, want: 200, says: `"action":"uninstall"`},
	{name: "an action of the template", method: "POST", path: ofWorkspaces + "/invoke-action?action=rotate", who: "adam", want: 202, says: `"action":"rotate"`},
	{name: "an action that it has not", method: "POST", path: ofWorkspaces + "/invoke-action?action=melt", who: "adam", want: 400, says: "rotate"},
	{name: "an action without a name", method: "POST", path: ofWorkspaces + "/invoke-action?action=", who: "adam", want: 422, says: "action"},

	{name: "a service", method: "POST", path: ofWorkspaces + "/workspace-services", who: "olga", body: making("desktop"), want: 202},
	{name: "a service by a researcher", method: "POST", path: ofWorkspaces + "/workspace-services", who: "ann", body: making("desktop"), want: 403},
	{name: "a service of a template for others", method: "POST", path: ofWorkspaces + "/workspace-services", who: "olga", body: making("secret"), want: 403, says: "AirlockManager"},
	{name: "a service in a workspace that is not deployed", method: "POST", path: ofWorkspaces + "/workspace-services", who: "olga", body: making("desktop"), change: notDeployed, want: 409, says: "not deployed"},
	{name: "a service of no template", method: "POST", path: ofWorkspaces + "/workspace-services", who: "olga", body: making("none"), want: 400},
	{name: "deleted while it is enabled", method: "DELETE", path: ofService, who: "olga", want: 400},
	{name: "a service that is not there", method: "GET", path: ofWorkspaces + "/workspace-services/" + none, who: "ann", want: 404},
	{name: "a machine as a service", method: "GET", path: ofWorkspaces + "/workspace-services/" + machineID, who: "olga", want: 404},
	{name: "a service as a machine", method: "GET", path: ofService + "/user-resources/" + serviceID, who: "olga", want: 404},
	{name: "a machine of another service", method: "GET", path: ofWorkspaces + "/workspace-services/" + none + "/user-resources/" + machineID, who: "olga", want: 404},
	{name: "a workspace as a shared service", method: "GET", path: "/api/shared-services/" + here, who: "adam", want: 404},
	{name: "an operation of the workspace under its service", method: "GET", path: ofService + "/operations/" + failed + "111111111111", who: "olga", want: 404},
	{name: "an operation that is no id", method: "GET", path: ofService + "/operations/x", who: "olga", want: 404},

	{name: "a machine", method: "POST", path: ofService + "/user-resources", who: "bob", body: making("machine"), want: 202},
	{name: "a machine of a template for others", method: "POST", path: ofService + "/user-resources", who: "mia", body: making("machine"), want: 403},
	{name: "somebody else's machine (AzureTRE: 403)", method: "GET", path: ofUserResource, who: "bob", want: 404},
	{name: "anybody's machine, for an owner", method: "GET", path: ofUserResource, who: "olga", want: 200, says: `"ownerId":"a0000000-0000-4000-8000-000000000001"`},
	{name: "a machine is started", method: "POST", path: ofUserResource + "/invoke-action?action=start", who: "ann", want: 202},
	{name: "a machine is resized to nothing", method: "POST", path: ofUserResource + "/invoke-action?action=resize", who: "ann", want: 400},
	{name: "a machine is deleted while it is enabled", method: "DELETE", path: ofUserResource, who: "ann", want: 400},

	{name: "a shared service", method: "POST", path: "/api/shared-services", who: "adam", body: making("other"), want: 202},
	{name: "a second one of a template", method: "POST", path: "/api/shared-services", who: "adam", body: making("wiki"), want: 409, says: sharedID},
	{name: "for an administrator", method: "GET", path: "/api/shared-services/" + sharedID, who: "adam", want: 200, says: `"fixed":"inner"`},
	{name: "a template that is not there", method: "GET", path: "/api/workspace-templates/none", who: "adam", want: 404},
	{name: "a version that is not there", method: "GET", path: "/api/workspace-templates/base?version=9.0.0", who: "adam", want: 404},
	{name: "a version that is there", method: "GET", path: "/api/workspace-templates/base?version=2.0.0", who: "adam", want: 200, says: `"current":false`},
	{name: "for a form of changes", method: "GET", path: "/api/workspace-templates/base?is_update=true", who: "adam", want: 200, says: `"readOnly":true`},
	{name: "templates of a service that is not registered", method: "POST", path: "/api/workspace-service-templates/none/user-resource-templates", who: "adam", body: registration("user-resource-templates"), want: 404},
	{name: "a version with another content", method: "POST", path: "/api/workspace-templates", who: "adam", body: strings.Replace(registration(""), "3.0.0", "1.2.0", 1), want: 409},
	{name: "AzureTRE's own registration", method: "POST", path: "/api/workspace-templates", who: "adam", body: `{"name":"x","version":"1.0.0","current":true,"json_schema":{"title":"x"}}`, want: 422, says: "template: send the ARM template"},
	{name: "a template of another kind than the address's", method: "POST", path: "/api/workspace-templates", who: "adam", body: strings.Replace(registration(""), "{", `{"kind":"shared-service",`, 1), want: 422, says: "kind"},
	{name: "a template that is none", method: "POST", path: "/api/workspace-templates", who: "adam", body: `{"name":"X y","version":"1","current":true,"json_schema":{},"template":{}}`, want: 422, says: "template.json#/name"},

	{name: "rejected without a reason", method: "POST", path: ofWantedOne + "/review", who: "adam", body: `{"approval":false}`, want: 422, says: "decisionExplanation"},
	{name: "rejected", method: "POST", path: ofWantedOne + "/review", who: "adam", body: `{"approval":false,"decisionExplanation":"too many"}`, want: 200, says: `"status":"rejected"`},
	{name: "approved", method: "POST", path: ofWantedOne + "/review", who: "adam", body: `{"approval":true}`, want: 200, says: `"status":"approved"`},
	{name: "requests of no status", method: "GET", path: "/api/workspace-requests?status=lost", who: "adam", want: 422},
	{name: "an approval without end", method: "POST", path: "/api/standing-approvals", who: "adam", body: strings.Replace(approving, "2026-12-31", "2999-12-31", 1), want: 422, says: "until"},
	{name: "an approval of no template", method: "POST", path: "/api/standing-approvals", who: "adam", body: strings.Replace(approving, "base", "none", 1), want: 400},
	{name: "an approval taken back that is not there", method: "DELETE", path: "/api/standing-approvals/" + none, who: "adam", want: 404},
	{name: "an operation that ended is stopped", method: "POST", path: ofService + "/operations/" + failed + "000000000001/cancel", who: "olga", want: 400, says: "nothing to cancel"},
	{name: "an operation under way is stopped", method: "POST", path: ofWorkspaces + "/operations/" + running1 + "/cancel", who: "adam", body: `{"reason":"wrong"}`, change: busyWorkspace, want: 202, says: `"reason":"wrong"`},
	{name: "an operation under way is tried again", method: "POST", path: ofWorkspaces + "/operations/" + running1 + "/retry", who: "adam", change: busyWorkspace, want: 400},
}

func TestResourceCodes(t *testing.T) {
	t.Parallel()
	rows := slices.Concat(resourceCodes, azureTREsCodes, tableOf("a service", ofService, "olga", workspace.Key{Partition: here, ID: serviceID}),
		tableOf("a machine", ofUserResource, "ann", workspace.Key{Partition: here, ID: machineID}), tableOf("a shared service", ofShared, "adam", workspace.Key{Partition: workspace.System, ID: sharedID}))
	for _, tt := range rows {
		t.Run(tt.method+" "+tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t).estate()
			if tt.change != nil {
				tt.change(b)
			}
			before := b.kept()
			w := b.call(tt.method, placed(tt.path, here, ""), tt.who, tt.body, tt.headers...)
			if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.says) {
				t.Errorf("%d, want %d and %q: %s", w.Code, tt.want, tt.says, w.Body)
			}
			if w.Code >= 400 && strings.Join(before, "") != strings.Join(b.kept(), "") {
				t.Error("refused, and something changed")
			}
			if w.Code == http.StatusAccepted {
				b.leads(w.Header().Get("Location"), tt.who)
			}
		})
	}
}

// leads tells whether an answer's Location leads its caller, or an
// administrator, to what was begun.
func (b *bench) leads(location, who string) {
	b.t.Helper()
	for _, one := range []string{who, "adam"} {
		if w := b.call("GET", location, one, ""); location != "" && w.Code == http.StatusOK {
			return
		}
	}
	b.t.Errorf("location %q leads nowhere", location)
}

// with is a workspace asked for with more properties.
func with(properties string) string {
	return `{"templateName":"base","properties":{"display_name":"New","description":"For tests",` + properties + `}}`
}

const (
	ofWorkspaces = "/api/workspaces/{workspace_id}"
	ofWantedOne  = "/api/workspace-requests/{workspace_request_id}"
	running1     = "abababab-abab-4bab-8bab-abababababab" // an operation under way on the workspace
)

// alter commits a change of a resource.
func (b *bench) alter(key workspace.Key, change func(*workspace.Resource)) {
	b.t.Helper()
	r, err := b.store.Resource(b.t.Context(), key)
	b.must(err)
	change(&r)
	b.commit(workspace.Change{Partition: key.Partition, Resources: []workspace.Resource{r}})
}

func (b *bench) disable(key workspace.Key) {
	b.alter(key, func(r *workspace.Resource) { r.Enabled = false })
}

func disabledAll(b *bench) {
	for _, key := range []workspace.Key{{Partition: workspace.System, ID: here}, {Partition: here, ID: serviceID}, {Partition: here, ID: machineID}} {
		b.disable(key)
	}
}

func notDeployed(b *bench) {
	b.alter(workspace.Key{Partition: workspace.System, ID: here}, func(r *workspace.Resource) { r.Installed, r.Status = false, workspace.DeploymentFailed })
}

// busyWorkspace has an operation under way on the workspace, which the
// administrator ordered.
func busyWorkspace(b *bench) {
	r, err := b.store.Resource(b.t.Context(), workspace.Key{Partition: workspace.System, ID: here})
	b.must(err)
	act := workspace.Act{By: theirs("adam"), Role: access.TREAdmin, At: b.settings.Now(), Operation: running1}
	r, o, err := r.Begin(act, workspace.Order{Action: workspace.Upgrade})
	b.must(err)
	c := workspace.Change{Partition: workspace.System}
	c.Resource(r, lineAt(b, "upgrade"))
	c.Operation(o, b.settings.Now(), lineAt(b, "upgrade"))
	b.commit(c)
}

// decoded reads an answer.
func decoded[T any](b *bench, method, path, who string) (v T) {
	b.t.Helper()
	w := b.call(method, path, who, "")
	if w.Code != http.StatusOK {
		b.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	b.must(json.Unmarshal(w.Body.Bytes(), &v))
	return v
}
