package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// BenchmarkWorkspaceList asks for 1,000 workspaces over HTTP, and for one of
// them, against the bare reads of the same rows: here the store is memory, which
// answers at once, so that this is the most that a call can cost beside them.
func BenchmarkWorkspaceList(b *testing.B) {
	x := newBench(b)
	ref := x.shelf(workspace.Workspace, "base", "", "1.2.0", "1.3.0", "2.0.0")
	for i := range 1000 {
		r := workspace.Resource{ID: fmt.Sprintf("44444444-4444-4444-8444-%012d", i), Kind: workspace.Workspace, Template: ref, Enabled: true, Installed: true,
			Status: workspace.Deployed, Properties: map[string]any{"display_name": fmt.Sprintf("Study %04d", i), "description": "Outcomes"}}
		c := workspace.Change{Partition: workspace.System, Card: &airlock.Workspace{ID: r.ID, DisplayName: r.Name(), Deployed: true}}
		c.Resource(r, audit.Line{At: x.settings.Now()})
		x.commit(c)
	}
	ask := func(path string) {
		if w := x.call("GET", path, "adam", ""); w.Code != http.StatusOK {
			b.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	one := workspace.Key{Partition: workspace.System, ID: "44444444-4444-4444-8444-000000000500"}
	ask("/api/workspaces")
	var floor, list, rowFloor, get time.Duration
	for b.Loop() {
		began := time.Now()
		_, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
			return x.store.Resources(b.Context(), workspace.System, p)
		})
		x.must(err)
		floor, began = floor+time.Since(began), time.Now()
		ask("/api/workspaces")
		list, began = list+time.Since(began), time.Now()
		_, err = x.store.Resource(b.Context(), one)
		x.must(err)
		rowFloor, began = rowFloor+time.Since(began), time.Now()
		ask("/api/workspaces/" + one.ID)
		get += time.Since(began)
	}
	b.ReportMetric(float64(list)/float64(floor), "list-x-bare")
	b.ReportMetric(float64((get-rowFloor).Microseconds())/float64(b.N), "µs/get-beside-its-row")
}
