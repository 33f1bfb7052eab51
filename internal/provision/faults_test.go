package provision_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// scene is a bed with something in it to be changed; ids are the same each time.
type scene struct {
	*bed
	w, s, m, fresh workspace.Resource
	failed, open   workspace.Operation
	request        string
	approval       string
}

// fixed ids of what is changed in a scene.
const (
	fixedOp = "22222222-0000-4000-8000-000000000001"
	fixedID = "22222222-0000-4000-8000-000000000002"
)

func newScene(t *testing.T) scene {
	t.Helper()
	s := scene{bed: newBed(t)}
	s.push(newPack("workspace-service", "spacious", "0.1.0", object{"address_space": text(nil)}))
	s.Limits.Machines = 50
	s.w = s.workspace()
	s.s = s.service(s.w)
	s.m = s.machine(s.w, s.s)
	broken, o, err := s.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
	s.must(err)
	_, s.failed = s.bed.failed(broken, o)
	s.fresh, s.open, err = s.Workspace(t.Context(), by(adam), id(), provision.New{Template: "base", Properties: named(nil)})
	s.must(err)
	r, err := s.Ask(t.Context(), asked(map[string]any{"client_secret": canary}))
	s.must(err)
	s.request = r.ID
	s.approval = s.standing(3).ID
	return s
}

func fixedAct(p access.Person) workspace.Act {
	act := because(p, "reason")
	act.Operation = fixedOp
	return act
}

// deeds are every way to change something.
var deeds = map[string]func(ctx context.Context, s scene) error{
	"workspace": func(ctx context.Context, s scene) error {
		_, _, err := s.Workspace(ctx, fixedAct(adam), fixedID, provision.New{Template: "base", Properties: named(map[string]any{"client_secret": canary})})
		return err
	},
	"service": func(ctx context.Context, s scene) error {
		_, _, err := s.Service(ctx, fixedAct(rita), fixedID, s.w, provision.New{Template: "spacious", Properties: named(nil)})
		return err
	},
	"machine": func(ctx context.Context, s scene) error {
		_, _, err := s.UserResource(ctx, fixedAct(rita), fixedID, s.w, s.s, provision.New{Template: "vm", Properties: named(nil)})
		return err
	},
	"shared": func(ctx context.Context, s scene) error {
		_, _, err := s.SharedService(ctx, fixedAct(adam), fixedID, provision.New{Template: "firewall", Properties: named(nil)})
		return err
	},
	"update": func(ctx context.Context, s scene) error {
		_, _, err := s.Update(ctx, fixedAct(adam), s.w.Key(), provision.Patch{Match: s.w.Version, Properties: map[string]any{"client_secret": canary}})
		return err
	},
	"disable": func(ctx context.Context, s scene) error {
		_, _, err := s.Update(ctx, fixedAct(adam), s.w.Key(), provision.Patch{Match: s.w.Version, Enabled: flag(false)})
		return err
	},
	"delete": func(ctx context.Context, s scene) error {
		for _, r := range []workspace.Resource{s.w} { // by hand, so that the deletion alone meets faults
			if now := s.load(r.Key()); now.Enabled {
				all := append(s.all(s.w.ID), now)
				for _, one := range all {
					one.Enabled = false
					c := workspace.Change{Partition: one.Key().Partition}
					c.Resource(one, lineOf("by hand"))
					_, err := s.store.CommitChange(ctx, c)
					s.must(err)
				}
			}
		}
		_, _, err := s.Delete(ctx, fixedAct(adam), s.w.Key())
		return err
	},
	"invoke": func(ctx context.Context, s scene) error {
		_, _, err := s.Invoke(ctx, fixedAct(rita), s.m.Key(), "resize", map[string]string{"size": "Standard_D8s_v6"})
		return err
	},
	"retry": func(ctx context.Context, s scene) error {
		_, _, err := s.Retry(ctx, fixedAct(adam), s.failed.Key())
		return err
	},
	"cancel": func(ctx context.Context, s scene) error {
		_, err := s.Cancel(ctx, fixedAct(adam), s.open.Key())
		return err
	},
	"ask": func(ctx context.Context, s scene) error {
		r := asked(map[string]any{"client_secret": canary})
		r.ID, r.Source = fixedID, workspace.FromCall
		_, err := s.Ask(ctx, r)
		return err
	},
	"covered": func(ctx context.Context, s scene) error {
		r := asked(map[string]any{"client_secret": canary})
		r.ID = fixedID
		_, err := s.Ask(ctx, r)
		return err
	},
	"grant": func(ctx context.Context, s scene) error {
		_, err := s.Decide(ctx, fixedAct(adam), s.request, true)
		return err
	},
	"decline": func(ctx context.Context, s scene) error {
		_, err := s.Decide(ctx, fixedAct(adam), s.request, false)
		return err
	},
	"withdraw": func(ctx context.Context, s scene) error {
		_, err := s.Withdraw(ctx, fixedAct(rita), s.request)
		return err
	},
	"approve": func(ctx context.Context, s scene) error {
		_, err := s.Approve(ctx, fixedAct(adam), workspace.Approval{ID: fixedID, Template: "base", Most: 1, Until: now.Add(time.Hour)})
		return err
	},
	"take back": func(ctx context.Context, s scene) error {
		_, err := s.TakeBack(ctx, fixedAct(adam), s.approval)
		return err
	},
}

