package provision_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestActions: what the template has, to what is there, with what it takes.
func TestActions(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w := b.workspace()
	s := b.service(w)
	m := b.machine(w, s)
	fresh, _, err := b.UserResource(t.Context(), by(rita), id(), w, s, provision.New{Template: "vm", Properties: named(nil)})
	b.must(err)
	size := func(v string) map[string]string { return map[string]string{"size": v} }
	for _, tt := range []struct {
		name       string
		key        workspace.Key
		action     workspace.Action
		parameters map[string]string
		err        error
		says       string
	}{
		{name: "unknown", key: m.Key(), action: "explode", err: airlock.ErrIllegal, says: "renew, start, stop, resize"},
		{name: "of every resource", key: m.Key(), action: workspace.Uninstall, err: airlock.ErrIllegal},
		{name: "none at all", key: s.Key(), action: "start", err: airlock.ErrIllegal, says: "none"},
		{name: "not deployed", key: fresh.Key(), action: "start", err: airlock.ErrIllegal},
		{name: "a parameter that it does not take", key: m.Key(), action: "start", parameters: size("x"), err: provision.ErrSchema, says: "size"},
		{name: "a secret of somebody's choice", key: m.Key(), action: "resize", parameters: map[string]string{"size": "Standard_D8s_v6", "secret": "x"}, err: provision.ErrSchema, says: "secret"},
		{name: "no size", key: m.Key(), action: "resize", err: provision.ErrSchema, says: "size"},
		{name: "a size that is not offered", key: m.Key(), action: "resize", parameters: size("Standard_M416"), err: provision.ErrSchema, says: "/vm_size"},
		{name: "nothing there", key: workspace.Key{Partition: w.ID, ID: id()}, action: "start", err: airlock.ErrNotFound},
	} {
		_, _, err := b.Invoke(t.Context(), by(rita), tt.key, tt.action, tt.parameters)
		wrong(t, tt.name, err, tt.err)
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v; want it to say %q", tt.name, err, tt.says)
		}
	}
	for _, tt := range []struct {
		action     workspace.Action
		parameters map[string]string
		want       workspace.Action
		size       string
	}{
		{action: "stop", want: "stop", size: "2 CPU | 8GB RAM"},
		{action: "renew", want: "renew", size: "2 CPU | 8GB RAM"},
		{action: "resize", parameters: size("Standard_D8s_v6"), want: "resize", size: "Standard_D8s_v6"},
		{action: "resize", parameters: size("4 CPU | 16GB RAM"), want: workspace.Upgrade, size: "4 CPU | 16GB RAM"}, // only the stack knows what that is
	} {
		act := by(rita)
		r, o, err := b.Invoke(t.Context(), act, m.Key(), tt.action, tt.parameters)
		b.must(err)
		if o.Action != tt.want || r.Properties["vm_size"] != tt.size || o.Steps[0].Limit == 0 || o.Parameters["size"] != "" && o.Parameters["size"] != tt.size {
			t.Errorf("%s: %+v, size %v", tt.action, o, r.Properties["vm_size"])
		}
		if _, again, err := b.Invoke(t.Context(), act, m.Key(), tt.action, tt.parameters); err != nil || again.ID != o.ID {
			t.Errorf("a repeat: %v", err)
		}
		b.deployed(r, o)
	}
	if len(b.history(m.Key())) != 2 {
		t.Errorf("history %+v", b.history(m.Key()))
	}
	m = b.load(m.Key())
	stale := by(rita)
	stale.Seen = "of before"
	_, _, err = b.Invoke(t.Context(), stale, m.Key(), "stop", nil)
	wrong(t, "decided on what it was before", err, airlock.ErrConflict)
	current := by(rita)
	current.Seen = m.Version
	r, o, err := b.Invoke(t.Context(), current, m.Key(), "stop", nil)
	b.must(err)
	b.deployed(r, o)
	m = b.disabled(b.load(m.Key()))
	_, _, err = b.Invoke(t.Context(), by(rita), m.Key(), "start", nil)
	wrong(t, "disabled", err, airlock.ErrConflict)
}

