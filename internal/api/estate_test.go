package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// What the estate is made of: a service in the first workspace, a machine of
// Ann's in it, a service that all share, and an operation on each, which failed.
const (
	serviceID  = "44444444-4444-4444-8444-000000000001"
	machineID  = "55555555-5555-4555-8555-000000000002"
	sharedID   = "66666666-6666-4666-8666-000000000001"
	failed     = "77777777-7777-4777-8777-" // of the operations, before the end of the resource's id
	wantedID   = "88888888-8888-4888-8888-000000000001"
	standingID = "99999999-9999-4999-8999-000000000001"
	armID      = "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/VM1"
)

// pack is a template package of a kind, in version 1.2.0 unless told otherwise.
func pack(kind workspace.Kind, name, parent, version string) map[string][]byte {
	about := map[string]any{"name": name, "version": version, "kind": kind, "customActions": []any{map[string]any{"name": "rotate", "kind": "stack"}}}
	if kind == workspace.UserResource {
		about["parent"] = parent
		about["customActions"] = []any{map[string]any{"name": "start", "kind": "machine"}, map[string]any{"name": "resize", "kind": "machine"}}
	}
	text, err := json.Marshal(about)
	if err != nil {
		panic(err)
	}
	schema := fmt.Sprintf(`{"$schema":"http://json-schema.org/draft-07/schema","$id":"https://example.org/%s.json","type":"object","title":"%s","description":"For tests",
		"required":[],"authorizedRoles":%s,"properties":{"quota":{"type":"integer","minimum":1,"maximum":9,"default":1,"updateable":true},
		"fixed":{"type":"string"},"password":{"type":"string","sensitive":true,"updateable":true},
		"address_space_size":{"type":"string","enum":["small","medium","large","custom"],"default":"small"},"address_space":{"type":"string"}}}`, name, name, rolesOf[name])
	scope := "2019-04-01/deploymentTemplate"
	if kind == workspace.Workspace {
		scope = "2018-05-01/subscriptionDeploymentTemplate"
	}
	return map[string][]byte{"template.json": text, "template_schema.json": []byte(schema), "main.json": []byte(`{"$schema":
		"https://schema.management.azure.com/schemas/` + scope + `.json#","contentVersion":"1.0.0.0","parameters":{"quota":{"type":"int"},
		"password":{"type":"securestring","defaultValue":""},"action":{"type":"string","defaultValue":""}},"resources":[],
		"outputs":{"azure_resource_id":{"type":"string","value":"id"}}}`)}
}

// rolesOf are the roles that a template is for; none is everybody.
var rolesOf = map[string]string{"base": "[]", "desktop": "[]", "machine": `["WorkspaceOwner","WorkspaceResearcher"]`, "wiki": "[]", "other": "[]", "secret": `["AirlockManager"]`}

// shelf registers templates as they are, without looking at them.
func (b *bench) shelf(kind workspace.Kind, name, parent string, versions ...string) (last workspace.TemplateRef) {
	b.t.Helper()
	for i, version := range versions {
		files := pack(kind, name, parent, version)
		last = workspace.TemplateRef{Name: name, Version: version, Digest: template.Digest(files)}
		b.must(b.store.SavePackage(b.t.Context(), last.Digest, template.Canonicals(files)))
		var roles []string
		b.must(json.Unmarshal([]byte(rolesOf[name]), &roles))
		_, err := b.store.Register(b.t.Context(), workspace.Registered{Kind: kind, Parent: parent, Name: name, Version: version, Digest: last.Digest,
			Title: name, Description: "For tests", Roles: roles, Current: i == 0, By: people["adam"].OID, At: b.settings.Now()}, audit.Line{At: b.settings.Now()})
		b.must(err)
	}
	return workspace.TemplateRef{Name: name, Version: versions[0], Digest: template.Digest(pack(kind, name, parent, versions[0]))}
}

// safe is a vault.
type safe struct {
	mu     sync.Mutex
	values map[string]string
}

func (s *safe) Put(_ context.Context, name, value string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.values == nil {
		s.values = map[string]string{}
	}
	s.values[name] = value
	return "https://vault.example/secrets/" + name, nil
}

// running counts who asks what is known of machines.
type running struct {
	*memstore.Store

	mu    sync.Mutex
	asked int
	err   error // what it answers with instead
}

func (r *running) Fleet(ctx context.Context, in string) (workspace.Fleet, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	if r.err != nil {
		return workspace.Fleet{}, r.err
	}
	return r.Store.Fleet(ctx, in)
}

// seen stores that machines of the first workspace run.
func (b *bench) seen(ids ...string) {
	b.t.Helper()
	f, err := b.store.Fleet(b.t.Context(), here)
	b.must(err)
	for _, id := range ids {
		f, _ = f.Look(id, idle.Machine{}, "running", idle.Sight{Running: true}, b.settings.Now(), idle.DefaultRules)
	}
	b.commit(workspace.Change{Partition: here, Fleets: []workspace.Fleet{f}})
}

