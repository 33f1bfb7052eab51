package template_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/substitute"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// shed wraps a step that puts rules into a shared service.
func shed(id, properties string) string {
	return `{"stepId": "` + id + `", "stepTitle": "Shelves", "resourceTemplateName": "tre-shared-service-shed", "resourceType": "shared-service", "resourceAction": "upgrade", "properties": [` + properties + `]}`
}

// shapes are the pipelines that AzureTRE's own template_schema.json files hold,
// one shape a row: what the first step with properties, or else the first one
// that is not main, makes of its target.
// https://github.com/microsoft/AzureTRE/blob/main/docs/tre-templates/pipeline-templates/overview.md
var shapes = []struct {
	name, kind, pipeline string
	before, after        string
}{
	{"main alone, for every action", "shared-service", `{"install": [{"stepId": "main"}], "upgrade": [{"stepId": "main"}], "uninstall": [{"stepId": "main"}]}`, ``, ``},
	{"a list of no steps for every action", "shared-service", `{"install": [], "upgrade": [], "uninstall": []}`, ``, ``},
	{"no pipeline for one of the actions", "shared-service", `{"install": [{"stepId": "main"}]}`, ``, ``},
	{"an item put in or exchanged by name, after main", "workspace-service", `{"install": [{"stepId": "main"}, ` + shed("42", `{"name": "racks", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name",
		"value": {"name": "rack_{{ resource.id }}_kiln", "action": "Allow", "rules": [{"name": "Pots", "description": "D", "from": "{{ resource.properties.prefixes }}", "to": ["Clay", "{{ resource.properties.tag }}"], "ports": ["*"], "kinds": [{"port": "443", "type": "Https"}]}]}}`) + `]}`,
		`{"racks": [{"name": "rack_other"}, {"name": "rack_own_kiln", "rules": []}]}`,
		`{"racks": [{"name": "rack_other"}, {"name": "rack_own_kiln", "action": "Allow", "rules": [{"name": "Pots", "description": "D", "from": ["10.0.0.0/24", "10.0.1.0/24"], "to": ["Clay", "Red"], "ports": ["*"], "kinds": [{"port": "443", "type": "Https"}]}]}]}`},
	{"before main, in a shared service whose list is not there yet", "shared-service", `{"install": [` + shed("1", `{"name": "racks", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "r", "groups": ["potters"]}}`) + `, {"stepId": "main"}]}`,
		`{}`, `{"racks": [{"name": "r", "groups": ["potters"]}]}`},
	{"two lists in one step", "workspace", `{"upgrade": [{"stepId": "main"}, ` + shed("1", `{"name": "racks", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "r", "from": ["{{ resource.properties.address_space }}"]}},
		{"name": "bins", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "b"}}`) + `]}`,
		`{"racks": [], "bins": [{"name": "a"}]}`, `{"racks": [{"name": "r", "from": ["10.2.0.0/24"]}], "bins": [{"name": "a"}, {"name": "b"}]}`},
	{"taken out by name alone, before main", "workspace", `{"uninstall": [` + shed("1", `{"name": "racks", "type": "array", "arraySubstitutionAction": "remove", "arrayMatchField": "name", "value": {"name": "rack_{{ resource.id }}"}}`) + `, {"stepId": "main"}]}`,
		`{"racks": [{"name": "rack_own"}, {"name": "rack_other"}]}`, `{"racks": [{"name": "rack_other"}]}`},
	{"taken out though it is not there, after main", "shared-service", `{"uninstall": [{"stepId": "main"}, ` + shed("1", `{"name": "racks", "type": "array", "arraySubstitutionAction": "remove", "arrayMatchField": "name", "value": {"name": "rack_own"}}`) + `]}`,
		`{"racks": [{"name": "rack_other"}]}`, `{"racks": [{"name": "rack_other"}]}`},
	{"the workspace, which is named by no template", "workspace-service", `{"install": [{"stepId": "main"}, {"stepId": "12ba0dad-0000-4000-8000-000000000000", "stepTitle": "Door", "resourceType": "workspace", "resourceAction": "upgrade",
		"properties": [{"name": "doors", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "{{ resource.id }}", "value": "{{ resource.properties.uri }}"}}]}]}`,
		`{"doors": null}`, `{"doors": [{"name": "own", "value": "https://kiln.example/door"}]}`},
	{"the workspace deployed again as it is, before and after main", "workspace-service", `{"install": [{"stepId": "ws-again", "stepTitle": "Again", "resourceType": "workspace", "resourceAction": "upgrade", "properties": []}, {"stepId": "main"}],
		"uninstall": [{"stepId": "main"}, {"stepId": "address-space-cleanup", "resourceType": "workspace", "resourceAction": "upgrade", "properties": []}]}`, `{"a": 1}`, `{}`},
	{"main takes what the workspace says of itself", "workspace-service", `{"install": [{"stepId": "main", "properties": [{"name": "owners", "type": "string", "value": "{{ resource.parent.properties.owners }}"}, {"name": "lost", "type": "string", "value": "{{ resource.parent.properties.nothing }}"}]}]}`,
		`{}`, `{"owners": "group-1", "lost": ""}`},
	{"a list of the workspace, whole", "workspace-service", `{"install": [{"stepId": "main"}, ` + shed("1", `{"name": "racks", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "r", "from": "{{ resource.parent.properties.address_spaces }}"}}`) + `]}`,
		`{}`, `{"racks": [{"name": "r", "from": ["10.2.0.0/24"]}]}`},
	{"a machine's service, and that one's workspace", "user-resource", `{"install": [{"stepId": "main", "properties": [{"name": "where", "type": "string", "value": "{{ resource.parent.properties.room }} of {{ resource.parent.parent.id }}"}]}]}`,
		`{}`, `{"where": "cellar of ws"}`},
	{"a text, and no list", "user-resource", `{"install": [` + shed("1", `{"name": "display_name", "type": "string", "value": "Shed, before"}`) + `, {"stepId": "main"}, ` + shed("2", `{"name": "display_name", "type": "string", "value": "Shed"}`) + `]}`,
		`{"display_name": "Shed"}`, `{"display_name": "Shed, before"}`},
}

