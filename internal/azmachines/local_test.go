package azmachines_test

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/azmachines"
	"github.com/trefoil-tre/trefoil/internal/cloudtest"
	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
)

// local is the stand-in of Resource Manager over HTTP, with a machine in it.
func local(t *testing.T, c arm.Config) *arm.Server {
	t.Helper()
	s, err := arm.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.Put(template.Resource{ID: "/subscriptions/" + subscription + "/resourceGroups/rg-ws", Type: "Microsoft.Resources/resourceGroups", Name: "rg-ws",
		Body: map[string]any{"location": "westeurope"}})
	s.Put(template.Resource{ID: string(vm), Type: "Microsoft.Compute/virtualMachines", Name: "VM-1", Body: map[string]any{"location": "westeurope",
		"properties": map[string]any{"hardwareProfile": map[string]any{"vmSize": "Standard_D2s_v6"}, "storageProfile": map[string]any{"osDisk": map[string]any{"osType": "Linux"}}}}})
	return s
}

// size is that of the machine.
func size(s *arm.Server) string {
	for _, r := range s.Resources(subscription, "rg-ws") {
		properties, _ := r.Whole["properties"].(map[string]any)
		hardware, _ := properties["hardwareProfile"].(map[string]any)
		if got, ok := hardware["vmSize"].(string); ok {
			return got
		}
	}
	return ""
}

// TestConformanceOverHTTP: the same against real polling.
func TestConformanceOverHTTP(t *testing.T) {
	t.Parallel()
	cloudtest.RunMachines(t, func(t *testing.T) cloudtest.Machines {
		s := local(t, arm.Config{Pace: arm.Pace{Machine: 50 * time.Millisecond}})
		vault := memcloud.New(memcloud.Config{Now: time.Now})
		id, err := vault.Vault().Put(t.Context(), "password-1", value)
		if err != nil {
			t.Fatal(err)
		}
		m, err := azmachines.New(azmachines.Config{Config: azarm.Config{Endpoint: s.URL(), Plain: true, Credential: identity{}, Pause: time.Millisecond, Sealer: box{}}, Secrets: vault})
		if err != nil {
			t.Fatal(err)
		}
		ticker := time.NewTicker(2 * time.Millisecond)
		t.Cleanup(ticker.Stop)
		return cloudtest.Machines{Port: m, Subscription: subscription, Machine: vm, Secret: id, Value: value, User: "researcher",
			Pass:  func() { <-ticker.C },
			Break: func() { s.Script(arm.Fault{Kind: arm.NoCapacity, At: arm.Action, Times: 1}) },
			Size:  func() string { return size(s) },
			Password: func() string {
				for _, c := range s.Commands(string(vm)) {
					return c.Parameters["tre_password"]
				}
				return ""
			}}
	})
}
