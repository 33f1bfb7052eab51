package template_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tpl := parsed(t)
	if tpl.Name != "tre-workspace-demo" || tpl.Version != "1.2.0" || tpl.Kind != workspace.Workspace || tpl.Title != "Demo workspace" || tpl.Description != "For tests." {
		t.Errorf("%+v", tpl)
	}
	if d := tpl.Deadlines; d.For(workspace.Install) != 2*time.Hour || d.For("rotate") != 30*time.Minute || d.For(workspace.Upgrade) != 0 || d.For(workspace.Uninstall) != 0 {
		t.Errorf("deadlines %v", d)
	}
	if a, ok := tpl.Action("rotate"); !ok || a.Kind != template.OnStack {
		t.Errorf("action %v %v", a, ok)
	}
	if _, ok := tpl.Action("start"); ok {
		t.Error("an action that nobody declared")
	}
	want := []template.Parameter{
		{Name: "action", Type: "string", From: template.FromSystem},
		{Name: "address_spaces", Type: "array", Required: true, From: template.FromSystem},
		{Name: "admin_password", Type: "securestring", Required: true, Secure: true, From: template.FromGenerated},
		{Name: "client_secret", Type: "securestring", Secure: true, From: template.FromProperty},
		{Name: "enable_airlock", Type: "bool", From: template.FromProperty},
		{Name: "quota", Type: "int", Required: true, From: template.FromProperty},
		{Name: "sku", Type: "string", From: template.FromDefault},
		{Name: "suffix", Type: "string", Required: true, From: template.FromSystem},
		{Name: "tags", Type: "object", Required: true, From: template.FromSystem},
		{Name: "tre_id", Type: "string", Required: true, From: template.FromSystem},
	}
	if diff := cmp.Diff(tpl.Parameters, want); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(tpl.Outputs, []template.Output{{Name: "note", Type: "string"}, {Name: "resource_group_name", Type: "string"}}); diff != "" {
		t.Error(diff)
	}
	if !tpl.Declares("client_id") || tpl.Declares("label2") || len(tpl.Declared()) != len(want) || !strings.Contains(strings.Join(tpl.Properties(), " "), "display_name") {
		t.Errorf("properties %v", tpl.Properties())
	}
}

const (
	d = "template.json"
	s = "template_schema.json"
	m = "main.json"
)