// TestAzureTREsPipelines: each shape is taken for every kind that has it, and
// means what it does there.
func TestAzureTREsPipelines(t *testing.T) {
	t.Parallel()
	room := workspace.Resource{ID: "svc", Kind: workspace.Service, Properties: object(t, `{"room": "cellar"}`)}
	within := workspace.Resource{ID: "ws", Kind: workspace.Workspace, Owner: access.Person{OID: "o"}, Properties: object(t, `{"owners": "group-1", "address_spaces": ["10.2.0.0/24"]}`)}
	parents := map[workspace.Kind][]workspace.Resource{workspace.Service: {within}, workspace.UserResource: {room, within}}
	own := object(t, `{"prefixes": ["10.0.0.0/24", "10.0.1.0/24"], "tag": "Red", "uri": "https://kiln.example/door", "address_space": "10.2.0.0/24"}`)
	for _, tt := range shapes {
		changes := []string{s, "/pipeline", tt.pipeline, d, "/kind", `"` + tt.kind + `"`}
		switch workspace.Kind(tt.kind) {
		case workspace.UserResource:
			changes = append(changes, d, "/parent", `"tre-service"`)
		case workspace.Workspace:
			changes = append(changes, m, "/$schema", `"https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#"`)
		case workspace.Service, workspace.SharedService:
		}
		tpl, err := template.Parse(kiln(t, changes...), template.DefaultLimits)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if tt.before == "" {
			continue
		}
		from := substitute.Source{Resource: workspace.Resource{ID: "own", Kind: tpl.Kind, Properties: own}, Parents: parents[tpl.Kind]}
		got, err := substitute.Apply(speaking(tpl), from, object(t, tt.before))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if diff := cmp.Diff(object(t, tt.after), object(t, written(t, got))); diff != "" {
			t.Errorf("%s\n%s", tt.name, diff)
		}
	}
}

// speaking is the first step that says something of a resource.
func speaking(tpl template.Template) substitute.Step {
	var silent substitute.Step
	for _, action := range []workspace.Action{workspace.Install, workspace.Upgrade, workspace.Uninstall} {
		for _, step := range tpl.Pipeline[action] {
			if len(step.Properties) > 0 {
				return step
			}
			if step.ID != workspace.MainStep {
				silent = step
			}
		}
	}
	return silent
}

// TestOldPipelines: names of steps that AzureTRE itself does not read any more
// are refused with what is wanted, and nothing is taken for something else.
func TestOldPipelines(t *testing.T) {
	t.Parallel()
	for name, pipeline := range map[string]string{
		"a kind that there is not":  `{"install": [{"stepId": "x", "resourceTemplateName": "tre-shared-service-shed", "resourceType": "shared__service", "resourceAction": "upgrade"}, {"stepId": "main"}]}`,
		"names with a low line":     `{"install": [{"step_id": "main"}]}`,
		"the same id in one action": `{"install": [` + shed("x", ``) + `,` + shed("x", ``) + `, {"stepId": "main"}]}`,
	} {
		if _, err := template.Parse(kiln(t, s, "/pipeline", pipeline), template.DefaultLimits); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestKindWithALowLine: one of AzureTRE's forms says shared_service.
func TestKindWithALowLine(t *testing.T) {
	t.Parallel()
	pipeline := `{"install": [{"stepId": "x", "resourceTemplateName": "tre-shared-service-shed", "resourceType": "shared_service", "resourceAction": "upgrade"}, {"stepId": "main"}]}`
	tpl, err := template.Parse(kiln(t, s, "/pipeline", pipeline), template.DefaultLimits)
	if err != nil || tpl.Pipeline[workspace.Install][0].Kind != workspace.SharedService {
		t.Errorf("%+v, %v", tpl.Pipeline, err)
	}
}
