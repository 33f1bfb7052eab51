package resources_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var (
	start = time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	admin = access.Person{OID: "a0000000-0000-4000-8000-000000000007", Name: "Adam", Roles: []access.Role{access.TREAdmin}}
	ann   = access.Person{OID: "a0000000-0000-4000-8000-000000000001", Name: "Ann", Roles: []access.Role{access.TREUser}}
)

// ports counts what is asked of a store, and fails when told to.
type ports struct {
	*memstore.Store
	mu    sync.Mutex
	asked map[string]int
	err   error
}

func (p *ports) ask(what string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.asked[what]++
	return p.err
}

func (p *ports) Resource(ctx context.Context, key workspace.Key) (workspace.Resource, error) {
	if err := p.ask("resource"); err != nil {
		return workspace.Resource{}, err
	}
	return p.Store.Resource(ctx, key)
}

func (p *ports) Resources(ctx context.Context, partition string, page airlock.Page) ([]workspace.Resource, string, error) {
	if err := p.ask("resources"); err != nil {
		return nil, "", err
	}
	return p.Store.Resources(ctx, partition, page)
}

func (p *ports) Templates(ctx context.Context, kind workspace.Kind, page airlock.Page) ([]workspace.Registered, string, error) {
	if err := p.ask("templates"); err != nil {
		return nil, "", err
	}
	return p.Store.Templates(ctx, kind, page)
}

func (p *ports) Workspaces(ctx context.Context, page airlock.Page) ([]airlock.Workspace, string, error) {
	if err := p.ask("cards"); err != nil {
		return nil, "", err
	}
	return p.Store.Workspaces(ctx, page)
}

func (p *ports) MembershipsOf(ctx context.Context, id, oid string) ([]access.Membership, error) {
	if err := p.ask("memberships"); err != nil {
		return nil, err
	}
	return p.Store.MembershipsOf(ctx, id, oid)
}

type bench struct {
	testing.TB
	ports *ports
	desk  *resources.Desk
	now   time.Time
}

func newBench(t testing.TB, workspaces int) *bench {
	t.Helper()
	b := &bench{TB: t, ports: &ports{Store: &memstore.Store{}, asked: map[string]int{}}, now: start}
	now := func() time.Time { return b.now }
	people := &desk.Desk{Now: now, Ports: desk.Ports{Workspaces: b.ports, Members: b.ports, People: b.ports.Store}}
	b.desk = &resources.Desk{Desk: people, Now: now, Ports: resources.Ports{Rows: b.ports, Lists: b.ports, Requests: b.ports, Templates: b.ports,
		Cards: b.ports, Work: b.ports}}
	for _, version := range []string{"1.0.0", "1.1.0", "2.0.0"} {
		_, err := b.ports.Register(t.Context(), workspace.Registered{Kind: workspace.Workspace, Name: "base", Version: version, Digest: version}, audit.Line{At: start})
		b.must(err)
	}
	for i := range workspaces {
		b.add(i)
	}
	return b
}

func (b *bench) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func idOf(i int) string { return fmt.Sprintf("11111111-1111-4111-8111-%012d", i) }

// add stores a workspace and its card.
func (b *bench) add(i int) {
	b.Helper()
	r := workspace.Resource{ID: idOf(i), Kind: workspace.Workspace, Template: workspace.TemplateRef{Name: "base", Version: "1.0.0"}, Enabled: true, Installed: true,
		Status: workspace.Deployed, Properties: map[string]any{"display_name": fmt.Sprintf("Study %04d", i), "description": "Outcomes"}}
	c := workspace.Change{Partition: workspace.System, Card: &airlock.Workspace{ID: r.ID, DisplayName: r.Name(), Deployed: true}}
	c.Resource(r, audit.Line{At: start, Action: "install"})
	_, err := b.ports.CommitChange(b.Context(), c)
	b.must(err)
}

func (b *bench) list(who access.Person) resources.WorkspaceList {
	b.Helper()
	all, err := b.desk.Workspaces(b.Context(), desk.Caller{Person: who}, resources.Page{})
	b.must(err)
	return all
}

