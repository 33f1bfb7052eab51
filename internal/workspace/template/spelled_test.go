package template_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// TestSpelled: Resource Manager reads the names of a template whatever their
// case, so one in other letters is what checks would not see.
func TestSpelled(t *testing.T) {
	t.Parallel()
	const keys = `{"type": "string", "value": "[listKeys('x', '2024-01-01').keys[0].value]"}`
	nested := func(resource string) string { return `[` + resource + `]` }
	for _, tt := range []struct{ name, pointer, value, says string }{
		{"outputs beside outputs", "/Outputs", `{"key": ` + keys + `}`, "main.json#/Outputs: "},
		{"parameters beside parameters", "/PARAMETERS", `{"more": {"type": "string"}}`, "main.json#/PARAMETERS: "},
		{"resources beside resources", "/Resources", `[]`, "main.json#/Resources: "},
		{"variables", "/Variables", `{"key": "[parameters('admin_password')]"}`, "main.json#/Variables: "},
		{"the schema", "/$Schema", `"x"`, "main.json#/$Schema: "},
		{"definitions", "/Definitions", `{}`, "main.json#/Definitions: "},
		{"the value of an output", "/outputs/key", `{"type": "string", "value": "x", "Value": "[listKeys('x', '2024-01-01').a]"}`, "main.json#/outputs/key/Value: "},
		{"the type of an output", "/outputs/key", `{"type": "string", "Type": "securestring", "value": "x"}`, "main.json#/outputs/key/Type: "},
		{"the default value of a parameter", "/parameters/admin_password", `{"type": "securestring", "DefaultValue": "hunter2"}`, "main.json#/parameters/admin_password/DefaultValue: "},
		{"the type of a resource", "/resources", nested(`{"Type": "Microsoft.Resources/deploymentStacks", "name": "x"}`), "main.json#/resources/0/Type: "},
		{"the properties of a deployment", "/resources", nested(`{"type": "Microsoft.Resources/deployments", "properties": {"template": {}}, "Properties": {"templateLink": {"uri": "https://example.org"}}}`), "main.json#/resources/0/Properties: "},
		{"a link to a template", "/resources", nested(`{"type": "Microsoft.Resources/deployments", "properties": {"template": {}, "TemplateLink": {"uri": "https://example.org"}}}`), "main.json#/resources/0/properties/TemplateLink: "},
		{"a script elsewhere", "/resources", nested(`{"type": "Microsoft.Resources/deploymentScripts", "properties": {"PrimaryScriptUri": "https://example.org"}}`), "main.json#/resources/0/properties/PrimaryScriptUri: "},
		{"outputs of a template within", "/resources", nested(`{"type": "Microsoft.Resources/deployments", "properties": {"template": {"OUTPUTS": {"key": ` + keys + `}}}}`), "main.json#/resources/0/properties/template/OUTPUTS: "},
		{"resources within resources, by name", "/resources", `{"a": {"type": "x", "Resources": []}}`, "main.json#/resources/a/Resources: "},
		{"what is passed to a template within", "/resources", nested(`{"type": "Microsoft.Resources/deployments", "properties": {"template": {"parameters": {"p": {"type": "string"}}}, "parameters": {"p": {"Reference": {"secretName": "x"}}}}}`), "main.json#/resources/0/properties/parameters/p/Reference: "},
		{"where expressions are read", "/resources", nested(`{"type": "Microsoft.Resources/deployments", "properties": {"template": {}, "expressionEvaluationOptions": {"Scope": "inner"}}}`), "expressionEvaluationOptions/Scope: "},

		{"names of the template's own in capitals", "/variables", `{"Outputs": {"Value": 1, "Type": "x"}}`, ""},
		{"properties of another resource in capitals", "/resources", nested(`{"type": "Microsoft.Web/sites", "properties": {"TemplateLink": 1, "Parameters": {}}}`), ""},
		{"tags in capitals", "/resources", nested(`{"type": "Microsoft.Web/sites", "tags": {"Type": "x", "Properties": "y"}}`), ""},
	} {
		files := demo()
		set(t, files, m, tt.pointer, tt.value)
		_, err := template.Parse(files, template.DefaultLimits)
		if tt.says == "" && err != nil || tt.says != "" && (!errors.Is(err, template.ErrInvalid) || !strings.Contains(err.Error(), tt.says)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.says)
		}
	}
}

// TestNamesAlike: where only the order of names could say what is deployed, their
// digest is one, and neither is a package.
func TestNamesAlike(t *testing.T) {
	t.Parallel()
	var digests []string
	for _, odd := range []string{`[{"a": 1, "A": 2}]`, `[{"A": 2, "a": 1}]`} {
		files := demo()
		files[m] = []byte(strings.Replace(string(files[m]), "{", `{"functions": `+odd+`,`, 1))
		_, err := template.Parse(files, template.DefaultLimits)
		if err == nil || !strings.Contains(err.Error(), "main.json#/functions/0/a: two names of an object differ only by case") {
			t.Errorf("%s: %v", odd, err)
		}
		digests = append(digests, template.Digest(files))
	}
	if digests[0] != digests[1] {
		t.Error("the digest sees the order of names")
	}
}
