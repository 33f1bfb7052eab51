package provision_test

import (
	"encoding/json"
	"maps"

	"github.com/trefoil-tre/trefoil/internal/audit"
)

type object = map[string]any

// pack is a template package in the making.
type pack struct {
	descriptor, schema, main object
}

func (p pack) files() map[string][]byte {
	write := func(v any) []byte { text, _ := json.Marshal(v); return text }
	return map[string][]byte{"template.json": write(p.descriptor), "template_schema.json": write(p.schema), "main.json": write(p.main)}
}

// newPack is a package with nothing but what every one has.
func newPack(kind, name, version string, properties object) pack {
	scope := "deploymentTemplate.json"
	if kind == "workspace" {
		scope = "subscriptionDeploymentTemplate.json"
	}
	return pack{
		descriptor: object{"name": name, "version": version, "kind": kind, "deadlines": object{"install": "90m", "upgrade": "80m", "uninstall": "70m", "custom": "60m"}},
		schema: object{"$schema": "http://json-schema.org/draft-07/schema", "type": "object", "title": name, "description": name, "required": []any{},
			"properties": properties},
		main: object{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/" + scope + "#", "contentVersion": "1.0.0.0",
			"parameters": object{}, "resources": []any{}, "outputs": object{}},
	}
}

// text is a property that is a text.
func text(more object) object {
	all := object{"type": "string"}
	maps.Copy(all, more)
	return all
}

// base is a workspace's template, with AzureTRE's way to name an address space.
func base(version string) pack {
	p := newPack("workspace", "base", version, object{
		"address_space_size": text(object{"default": "small", "enum": []any{"small", "medium", "large", "custom"}}),
		"address_spaces":     object{"type": "array", "items": object{"type": "string"}, "updateable": true},
		"enable_airlock":     object{"type": "boolean", "default": true, "updateable": true},
		"quota":              object{"type": "integer", "default": 50, "minimum": 1, "maximum": 100, "updateable": true},
		"fixed":              text(nil),
		"max_machines":       object{"type": "integer", "updateable": true},
		"client_secret":      text(object{"sensitive": true, "updateable": true, "minLength": 4}),
		"proxy":              object{"type": "object", "properties": object{"host": text(nil), "password": text(object{"sensitive": true})}, "additionalProperties": false, "updateable": true},

		"workspace_subscription_id": text(nil),
		"azure_location":            text(nil),
		"workspace_owner_object_id": text(nil),
	})
	p.schema["allOf"] = []any{object{
		"if":   object{"properties": object{"address_space_size": object{"enum": []any{"custom"}}}, "required": []any{"address_space_size"}},
		"then": object{"properties": object{"address_space": text(nil)}, "required": []any{"address_space"}},
	}}
	return p
}

// guacamole is a service's template.
func guacamole(version string) pack {
	return newPack("workspace-service", "guacamole", version, object{"copy": object{"type": "boolean", "default": false, "updateable": true}})
}

// vm is a machine's template.
func vm(version string) pack {
	p := newPack("user-resource", "vm", version, object{
		"vm_size":                text(object{"default": "2 CPU | 8GB RAM", "enum": []any{"2 CPU | 8GB RAM", "4 CPU | 16GB RAM", "Standard_D4s_v6", "Standard_D8s_v6", "odd"}, "updateable": true}),
		"assign_to_another_user": object{"type": "boolean", "default": false},
		"owner_id":               text(nil),
	})
	p.descriptor["parent"] = "guacamole"
	p.descriptor["generatedSecrets"] = []any{"admin_password"}
	actions := []any{object{"name": "renew", "description": "Renews", "kind": "stack"}}
	for _, name := range []string{"start", "stop", "resize"} {
		actions = append(actions, object{"name": name, "description": name, "kind": "machine"})
	}
	p.descriptor["customActions"] = actions
	p.main["parameters"] = object{"admin_password": object{"type": "securestring"}, "action": object{"type": "string"}}
	p.main["outputs"] = object{"azure_resource_id": object{"type": "string", "value": "[resourceGroup().id]"}}
	return p
}

// firewall is a shared service's template.
func firewall(version string) pack {
	return newPack("shared-service", "firewall", version, object{"rules": object{"type": "array", "items": object{"type": "object"}, "updateable": true}})
}

// lineOf is an audit line of somebody else's.
func lineOf(action string) audit.Line {
	return audit.Line{At: now, Actor: audit.Actor{Name: "engine", Role: "engine"}, Action: action}
}
