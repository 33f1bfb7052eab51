package template_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// The package that rows about AzureTRE's manner start from: a shared service
// with a form of nothing.
const (
	kilnJSON   = `{"name": "tre-shared-service-kiln", "version": "1.0.0", "kind": "shared-service"}`
	kilnSchema = `{"$schema": "http://json-schema.org/draft-07/schema", "$id": "https://example.org/templates/shared_services/kiln/template_schema.json",
		"type": "object", "title": "Kiln", "description": "Fires clay.", "required": [], "properties": {}}`
	kilnMain = `{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "contentVersion": "1.0.0.0",
		"parameters": {"tre_id": {"type": "string"}}, "resources": [], "outputs": {}}`
)

// kiln returns that package with changes: file, pointer and value in turn.
func kiln(t testing.TB, changes ...string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{d: []byte(kilnJSON), s: []byte(kilnSchema), m: []byte(kilnMain)}
	for i := 0; i+2 < len(changes); i += 3 {
		set(t, files, changes[i], changes[i+1], changes[i+2])
	}
	return files
}

// oddities are what AzureTRE's own template_schema.json files hold that not
// every JSON Schema does, one a row. What is entered becomes full and is good, or
// says is told of it.
// https://github.com/microsoft/AzureTRE/tree/main/templates
var oddities = []struct {
	name     string
	changes  []string
	in, full string
	says     string
}{
	{name: "no property at all", in: `{}`, full: `{}`},
	{name: "a blank before the text, tabs and a blank line after it", changes: []string{s, "", " \t" + kilnSchema + "\n\n"}, in: `{}`, full: `{}`},
	{name: "a description of nothing", changes: []string{s, "/description", `""`}, in: `{}`, full: `{}`},
	{name: "a property whose description is of nothing, and one without title", changes: []string{s, "/properties", `{"glaze": {"type": "string", "title": "G", "description": ""}, "clay": {"type": "string"}}`},
		in: `{"glaze": "blue", "clay": "red"}`, full: `{"glaze": "blue", "clay": "red"}`},
	{name: "an $id that names the property, with and without its slash, also of another template", changes: []string{s, "/properties",
		`{"a": {"$id": "#/properties/a", "type": "string"}, "b": {"$id": "#properties/b", "type": "string"}, "c": {"$id": "#/properties/a", "type": "string"}}`}, in: `{"a": "1", "b": "2", "c": "3"}`, full: `{"a": "1", "b": "2", "c": "3"}`},
	{name: "an $id within a condition", changes: []string{s, "/allOf", `[{"then": {"properties": {"a": {"$id": "#/properties/a", "type": "string"}}}, "if": true}]`}, in: `{"a": "x"}`, full: `{"a": "x"}`},
	{name: "the dialect of 2020-12", changes: []string{s, "/$schema", `"https://json-schema.org/draft/2020-12/schema"`, s, "/properties/shelf", `{"type": "string", "default": "top"}`}, in: `{}`, full: `{"shelf": "top"}`},
	{name: "its own name with a default value", changes: []string{s, "/properties/display_name", `{"type": "string", "title": "N", "default": "Kiln", "updateable": true}`}, in: `{}`, full: `{"display_name": "Kiln"}`},
	{name: "a long overview in markdown", changes: []string{s, "/properties/overview", `{"type": "string", "default": "Fires.\n\n**How:**\n- [slowly](https://example.org/a?b=c#d)"}`}, in: `{}`, full: `{"overview": "Fires.\n\n**How:**\n- [slowly](https://example.org/a?b=c#d)"}`},
	{name: "required, with a default value", changes: []string{s, "/required", `["cone"]`, s, "/properties/cone", `{"type": "integer", "default": 6}`}, in: `{}`, full: `{"cone": 6}`},
	{name: "required, without one", changes: []string{s, "/required", `["cone"]`, s, "/properties/cone", `{"type": "integer"}`}, in: `{}`, says: "cone: is missing"},
	{name: "a number that may be a fraction", changes: []string{s, "/properties/heat", `{"type": "number", "default": 1240.5}`}, in: `{}`, full: `{"heat": 1240.5}`},
	{name: "a number within bounds", changes: []string{s, "/properties/hours", `{"type": "integer", "minimum": 1, "maximum": 48, "default": 10}`}, in: `{"hours": 49}`, says: "hours: want at most 48"},
	{name: "an array of anything", changes: []string{s, "/properties/racks", `{"type": "array", "updateable": true}`}, in: `{"racks": [1, "a", {}]}`, full: `{"racks": [1, "a", {}]}`},
	{name: "an array of nothing as default value", changes: []string{s, "/properties/racks", `{"type": "array", "default": [], "items": {"title": "items", "type": "string", "default": "", "examples": ["a"]}}`}, in: `{}`, full: `{"racks": []}`},
	{name: "an object in an array, with what it needs", changes: []string{s, "/properties/racks", `{"type": "array", "items": {"title": "items", "type": "object", "required": ["name"], "properties": {"name": {"type": "string", "pattern": "^.{5,80}$"}, "pots": {"type": "array", "default": []}}}}`},
		in: `{"racks": [{"name": "lower"}, {"pots": []}, {"name": "up"}]}`, says: "racks/1/name: is missing; racks/2/name: does not match the pattern ^.{5,80}$"},
	{name: "a default value of null, of an object", changes: []string{s, "/properties/firing", `{"type": "object", "default": null, "properties": {"cone": {"type": "string"}}, "required": ["cone"]}`}, in: `{}`, full: `{}`},
	{name: "parts of an object that have no type", changes: []string{s, "/properties/firing", `{"type": "object", "properties": {"first": {"title": "First", "required": ["cone"], "properties": {"cone": {"type": "string", "examples": ["6"]}}}}}`}, in: `{"firing": {"first": {}}}`, says: "firing/first/cone: is missing"},
	{name: "a default value that the property itself refuses is none: a text of nothing", changes: []string{s, "/properties/potter", `{"type": "string", "default": "", "minLength": 1}`}, in: `{}`, full: `{}`},
	{name: "a default value that the property itself refuses is none: false for a text", changes: []string{s, "/properties/potter", `{"type": "string", "default": false}`, s, "/required", `["potter"]`}, in: `{}`, says: "potter: is missing"},
	{name: "a default value that the property itself refuses is none: in a condition", changes: []string{s, "/allOf", `[{"if": true, "then": {"properties": {"potter/owner %": {"type": "string", "default": 3}}}}]`}, in: `{}`, full: `{}`},
	{name: "a value of a list twice", changes: []string{s, "/properties/sku", `{"type": "string", "enum": ["small", "large", "large"], "default": "small"}`}, in: `{"sku": "large"}`, full: `{"sku": "large"}`},
	{name: "a list of one value, with blanks and a bar", changes: []string{s, "/properties/sku", `{"type": "string", "enum": ["2 CPU | 8GB RAM"], "updateable": true}`}, in: `{"sku": "4 CPU | 16GB RAM"}`, says: `sku: want one of "2 CPU | 8GB RAM"`},
	{name: "a pattern of a time", changes: []string{s, "/properties/at", `{"type": "string", "pattern": "^([01]?[0-9]|2[0-3])[0-5][0-9]$", "default": "1800"}`}, in: `{"at": "2460"}`, says: "at: does not match"},
	{name: "a pattern of an address", changes: []string{s, "/properties/url", `{"type": "string", "pattern": "^(https:|http:|www\\.)\\S*"}`}, in: `{"url": "https://example.org"}`, full: `{"url": "https://example.org"}`},
	{name: "a pattern that says nothing", changes: []string{s, "/properties/url", `{"type": "string", "pattern": "^(https?)?.*$"}`}, in: `{"url": ""}`, full: `{"url": ""}`},
	{name: "the format of a password, which no validator knows", changes: []string{s, "/properties/word", `{"type": "string", "format": "password"}`}, in: `{"word": "x"}`, full: `{"word": "x"}`},
	{name: "read only, for a pipeline to write", changes: []string{s, "/properties/group", `{"type": "string", "readOnly": true, "updateable": true}`}, in: `{"group": "x"}`, full: `{"group": "x"}`},
	{name: "names in camel case", changes: []string{s, "/properties", `{"vmCount": {"type": "integer", "default": 1}, "smtpWord": {"type": "string", "sensitive": true}}`,
		m, "/parameters", `{"vmCount": {"type": "int"}, "smtpword": {"type": "securestring", "defaultValue": ""}}`}, in: `{"smtpWord": "long"}`, full: `{"vmCount": 1, "smtpWord": "long"}`},
	{name: "the user schema of nothing, and of what is no property", changes: []string{s, "/uiSchema", `{}`}, in: `{}`, full: `{}`},
	{name: "actions and customActions of nothing, a pipeline of null, roles for everybody", changes: []string{s, "/actions", `[]`, s, "/customActions", `[]`, s, "/pipeline", `null`, s, "/authorizedRoles", `[]`}, in: `{}`, full: `{}`},
	{name: "actions in the schema, which AzureTRE does not read", changes: []string{s, "/actions", `[{"name": "start", "description": "Lights it"}]`}, in: `{}`, full: `{}`},
	{name: "a condition on a value, with an else", changes: []string{s, "/properties/mode", `{"type": "string", "default": "Auto", "enum": ["Auto", "Manual"]}`,
		s, "/allOf", `[{"if": {"properties": {"mode": {"const": "Manual"}}, "required": ["mode"]}, "then": {"properties": {"cone": {"type": "string"}}, "required": ["cone"]}, "else": {"properties": {"slow": {"type": "boolean", "default": true}}}}]`},
		in: `{}`, full: `{"mode": "Auto", "slow": true}`},
	{name: "a condition on a list of values", changes: []string{s, "/properties/size", `{"type": "string", "enum": ["small", "custom"]}`,
		s, "/allOf", `[{"if": {"properties": {"size": {"enum": ["custom"]}}, "required": ["size"]}, "then": {"properties": {"litres": {"type": "integer"}}, "required": ["litres"]}}]`}, in: `{"size": "custom"}`, says: "litres: is missing"},
	{name: "a condition on two values, of which one is of another condition", changes: []string{s, "/properties/on", `{"type": "boolean", "default": true}`,
		s, "/allOf", `[{"if": {"properties": {"on": {"const": true}}, "required": ["on"]}, "then": {"properties": {"watch": {"type": "boolean", "default": true}}}},
			{"if": {"properties": {"on": {"const": true}, "watch": {"const": true}}, "required": ["on", "watch"]}, "then": {"properties": {"by": {"type": "object", "default": null}}}}]`}, in: `{"by": {}}`, full: `{"on": true, "watch": true, "by": {}}`},
	{name: "a condition that something is not there, and a reference into another condition", changes: []string{s, "/properties/pool", `{"type": "string", "enum": ["own", "shared"]}`,
		s, "/allOf", `[{"if": {"properties": {"pool": {"const": "shared"}}, "required": ["pool"]}, "then": {"properties": {"seats": {"type": "integer", "default": 2, "maximum": 9}}, "required": ["seats"]}},
			{"if": {"not": {"required": ["pool"]}}, "then": {"properties": {"seats": {"$ref": "#/allOf/0/then/properties/seats", "updateable": true}}}}]`}, in: `{"seats": 10}`, says: "seats: want at most 9"},
}

