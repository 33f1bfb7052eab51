package resourcestep_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/resourcestep"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
	pack "github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// The resources of every test, beside the workspaces that are there already.
const (
	freshID   = "55555555-5555-4555-8555-555555555501" // a workspace
	serviceID = "55555555-5555-4555-8555-555555555502"
	machineID = "55555555-5555-4555-8555-555555555503" // a user resource in the service
	sharedID  = "55555555-5555-4555-8555-555555555504"
	opID      = "66666666-6666-4666-8666-666666666601"
)

var cadence = workspace.Cadence{First: 15 * time.Second, Most: 2 * time.Minute, Hint: time.Minute, Tries: 3, Patience: 6 * time.Hour}

// bed is a world with the room in it.
type bed struct {
	*roomtest.Estate

	room    resourcestep.Function
	digest  string
	crossed []string // accounts that a test file was sent to
	dead    error    // why none crosses
	taken   int      // ranges that somebody else reserved
}

// outputs are those of every template here.
func outputs(d workspace.Deployment) map[string]any {
	if d.Stack.Name == "tre-"+workspace.Suffix("tre", roomtest.Here, 1) {
		return map[string]any{"storage_account_name": roomtest.HereAccount, "resource_group_name": "rg"}
	}
	if d.Stack.Group == "" {
		return map[string]any{"storage_account_name": "stg" + d.Stack.Name[len(d.Stack.Name)-12:], "resource_group_name": "rg"}
	}
	return map[string]any{"kind": "made", "azure_resource_id": "/subscriptions/" + d.Stack.Subscription + "/resourceGroups/" + d.Stack.Group +
		"/providers/Microsoft.Compute/virtualMachines/vm-" + d.Stack.Name}
}

// strangers is a machine that lies in no workspace of these tests.
const strangers = "/subscriptions/s/resourceGroups/rg-tre-ws-other/providers/Microsoft.Compute/virtualMachines/vm"

// template is a package that declares parameters and actions of both kinds.
var template = map[string][]byte{
	"template.json": []byte(`{"name":"t","version":"1.0.0","kind":"workspace","customActions":[{"name":"start","kind":"machine"},{"name":"resize","kind":"machine"},` +
		`{"name":"reset_password","kind":"machine"},{"name":"rotate","kind":"stack"}]}`),
	"template_schema.json": []byte(`{}`),
	"main.json":            []byte(`{"parameters":{"tre_id":{"type":"string"},"admin_password":{"type":"securestring"},"rules":{"type":"array"},"action":{"type":"string"}},"resources":[]}`),
}

func newBed(t testing.TB, c ...func(*memcloud.Config)) *bed {
	t.Helper()
	config := memcloud.Config{Outputs: outputs}
	for _, change := range c {
		change(&config)
	}
	w := roomtest.New(t)
	e := roomtest.NewEstate(w, config)
	b := &bed{Estate: e, digest: pack.Digest(template)}
	w.Must(w.Store.SavePackage(t.Context(), b.digest, pack.Canonicals(template)))
	b.room = resourcestep.Function{Now: w.Now, Cadence: cadence, Refusals: w.Ledger.Refusals,
		Platform: workspace.Platform{TRE: "tre", Location: "westeurope", Subscription: "s", Group: "rg-core"},
		Pool:     workspace.Pool{Space: netip.MustParsePrefix("10.0.0.0/12")},
		Ports: resourcestep.Ports{Store: e.Resources, Lists: e.Lists, Requests: e.Wanted, Addresses: e.Addresses, Packages: e.Packages, Names: e.Names, Fleets: e.Fleets,
			Work: w.Work, Cards: w.Spaces, Rolls: w.Rolls, Members: w.Members, Stacks: e.Stacks, Machines: e.Machines, Vault: e.Secrets, Canary: b.canary(), Orders: w.Orders}}
	return b
}

