package azmetrics_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azmetrics"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// TestBusyOverHTTP: the stand-in of Monitor is understood.
func TestBusyOverHTTP(t *testing.T) {
	t.Parallel()
	s, err := arm.Start(t.Context(), arm.Config{Now: func() time.Time { return until }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.Put(template.Resource{ID: "/subscriptions/a3c1f0de-0000-4000-8000-000000000001/resourceGroups/rg-ws", Type: "Microsoft.Resources/resourceGroups", Name: "rg-ws",
		Body: map[string]any{"location": "westeurope"}})
	s.Put(template.Resource{ID: string(vm), Type: "Microsoft.Compute/virtualMachines", Name: "VM-1", Body: map[string]any{"location": "westeurope", "properties": map[string]any{}}})
	m, err := azmetrics.New(azmetrics.Config{Config: azarm.Config{Endpoint: s.URL(), Plain: true, Credential: identity{}, Pause: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []float64{80, 0.5} {
		s.SetCPU(string(vm), want)
		if percent, known, err := m.Busy(t.Context(), vm, until.Add(-2*time.Hour), until); percent != want || !known || err != nil {
			t.Errorf("%v, known %v, error %v, want %v", percent, known, err, want)
		}
	}
}
