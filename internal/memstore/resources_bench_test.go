package memstore_test

import (
	"fmt"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// BenchmarkResources lists 1,000 workspaces with 10 services each: a page of
// the workspaces, then the services of every one.
func BenchmarkResources(b *testing.B) {
	const workspaces, services = 1000, 10
	var s memstore.Store
	id := func(n int) string { return fmt.Sprintf("%08d-0000-4000-8000-000000000000", n) }
	add := func(r workspace.Resource) {
		r.Properties = map[string]any{"display_name": "Study of " + r.ID, "description": "What it is about", "address_space": "10.1.2.0/24", "enable_airlock": true}
		c := workspace.Change{Partition: r.Key().Partition}
		c.Resource(r, audit.Line{Action: "create"})
		_, err := s.CommitChange(b.Context(), c)
		ok(b, err)
	}
	for i := range workspaces {
		add(workspace.Resource{ID: id(i), Kind: workspace.Workspace})
		for j := range services {
			add(workspace.Resource{ID: id(j), Kind: workspace.Service, Workspace: id(i)})
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		all, next, err := s.Resources(b.Context(), workspace.System, airlock.Page{})
		ok(b, err)
		n := len(all)
		for _, w := range all {
			within, _, err := s.Resources(b.Context(), w.ID, airlock.Page{})
			ok(b, err)
			n += len(within)
		}
		if n != workspaces*(services+1) || next != "" {
			b.Fatalf("%d resources, %q", n, next)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(workspaces*(services+1)), "ns/row")
}
