package template

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

func itoa(i int) string { return strconv.Itoa(i) }

// Parse reads a package: its files by name, with / between folders. Whatever is
// wrong is told at once, as Problems, each with its file and JSON pointer; the
// template is good only if there is no error. What it leaves to CheckPipeline
// needs other templates.
func Parse(files map[string][]byte, limits Limits) (Template, error) {
	var wrong Problems
	checkFiles(files, limits, &wrong)
	if len(wrong) > 0 { // what is too large is not read
		return Template{}, wrong
	}
	t := Template{Digest: Digest(files)}
	t.describe(files[descriptor], &wrong)
	if len(wrong) == 0 {
		t.readSchema(files[schemaFile], limits, &wrong)
	}
	if len(wrong) == 0 { // the form is what main.json is checked against
		t.readMain(files[mainFile], limits, &wrong)
	}
	if len(wrong) > 0 {
		return Template{}, wrong
	}
	return t, nil
}

// readSchema reads template_schema.json.
func (t *Template) readSchema(data []byte, limits Limits, wrong *Problems) {
	v, err := decode(data)
	if err != nil {
		wrong.add(schemaFile, err.pointer, "%s", err.text)
		return
	}
	root, ok := v.(map[string]any)
	if !ok {
		wrong.add(schemaFile, "", "want an object: a JSON Schema")
		return
	}
	draft := draftOf(root, wrong)
	t.Title, t.Description = textOf(root, "title", 1, wrong), textOf(root, "description", 0, wrong) // AzureTRE's may say nothing
	t.readRoles(root["authorizedRoles"], wrong)
	t.readPipeline(root["pipeline"], wrong)
	if root["properties"] == nil {
		wrong.add(schemaFile, "/properties", "want the properties of the form, {} for none")
	}
	if kind, ok := root["type"]; ok && kind != "object" {
		wrong.add(schemaFile, "/type", "want object")
	}
	if root["uiSchema"] != nil {
		members(root, "uiSchema", schemaFile, wrong)
	}
	plain := maps.Clone(root)
	for _, key := range own {
		delete(plain, key)
	}
	n := normaliser{root: plain, wrong: wrong}
	schema, _ := n.schema(plain, "").(map[string]any)
	if len(*wrong) > 0 {
		return
	}
	if count := countProperties(schema); count > limits.Properties {
		wrong.add(schemaFile, "/properties", "%d properties with those within others, at most %d", count, limits.Properties)
		return
	}
	t.ui, _ = root["uiSchema"].(map[string]any)
	form, compileErr := newForm(schema, t.Kind, draft)
	if compileErr != nil {
		tellCompile(compileErr, wrong)
		return
	}
	t.form = form
}

// draftOf returns the draft that a schema is checked by. AzureTRE's forms are
// draft 7 and complete with a keyword of 2019-09, which knows all of draft 7's.
func draftOf(root map[string]any, wrong *Problems) *jsonschema.Draft {
	given, ok := root["$schema"].(string)
	dialect := strings.Replace(strings.TrimSuffix(given, "#"), "http:", "https:", 1)
	if dialect == dialects[2] {
		return jsonschema.Draft2020
	}
	if (ok || root["$schema"] != nil) && dialect != dialects[0] && dialect != dialects[1] {
		wrong.add(schemaFile, "/$schema", "want %s", strings.Join(dialects, " or "))
	}
	return jsonschema.Draft2019
}

// maxText is the longest title or description, in bytes.
const maxText = 4096

func textOf(root map[string]any, key string, least int, wrong *Problems) string {
	s, ok := root[key].(string)
	if !ok || len(s) < least || len(s) > maxText {
		wrong.add(schemaFile, "/"+key, "want a text of %d to %d bytes", least, maxText)
	}
	return s
}

// maxRoles is how many roles may be named.
const maxRoles = 20

func (t *Template) readRoles(v any, wrong *Problems) {
	if v == nil {
		return
	}
	list, ok := v.([]any)
	if !ok || len(list) > maxRoles {
		wrong.add(schemaFile, "/authorizedRoles", "want a list of at most %d roles", maxRoles)
		return
	}
	for i, item := range list {
		role, _ := item.(string)
		if role == "" {
			wrong.add(schemaFile, "/authorizedRoles/"+itoa(i), "want the name of a role")
		}
		t.Roles = append(t.Roles, role)
	}
}

// countProperties counts the properties that a schema describes, at all levels;
// what conditions ask for is no description.
func countProperties(node map[string]any) int {
	count := 0
	for _, key := range slices.Concat(holdsOne, holdsMap) {
		o, ok := node[key].(map[string]any)
		if !ok || key == "if" || key == "not" {
			continue
		}
		if !slices.Contains(holdsMap, key) {
			count += countProperties(o)
			continue
		}
		for _, v := range o {
			if key == "properties" {
				count++
			}
			if o, ok := v.(map[string]any); ok {
				count += countProperties(o)
			}
		}
	}
	for _, key := range holdsList {
		list, _ := node[key].([]any)
		for _, v := range list {
			if o, ok := v.(map[string]any); ok {
				count += countProperties(o)
			}
		}
	}
	return count
}

// tellCompile says why a schema does not compile.
func tellCompile(err error, wrong *Problems) {
	if schemaErr, ok := errors.AsType[*jsonschema.SchemaValidationError](err); ok {
		if invalid, ok := errors.AsType[*jsonschema.ValidationError](schemaErr.Err); ok {
			for _, f := range faultsOf(invalid, nil) {
				wrong.add(schemaFile, f.Pointer, "no JSON Schema: %s", f.Message)
			}
			return
		}
	}
	wrong.add(schemaFile, "", "no JSON Schema: %.300s", strings.ReplaceAll(err.Error(), createURL, ""))
}