// refusals changes the package in one place. says is where that is told, and in
// which words.
var refusals = []struct{ name, file, pointer, value, says string }{
	{"no JSON", d, "", `{"name": `, "template.json#/name: the JSON text ends early"},
	{"two values", d, "", workspaceJSON + `{}`, "template.json: something follows"},
	{"a name twice", s, "", `{"title": "a", "title": "b"}`, "template_schema.json#/title: the name stands twice"},
	{"a name twice in the ARM template", m, "", `{"parameters": {"a": {"type": "string", "type": "int"}}}`, "main.json#/parameters/a/type: the name stands twice"},
	{"not UTF-8", s, "", "{\"title\": \"\xff\"}", "not UTF-8"},
	{"a list", s, "", `[]`, "want an object"},
	{"an ARM template that is none", m, "", `3`, "main.json: want an object"},
	{"deep", m, "", strings.Repeat("[", 200) + strings.Repeat("]", 200), "nested deeper than 100"},
	{"a huge number", s, "/properties/quota/maximum", `1e300`, ""},
	{"a huger number", s, "", `{"a": 1e999999999}`, "template_schema.json#/a: the number is too large"},

	{"a number past a float's end", s, "", `{"a": 31000e308}`, "template_schema.json#/a: the number is too large"},
	{"a number next to nothing", s, "", `{"a": 1e-999999999}`, "template_schema.json#/a: the number is too large"},

	{"a strange field", d, "/scripts", `["x"]`, "template.json#/scripts: unknown field"},
	{"a field in capitals", d, "/Version", `"9.9.9"`, "template.json#/Version: unknown field"},
	{"a strange field of an action", d, "/customActions/0/Kind", `"machine"`, "template.json#/customActions/0/Kind: unknown field; want one of name, description, kind"},
	{"half a character", d, "", `{"name": "\ud83d"}`, "half a character"},
	{"a number for an object", d, "/deadlines", `3`, "template.json#/deadlines: a number does not belong here"},
	{"a text for a list", d, "/customActions/0", `"start"`, "template.json#/customActions: a string does not belong here"},
	{"a list for the whole", d, "", `[]`, "template.json#/: a array does not belong here"},
	{"a name with a path", d, "/name", `"../x"`, "template.json#/name: want 1 to 100"},
	{"no version", d, "/version", `"1.2"`, "template.json#/version: want a semantic version"},
	{"a build part", d, "/version", `"1.2.3+b"`, "without a build part"},
	{"an unknown kind", d, "/kind", `"machine"`, "template.json#/kind: want workspace,"},
	{"a workspace with a parent", d, "/parent", `"x"`, "template.json#/parent"},
	{"a user resource without", d, "/kind", `"user-resource"`, "template.json#/parent"},
	{"an action of every resource", d, "/customActions/0/name", `"upgrade"`, "template.json#/customActions/0/name: upgrade is an action of every"},
	{"an action's name", d, "/customActions/0/name", `"a b"`, "template.json#/customActions/0/name: want 1 to 64"},
	{"an action twice", d, "/customActions", `[{"name": "a"}, {"name": "a"}]`, "template.json#/customActions/1/name: a stands twice"},
	{"an action's kind", d, "/customActions/0/kind", `"porter"`, "want machine or stack"},
	{"an action that no machine has", d, "/customActions/0/kind", `"machine"`, "start, stop, restart"},
	{"an action without a machine", d, "/customActions/0", `{"name": "start", "kind": "machine"}`, "no output azure_resource_id"},
	{"an action without its parameter", m, "/parameters/action", ``, "no parameter action"},
	{"a deadline that is no time", d, "/deadlines/install", `"soon"`, "template.json#/deadlines/install: want a time"},
	{"a deadline of a second", d, "/deadlines/install", `"1s"`, "from 1m0s to 24h0m0s"},
	{"a deadline of what", d, "/deadlines/delete", `"1h"`, "template.json#/deadlines/delete: want install"},
	{"a generated secret's name", d, "/generatedSecrets/0", `"A-B"`, "template.json#/generatedSecrets/0"},
	{"a generated secret of no parameter", d, "/generatedSecrets", `["admin_password", "other"]`, "no parameter other"},
	{"a generated secret that is a property", s, "/properties/admin_password", `{"type": "string", "sensitive": true}`, "is a property of the form too"},

	{"another dialect", s, "/$schema", `"http://json-schema.org/draft-04/schema#"`, "template_schema.json#/$schema: want"},
	{"draft 7 with a hash", s, "/$schema", `"http://json-schema.org/draft-07/schema#"`, ""},
	{"2020-12", s, "/$schema", `"https://json-schema.org/draft/2020-12/schema"`, ""},
	{"no dialect", s, "/$schema", ``, ""},
	{"no title", s, "/title", ``, "template_schema.json#/title: want a text"},
	{"no description", s, "/description", ``, "template_schema.json#/description: want a text"},
	{"no properties", s, "/properties", ``, "template_schema.json#/properties: want the properties"},
	{"no required", s, "/required", ``, ""},
	{"properties that are none", s, "/properties", `[]`, "template_schema.json#/properties: want an object"},
	{"required that is none", s, "/required", `"auth_type"`, "template_schema.json#/required"},
	{"a type that is none", s, "/properties/quota/type", `"int"`, "template_schema.json#/properties/quota/type: no JSON Schema"},
	{"a property that is none", s, "/properties/quota", `3`, "template_schema.json#/properties/quota: want a schema"},
	{"updateable perhaps", s, "/properties/quota/updateable", `"yes"`, "template_schema.json#/properties/quota/updateable: want true or false"},
	{"a secret for everybody", s, "/properties/nested/properties/hidden/default", `"hunter2"`, "a sensitive property has no default"},
	{"a pattern that is none", s, "/properties/label", `{"type": "string", "pattern": "("}`, "template_schema.json"},
	{"a pattern in JavaScript's manner", s, "/properties/label", `{"type": "string", "pattern": "^api:\\/\\/[a-zA-Z0-9_.-]*"}`, ""},
	{"a pattern that looks ahead", s, "/properties/label", `{"type": "string", "pattern": "^(?!x)"}`, "template_schema.json#/properties/label/pattern: no JSON Schema: is no regular expression of RE2"},
	{"a pattern for names that is none", s, "/properties/label", `{"patternProperties": {"(": {}}}`, "template_schema.json: no JSON Schema: hold a property whose name"},
	{"another document", s, "/properties/label", `{"$ref": "https://example.org/x.json"}`, "template_schema.json#/properties/label/$ref: it refers to another document"},
	{"a file", s, "/properties/label", `{"$ref": "file:///etc/passwd"}`, "another document"},
	{"a reference to nothing", s, "/properties/label", `{"$ref": "#/definitions/x"}`, "points to nothing"},
	{"a reference to itself", s, "/definitions/label", `{"properties": {"a": {"$ref": "#/definitions/label"}}}`, "refers to itself"},
	{"a reference to all", s, "/properties/label", `{"$ref": "#"}`, "refers to itself"},
	{"a reference and more", s, "/properties/label", `{"$ref": "#/definitions/label", "minLength": 9}`, "template_schema.json#/properties/label/minLength: it stands beside a $ref"},
	{"a dynamic reference", s, "/properties/label", `{"$dynamicRef": "#x"}`, "not supported"},
	{"roles that are none", s, "/authorizedRoles", `"all"`, "template_schema.json#/authorizedRoles"},
	{"an order of what", s, "/uiSchema", `[]`, "template_schema.json#/uiSchema: want an object"},

	{"the wrong scope", m, "/$schema", `"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"`, "main.json#/$schema: want …/subscriptionDeploymentTemplate.json"},
	{"a parameter that nobody gives", m, "/parameters/more", `{"type": "string"}`, "main.json#/parameters/more: nobody gives"},
	{"one that nobody has to give", m, "/parameters/more", `{"type": "string", "nullable": true}`, ""},
	{"a secure one that nobody gives", m, "/parameters/more", `{"type": "securestring", "defaultValue": ""}`, "nobody gives"},
	{"a secret's default", m, "/parameters/client_secret/defaultValue", `"x"`, "main.json#/parameters/client_secret/defaultValue"},
	{"an open parameter for a sensitive property", m, "/parameters/client_secret/type", `"string"`, "main.json#/parameters/client_secret/type: the property is sensitive"},
	{"a secure parameter for an open property", m, "/parameters/quota/type", `"securestring"`, "the property has to be sensitive"},
	{"a sensitive part", m, "/parameters/nested", `{"type": "object", "defaultValue": {}}`, "a part of the property is sensitive"},
	{"another type", m, "/parameters/quota/type", `"bool"`, "of type integer, the parameter of type bool"},
	{"a system parameter of another type", m, "/parameters/tags/type", `"array"`, "main.json#/parameters/tags/type: the engine gives"},
	{"an open generated secret", m, "/parameters/admin_password/type", `"string"`, "passed to a securestring"},
	{"no type at all", m, "/parameters/quota", `{}`, "main.json#/parameters/quota/type: want one of"},
	{"a type that is defined nowhere", m, "/parameters/sku/$ref", `"#/definitions/x"`, "want one of"},
	{"definitions in a circle", m, "/definitions/sku", `{"$ref": "#/definitions/sku"}`, "want one of"},
	{"differ by case", m, "/parameters/QUOTA", `{"type": "int"}`, "differ only by case"},
	{"a property that need not be given", m, "/parameters/label", `{"type": "string"}`, "main.json#/parameters/label: it has no default value, and"},
	{"a sensitive property of the system's name", s, "/properties/owner_id", `{"type": "string", "sensitive": true}`, "cannot be sensitive"},

	{"keys", m, "/outputs/key", `{"type": "string", "value": "[listKeys(resourceId('x'), '2023-01-01').keys[0].value]"}`, "main.json#/outputs/key: it reads keys"},
	{"keys in capitals", m, "/outputs/key", `{"type": "object", "value": {"a": ["[first(LISTSECRETS ('x').value)]"]}}`, "it reads keys"},
	{"a secure parameter", m, "/outputs/key", `{"type": "string", "value": "[parameters('ADMIN_password')]"}`, "it reads keys"},
	{"a variable of it", m, "/outputs/key", `{"type": "string", "value": "[variables('wrapped').a[0]]"}`, "it reads keys"},
	{"a made-up name", m, "/outputs/key", `{"type": "string", "value": "[parameters(concat('admin_', 'password'))]"}`, "it reads keys"},
	{"a copy", m, "/outputs/key", `{"type": "array", "copy": {"count": 2, "input": "[listKeys('x').a]"}}`, "it reads keys"},
	{"a secure output", m, "/outputs/key", `{"type": "securestring", "value": "x"}`, "an output is no secret"},
	{"in place of a sensitive property", m, "/outputs/client_secret", `{"type": "string", "value": "x"}`, "the output would replace"},
	{"within", m, "/resources/0/properties/template/outputs/size/value", `"[parameters('password')]"`, "main.json#/resources/0/properties/template/outputs/size: it reads keys"},
	{"an open parameter within is no secret", m, "/resources/0/properties/template/outputs/size/value", `"[parameters('size')]"`, ""},
	{"within, evaluated outside", m, "/resources/0/properties", `{"template": {"outputs": {"x": {"type": "string", "value": "[parameters('admin_password')]"}}}}`, "outputs/x: it reads keys"},
	{"within, from a vault", m, "/resources/0/properties/parameters/size", `{"reference": {"secretName": "x"}}`, "outputs/size: it reads keys"},
	{"a secret to an open parameter within", m, "/resources/0/properties/template/parameters/password/type", `"string"`, "main.json#/resources/0/properties/template/parameters/password: a secret is passed"},
	{"keys to an open parameter within", m, "/resources/0/properties/parameters/size/value", `"[listKeys('x').a]"`, "parameters/size: a secret is passed"},
	{"a secret read from outside", m, "/resources/0/properties", `{"template": {"resources": [{"type": "x", "tags": {"a": "[variables('cred')]"}}]}}`, "main.json#/resources/0/properties/template: it reads a secret from outside"},
	{"by symbolic name", m, "/resources", `{"dep": {"type": "microsoft.resources/DEPLOYMENTS", "properties": {"template": {"outputs": {"k": {"type": "string", "value": "[listKeys('x').a]"}}}}}}`, "main.json#/resources/dep/properties/template/outputs/k: it reads keys"},
	{"a template elsewhere", m, "/resources", `[{"type": "Microsoft.Resources/deployments", "properties": {"templateLink": {"uri": "https://example.org/t.json"}}}]`, "main.json#/resources/0/properties/templateLink: "},
	{"a template spec", m, "/resources", `{"a": {"type": "microsoft.resources/Deployments", "properties": {"templateLink": {"id": "/x"}, "template": {}}}}`, "main.json#/resources/a/properties/templateLink: "},
	{"a template elsewhere, further in", m, "/resources", `[{"type": "Microsoft.Resources/deployments", "properties": {"template": {"resources": [{"type": "Microsoft.Resources/deployments", "properties": {"templateLink": {"id": "/x"}}}]}}}]`,
		"main.json#/resources/0/properties/template/resources/0/properties/templateLink: "},
	{"parameters elsewhere", m, "/resources", `[{"type": "Microsoft.Resources/deployments", "properties": {"template": {}, "parametersLink": {"uri": "https://example.org/p.json"}}}]`, "/properties/parametersLink: "},
	{"a template made up on the way", m, "/resources", `[{"type": "Microsoft.Resources/deployments", "properties": {"template": "[json(parameters('tre_id'))]"}}]`, "main.json#/resources/0/properties/template: "},
	{"a deployment made up on the way", m, "/resources", `[{"type": "Microsoft.Resources/deployments", "properties": "[json(parameters('tre_id'))]"}]`, "main.json#/resources/0/properties"},
	{"a deployment that is there", m, "/resources", `{"a": {"existing": true, "type": "Microsoft.Resources/deployments"}}`, ""},
	{"a deployment in a list that is said to be there", m, "/resources", `[{"existing": true, "type": "Microsoft.Resources/deployments", "properties": {"templateLink": {"id": "/x"}}}]`, "main.json#/resources/0/existing: "},
	{"a stack of its own", m, "/resources", `[{"type": "Microsoft.Resources/deploymentStacks", "properties": {}}]`, "main.json#/resources/0/type: "},
	{"a script elsewhere", m, "/resources", `[{"type": "Microsoft.Resources/deploymentScripts", "properties": {"primaryScriptUri": "https://example.org/s.sh"}}]`, "/properties/primaryScriptUri: "},
	{"scripts elsewhere", m, "/resources", `[{"type": "Microsoft.Resources/deploymentScripts", "properties": {"scriptContent": "x", "supportingScriptUris": ["https://example.org/s.sh"]}}]`, "/properties/supportingScriptUris: "},
	{"a script in it", m, "/resources", `[{"type": "Microsoft.Resources/deploymentScripts", "properties": {"scriptContent": "x"}}]`, ""},
	{"in a child resource", m, "/resources", `[{"type": "x", "resources": [{"type": "Microsoft.Resources/deployments", "properties": {"template": {"outputs": {"k": {"type": "string", "value": "[listKeys('x').a]"}}}}}]}]`,
		"main.json#/resources/0/resources/0/properties/template/outputs/k: it reads keys"},
	{"a variable with a made-up name", m, "/variables/odd", `"[variables(concat('cr', 'ed'))]"`, ""},
	{"capitals in a property", s, "/properties/Sku", `{"type": "string"}`, ""},
	{"a name of a kilobyte", m, "", `{"` + strings.Repeat("n", 2000) + `": 1}`, "longer than 1024 bytes"},
	{"outputs that are none", m, "/outputs", `[]`, "main.json#/outputs: want an object"},
	{"an escaped text", m, "/outputs/key", `{"type": "string", "value": "[[listKeys('x')]"}`, ""},
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			files := demo()
			set(t, files, tt.file, tt.pointer, tt.value)
			_, err := template.Parse(files, template.DefaultLimits)
			if tt.says == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, template.ErrInvalid) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v\nwant %q", err, tt.says)
			}
		})
	}
}