// whole is what a test could tell apart, without what is random.
func (s scene) whole() map[string]any {
	s.t.Helper()
	all := map[string]any{}
	lines := func(partition, chain string, head audit.Head) {
		trail, _, err := s.store.Trail(s.t.Context(), partition, chain, airlock.Page{})
		s.must(err)
		s.must(audit.Verify(trail, head))
	}
	for _, partition := range []string{workspace.System, s.w.ID} {
		for _, r := range s.all(partition) {
			lines(partition, r.ID, r.Head)
			ops, _, err := s.store.Operations(s.t.Context(), r.Key(), airlock.Page{})
			s.must(err)
			for _, o := range ops {
				lines(partition, o.ID, o.Head)
				n, _ := all["operation "+string(o.Status)].(int)
				all["operation "+string(o.Status)] = n + 1 + 100*o.Head.Seq + 10_000*len(o.Steps)
			}
			key := fmt.Sprintf("%s %s %t %d", r.Kind, r.Status, r.Enabled, r.Revision)
			n, _ := all[key].(int)
			all[key] = n + 1 + 100*len(ops) + 10_000*len(s.history(r.Key())) + 1_000_000*len(r.Secrets) + 100_000_000*len(r.Addresses)
		}
	}
	requests, _, err := s.store.WorkspaceRequests(s.t.Context(), airlock.Page{})
	s.must(err)
	for _, r := range requests {
		lines(workspace.System, r.Chain(), r.Head)
		n, _ := all["request "+string(r.Status)].(int)
		all["request "+string(r.Status)] = n + 1 + 100*len(r.Notices)
	}
	approvals, _, err := s.store.Approvals(s.t.Context(), airlock.Page{})
	s.must(err)
	for _, p := range approvals {
		lines(workspace.System, p.ID, p.Head)
		all[fmt.Sprintf("approval used %d, ended %t, most %d", p.Used, p.Ended != nil, p.Most)] = true
	}
	blocks, err := s.store.Blocks(s.t.Context())
	s.must(err)
	for _, b := range blocks {
		all[b.Net.String()] = len(b.Taken)
	}
	return all
}

// TestEveryFault lets every port call of every deed fail once, before and after
// its work; then the call is repeated. The end is that of one that met no fault.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for name, do := range deeds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calm := newScene(t)
			before := calm.whole()
			count := &flaky{}
			calm.between(count)
			calm.must(do(t.Context(), calm))
			want := calm.whole()
			if len(count.calls) < 2 || cmp.Equal(before, want) {
				t.Fatalf("%v changed nothing", count.calls)
			}
			for n := range count.calls {
				for _, did := range []bool{false, true} {
					s := newScene(t)
					f := &flaky{n: n + 1, did: did}
					s.between(f)
					_ = do(t.Context(), s)
					if err := do(t.Context(), s); err != nil {
						t.Errorf("call %d %s, done %t: %v", n+1, count.calls[n], did, err)
					}
					if diff := cmp.Diff(want, s.whole()); diff != "" {
						t.Errorf("call %d %s, done %t: the end is another (-want +got)\n%s", n+1, count.calls[n], did, diff)
					}
				}
			}
		})
	}
}
