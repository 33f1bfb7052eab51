package template

import (
	"net/url"
	"strconv"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// branch is a part of a schema with the default values that hold when it
// applies, and what it requires then.
type branch struct {
	says       map[string]map[string]any // of properties
	defaults   map[string]any
	required   []string
	condition  *jsonschema.Schema // nil: none
	decided    []string           // the properties that the condition asks about
	then, els  *branch
	unfettered []*branch // of allOf
}

func newBranch(c *jsonschema.Compiler, node map[string]any, at string) (*branch, error) {
	b := &branch{says: map[string]map[string]any{}, defaults: map[string]any{}}
	err := b.describe(c, node, at)
	if err != nil {
		return nil, err
	}
	all, _ := node["allOf"].([]any)
	for i, v := range all {
		if o, ok := v.(map[string]any); ok {
			next, err := newBranch(c, o, at+"/allOf/"+strconv.Itoa(i))
			if err != nil {
				return nil, err
			}
			b.unfettered = append(b.unfettered, next)
		}
	}
	if _, ok := node["if"]; !ok {
		return b, nil
	}
	if b.condition, err = c.Compile(at + "/if"); err != nil {
		return nil, err
	}
	b.decided = decided(node["if"])
	for key, to := range map[string]**branch{"then": &b.then, "else": &b.els} {
		if o, ok := node[key].(map[string]any); ok {
			if *to, err = newBranch(c, o, at+"/"+key); err != nil {
				return nil, err
			}
		}
	}
	return b, nil
}

// describe reads what a part says of properties, their default values and which
// are required. A default value that its own property refuses is none: AzureTRE's
// forms have some, such as false for the id of a person.
func (b *branch) describe(c *jsonschema.Compiler, node map[string]any, at string) error {
	properties, _ := node["properties"].(map[string]any)
	for name, v := range properties {
		o, ok := v.(map[string]any)
		if ok {
			b.says[name] = o
		}
		if o["default"] == nil {
			continue
		}
		property, err := c.Compile(at + "/properties/" + url.PathEscape(escape(name)))
		if err != nil {
			return err
		}
		if property.Validate(o["default"]) == nil {
			b.defaults[name] = o["default"]
		}
	}
	names, _ := node["required"].([]any)
	for _, v := range names {
		if name, ok := v.(string); ok {
			b.required = append(b.required, name)
		}
	}
	return nil
}

// fill adds the default values that are missing, and tells whether it did.
func (b *branch) fill(instance map[string]any) bool {
	if b == nil {
		return false
	}
	changed := false
	for name, v := range b.defaults {
		if _, given := instance[name]; !given {
			instance[name], changed = clone(v), true
		}
	}
	for _, next := range b.unfettered {
		changed = next.fill(instance) || changed
	}
	if b.condition == nil {
		return changed
	}
	if b.condition.Validate(instance) == nil {
		return b.then.fill(instance) || changed
	}
	return b.els.fill(instance) || changed
}

// Defaults returns the instance with the default values that are missing: those
// at the top, and those of the conditions that it meets, also by other default
// values. A default of null is none, nor is one that the property refuses.
func (t Template) Defaults(instance map[string]any) map[string]any {
	full := cloneObject(instance)
	for range len(t.form.members) + 1 { // each round adds at least one, or it was the last
		if !t.form.root.fill(full) {
			break
		}
	}
	return full
}