// resourcesOf is the desk of a bench.
func (b *bench) resourcesOf() *resources.Desk {
	platform := workspace.Platform{TRE: "mytre", Location: "westeurope", Subscription: "sub", Group: "rg"}
	b.powers, b.safe = &running{Store: b.store}, &safe{}
	b.builder = &provision.Builder{Now: b.desk.Now, Platform: platform,
		Pool: workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/12"), Reserved: []netip.Prefix{netip.MustParsePrefix("10.1.0.0/22")}},
		Ports: provision.Ports{Store: b.store, Lists: b.store, Requests: b.store, Addresses: b.store, Templates: b.store, Packages: b.store, Vault: b.safe,
			Cards: b.store, Airlock: b.store, Members: b.store, Records: b.store, Orders: nowhere{}}, Log: b.desk.Log}
	return &resources.Desk{Desk: b.desk, Now: b.desk.Now, Log: b.desk.Log, Ports: resources.Ports{Rows: b.store, Lists: b.store,
		Requests: b.store, Templates: b.store, Cards: b.store, Work: b.store, Builder: b.builder,
		Machines: b.powers, Drifts: b.store, Orders: nowhere{}}}
}

// estate makes resources of both workspaces, with what is in the first one.
func (b *bench) estate() *bench {
	b.t.Helper()
	base := b.shelf(workspace.Workspace, "base", "", "1.2.0", "1.3.0", "2.0.0")
	desktop := b.shelf(workspace.Service, "desktop", "", "1.2.0", "1.2.1")
	machine := b.shelf(workspace.UserResource, "machine", "desktop", "1.2.0", "1.2.1")
	wiki := b.shelf(workspace.SharedService, "wiki", "", "1.2.0")
	b.shelf(workspace.SharedService, "other", "", "1.2.0")
	b.shelf(workspace.Service, "secret", "", "1.2.0")
	for _, id := range []string{here, there} {
		b.put(workspace.Resource{ID: id, Kind: workspace.Workspace, Template: base, Addresses: []string{"10.2.0.0/24"}})
	}
	b.put(workspace.Resource{ID: sharedID, Kind: workspace.SharedService, Template: wiki, Properties: map[string]any{"display_name": "Wiki", "connection_uri": "https://wiki", "fixed": "inner"}})
	b.put(workspace.Resource{ID: serviceID, Kind: workspace.Service, Workspace: here, Template: desktop})
	b.put(workspace.Resource{ID: machineID, Kind: workspace.UserResource, Workspace: here, Service: serviceID, Template: machine, Owner: people["ann"],
		Outputs: map[string]any{"azure_resource_id": armID}})
	b.seen(machineID)
	b.must(b.store.SaveDrift(b.t.Context(), workspace.Drift{At: b.settings.Now(), Stacks: 3, Findings: []workspace.Finding{{Kind: workspace.OrphanStack, Azure: "/subscriptions/s/x"}}}))
	c := workspace.Change{Partition: workspace.System}
	c.Request(workspace.Request{ID: wantedID, Source: workspace.FromCall, Template: "base", Properties: map[string]any{"display_name": "Lung", "description": "x"},
		Requester: theirs("ann")}.Open(b.settings.Now()), b.settings.Now(), audit.Line{At: b.settings.Now()})
	c.Approval(workspace.Approval{ID: standingID, Template: "base", Most: 3, Until: b.settings.Now().Add(time.Hour), Reason: "trials", By: theirs("adam"), At: b.settings.Now()},
		audit.Line{At: b.settings.Now()})
	b.commit(c)
	return b
}

func theirs(who string) access.Person {
	p := people[who]
	p.Roles = nil
	return p
}

