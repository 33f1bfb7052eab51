package template_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// as changes the demo package into one of another kind.
func as(kind, parent string) []string {
	changes := []string{d, "/kind", `"` + kind + `"`, m, "/$schema", `"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"`}
	if kind == "workspace" {
		changes = changes[:3]
	}
	if parent != "" {
		changes = append(changes, d, "/parent", `"`+parent+`"`)
	}
	return changes
}

// Steps in the manner of AzureTRE's.
const (
	main     = `{"stepId": "main"}`
	firewall = `{"stepId": "fw", "stepTitle": "Rules", "resourceTemplateName": "tre-shared-service-firewall", "resourceType": "shared-service", "resourceAction": "upgrade",
		"properties": [{"name": "rules", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name", "value": {"name": "nrc_{{ resource.id }}"}}]}`
	own    = `{"stepId": "ws", "resourceType": "workspace", "resourceAction": "upgrade", "properties": [{"name": "uri", "type": "string", "value": "{{ resource.properties.quota }}"}]}`
	parent = `{"stepId": "svc", "resourceType": "workspace-service", "resourceAction": "upgrade"}`
)

func TestPipelines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, kind, pipeline, says string }{
		{"main alone", "workspace", `{"install": [` + main + `]}`, ""},
		{"main and the firewall", "workspace", `{"install": [` + main + `,` + firewall + `], "upgrade": [` + main + `], "uninstall": null}`, ""},
		{"a service changes its workspace", "workspace-service", `{"install": [` + main + `,` + own + `]}`, ""},
		{"a user resource changes both", "user-resource", `{"install": [` + parent + `,` + main + `,` + own + `]}`, ""},
		{"no steps", "workspace", `{"install": []}`, ""},

		{"no pipeline", "workspace", `[]`, "/pipeline: want lists"},
		{"an action of its own", "workspace", `{"start": [` + main + `]}`, "/pipeline/start: want install, upgrade or uninstall"},
		{"main twice", "workspace", `{"install": [` + main + `,` + main + `]}`, "/pipeline/install: want the step main once, it stands there 2 times"},
		{"main never", "workspace", `{"install": [` + firewall + `]}`, "it stands there 0 times"},
		{"an id twice", "workspace", `{"install": [` + main + `,` + firewall + `], "upgrade": [` + main + `,` + firewall + `]}`, "/pipeline/upgrade/1/stepId: \"fw\" stands twice"},
		{"no id", "workspace", `{"install": [` + main + `, {}]}`, "/pipeline/install/1/stepId: want 1 to 128"},
		{"install of another resource", "workspace", `{"install": [` + main + `,` + strings.Replace(firewall, `"upgrade"`, `"install"`, 1) + `]}`, "/pipeline/install/1/resourceAction: only upgrade"},
		{"a shared service without a name", "workspace", `{"install": [` + main + `,` + strings.Replace(firewall, "tre-shared-service-firewall", "", 1) + `]}`, "/resourceTemplateName"},
		{"a workspace's workspace", "workspace", `{"install": [` + main + `,` + own + `]}`, "a workspace is in no workspace"},
		{"a shared service's workspace", "shared-service", `{"install": [` + main + `,` + own + `]}`, "a shared-service is in no workspace"},
		{"a service's service", "workspace-service", `{"install": [` + main + `,` + parent + `]}`, "belongs to no service"},
		{"a user resource as a target", "workspace", `{"install": [` + main + `,` + strings.Replace(parent, "workspace-service", "user-resource", 1) + `]}`, "/resourceType: want"},
		{"round in a circle", "shared-service", `{"install": [` + main + `,` + strings.Replace(firewall, "tre-shared-service-firewall", "tre-workspace-demo", 1) + `]}`, "would change the resource itself"},
		{"a token that reads nothing", "workspace", `{"install": [` + main + `,` + strings.Replace(firewall, "resource.id", "resource.secrets", 1) + `]}`, "/pipeline/install/1/properties: property"},
		{"a parent that a workspace has not", "workspace", `{"install": [` + main + `,` + strings.Replace(firewall, "resource.id", "resource.parent.id", 1) + `]}`, "a workspace has 0"},
		{"too many", "workspace", `{"install": [` + strings.Repeat(main+",", 60) + main + `]}`, "61 steps, at most 50"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files, parent := demo(), ""
			if tt.kind == "user-resource" {
				parent = "tre-service"
			}
			changes := append(as(tt.kind, parent), s, "/pipeline", tt.pipeline)
			for i := 0; i < len(changes); i += 3 {
				set(t, files, changes[i], changes[i+1], changes[i+2])
			}
			_, err := template.Parse(files, template.DefaultLimits)
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("%v, want %q", err, tt.says)
			}
		})
	}
}

// TestSecretsInPipelines: a secret goes only where a secret is expected, and
// where that is not known, nowhere.
func TestSecretsInPipelines(t *testing.T) {
	t.Parallel()
	step := func(target, value string) string {
		return `{"install": [` + main + `, {"stepId": "x", "resourceType": "workspace", "resourceAction": "upgrade", "properties": [{"name": "` + target + `", "type": "string", "value": "` + value + `"}]}]}`
	}
	service := parsed(t, d, "/name", `"tre-service"`)
	peers := func(kind workspace.Kind, name string) (template.Template, bool) {
		if kind == workspace.Workspace && name == "" {
			return parsed(t), true
		}
		return service, kind == workspace.Service && name == "tre-service"
	}
	nobody := func(workspace.Kind, string) (template.Template, bool) { return template.Template{}, false }
	for _, tt := range []struct {
		name, target, value string
		peer                template.Peer
		says                string
	}{
		{"a secret into a secret", "client_secret", "{{ resource.properties.client_secret }}", peers, ""},
		{"a secret into the open", "client_id", "{{ resource.properties.client_secret }}", peers, "sensitive /client_secret"},
		{"an object that holds one", "client_id", "{{ resource.properties.nested }}", peers, "sensitive /nested"},
		{"a service's into the open", "client_id", "{{ resource.parent.properties.client_secret }}", peers, "sensitive /client_secret"},
		{"a workspace's into the open", "client_id", "{{ resource.parent.parent.properties.client_secret }}", peers, "sensitive /client_secret"},
		{"a secret to nobody knows where", "client_secret", "{{ resource.properties.client_secret }}", nobody, "sensitive /client_secret"},
		{"no secret", "client_id", "{{ resource.properties.client_id }}", peers, ""},
	} {
		tpl := parsed(t, append(as("user-resource", "tre-service"), s, "/pipeline", step(tt.target, tt.value))...)
		err := tpl.CheckPipeline(tt.peer)
		if tt.says == "" && err != nil || tt.says != "" && (!errors.Is(err, template.ErrInvalid) || !strings.Contains(err.Error(), "template_schema.json#/pipeline/install/1/properties") ||
			!strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}
