package tend_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/tend"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	pack "github.com/trefoil-tre/trefoil/internal/workspace/template"
)

const (
	serviceID = "55555555-5555-4555-8555-555555555502"
	machineID = "55555555-5555-4555-8555-555555555503"
	desktop   = workspace.Machine("/subscriptions/s/resourcegroups/g/providers/microsoft.compute/virtualmachines/vm")
)

// template is a machine's.
var template = map[string][]byte{
	"template.json":        []byte(`{"name":"vm","version":"1.0.0","kind":"user-resource","parent":"desktops","customActions":[{"name":"start","kind":"machine"},{"name":"stop","kind":"machine"}]}`),
	"template_schema.json": []byte(`{"type":"object","title":"VM","description":"A machine.","required":[],"properties":{}}`),
	"main.json":            []byte(`{"$schema":"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#","contentVersion":"1.0.0.0","parameters":{},"resources":[],"outputs":{"azure_resource_id":{"type":"string","value":"id"}}}`),
}

// bed is a world with the room in it, and a running machine of Ada's that is to
// be stopped after two idle hours.
type bed struct {
	*roomtest.Estate

	room    tend.Function
	metrics *meter
}

// meter counts who asks for metrics.
type meter struct {
	*roomtest.Estate

	asked int
	err   error
}

func (m *meter) Busy(ctx context.Context, id workspace.Machine, since, until time.Time) (float64, bool, error) {
	m.asked++
	if m.err != nil {
		return 0, false, m.err
	}
	return m.Cloud.Busy(ctx, id, since, until)
}

func newBed(t testing.TB, properties map[string]any) *bed {
	t.Helper()
	w := roomtest.New(t)
	e := roomtest.NewEstate(w, memcloud.Config{})
	b := &bed{Estate: e, metrics: &meter{Estate: e}}
	w.Must(w.Store.SavePackage(t.Context(), pack.Digest(template), pack.Canonicals(template)))
	for _, r := range []workspace.Resource{{ID: roomtest.Here, Kind: workspace.Workspace}, {ID: serviceID, Kind: workspace.Service, Workspace: roomtest.Here},
		{ID: machineID, Kind: workspace.UserResource, Workspace: roomtest.Here, Service: serviceID, Owner: roomtest.Ada, Properties: properties, Outputs: map[string]any{"azure_resource_id": string(desktop)}}} {
		r.Status, r.Installed, r.Enabled, r.Generation, r.CreatedAt = workspace.Deployed, true, true, 1, w.Now()
		r.Template = workspace.TemplateRef{Name: "vm", Version: "1.0.0", Digest: pack.Digest(template)}
		c := workspace.Change{Partition: r.Key().Partition}
		c.Resource(r, audit.Line{At: w.Now(), Action: "seeded"})
		_, err := w.Store.CommitChange(t.Context(), c)
		w.Must(err)
	}
	e.Cloud.Add(desktop, "Standard_D2s_v6")
	platform := workspace.Platform{TRE: "tre", Subscription: "s"}
	store := struct {
		workspace.Store
		workspace.Fleets
	}{e.Resources, e.Fleets}
	b.room = tend.Function{Platform: platform, Now: w.Now, Parallel: 2, Log: slog.New(slog.DiscardHandler), Ports: tend.Ports{Store: store, Lists: e.Lists, Powers: e.Machines, Metrics: b.metrics,
		Builder: &provision.Builder{Platform: platform, Now: w.Now, Log: slog.New(slog.DiscardHandler), Ports: provision.Ports{Store: e.Resources, Lists: e.Lists, Packages: e.Packages, Orders: w.Orders}}}}
	return b
}

var idling = map[string]any{"shutdown_when_idle": float64(2)}

// tick runs the room after a while.
func (b *bed) tick(after time.Duration) tend.Out {
	b.T.Helper()
	b.Pass(after)
	out, err := b.room.Handle(b.Context("tend"), azfunc.Tick{})
	b.Must(err)
	return out
}

func (b *bed) fleet() workspace.Fleet {
	b.T.Helper()
	f, err := b.Store.Fleet(b.T.Context(), roomtest.Here)
	b.Must(err)
	return f
}

func (b *bed) machine() workspace.Resource { return b.Get(key()) }

func key() workspace.Key { return workspace.Key{Partition: roomtest.Here, ID: machineID} }

// heard has everybody told who is to be warned.
func (b *bed) heard() {
	b.T.Helper()
	f := b.fleet()
	_, err := b.Store.CommitChange(b.T.Context(), workspace.Change{Partition: roomtest.Here, Fleets: []workspace.Fleet{f.Heard(f.Notices)}})
	b.Must(err)
}

// before does something just before an operation is ordered.
type before struct {
	tend.Invoker

	do func()
}

func (o before) Invoke(ctx context.Context, a workspace.Act, key workspace.Key, action workspace.Action, parameters map[string]string) (workspace.Resource, workspace.Operation, error) {
	o.do()
	return o.Invoker.Invoke(ctx, a, key, action, parameters)
}

// slow takes its time to tell the power states.
type slow struct{ b *bed }

func (s slow) Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error) {
	all, err := s.b.Machines.Powers(ctx, subscription)
	s.b.Pass(3 * time.Minute)
	return all, err
}

// change changes the machine's resource as something else than this room does.
func (b *bed) change(change func(*workspace.Resource)) {
	b.T.Helper()
	r := b.machine()
	change(&r)
	c := workspace.Change{Partition: roomtest.Here}
	c.Resource(r, audit.Line{At: b.Now(), Action: "changed"})
	_, err := b.Store.CommitChange(b.T.Context(), c)
	b.Must(err)
}

// states are those of machines, as they are said to be.
type states map[workspace.Machine]workspace.Power

func (s states) Powers(context.Context, string) (map[workspace.Machine]workspace.Power, error) {
	return s, nil
}

// counted counts the calls for power states.
type counted struct {
	b     *bed
	calls *int
}

func (c counted) Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error) {
	*c.calls++
	return c.b.Machines.Powers(ctx, subscription)
}