func written(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestAzureTREsForms: each oddity is taken, and means what it does there; what
// the API gives of it is read back.
func TestAzureTREsForms(t *testing.T) {
	t.Parallel()
	for _, tt := range oddities {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tpl, err := template.Parse(kiln(t, tt.changes...), template.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			in := object(t, tt.in)
			for name, v := range map[string]any{"display_name": "D", "description": "d"} {
				if !slices.Contains(tt.changes, "/properties/"+name) {
					in[name] = v
				}
			}
			full := tpl.Defaults(in)
			if err := tpl.Validate(full); (err == nil) != (tt.says == "") || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Fatalf("%v, want %q", err, tt.says)
			}
			if tt.says == "" {
				plain := object(t, written(t, full))
				for name := range object(t, `{"display_name": 1, "description": 1}`) {
					if _, wanted := object(t, tt.full)[name]; !wanted {
						delete(plain, name)
					}
				}
				if diff := cmp.Diff(object(t, tt.full), plain); diff != "" {
					t.Error(diff)
				}
			}
			if read(t, tpl).Validate(full) == nil != (tt.says == "") {
				t.Error("read back it says something else")
			}
		})
	}
}

// TestCamelCase: a property in camel case is told to the parameter that ARM
// takes for the same name, and is kept secret under its own.
func TestCamelCase(t *testing.T) {
	t.Parallel()
	form := []string{s, "/properties", `{"vmCount": {"type": "integer", "default": 1}, "smtpWord": {"type": "string", "sensitive": true}}`}
	tpl, err := template.Parse(kiln(t, append(form, m, "/parameters", `{"VMCOUNT": {"type": "int"}, "smtpWord": {"type": "securestring"}}`)...), template.DefaultLimits)
	if err == nil || !strings.Contains(err.Error(), "main.json#/parameters/smtpWord: it has no default value") {
		t.Errorf("a secret that need not be given: %+v, %v", tpl.Parameters, err)
	}
	tpl, err = template.Parse(kiln(t, append(form, s, "/required", `["smtpWord"]`, m, "/parameters", `{"VMCOUNT": {"type": "int"}, "smtpWord": {"type": "securestring"}}`)...), template.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	want := []template.Parameter{{Name: "VMCOUNT", Type: "int", Required: true, From: template.FromProperty}, {Name: "smtpWord", Type: "securestring", Required: true, Secure: true, From: template.FromProperty}}
	if diff := cmp.Diff(want, tpl.Parameters); diff != "" {
		t.Error(diff)
	}
	r := workspace.Resource{Kind: workspace.SharedService, Properties: map[string]any{"vmCount": 3, "smtpWord": workspace.Redacted}, Secrets: map[string]string{"/smtpWord": "secret-1"}}
	told := workspace.Platform{}.Parameters(workspace.Lineage{Resource: r}, tpl.Declared(), workspace.Install)
	if diff := cmp.Diff(map[string]workspace.Parameter{"VMCOUNT": {Value: 3}, "smtpWord": {Secret: "secret-1"}}, told); diff != "" {
		t.Error(diff)
	}
	for name, tt := range map[string]struct {
		changes []string
		says    string
	}{
		"two properties":           {[]string{s, "/properties/VmCount", `{"type": "integer"}`, m, "/parameters", `{"vmcount": {"type": "int", "defaultValue": 1}}`}, "main.json#/parameters/vmcount: the form has properties VmCount and vmCount"},
		"an output in other cases": {[]string{m, "/outputs/vmcount", `{"type": "int", "value": 1}`}, "main.json#/outputs/vmcount: it differs only by case from the property vmCount"},
		"a secret told openly":     {[]string{m, "/parameters/SmtpWord", `{"type": "string", "defaultValue": ""}`}, "main.json#/parameters/SmtpWord/type: the property is sensitive"},
		"another type":             {[]string{m, "/parameters/VmCount", `{"type": "bool", "defaultValue": true}`}, "of type integer, the parameter of type bool"},
		"one of the engine's":      {[]string{s, "/properties/Owner_id", `{"type": "string", "sensitive": true}`}, "template_schema.json#/properties/Owner_id: the engine gives a parameter of this name"},
		"a generated one":          {[]string{s, "/properties/Admin", `{"type": "string"}`, d, "/generatedSecrets", `["admin"]`, m, "/parameters/admin", `{"type": "securestring"}`}, "admin is a property of the form too"},
	} {
		if _, err := template.Parse(kiln(t, append(form, tt.changes...)...), template.DefaultLimits); err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", name, err, tt.says)
		}
	}
}
