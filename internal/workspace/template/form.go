package template

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// form is a schema made ready: completed with what every resource of its kind
// has, and compiled.
type form struct {
	schema  map[string]any     // as people fill it in for a new resource
	create  *jsonschema.Schema // the same, compiled
	patch   *jsonschema.Schema // nothing at the top is required
	root    *branch            // default values
	members map[string][]map[string]any
}

// dialects are the drafts that a schema may be written in, http or https;
// AzureTRE's forms use the first and the last one.
var dialects = []string{"https://json-schema.org/draft-07/schema", "https://json-schema.org/draft/2019-09/schema", "https://json-schema.org/draft/2020-12/schema"}

// own are what AzureTRE keeps in a schema that is no JSON Schema.
var own = []string{"pipeline", "uiSchema", "authorizedRoles", "customActions", "actions", "system_properties"}

// newForm completes and compiles a schema that was normalised.
func newForm(schema map[string]any, kind workspace.Kind, draft *jsonschema.Draft) (*form, error) {
	full := cloneObject(schema)
	for _, key := range own {
		delete(full, key)
	}
	extra := standard(kind)
	properties, _ := full["properties"].(map[string]any)
	full["properties"] = merged(properties, extra)
	full["required"] = mergedRequired(full["required"])
	full["type"], full[unevaluated] = "object", false
	f := &form{schema: full, members: map[string][]map[string]any{}}
	collect(full, f.members)

	patch := maps.Clone(full)
	delete(patch, "required")
	c, err := newCompiler(draft, full, patch)
	if err != nil {
		return nil, err
	}
	if f.create, err = c.Compile(createURL); err != nil {
		return nil, err
	}
	if f.patch, err = c.Compile(patchURL); err != nil {
		return nil, err
	}
	f.root, err = newBranch(c, full, createURL+"#")
	return f, err
}

// The names under which the compiler knows the two schemas. Nothing is fetched.
const (
	createURL = "https://template.invalid/create"
	patchURL  = "https://template.invalid/patch"
)

// unfetched refuses to load anything.
type unfetched struct{}

var errRemote = errors.New("other documents are not fetched")

func (unfetched) Load(url string) (any, error) { return nil, fmt.Errorf("%.80q: %w", url, errRemote) }

func newCompiler(draft *jsonschema.Draft, create, patch map[string]any) (*jsonschema.Compiler, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(draft)
	c.AssertFormat()
	c.UseLoader(unfetched{})
	if err := c.AddResource(createURL, create); err != nil {
		return nil, err
	}
	return c, c.AddResource(patchURL, patch)
}

// standard are the properties that every resource of a kind has, as AzureTRE
// gives them; what the template says of them wins.
func standard(kind workspace.Kind) map[string]any {
	what := strings.ReplaceAll(string(kind), "-", " ")
	text := func(title, description string) map[string]any {
		return map[string]any{"type": "string", "title": title, "description": description, "updateable": true}
	}
	return map[string]any{
		"display_name": text("Name for the "+what, "The name of the "+what+" to be displayed to users."),
		"description":  text("Description of the "+what, "Description of the "+what+"."),
		"overview":     text("Overview of the "+what, "Long form description of the "+what+", in markdown syntax."),
	}
}

func merged(properties, extra map[string]any) map[string]any {
	out := extra
	maps.Copy(out, properties)
	return out
}

func mergedRequired(v any) any {
	names, ok := v.([]any)
	if !ok && v != nil {
		return v // the compiler says what is wrong with it
	}
	out := slices.Clone(names)
	for _, name := range []any{"display_name", "description"} {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// inPlace lists the sub-schemas that speak of the same value. An if is none of
// them: it asks, and describes nothing.
func inPlace(node map[string]any) []map[string]any {
	var found []map[string]any
	add := func(v any) {
		if o, ok := v.(map[string]any); ok {
			found = append(found, o)
		}
	}
	for _, key := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := node[key].([]any)
		for _, v := range list {
			add(v)
		}
	}
	for _, key := range []string{"then", "else"} {
		add(node[key])
	}
	for _, key := range []string{"dependentSchemas", "dependencies"} {
		m, _ := node[key].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(m)) {
			add(m[name])
		}
	}
	return found
}

// collect lists what a schema says of each property of its object, whatever the
// conditions.
func collect(node map[string]any, members map[string][]map[string]any) {
	properties, _ := node["properties"].(map[string]any)
	for name, v := range properties {
		if o, ok := v.(map[string]any); ok {
			members[name] = append(members[name], o)
		}
	}
	for _, next := range inPlace(node) {
		collect(next, members)
	}
}
