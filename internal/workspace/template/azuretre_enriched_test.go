package template_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// TestEnrichedOfEachKind: whatever a form says, what every resource of its kind
// has is in it, once; what the form says of it wins.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/tests_ma/test_services/test_schema_service.py
func TestEnrichedOfEachKind(t *testing.T) {
	t.Parallel()
	const mine = `{"type": "string", "default": "mine"}`
	for _, tt := range []struct {
		name, properties, required string
		want                       string // properties, in order
		needed                     []any
	}{
		{"beside one of its own", `{"num_vms": {"type": "string"}}`, `["num_vms"]`, "description display_name num_vms overview", []any{"num_vms", "display_name", "description"}},
		{"to none of its own", `{}`, `[]`, "description display_name overview", []any{"display_name", "description"}},
		{"of which it has one", `{"description": ` + mine + `}`, `["description"]`, "description display_name overview", []any{"description", "display_name"}},
		{"of which it has all", `{"overview": {"type": "string"}, "description": ` + mine + `, "display_name": {"type": "string"}}`, `["display_name", "description"]`, "description display_name overview", []any{"display_name", "description"}},
	} {
		for _, kind := range workspace.Kinds {
			changes := []string{d, "/kind", `"` + string(kind) + `"`, s, "/properties", tt.properties, s, "/required", tt.required}
			switch kind {
			case workspace.UserResource:
				changes = append(changes, d, "/parent", `"tre-service"`)
			case workspace.Workspace:
				changes = append(changes, m, "/$schema", `"https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"`)
			case workspace.Service, workspace.SharedService:
			}
			tpl, err := template.Parse(kiln(t, changes...), template.DefaultLimits)
			if err != nil {
				t.Fatalf("%s, %s: %v", tt.name, kind, err)
			}
			holds(t, tt.name, tpl, tt.want, tt.needed, mine)
		}
	}
}

// holds tells whether an enriched form has these properties and needs those.
func holds(t *testing.T, name string, tpl template.Template, want string, needed []any, mine string) {
	t.Helper()
	got := enriched(t, tpl, false)
	properties := got["properties"].(map[string]any)
	var names []string
	for property := range properties {
		names = append(names, property)
	}
	slices.Sort(names)
	if strings.Join(names, " ") != want {
		t.Errorf("%s, %s: %v, want %s", name, tpl.Kind, names, want)
	}
	if diff := cmp.Diff(needed, got["required"]); diff != "" {
		t.Errorf("%s, %s: %s", name, tpl.Kind, diff)
	}
	what := strings.ReplaceAll(string(tpl.Kind), "-", " ")
	title := properties["display_name"].(map[string]any)["title"]
	if own := strings.Contains(name, "all"); own != (title == nil) || !own && title != "Name for the "+what {
		t.Errorf("%s, %s: the name is called %v", name, tpl.Kind, title)
	}
	if strings.HasPrefix(name, "of which") && !cmp.Equal(properties["description"], any(object(t, mine))) {
		t.Errorf("%s, %s: the form's own description is lost: %v", name, tpl.Kind, properties["description"])
	}
	id := map[workspace.Kind]string{workspace.SharedService: "shared_service_id"}[tpl.Kind]
	if id == "" {
		id = "workspace_id"
	}
	system, _ := got["system_properties"].(map[string]any)
	if system["tre_id"] == nil || system["azure_location"] == nil || system[id] == nil || len(system) != 3 {
		t.Errorf("%s, %s: of the system %v", name, tpl.Kind, system)
	}
	if parent, _ := got["parentWorkspaceService"].(string); (parent == "tre-service") != (tpl.Kind == workspace.UserResource) {
		t.Errorf("%s, %s: belongs to %q", name, tpl.Kind, parent)
	}
}