// TestVariablesOfVariables: a secret is found behind any number of variables,
// also where the name of one is made up, in time that grows with their number.
func TestVariablesOfVariables(t *testing.T) {
	t.Parallel()
	const n = 3000
	variables := []string{`"v0": "[parameters('admin_password')]"`, `"odd": "[variables(concat('v', '0'))]"`, `"plain": "x"`}
	for i := 1; i < n; i++ {
		variables = append(variables, fmt.Sprintf(`"v%d": "[variables('V%d')]"`, i, i-1))
	}
	files := demo()
	set(t, files, m, "/variables", "{"+strings.Join(variables, ",")+"}")
	set(t, files, m, "/outputs", fmt.Sprintf(`{"last": {"type": "string", "value": "[variables('v%d')]"}, "odd": {"type": "string", "value": "[variables('odd')]"},
		"plain": {"type": "string", "value": "[variables('plain')]"}}`, n-1))
	_, err := template.Parse(files, template.DefaultLimits)
	problems, ok := errors.AsType[template.Problems](err)
	if !ok || len(problems) != 2 || problems[0].Pointer != "/outputs/last" || problems[1].Pointer != "/outputs/odd" {
		t.Errorf("%v", err)
	}
}

// TestBillionReferences: forty references that each name the next one twice
// would be a million million schemas.
func TestBillionReferences(t *testing.T) {
	t.Parallel()
	var defs []string
	for i := range 40 {
		next := `"#/$defs/x` + strings.Repeat("i", i+1) + `"`
		defs = append(defs, `"x`+strings.Repeat("i", i)+`": {"allOf": [{"$ref": `+next+`}, {"$ref": `+next+`}]}`)
	}
	defs = append(defs, `"x`+strings.Repeat("i", 40)+`": {"type": "string"}`)
	files := demo()
	set(t, files, s, "/$defs", "{"+strings.Join(defs, ",")+"}")
	set(t, files, s, "/properties/label", `{"$ref": "#/$defs/x"}`)
	if _, err := template.Parse(files, template.DefaultLimits); err == nil || !strings.Contains(err.Error(), "sub-schemas") {
		t.Errorf("%v", err)
	}
}
