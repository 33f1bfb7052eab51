package simulation

import (
	"context"
	"encoding/json"
	"maps"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	packaging "github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Templates of a story.
const (
	baseTemplate    = "base"     // a workspace with an airlock
	wallTemplate    = "firewall" // shared by all
	desktopTemplate = "desktop"  // a service with a range of its own, whose pipeline changes its workspace and the firewall
	bookTemplate    = "notebook" // a service with nothing special
	machineTemplate = "machine"  // in a desktop
)

type object = map[string]any

// template makes the files of a package.
func template(kind workspace.Kind, name string, properties object, more func(descriptor, schema, main object)) map[string][]byte {
	scope := "deploymentTemplate.json"
	if kind == workspace.Workspace {
		scope = "subscriptionDeploymentTemplate.json"
	}
	limits := object{"install": "90m", "upgrade": "80m", "uninstall": "90m", "custom": "60m"}
	descriptor := object{"name": name, "version": "1.0.0", "kind": string(kind), "deadlines": limits}
	schema := object{"$schema": "http://json-schema.org/draft-07/schema", "type": "object", "title": name, "description": name, "required": []any{}, "properties": properties}
	main := object{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/" + scope + "#", "contentVersion": "1.0.0.0",
		"parameters": object{}, "resources": []any{}, "outputs": object{}}
	if more != nil {
		more(descriptor, schema, main)
	}
	files := map[string][]byte{}
	for file, content := range map[string]object{"template.json": descriptor, "template_schema.json": schema, "main.json": main} {
		files[file], _ = json.Marshal(content) // plain data
	}
	return files
}

// properties of a schema with a number that people change.
func properties(more object) object {
	all := object{"quota": object{"type": "integer", "default": 1, "minimum": 0, "maximum": 1000, "updateable": true}}
	maps.Copy(all, more)
	return all
}

// declared has a template be told of the quota.
func declared(_, _, main object) { main["parameters"] = object{"quota": object{"type": "int"}} }

// packages are all templates, those that others need first.
func packages() []map[string][]byte {
	text := object{"type": "string"}
	secret := object{"type": "string", "sensitive": true, "updateable": true}
	rule := []any{object{"name": "rules", "type": "array", "arraySubstitutionAction": "replace", "arrayMatchField": "name",
		"value": object{"name": "svc-{{ resource.id }}", "range": "{{ resource.properties.address_space }}"}}}
	wall := func(id string) object {
		return object{"stepId": id, "stepTitle": "The firewall", "resourceTemplateName": wallTemplate, "resourceType": "shared-service", "resourceAction": "upgrade", "properties": rule}
	}
	return []map[string][]byte{
		template(workspace.Workspace, baseTemplate, properties(object{"client_secret": secret,
			"address_space_size": object{"type": "string", "default": "small", "enum": []any{"small", "medium", "large"}}}),
			func(_, _, main object) {
				main["parameters"] = object{"quota": object{"type": "int"}, "client_secret": object{"type": "securestring", "defaultValue": ""}}
			}),
		template(workspace.SharedService, wallTemplate, properties(object{"rules": object{"type": "array", "items": object{"type": "object"}, "updateable": true}}), declared),
		template(workspace.Service, bookTemplate, properties(object{"token": secret}), declared),
		template(workspace.Service, desktopTemplate, properties(object{"address_space": text}), func(descriptor, schema, main object) {
			declared(descriptor, schema, main)
			schema["pipeline"] = object{
				"install": []any{object{"stepId": "net", "stepTitle": "The network", "resourceType": "workspace", "resourceAction": "upgrade"},
					object{"stepId": "main"}, wall("open")},
				"uninstall": []any{object{"stepId": "main"}, wall("close")},
			}
		}),
		template(workspace.UserResource, machineTemplate, properties(object{"shutdown_when_idle": object{"type": "number", "default": 0, "updateable": true},
			"enable_shutdown_schedule": object{"type": "boolean", "default": false, "updateable": true}, "shutdown_time": text, "shutdown_timezone": text}), func(descriptor, _, main object) {
			descriptor["parent"], descriptor["generatedSecrets"] = desktopTemplate, []any{"admin_password"}
			descriptor["customActions"] = []any{object{"name": "start", "description": "Starts", "kind": "machine"},
				object{"name": "stop", "description": "Stops", "kind": "machine"}, object{"name": "renew", "description": "Renews", "kind": "stack"}}
			main["parameters"] = object{"quota": object{"type": "int"}, "admin_password": object{"type": "securestring"}, "action": object{"type": "string"}}
			main["outputs"] = object{"azure_resource_id": object{"type": "string", "value": "[resourceGroup().id]"}}
		}),
	}
}

// shelved are the packages as they are registered.
var shelved = sync.OnceValue(func() (all []func(*memstore.Store)) {
	s, ctx := &memstore.Store{}, context.Background()
	b := provision.Builder{Ports: provision.Ports{Store: s, Lists: s, Templates: s, Packages: s}}
	for _, files := range packages() {
		r, err := b.Register(ctx, workspace.Act{By: adam, Role: access.TREAdmin, At: time.Unix(0, 0)}, files, true)
		if err != nil {
			panic(err)
		}
		all = append(all, func(s *memstore.Store) {
			_ = s.SavePackage(ctx, r.Digest, packaging.Canonicals(files)) // memory does not fail
			_, _ = s.Register(ctx, r, audit.Line{Action: "register_template"})
		})
	}
	return all
})

// shelve registers all templates.
func shelve(s *memstore.Store) {
	for _, put := range shelved() {
		put(s)
	}
}