// resource is one that is there.
func (b *bed) resource(kind workspace.Kind, id string) workspace.Resource {
	r := workspace.Resource{ID: id, Kind: kind, Template: workspace.TemplateRef{Name: "t", Version: "1.0.0", Digest: b.digest}, Status: workspace.Deployed,
		Installed: true, Enabled: true, Generation: 1, Properties: map[string]any{"display_name": string(kind)}, CreatedAt: b.Now().Add(-48 * time.Hour), CreatedBy: roomtest.Olga}
	switch kind {
	case workspace.UserResource:
		r.Workspace, r.Service, r.Owner = roomtest.Here, serviceID, roomtest.Ada
		r.Outputs = outputs(workspace.Deployment{Stack: b.room.Platform.StackOf(r, workspace.Resource{ID: roomtest.Here, Kind: workspace.Workspace, Generation: 1})})
	case workspace.Service:
		r.Workspace = roomtest.Here
	default: // is in nothing
	}
	return r
}

// fresh is one that is to be made.
func (b *bed) fresh(kind workspace.Kind, id string) workspace.Resource {
	r := b.resource(kind, id)
	r.Status, r.Installed, r.Generation, r.Outputs, r.CreatedAt = "", false, 0, nil, b.Now()
	return r
}

// put stores resources that are there.
func (b *bed) put(all ...workspace.Resource) {
	b.T.Helper()
	for _, r := range all {
		c := workspace.Change{Partition: r.Key().Partition}
		c.Resource(r, audit.Line{At: b.Now(), Action: "seeded"})
		_, err := b.Store.CommitChange(b.T.Context(), c)
		b.Must(err)
	}
}

// estate stores a workspace with a service and a user resource in it, and a
// shared service.
func (b *bed) estate() {
	b.put(b.resource(workspace.Workspace, roomtest.Here), b.resource(workspace.Service, serviceID), b.resource(workspace.UserResource, machineID),
		b.resource(workspace.SharedService, sharedID))
}

// begin orders an operation.
func (b *bed) begin(r workspace.Resource, o workspace.Order, more ...func(*workspace.Change)) workspace.Operation {
	b.T.Helper()
	r, op, err := r.Begin(workspace.Act{By: roomtest.Olga, At: b.Now(), Operation: opID, Call: "call"}, o)
	b.Must(err)
	c := workspace.Change{Partition: r.Key().Partition}
	c.Resource(r, audit.Line{At: b.Now(), Action: "asked"})
	c.Operation(op, cadence.Due(r, b.Now()), audit.Line{At: b.Now(), Action: "asked"})
	for _, m := range more {
		m(&c)
	}
	_, err = b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
	return op
}

// newWorkspace orders one, with its address range reserved.
func (b *bed) newWorkspace(more ...func(*workspace.Change)) workspace.Operation {
	r := b.fresh(workspace.Workspace, freshID)
	r.Addresses = []string{"10.1.2.0/24"}
	block, err := address.Block{Net: netip.MustParsePrefix("10.1.0.0/16")}.Reserve(netip.MustParsePrefix("10.1.2.0/24"), freshID)
	b.Must(err)
	members := []workspace.Member{{OID: roomtest.Olga.OID, Name: "Olga", Role: access.WorkspaceOwner}, {OID: roomtest.Ada.OID, Name: "Ada", Role: access.WorkspaceResearcher}}
	return b.begin(r, workspace.Order{Action: workspace.Install, Members: members}, append(more, func(c *workspace.Change) {
		c.Blocks = append(c.Blocks, workspace.Block{Block: block})
		c.Card = &airlock.Workspace{ID: freshID, Policy: airlock.Policy{MaxFiles: 7}}
	})...)
}

// disabled makes a resource ready to be deleted.
func (b *bed) disabled(key workspace.Key) workspace.Resource {
	r := b.Get(key)
	r.Enabled = false
	c := workspace.Change{Partition: key.Partition}
	c.Quietly(r)
	_, err := b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
	return b.Get(key)
}

// key addresses a resource by its id.
func key(id string) workspace.Key {
	switch id {
	case serviceID, machineID:
		return workspace.Key{Partition: roomtest.Here, ID: id}
	}
	return workspace.Key{Partition: workspace.System, ID: id}
}

