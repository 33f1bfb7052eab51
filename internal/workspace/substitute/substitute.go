// Package substitute fills in the steps of a template's pipeline: what a
// resource gives to another one, such as a firewall rule with the addresses of
// its workspace. The language is AzureTRE's, its tokens {{ resource.… }} read a
// closed list of attributes and nothing else. It is pure.
//
// https://github.com/microsoft/AzureTRE/blob/main/docs/tre-templates/pipeline-templates/overview.md
package substitute

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// ErrInvalid means that a step cannot be filled in, and never will be.
var ErrInvalid = errors.New("no valid substitution")

// Step is one step of a pipeline, as a template's schema writes it.
type Step struct {
	ID           string               `json:"stepId"`
	Title        string               `json:"stepTitle,omitempty"`
	TemplateName string               `json:"resourceTemplateName,omitempty"` // of the shared service that it changes
	Kind         workspace.Kind       `json:"resourceType,omitempty"`         // of the resource that it changes
	Action       workspace.Action     `json:"resourceAction,omitempty"`
	Properties   []workspace.Property `json:"properties,omitempty"`

	Again bool `json:"-"` // it was tried before, so that what it appends may be there already: then it is not appended again
}

// Source is what tokens read.
type Source struct {
	Resource workspace.Resource   // whose pipeline it is
	Parents  []workspace.Resource // what stands above it, the nearest first
}

// at returns the resource that a token speaks of.
func (s Source) at(depth int) (workspace.Resource, error) {
	if depth == 0 {
		return s.Resource, nil
	}
	if depth > len(parents(s.Resource.Kind)) || depth > len(s.Parents) {
		return workspace.Resource{}, fmt.Errorf("a %s has no parent %d above it: %w", s.Resource.Kind, depth, ErrInvalid)
	}
	return s.Parents[depth-1], nil
}

// parents lists the kinds above k, the nearest first.
func parents(k workspace.Kind) []workspace.Kind {
	switch k {
	case workspace.Service:
		return []workspace.Kind{workspace.Workspace}
	case workspace.UserResource:
		return []workspace.Kind{workspace.Service, workspace.Workspace}
	default:
		return nil
	}
}

// Apply returns the properties that the step changes in its target, whose
// properties come in and are left as they are. A step that passed Check fails
// only if the source lacks a parent or an array of the target is none.
//
// To append twice appends twice, unless the step says Again: whoever applies a
// step keeps what came out.
func Apply(step Step, primary Source, target map[string]any) (map[string]any, error) {
	out := map[string]any{}
	for _, p := range step.Properties {
		value, err := fill(p.Value, primary)
		if err != nil {
			return nil, fmt.Errorf("property %q: %w", p.Name, err)
		}
		if item, ok := value.(map[string]any); ok && isObject(p.Value) && p.Type == "array" {
			present, known := out[p.Name]
			if !known {
				present = clone(target[p.Name])
			}
			if value, err = inArray(p, present, item, step.Again); err != nil {
				return nil, fmt.Errorf("property %q: %w", p.Name, err)
			}
		}
		out[p.Name] = value
	}
	return out, nil
}

func isObject(v any) bool {
	_, ok := v.(map[string]any)
	return ok
}

// The ways to put an object into an array, with AzureTRE's names.
const (
	overwrite  = "overwrite" // the array is this object alone
	appendItem = "append"
	remove     = "remove"  // the first item whose match field is the same; none is fine
	replace    = "replace" // the first such item; appended when there is none
)

// inArray returns the array with the item put in, or taken out.
func inArray(p workspace.Property, present any, item map[string]any, again bool) (any, error) {
	array, ok := present.([]any)
	if !ok && present != nil && present != "" {
		return nil, fmt.Errorf("the target's is no array: %w", ErrInvalid)
	}
	at := slices.IndexFunc(array, func(other any) bool {
		o, ok := other.(map[string]any)
		return ok && same(o[p.MatchField], item[p.MatchField])
	})
	switch {
	case p.Substitution == overwrite:
		return []any{item}, nil
	case p.Substitution == appendItem && again && slices.ContainsFunc(array, func(other any) bool { return same(other, item) }):
		return array, nil
	case p.Substitution == appendItem, p.Substitution == replace && at < 0:
		return append(array, item), nil
	case p.Substitution == replace:
		array[at] = item
	case p.Substitution == remove && at >= 0:
		array = slices.Delete(array, at, at+1)
	}
	if array == nil {
		array = []any{}
	}
	return array, nil
}

// same tells whether two values are written the same in JSON.
func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// fill returns a copy of the value with every token in its texts replaced.
func fill(v any, from Source) (any, error) {
	switch v := v.(type) {
	case string:
		return text(v, from)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			filled, err := fill(item, from)
			if err != nil {
				return nil, err
			}
			list[i] = filled
		}
		return list, nil
	case map[string]any:
		object := make(map[string]any, len(v))
		for _, key := range slices.Sorted(maps.Keys(v)) {
			filled, err := fill(v[key], from)
			if err != nil {
				return nil, err
			}
			object[key] = filled
		}
		return object, nil
	default:
		return v, nil
	}
}

// text replaces the tokens of a text. A list or an object that a token reads is
// the whole result, as in AzureTRE; so is any value whose token stands alone. What
// a token reads is never read for tokens again.
func text(s string, from Source) (any, error) {
	parts, err := parse(s)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for _, p := range parts {
		if p.token == nil {
			b.WriteString(p.literal)
			continue
		}
		v, err := p.token.read(from)
		if err != nil {
			return nil, err
		}
		switch v.(type) {
		case []any, map[string]any:
			return clone(v), nil
		}
		if len(parts) == 1 {
			return v, nil
		}
		b.WriteString(plain(v))
	}
	return b.String(), nil
}

// plain writes a value into a text.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	default:
		return fmt.Sprint(v)
	}
}

// clone copies lists and objects, so that nothing is shared with who gave them.
func clone(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = clone(item)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key, item := range v {
			object[key] = clone(item)
		}
		return object
	default:
		return v
	}
}