// TestOneQuery: however many workspaces there are, an administrator's list is
// one range query of them, and what they can be upgraded to one of the templates,
// which serves again for a moment (W62).
func TestOneQuery(t *testing.T) {
	t.Parallel()
	b := newBench(t, 50)
	for range 3 {
		all := b.list(admin).Views
		if len(all) != 50 || len(all[7].Upgrades) != 2 || !all[7].Upgrades[1].ForceUpdateRequired {
			t.Fatalf("%d workspaces, %+v", len(all), all[7].Upgrades)
		}
	}
	if b.ports.asked["resources"] != 3 || b.ports.asked["templates"] != 1 || b.ports.asked["cards"] != 1 || b.ports.asked["resource"]+b.ports.asked["memberships"] != 0 {
		t.Errorf("three lists asked %v", b.ports.asked)
	}
	_, err := b.ports.Register(t.Context(), workspace.Registered{Kind: workspace.Workspace, Name: "base", Version: "2.1.0", Digest: "x"}, audit.Line{At: start})
	b.must(err)
	b.must(b.ports.PutWorkspace(t.Context(), airlock.Workspace{ID: idOf(77), DisplayName: "A card"}))
	if all := b.list(admin).Views; len(all) != 50 || len(all[0].Upgrades) != 2 {
		t.Errorf("within the moment: %d workspaces, %d upgrades", len(all), len(all[0].Upgrades))
	}
	b.now = b.now.Add(15 * time.Second)
	if all := b.list(admin).Views; len(all) != 51 || all[0].Known() || len(all[1].Upgrades) != 3 {
		t.Errorf("after it: %d workspaces, %+v", len(all), all[0])
	}
}

// TestOwnWorkspaces: who is a member of few reads these one by one, who is one
// of many reads all in one query.
func TestOwnWorkspaces(t *testing.T) {
	t.Parallel()
	b := newBench(t, 40)
	join := func(from, to int) {
		for i := from; i < to; i++ {
			b.must(b.ports.PutMember(t.Context(), access.Membership{Workspace: idOf(i), OID: ann.OID, Role: access.WorkspaceResearcher}))
		}
	}
	join(0, 3)
	if all := b.list(ann).Views; len(all) != 3 || !all[2].Known() || b.ports.asked["resource"] != 3 || b.ports.asked["resources"] != 0 {
		t.Errorf("%d workspaces, asked %v", len(all), b.ports.asked)
	}
	join(3, 30)
	if all := b.list(ann).Views; len(all) != 30 || !all[29].Known() || b.ports.asked["resource"] != 3 || b.ports.asked["resources"] != 1 {
		t.Errorf("%d workspaces, asked %v", len(all), b.ports.asked)
	}
}

// TestTroubleIsNotRemembered: what could not be read is read again by the next
// call, and is no answer until then.
func TestTroubleIsNotRemembered(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	away := errors.New("tables are away")
	b.ports.err = away
	if _, err := b.desk.Workspaces(t.Context(), desk.Caller{Person: admin}, resources.Page{}); !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
	if _, err := b.desk.Templates(t.Context(), desk.Caller{Person: admin}, resources.Shelf{Kind: workspace.Workspace}, false); !errors.Is(err, away) {
		t.Errorf("%v", err)
	}
	b.ports.err = nil
	if all := b.list(admin).Views; len(all) != 2 || len(all[0].Upgrades) != 2 {
		t.Errorf("%+v", all)
	}
}

// TestManyAskAtOnce: whoever asks while templates are read waits for that
// answer.
func TestManyAskAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, 3)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			if l, err := b.desk.Workspaces(t.Context(), desk.Caller{Person: admin}, resources.Page{}); err != nil || len(l.Views) != 3 {
				t.Errorf("%d, %v", len(l.Views), err)
			}
		})
	}
	all.Wait()
	if b.ports.asked["templates"] != 1 {
		t.Errorf("templates were read %d times", b.ports.asked["templates"])
	}
}

// BenchmarkWorkspaces lists 1,000 workspaces with 10 services each: for an
// administrator against the bare query of the same rows, whose share it reports
// (goal: at most 1.2).
func BenchmarkWorkspaces(b *testing.B) {
	x := newBench(b, 1000)
	for i := range 1000 {
		for n := range 10 {
			c := workspace.Change{Partition: idOf(i)}
			c.Resource(workspace.Resource{ID: fmt.Sprintf("44444444-4444-4444-8444-%012d", n), Kind: workspace.Service, Workspace: idOf(i)}, audit.Line{At: start})
			_, err := x.ports.CommitChange(b.Context(), c)
			x.must(err)
		}
	}
	bare := func() {
		rows, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
			return x.ports.Resources(b.Context(), workspace.System, p)
		})
		if x.must(err); len(rows) != 1000 {
			b.Fatal(len(rows))
		}
	}
	x.list(admin)
	var floor, list time.Duration
	for b.Loop() {
		began := time.Now()
		bare()
		middle := time.Now()
		if all := x.list(admin); len(all.Views) != 1000 {
			b.Fatal(len(all.Views))
		}
		floor, list = floor+middle.Sub(began), list+time.Since(middle)
	}
	b.ReportMetric(float64(list)/float64(floor), "x-bare")
	b.ReportMetric(float64(list.Microseconds())/float64(b.N), "µs/list")
}