// put stores a resource that was deployed, and whose last update failed.
func (b *bench) put(r workspace.Resource) {
	b.t.Helper()
	at := b.settings.Now().Add(-time.Hour)
	r.Enabled, r.Installed, r.Status, r.Message, r.Generation = true, true, workspace.UpdatingFailed, "QuotaExceeded: no more cores", 1
	r.CreatedBy, r.CreatedAt, r.UpdatedBy, r.UpdatedAt, r.Revision, r.Call = theirs("olga"), at, theirs("olga"), at, 1, failedOn(r.ID)
	if r.Properties == nil {
		r.Properties = map[string]any{"display_name": "Heart <study>", "description": "Outcomes", "quota": 3.0, "password": workspace.Redacted}
	}
	c := workspace.Change{Partition: r.Key().Partition}
	c.Resource(r, audit.Line{At: at, Action: "install"})
	c.Operation(workspace.Operation{ID: failedOn(r.ID), Resource: r.Key(), Kind: r.Kind, ResourcePath: r.Path(), Action: workspace.Upgrade, Status: r.Status, Message: r.Message,
		CreatedBy: theirs("olga"), CreatedAt: at, UpdatedAt: at, Steps: []workspace.Step{{ID: workspace.StepID(failedOn(r.ID), 0), TemplateID: "main", Title: "Update",
			Target: r.Key(), Kind: r.Kind, Template: r.Template.Name, Source: r.ID, Action: workspace.Upgrade, Limit: time.Hour, Status: r.Status, Message: r.Message, UpdatedAt: at}}},
		at, audit.Line{At: at, Action: "upgrade"})
	c.History = []workspace.Snapshot{{ID: "12121212-1212-4212-8212-" + r.ID[24:], Resource: r.Key(), Enabled: true, Template: "1.1.0", Properties: map[string]any{"quota": 2.0},
		By: people["olga"].OID, Name: "Olga", At: at}}
	b.commit(c)
}

func (b *bench) commit(c workspace.Change) {
	b.t.Helper()
	_, err := b.store.CommitChange(b.t.Context(), c)
	b.must(err)
}

// failedOn is the id of the operation that failed on a resource.
func failedOn(id string) string { return failed + id[24:] }

// kept is all that is stored of the estate, as text.
func (b *bench) kept() (all []string) {
	b.t.Helper()
	ctx := b.t.Context()
	say := func(v any, err error) {
		b.t.Helper()
		b.must(err)
		text, err := json.Marshal(v)
		b.must(err)
		all = append(all, string(text))
	}
	for _, partition := range []string{workspace.System, here, there} {
		rows, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
			return b.store.Resources(ctx, partition, p)
		})
		say(rows, err)
		for _, r := range rows {
			operations, _, err := b.store.Operations(ctx, r.Key(), airlock.Page{})
			say(operations, err)
		}
	}
	requests, _, err := b.store.WorkspaceRequests(ctx, airlock.Page{})
	say(requests, err)
	approvals, _, err := b.store.Approvals(ctx, airlock.Page{})
	say(approvals, err)
	blocks, err := b.store.Blocks(ctx)
	say(blocks, err)
	for _, kind := range workspace.Kinds {
		templates, _, err := b.store.Templates(ctx, kind, airlock.Page{})
		say(templates, err)
	}
	return all
}

// placed is an address of the description with the ids of the bench in it.
func placed(path, workspace, request string) string {
	of := here
	for name, id := range map[string]string{"{resource_id}": machineID, "{shared_service_id}": sharedID} {
		if strings.Contains(path, name) {
			of = id
		}
	}
	if of == here && strings.Contains(path, "{service_id}") {
		of = serviceID
	}
	path = strings.NewReplacer("{workspace_id}", workspace, "{airlock_request_id}", request, "{user_id}", people["bob"].OID,
		"{service_id}", serviceID, "{resource_id}", machineID, "{shared_service_id}", sharedID, "{operation_id}", failedOn(of),
		"{workspace_request_id}", wantedID, "{standing_approval_id}", standingID, "{service_template_name}", "desktop").Replace(path)
	name := "base"
	switch {
	case strings.Contains(path, "user-resource-templates"):
		name = "machine"
	case strings.Contains(path, "shared-service-templates"):
		name = "wiki"
	case strings.Contains(path, "workspace-service-templates"):
		name = "desktop"
	}
	path = strings.ReplaceAll(path, "{template_name}", name)
	if strings.HasSuffix(path, "/invoke-action") {
		path += map[bool]string{true: "?action=start", false: "?action=rotate"}[strings.Contains(path, "user-resources")]
	}
	return path
}

// registration is a call that registers a template at an address: a new version
// of one that is there.
func registration(path string) string {
	kind, name := workspace.Workspace, "base"
	switch {
	case strings.Contains(path, "user-resource-templates"):
		kind, name = workspace.UserResource, "machine"
	case strings.Contains(path, "shared-service-templates"):
		kind, name = workspace.SharedService, "wiki"
	case strings.Contains(path, "workspace-service-templates"):
		kind, name = workspace.Service, "desktop"
	}
	files := pack(kind, name, "desktop", "3.0.0")
	return fmt.Sprintf(`{"name":%q,"version":"3.0.0","current":false,"json_schema":%s,"template":%s}`, name, files["template_schema.json"], files["main.json"])
}

const (
	ofService      = "/api/workspaces/{workspace_id}/workspace-services/{service_id}"
	ofUserResource = ofService + "/user-resources/{resource_id}"
)

func lineAt(b *bench, action string) audit.Line {
	return audit.Line{At: b.settings.Now(), Action: action}
}
