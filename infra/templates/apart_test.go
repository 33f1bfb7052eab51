package templates_test

import "testing"

// No template has a step on a shared service: what is made in one workspace waits
// for nothing that another one uses.
func TestNothingWaitsForASharedService(t *testing.T) {
	each(t, func(t *testing.T, name string) {
		schema := load[struct {
			Pipeline map[string][]struct{ ResourceType string }
		}](t, name, "template_schema.json")
		for action, steps := range schema.Pipeline {
			for i, s := range steps {
				if s.ResourceType == "shared-service" {
					t.Errorf("step %d of %s is on a shared service", i+1, action)
				}
			}
		}
	})
}
