package template_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// The package that tests start from: a workspace with conditions in the manner
// of AzureTRE's base workspace.
const (
	workspaceJSON = `{"name": "tre-workspace-demo", "version": "1.2.0", "kind": "workspace",
		"customActions": [{"name": "rotate", "description": "Rotates the keys", "kind": "stack"}],
		"deadlines": {"install": "2h", "custom": "30m"}, "generatedSecrets": ["admin_password"]}`

	workspaceSchema = `{
		"$schema": "http://json-schema.org/draft-07/schema", "$id": "https://example.org/workspace.json", "type": "object",
		"title": "Demo workspace", "description": "For tests.", "required": ["auth_type", "address_space_size"], "authorizedRoles": [],
		"properties": {
			"quota": {"$id": "#/properties/quota", "type": "integer", "title": "Quota", "minimum": 1, "maximum": 100, "default": 50, "updateable": true},
			"enable_airlock": {"type": "boolean", "default": true, "updateable": true},
			"address_space_size": {"type": "string", "default": "small", "enum": ["small", "medium", "large", "custom"]},
			"auth_type": {"type": "string", "default": "Automatic", "enum": ["Automatic", "Manual"], "updateable": true},
			"redirect_uris": {"type": "array", "updateable": true, "items": {"type": "object", "required": ["name"],
				"properties": {"name": {"type": "string", "pattern": "^.*$"}, "key": {"type": "string", "sensitive": true}}}},
			"nested": {"type": "object", "updateable": true, "properties": {"hidden": {"type": "string", "sensitive": true, "minLength": 3}, "open": {"type": "string"}}},
			"label": {"$ref": "#/definitions/label", "updateable": true},
			"nothing": {"type": "string", "title": null}
		},
		"definitions": {"label": {"type": "string", "minLength": 3, "$id": "#label"}},
		"allOf": [
			{"if": {"properties": {"enable_airlock": {"const": true}}, "required": ["enable_airlock"]},
			 "then": {"properties": {"review": {"type": "boolean", "default": false, "updateable": true}}}},
			{"if": {"properties": {"enable_airlock": {"const": true}, "review": {"const": true}}, "required": ["enable_airlock", "review"]},
			 "then": {"properties": {"review_config": {"type": "object", "default": null, "updateable": true, "properties": {"vm": {"type": "string"}}}}}},
			{"if": {"properties": {"address_space_size": {"enum": ["custom"]}}, "required": ["address_space_size"]},
			 "then": {"properties": {"address_space": {"type": "string"}}, "required": ["address_space"]}},
			{"if": {"properties": {"auth_type": {"const": "Manual"}}, "required": ["auth_type"]},
			 "then": {"properties": {"client_id": {"type": "string", "updateable": true}, "client_secret": {"type": "string", "sensitive": true, "updateable": true}}, "required": ["client_id"]},
			 "else": {"properties": {"create_groups": {"type": "boolean", "default": true}, "maybe": {"const": null}}}}
		],
		"actions": [], "customActions": [], "pipeline": null,
		"uiSchema": {"redirect_uris": {"classNames": "tre-hidden"}, "ui:order": ["display_name", "quota", "*"]}}`

	workspaceMain = `{"$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#", "contentVersion": "1.0.0.0",
		"parameters": {
			"tre_id": {"type": "string"}, "suffix": {"type": "string"}, "address_spaces": {"type": "array"}, "tags": {"type": "object"},
			"action": {"type": "string", "defaultValue": ""}, "quota": {"type": "int"}, "enable_airlock": {"type": "bool", "defaultValue": true},
			"admin_password": {"type": "secureString"}, "client_secret": {"type": "securestring", "defaultValue": ""}, "sku": {"$ref": "#/definitions/sku", "defaultValue": "S1"}},
		"definitions": {"sku": {"type": "string"}},
		"variables": {"group": "[format('rg-{0}', parameters('suffix'))]", "cred": "[concat('u:', parameters('admin_password'))]", "wrapped": {"a": ["[variables('cred')]"]}},
		"resources": [{"type": "Microsoft.Resources/deployments", "name": "inner", "properties": {"expressionEvaluationOptions": {"scope": "inner"},
			"parameters": {"password": {"value": "[parameters('admin_password')]"}, "size": {"value": 1}},
			"template": {"parameters": {"password": {"type": "securestring"}, "size": {"type": "int"}}, "resources": [], "outputs": {"size": {"type": "int", "value": "[parameters('size')]"}}}}}],
		"outputs": {"resource_group_name": {"type": "string", "value": "[variables('group')]"},
			"note": {"type": "string", "value": "listKeys( is only text here"}}}`
)

// demo returns the package, to be changed at will.
func demo() map[string][]byte {
	return map[string][]byte{"template.json": []byte(workspaceJSON), "template_schema.json": []byte(workspaceSchema), "main.json": []byte(workspaceMain),
		"main.bicep": []byte("targetScope = 'subscription'\n"), "snapshots/small.bicepparam": nil}
}

// set puts JSON at a pointer of a file; "" takes away what is there.
func set(t testing.TB, files map[string][]byte, file, pointer, value string) {
	t.Helper()
	if pointer == "" {
		files[file] = []byte(value)
		return
	}
	var root, v any
	if err := json.Unmarshal(files[file], &root); err != nil {
		t.Fatal(err)
	}
	if value != "" {
		if err := json.Unmarshal([]byte(value), &v); err != nil {
			t.Fatalf("%s: %v", value, err)
		}
	}
	tokens := strings.Split(pointer, "/")[1:]
	at := root
	for i, token := range tokens {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		last := i == len(tokens)-1
		switch node := at.(type) {
		case map[string]any:
			switch {
			case last && value == "":
				delete(node, token)
			case last:
				node[token] = v
			default:
				at = node[token]
			}
		case []any:
			n, err := strconv.Atoi(token)
			if err != nil {
				t.Fatal(err)
			}
			if last {
				node[n] = v
			}
			at = node[n]
		default:
			t.Fatalf("%s: nothing at %s", pointer, token)
		}
	}
	files[file], _ = json.Marshal(root)
}

// parsed reads the demo package with changes: file, pointer and value in turn.
func parsed(t testing.TB, changes ...string) template.Template {
	t.Helper()
	files := demo()
	for i := 0; i+2 < len(changes); i += 3 {
		set(t, files, changes[i], changes[i+1], changes[i+2])
	}
	tpl, err := template.Parse(files, template.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

// object reads JSON written by hand.
func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