// TestQuota: machines and cores of a workspace are counted, also of many who make
// one at once.
func TestQuota(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Limits = provision.Limits{Machines: 5, Cores: 13}
	w := b.workspace()
	services := []workspace.Resource{b.service(w), b.service(w)}
	errs := make([]error, 20)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			_, _, errs[i] = b.UserResource(t.Context(), by(rita), id(), w, services[i%2], provision.New{Template: "vm", Properties: named(nil)})
		})
	}
	group.Wait()
	good := 0
	for _, err := range errs {
		switch {
		case err == nil:
			good++
		case !errors.Is(err, airlock.ErrIllegal) || !strings.Contains(err.Error(), "5 machines"):
			t.Error(err)
		}
	}
	if good != 5 {
		t.Fatalf("%d machines", good)
	}
	for _, r := range b.all(w.ID) {
		if r.Kind != workspace.UserResource {
			continue
		}
		o, err := b.store.Operation(t.Context(), workspace.OperationKey{Partition: w.ID, Resource: r.ID, ID: r.Operation})
		b.must(err)
		b.deployed(r, o)
	}
	var machine workspace.Resource
	for _, r := range b.all(w.ID) {
		if r.Kind == workspace.UserResource {
			machine = r
		}
	}
	for size, want := range map[string]error{"Standard_D8s_v6": airlock.ErrIllegal, "odd": airlock.ErrInvalid} { // 4 × 2 + 8 > 13
		_, _, err := b.Update(t.Context(), by(rita), machine.Key(), provision.Patch{Match: "*", Properties: map[string]any{"vm_size": size}})
		wrong(t, size, err, want)
	}
	_, _, err := b.Invoke(t.Context(), by(rita), machine.Key(), "resize", map[string]string{"size": "Standard_D8s_v6"})
	wrong(t, "resize", err, airlock.ErrIllegal)
	b.Limits.Machines = 1 // what is there stays, and can be changed
	r, o, err := b.Update(t.Context(), by(rita), machine.Key(), provision.Patch{Match: "*", Properties: map[string]any{"vm_size": "4 CPU | 16GB RAM"}})
	b.must(err)
	b.deployed(r, o)
	own, o, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(map[string]any{"max_machines": 3})})
	b.must(err)
	own = b.deployed(own, o)
	s := b.service(own)
	for range 3 {
		b.machine(own, s)
	}
	_, _, err = b.UserResource(t.Context(), by(rita), id(), own, s, provision.New{Template: "vm", Properties: named(nil)})
	wrong(t, "the workspace's own limit", err, airlock.ErrIllegal)
}

// failed plays the engine: the operation's only step fails.
func (b *bed) failed(r workspace.Resource, o workspace.Operation) (workspace.Resource, workspace.Operation) {
	b.t.Helper()
	o, r, err := o.Take(0, r, nil, now)
	b.must(err)
	r = r.Finish(workspace.Seen{Progress: workspace.Broken, Err: &workspace.CloudError{Message: "quota"}}, now)
	o, r, _ = o.Settle(0, r, r, now)
	c := workspace.Change{Partition: r.Key().Partition}
	c.Resource(r, lineOf("engine"))
	c.Operation(o, now, lineOf("engine"))
	saved, err := b.store.CommitChange(b.t.Context(), c)
	b.must(err)
	return saved.Resources[0], saved.Operations[0]
}

// TestRetryAndCancel: a failed operation goes on as a new one; one under way is
// asked to stop, once.
func TestRetryAndCancel(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	w, o, err := b.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
	b.must(err)
	_, _, err = b.Retry(t.Context(), by(adam), o.Key())
	wrong(t, "under way", err, airlock.ErrIllegal)
	w, o = b.failed(w, o)
	act := by(adam)
	r, next, err := b.Retry(t.Context(), act, o.Key())
	b.must(err)
	if r.Status != workspace.AwaitingDeployment || next.RetryOf != o.ID || next.ID != act.Operation || len(next.Members) != 1 || r.Addresses[0] != w.Addresses[0] {
		t.Errorf("%+v, %+v", r, next)
	}
	if _, again, err := b.Retry(t.Context(), act, o.Key()); err != nil || again.ID != next.ID {
		t.Errorf("a repeat: %v", err)
	}
	_, _, err = b.Retry(t.Context(), by(adam), o.Key())
	wrong(t, "again", err, airlock.ErrConflict)
	_, _, err = b.Retry(t.Context(), by(adam), workspace.OperationKey{Partition: workspace.System, Resource: id(), ID: o.ID})
	wrong(t, "of another resource", err, airlock.ErrNotFound)

	_, err = b.Cancel(t.Context(), because(adam, "a\x00"), next.Key())
	wrong(t, "hostile reason", err, airlock.ErrInvalid)
	for range 2 {
		stopped, err := b.Cancel(t.Context(), because(adam, "a mistake"), next.Key())
		b.must(err)
		if stopped.Cancel == nil || stopped.Cancel.By.OID != adam.OID || stopped.Cancel.Reason != "a mistake" {
			t.Errorf("%+v", stopped)
		}
	}
	lines, _, err := b.store.Trail(t.Context(), workspace.System, next.ID, airlock.Page{})
	if err != nil || len(lines) != 2 || lines[1].Action != "cancel" {
		t.Errorf("%+v, %v", lines, err)
	}
	_, err = b.Cancel(t.Context(), by(adam), o.Key())
	wrong(t, "ended", err, airlock.ErrIllegal)
	_, err = b.Cancel(t.Context(), by(adam), workspace.OperationKey{Partition: workspace.System, Resource: w.ID, ID: "x"})
	wrong(t, "no id", err, airlock.ErrNotFound)
}
