package template

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Mask takes the secrets out of properties: in their place stands
// workspace.Redacted, and they are returned beside, by JSON pointer; one that is
// no text, as its JSON. Properties of conditions count whether these hold or
// not. A value that is the mark already, null or an empty text is no secret.
func (t Template) Mask(properties map[string]any) (masked map[string]any, secrets map[string]string) {
	return t.mask(properties, false)
}

func (t Template) mask(properties map[string]any, marks bool) (masked map[string]any, secrets map[string]string) {
	m := masker{secrets: map[string]string{}, marks: marks}
	masked, _ = m.walk(properties, []map[string]any{t.form.schema}, "").(map[string]any)
	return masked, m.secrets
}

type masker struct {
	secrets map[string]string
	marks   bool // list marks among the secrets
}

// walk copies a value of which all of the nodes speak, without its secrets.
func (m masker) walk(v any, nodes []map[string]any, pointer string) any {
	nodes = spoken(nodes)
	if slices.ContainsFunc(nodes, func(n map[string]any) bool { return n["sensitive"] == true }) {
		return m.hide(v, pointer)
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, item := range v {
			out[name] = m.walk(item, ofMember(nodes, name), pointer+"/"+escape(name))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = m.walk(item, ofItem(nodes, i), pointer+"/"+strconv.Itoa(i))
		}
		return out
	default:
		return v
	}
}

func (m masker) hide(v any, pointer string) any {
	s, isText := v.(string)
	switch {
	case v == nil, isText && s == "":
		return v
	case isText && s == workspace.Redacted && !m.marks:
		return v
	case !isText:
		text, err := json.Marshal(v)
		if err != nil {
			return workspace.Redacted // no JSON, so nothing that a template could be told
		}
		s = string(text)
	}
	m.secrets[pointer] = s
	return workspace.Redacted
}

// spoken adds to the nodes those that speak of the same value.
func spoken(nodes []map[string]any) []map[string]any {
	all := slices.Clone(nodes)
	for i := 0; i < len(all); i++ {
		all = append(all, inPlace(all[i])...)
	}
	return all
}

// ofMember lists what the nodes say of a property.
func ofMember(nodes []map[string]any, name string) []map[string]any {
	var found []map[string]any
	for _, n := range nodes {
		properties, _ := n["properties"].(map[string]any)
		if o, ok := properties[name].(map[string]any); ok {
			found = append(found, o)
		}
		patterns, _ := n["patternProperties"].(map[string]any)
		for pattern, v := range patterns {
			if ok, err := regexp.MatchString(pattern, name); err != nil || !ok {
				continue
			}
			if o, ok := v.(map[string]any); ok {
				found = append(found, o)
			}
		}
		for _, key := range []string{"additionalProperties", "unevaluatedProperties"} {
			if o, ok := n[key].(map[string]any); ok {
				found = append(found, o)
			}
		}
	}
	return found
}

// ofItem lists what the nodes say of an item of a list.
func ofItem(nodes []map[string]any, i int) []map[string]any {
	var found []map[string]any
	for _, n := range nodes {
		for _, key := range []string{"items", "additionalItems", "contains", "unevaluatedItems"} {
			if o, ok := n[key].(map[string]any); ok {
				found = append(found, o)
			}
		}
		for _, key := range []string{"items", "prefixItems"} {
			if list, _ := n[key].([]any); i < len(list) {
				if o, ok := list[i].(map[string]any); ok {
					found = append(found, o)
				}
			}
		}
	}
	return found
}

// Sensitive tells whether the property at a path below the properties is
// sensitive, holds something sensitive, or is part of something sensitive.
func (t Template) Sensitive(path []string) bool {
	nodes := spoken([]map[string]any{t.form.schema})
	for _, step := range path {
		if slices.ContainsFunc(nodes, func(n map[string]any) bool { return n["sensitive"] == true }) {
			return true
		}
		next := ofMember(nodes, step)
		if i, err := strconv.Atoi(step); err == nil && i >= 0 {
			next = append(next, ofItem(nodes, i)...)
		}
		nodes = spoken(next)
	}
	return slices.ContainsFunc(nodes, holdsSecret)
}

// holdsSecret tells whether anything in a sub-schema is sensitive.
func holdsSecret(node map[string]any) bool {
	if node["sensitive"] == true {
		return true
	}
	for _, key := range slices.Concat(holdsOne, holdsList, holdsMap) {
		switch v := node[key].(type) {
		case map[string]any:
			if slices.Contains(holdsMap, key) {
				for _, o := range v {
					if o, ok := o.(map[string]any); ok && holdsSecret(o) {
						return true
					}
				}
			} else if holdsSecret(v) {
				return true
			}
		case []any:
			for _, o := range v {
				if o, ok := o.(map[string]any); ok && holdsSecret(o) {
					return true
				}
			}
		}
	}
	return false
}

// Declares tells whether the template's form has a property, under whatever
// condition.
func (t Template) Declares(property string) bool { return len(t.form.members[property]) > 0 }

// Properties lists the names of the form's properties, whatever the conditions.
func (t Template) Properties() []string { return slices.Sorted(maps.Keys(t.form.members)) }