// order is the order to look at an operation.
func order(op workspace.Operation) message.Step {
	return message.Step{Workspace: op.Resource.Partition, Resource: op.Resource.ID, Operation: op.ID, Trace: "trace"}
}

// handle has the room handle an order.
func (b *bed) handle(m message.Step) error {
	_, err := b.room.Handle(b.Context("resourcestep"), m)
	return err
}

// run hints at an operation, as sweep does, until it ended.
func (b *bed) run(op workspace.Operation) error {
	for range 200 {
		if b.Reread(op).Ended() {
			return nil
		}
		if err := b.handle(order(op)); err != nil {
			return err
		}
		b.Pass(cadence.Hint)
	}
	return errors.New("the operation does not end: " + fmt.Sprint(b.Reread(op)))
}

// chain follows the orders that the room gives itself, and nothing else, until
// there are none; it returns how many there were.
func (b *bed) chain(m message.Step) (orders int) {
	b.T.Helper()
	for orders = 1; ; orders++ {
		b.Must(b.handle(m))
		sent := b.TakeSent()
		if len(sent) == 0 {
			return orders
		}
		if len(sent) > 1 || orders > 500 {
			b.T.Fatalf("%d orders at once, %d in a chain", len(sent), orders)
		}
		if wait := sent[0].At.Sub(b.Now()); wait > 0 {
			b.Pass(wait)
		}
		m = sent[0].Message.(message.Step)
	}
}

// statuses are those of an operation and its steps.
func statuses(op workspace.Operation) string {
	all := []string{string(op.Status)}
	for _, s := range op.Steps {
		all = append(all, string(s.Status))
	}
	return strings.Join(all, " ")
}

// operation is the last one of a resource.
func (b *bed) operation(id string) workspace.Operation {
	b.T.Helper()
	all := b.Operations(key(id))
	return all[len(all)-1]
}

// cascade orders the deletion of the workspace with all in it.
func (b *bed) cascade() workspace.Operation {
	b.reserve(roomtest.Here, roomtest.Here, "10.2.0.0/24")
	m, s := b.disabled(key(machineID)), b.disabled(key(serviceID))
	w := b.disabled(key(roomtest.Here))
	steps, err := workspace.Cascade(w.Under([]workspace.Resource{m, s}), func(workspace.Resource) (workspace.Step, error) { return workspace.Step{}, nil })
	b.Must(err)
	return b.begin(w, workspace.Order{Action: workspace.Uninstall, Before: steps})
}

// reserve gives a range to a workspace, held for something in it.
func (b *bed) reserve(id, holder, text string) {
	b.T.Helper()
	r := netip.MustParsePrefix(text)
	block, err := b.Store.BlockOf(b.T.Context(), netip.PrefixFrom(r.Addr(), 16).Masked())
	b.Must(err)
	block.Block, err = block.Reserve(r, holder)
	b.Must(err)
	w := b.Get(key(id))
	w.Addresses = append(w.Addresses, text)
	c := workspace.Change{Partition: workspace.System, Blocks: []workspace.Block{block}}
	c.Quietly(w)
	_, err = b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
	if holder == id {
		return
	}
	s := b.Get(key(holder))
	s.Addresses = []string{text}
	c = workspace.Change{Partition: s.Key().Partition}
	c.Quietly(s)
	_, err = b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
}

// everyFault lets every port call of an operation fail once, before and after
// its work, and every commit meet somebody faster: the end is the same.
func everyFault(t *testing.T, id string, set func(t testing.TB) *bed) {
	t.Helper()
	beds := map[*roomtest.World]*bed{}
	roomtest.EveryFault(t, roomtest.Scene{
		Set: func(t testing.TB) *roomtest.World {
			b := set(t)
			beds[b.World] = b
			return b.World
		},
		Run: func(w *roomtest.World) error { return beds[w].run(beds[w].operation(id)) },
	})
}
