package template

import (
	"maps"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Enriched returns the template as AzureTRE's API gives it, for people's forms:
// the schema with what every resource of its kind has, the system's properties
// beside. With update, what cannot be changed is marked readOnly. References are
// written out. It is a copy.
func (t Template) Enriched(update bool) map[string]any {
	out := cloneObject(t.form.schema)
	if update {
		lock(out)
	}
	out["name"], out["version"], out["title"], out["description"] = t.Name, t.Version, t.Title, t.Description
	out["resourceType"], out["current"] = string(t.Kind), t.Current
	if t.Parent != "" {
		out["parentWorkspaceService"] = t.Parent
	}
	out["authorizedRoles"] = append([]string{}, t.Roles...)
	out["customActions"] = append([]CustomAction{}, t.CustomActions...)
	out["uiSchema"] = t.uiSchema()
	if len(t.Pipeline) > 0 {
		out["pipeline"] = maps.Clone(t.Pipeline)
	}
	id := "workspace_id"
	if t.Kind == workspace.SharedService {
		id = "shared_service_id"
	}
	text := func() map[string]any { return map[string]any{"type": "string"} }
	out["system_properties"] = map[string]any{"tre_id": text(), id: text(), "azure_location": text()}
	return out
}

// lock marks the properties that are not updateable, those of conditions too.
func lock(node map[string]any) {
	properties, _ := node["properties"].(map[string]any)
	for _, v := range properties {
		if o, ok := v.(map[string]any); ok && o["updateable"] != true {
			o["readOnly"] = true
		}
	}
	for _, next := range inPlace(node) {
		lock(next)
	}
}

// uiOrder is the keyword that orders a form.
// https://rjsf-team.github.io/react-jsonschema-form/docs/api-reference/uiSchema#order
const uiOrder = "ui:order"

// uiSchema is the template's, with an order that begins with what a resource is
// called and leaves nothing out: the form refuses an order with a gap.
func (t Template) uiSchema() map[string]any {
	out := cloneObject(t.ui)
	given, _ := out[uiOrder].([]any)
	var order []any
	for _, name := range []any{"display_name", "description", "overview"} {
		if !slices.Contains(given, name) {
			order = append(order, name)
		}
	}
	order = append(order, given...)
	if !slices.Contains(order, any("*")) {
		order = append(order, "*")
	}
	out[uiOrder] = order
	return out
}
