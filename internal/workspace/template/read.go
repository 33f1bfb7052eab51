package template

import (
	"maps"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// beside are what Enriched puts into a schema that is no part of it.
var beside = []string{"name", "version", "resourceType", "current", "parentWorkspaceService", "digest"}

// Read reads a template as the API gives it, see Enriched: its form and what is
// said of it, without the ARM template. So whoever fills a form in can check it
// by the very rules that the API checks it by. It returns an ErrInvalid.
func Read(data []byte) (Template, error) {
	var wrong Problems
	v, err := decode(data)
	doc, ok := v.(map[string]any)
	if err != nil || !ok {
		wrong.add(schemaFile, "", "want a template as the API gives it")
		return Template{}, wrong
	}
	text := func(key string) string { s, _ := doc[key].(string); return s }
	t := Template{Name: text("name"), Version: text("version"), Kind: workspace.Kind(text("resourceType")), Parent: text("parentWorkspaceService"),
		Title: text("title"), Description: text("description"), Current: doc["current"] == true, Digest: text("digest")}
	t.readRoles(doc["authorizedRoles"], &wrong)
	t.ui, _ = doc["uiSchema"].(map[string]any)
	actions, _ := doc["customActions"].([]any)
	for _, v := range actions {
		o, _ := v.(map[string]any)
		a := CustomAction{}
		a.Name, _ = o["name"].(string)
		a.Description, _ = o["description"].(string)
		kind, _ := o["kind"].(string)
		a.Kind = ActionKind(kind)
		t.CustomActions = append(t.CustomActions, a)
	}
	schema := maps.Clone(doc)
	for _, key := range beside {
		delete(schema, key)
	}
	form, compileErr := newForm(schema, t.Kind, draftOf(schema, &wrong))
	if compileErr != nil {
		tellCompile(compileErr, &wrong)
	}
	if len(wrong) > 0 {
		return Template{}, wrong
	}
	t.form = form
	return t, nil
}

// Field is a property that a form asks for.
type Field struct {
	Name, Title, Description string
	Type                     string // JSON's: string, integer, number, boolean, array, object; "" for any
	Choices                  []any  // the only values; none means any
	Sensitive                bool
}

// InOrder puts names of properties into the form's order, after what a resource
// is called.
func (t Template) InOrder(names []string) {
	order, _ := t.uiSchema()[uiOrder].([]any)
	place := func(name string) int {
		if name == "display_name" {
			return -1
		}
		if i := slices.Index(order, any(name)); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(names, func(a, b string) int { return place(a) - place(b) })
}

// Wanting lists the properties that the form demands of an instance and that it
// lacks, also those of conditions that it meets, in the form's order after what
// it is called.
func (t Template) Wanting(instance map[string]any) []Field {
	var names []string
	t.form.root.wanting(instance, &names)
	t.InOrder(names)
	fields := make([]Field, 0, len(names))
	for _, name := range names {
		fields = append(fields, t.Field(name))
	}
	return fields
}

// Field is what the form says of a property; of one it does not know, its name.
func (t Template) Field(name string) Field {
	f := Field{Name: name, Sensitive: t.Sensitive([]string{name})}
	for _, says := range t.form.members[name] {
		keep := func(to *string, key string) {
			if s, ok := says[key].(string); ok && *to == "" {
				*to = s
			}
		}
		keep(&f.Title, "title")
		keep(&f.Description, "description")
		keep(&f.Type, "type")
		if choices, ok := says["enum"].([]any); ok && f.Choices == nil {
			f.Choices = choices
		}
	}
	return f
}

// wanting adds the names that are required and missing.
func (b *branch) wanting(instance map[string]any, names *[]string) {
	b.holding(instance, func(part *branch) {
		for _, name := range part.required {
			if _, given := instance[name]; !given && !slices.Contains(*names, name) {
				*names = append(*names, name)
			}
		}
	})
}
