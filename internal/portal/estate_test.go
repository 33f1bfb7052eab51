package portal_test

import (
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// canary is a secret that must turn up on no page.
const canary = "canary-9c2e-value"

// vaulted is where secrets go.
type vaulted struct{}

func (vaulted) Put(_ context.Context, name, _ string) (string, error) {
	return "https://vault.example/secrets/" + name, nil
}

// The resources of tests, in the workspace of most.
const (
	serviceID = "55555555-5555-4555-8555-555555555502"
	machineID = "55555555-5555-4555-8555-555555555503"
	otherVM   = "55555555-5555-4555-8555-555555555504"
	vmARM     = "/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/vm1"
)

// study is a template for workspaces with a secret in it.
var study = map[string][]byte{
	"template.json": []byte(`{"name":"study","version":"0.1.0","kind":"workspace","deadlines":{"install":"1h"}}`),
	"template_schema.json": []byte(`{"$schema":"http://json-schema.org/draft-07/schema","type":"object","title":"Study","description":"A study","required":[],"properties":{
		"address_space_size":{"type":"string","default":"small","enum":["small","medium","large","custom"]},
		"note":{"type":"string"},"client_secret":{"type":"string","sensitive":true}}}`),
	"main.json": []byte(`{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/subscriptionDeploymentTemplate.json#","contentVersion":"1.0.0.0","parameters":{},"resources":[],"outputs":{}}`),
}

// newEstate is what the portal asks of workspaces, on the bench's store.
func (b *bench) newEstate() *resources.Desk {
	b.t.Helper()
	b.builder = &provision.Builder{Now: b.now, Log: b.desk.Log,
		Ports: provision.Ports{Store: b.store, Lists: b.store, Requests: b.store, Addresses: b.store, Templates: b.store, Packages: b.store,
			Vault: vaulted{}, Cards: b.store, Airlock: b.store, Members: b.store, Records: b.store, Orders: b.orders},
		Platform: workspace.Platform{TRE: "tre1", Location: "westeurope", Subscription: "s", Group: "rg"},
		Pool:     workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/22")}}
	for _, files := range []map[string][]byte{study, desktops, machine} {
		_, err := b.builder.Register(b.t.Context(), b.act("adam"), files, true)
		b.must(err)
	}
	return &resources.Desk{Desk: b.desk, Now: b.now, Log: b.desk.Log, Ports: resources.Ports{Rows: b.store, Lists: b.store, Requests: b.store,
		Templates: b.store, Cards: b.store, Work: b.store, Builder: b.builder, Machines: b.store}}
}

// act is a call of its own.
func (b *bench) act(who string) workspace.Act {
	return workspace.Act{By: people[who], Role: access.TREAdmin, At: b.now(), Operation: uuid.NewString(), Call: "call"}
}

// ask stores a request for a workspace of Bob's, as change says.
func (b *bench) ask(change ...func(*workspace.Request)) string {
	b.t.Helper()
	r := workspace.Request{ID: uuid.NewString(), Source: workspace.FromCall, Template: "study", Reason: "For the stroke study.", Requester: people["bob"],
		Members:    []workspace.Member{{OID: people["ann"].OID, Name: "Ann Researcher", Email: "ann@example.org", Role: access.WorkspaceResearcher}},
		Properties: map[string]any{"display_name": "Stroke study", "description": "Outcomes", "note": "urgent", "client_secret": canary}}
	for _, c := range change {
		c(&r)
	}
	r, err := b.builder.Ask(b.t.Context(), r)
	b.must(err)
	return r.ID
}

// byEvent makes it one that came as an event.
func byEvent(r *workspace.Request) {
	r.Source, r.Reference = workspace.FromEvent, "study-2026-117"
}

func (b *bench) asked(id string) workspace.Request {
	b.t.Helper()
	r, err := b.store.WorkspaceRequest(b.t.Context(), id)
	b.must(err)
	return r
}

// made tells whether there is a workspace of that id.
func (b *bench) made(id string) bool {
	_, err := b.store.Resource(b.t.Context(), workspace.Key{Partition: workspace.System, ID: id})
	return err == nil
}

func atWanted(id string) string { return "/workspace-requests/" + id }

// put stores a resource as it is.
func (b *bench) put(r workspace.Resource) {
	b.t.Helper()
	r.Template, r.Enabled, r.Installed, r.CreatedAt, r.UpdatedAt = workspace.TemplateRef{Name: "study", Version: "0.1.0"}, true, true, b.now(), b.now()
	if r.Status == "" {
		r.Status = workspace.Deployed
	}
	c := workspace.Change{Partition: r.Key().Partition}
	c.Resource(r, audit.Line{At: b.now(), Action: "seeded"})
	_, err := b.store.CommitChange(b.t.Context(), c)
	b.must(err)
}

// furnish puts a service into the workspace, with machines of Ann's and Bob's.
func (b *bench) furnish() {
	b.t.Helper()
	b.put(workspace.Resource{ID: here, Kind: workspace.Workspace, Properties: map[string]any{"display_name": "Heart study"}, Addresses: []string{"10.0.4.0/24"}, CreatedBy: people["adam"]})
	b.put(workspace.Resource{ID: serviceID, Kind: workspace.Service, Workspace: here, Properties: map[string]any{"display_name": "Desktops"}})
	b.put(workspace.Resource{ID: machineID, Kind: workspace.UserResource, Workspace: here, Service: serviceID, Owner: people["ann"],
		Properties: map[string]any{"display_name": "Ann's machine"}, Outputs: map[string]any{"azure_resource_id": vmARM}})
	b.put(workspace.Resource{ID: otherVM, Kind: workspace.UserResource, Workspace: here, Service: serviceID, Owner: people["bob"],
		Properties: map[string]any{"display_name": "Bob's machine"}, Status: workspace.DeploymentFailed, Message: "QuotaExceeded: no cores left"})
}

// seen stores what was seen of Ann's machine.
func (b *bench) seen(power workspace.Power, m idle.Machine) {
	b.t.Helper()
	f, err := b.store.Fleet(b.t.Context(), here)
	b.must(err)
	f, _ = f.Look(machineID, m, power, idle.Sight{Running: power.Runs(), Known: true}, b.now(), idle.DefaultRules)
	_, err = b.store.CommitChange(b.t.Context(), workspace.Change{Partition: here, Fleets: []workspace.Fleet{f}})
	b.must(err)
}

// system is the key of the workspace's own resource.
var system = workspace.Key{Partition: workspace.System, ID: here}

// begin orders an action on a resource.
func (b *bench) begin(key workspace.Key, a workspace.Action) workspace.Operation {
	b.t.Helper()
	r, err := b.store.Resource(b.t.Context(), key)
	b.must(err)
	r, op, err := r.Begin(b.act("adam"), workspace.Order{Action: a, Limit: time.Hour})
	b.must(err)
	c := workspace.Change{Partition: key.Partition}
	c.Resource(r, audit.Line{At: b.now(), Action: "asked"})
	c.Operation(op, b.now(), audit.Line{At: b.now(), Action: "asked"})
	c, err = b.store.CommitChange(b.t.Context(), c)
	b.must(err)
	return c.Operations[0]
}

// fail ends a resource's operation.
func (b *bench) fail(key workspace.OperationKey, message string) {
	b.t.Helper()
	op, err := b.store.Operation(b.t.Context(), key)
	b.must(err)
	r, err := b.store.Resource(b.t.Context(), op.Resource)
	b.must(err)
	op = op.Advance(0, op.Action.Status(workspace.Failed), message, b.now())
	r.Status, r.Message, r.Operation, r.Job = op.Action.Status(workspace.Failed), message, "", nil
	c := workspace.Change{Partition: key.Partition}
	c.Resource(r, audit.Line{At: b.now(), Action: "failed"})
	c.Operation(op, b.now(), audit.Line{At: b.now(), Action: "failed"})
	_, err = b.store.CommitChange(b.t.Context(), c)
	b.must(err)
}

// frozen tells whether the workspace is.
func (b *bench) frozen(id string) bool {
	b.t.Helper()
	w, err := b.store.Workspace(b.t.Context(), id)
	b.must(err)
	return w.Policy.Hold.Freeze != nil
}

// approve stores a standing approval of Adam's.
func (b *bench) approve(p workspace.Approval) workspace.Approval {
	b.t.Helper()
	p.ID = uuid.NewString()
	p, err := b.builder.Approve(b.t.Context(), b.act("adam"), p)
	b.must(err)
	return p
}
