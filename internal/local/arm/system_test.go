package arm_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// TestTheDiskSaysItsSystem, as Azure does though no template says so.
func TestTheDiskSaysItsSystem(t *testing.T) {
	t.Parallel()
	r := start(t, arm.Config{})
	r.Put(template.Resource{ID: group, Type: "Microsoft.Resources/resourceGroups", Name: "rg", Body: map[string]any{"location": "westeurope"}})
	for configuration, want := range map[string]armcompute.OperatingSystemTypes{"linuxConfiguration": armcompute.OperatingSystemTypesLinux, "windowsConfiguration": armcompute.OperatingSystemTypesWindows} {
		r.Put(template.Resource{ID: machineID, Type: "Microsoft.Compute/virtualMachines", Name: "vm", Body: map[string]any{"location": "westeurope", "properties": map[string]any{
			"storageProfile": map[string]any{"osDisk": map[string]any{"createOption": "FromImage"}}, "osProfile": map[string]any{configuration: map[string]any{}}}}})
		got, err := r.machines.Get(t.Context(), "rg", "vm", nil)
		if err != nil {
			t.Fatal(err)
		}
		if kind := got.Properties.StorageProfile.OSDisk.OSType; kind == nil || *kind != want {
			t.Errorf("%s: %v, want %s", configuration, kind, want)
		}
	}
}
