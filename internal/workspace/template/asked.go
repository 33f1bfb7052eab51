package template

import (
	"maps"
	"slices"
)

// Asked is a property that a form asks for.
type Asked struct {
	Name      string
	Says      []map[string]any // what the schema says of it, each part that holds; not to be changed
	Required  bool
	Sensitive bool
	Decides   bool           // whether others are asked for depends on it
	UI        map[string]any // what the uiSchema says of it; not to be changed
}

// Asked lists the properties that the form asks for of an instance, in the
// form's order: those of conditions only where it meets them. What the schema
// says elsewhere, under anyOf for instance, is asked for in any case.
func (t Template) Asked(instance map[string]any) []Asked {
	found := map[string]*Asked{}
	ask := func(name string) *Asked {
		if found[name] == nil {
			ui, _ := t.ui[name].(map[string]any)
			found[name] = &Asked{Name: name, Sensitive: t.Sensitive([]string{name}), Decides: t.form.root.decides(name), UI: ui}
		}
		return found[name]
	}
	t.form.root.holding(instance, func(b *branch) {
		for name, node := range b.says {
			a := ask(name)
			a.Says = append(a.Says, node)
		}
	})
	for name, nodes := range t.form.members {
		if !t.form.root.speaks(name) {
			ask(name).Says = nodes
		}
	}
	t.form.root.holding(instance, func(b *branch) {
		for _, name := range b.required {
			if a := found[name]; a != nil {
				a.Required = true
			}
		}
	})
	names := slices.Sorted(maps.Keys(found))
	t.InOrder(names)
	all := make([]Asked, len(names))
	for i, name := range names {
		all[i] = *found[name]
	}
	return all
}

// holding calls f with the parts of a schema that hold for an instance, itself
// first.
func (b *branch) holding(instance map[string]any, f func(*branch)) {
	if b == nil {
		return
	}
	f(b)
	for _, next := range b.unfettered {
		next.holding(instance, f)
	}
	if b.condition == nil {
		return
	}
	if b.condition.Validate(instance) == nil {
		b.then.holding(instance, f)
		return
	}
	b.els.holding(instance, f)
}

// some tells whether f holds for a part of the schema, whatever the conditions.
func (b *branch) some(f func(*branch) bool) bool {
	if b == nil {
		return false
	}
	return f(b) || b.then.some(f) || b.els.some(f) || slices.ContainsFunc(b.unfettered, func(next *branch) bool { return next.some(f) })
}

// speaks tells whether a part says anything of a property.
func (b *branch) speaks(name string) bool {
	return b.some(func(part *branch) bool { return part.says[name] != nil })
}

// decides tells whether a condition asks about a property.
func (b *branch) decides(name string) bool {
	return b.some(func(part *branch) bool { return slices.Contains(part.decided, name) })
}

// decided are the properties that a condition asks about.
func decided(condition any) []string {
	names := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		node, ok := v.(map[string]any)
		if !ok {
			return
		}
		properties, _ := node["properties"].(map[string]any)
		for name := range properties {
			names[name] = true
		}
		required, _ := node["required"].([]any)
		for _, v := range required {
			if name, ok := v.(string); ok {
				names[name] = true
			}
		}
		walk(node["not"])
		for _, next := range inPlace(node) {
			walk(next)
		}
	}
	walk(condition)
	return slices.Sorted(maps.Keys(names))
}
