package template

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// maxNodes is how many sub-schemas a schema may come to once its references are
// written out: a few references to references would else make billions.
const maxNodes = 20000

// What a keyword of JSON Schema holds, where it holds schemas.
var (
	holdsOne  = []string{"additionalProperties", "additionalItems", "items", "contains", "not", "if", "then", "else", "propertyNames", "unevaluatedProperties", "unevaluatedItems"}
	holdsList = []string{"allOf", "anyOf", "oneOf", "prefixItems", "items"}
	holdsMap  = []string{"properties", "patternProperties", "dependentSchemas", "dependencies"}
)

// dropped are the keywords that are of no use once references are written out.
var dropped = []string{"$id", "$schema", "$anchor", "$comment", "$defs", "definitions"}

// strange are keywords that no form needs and that make a schema hard to follow.
var strange = []string{"$dynamicRef", "$recursiveRef", "$dynamicAnchor", "$recursiveAnchor", "$vocabulary"}

// annotations may stand beside a reference, and win over what it refers to.
var annotations = []string{"title", "description", "default", "examples", "readOnly", "writeOnly", "updateable", "sensitive"}

// normaliser writes references out, and takes away names of fragments and
// nulls that mean nothing, as AzureTRE does.
type normaliser struct {
	root   map[string]any
	nodes  int
	active []string // references on the way here
	wrong  *Problems
}

func (n *normaliser) fail(pointer, format string, args ...any) {
	n.wrong.add(schemaFile, pointer, format, args...)
}

// schema returns the sub-schema, written out.
func (n *normaliser) schema(v any, pointer string) any {
	if n.nodes++; n.nodes > maxNodes {
		if n.nodes == maxNodes+1 {
			n.fail("", "more than %d sub-schemas, references written out", maxNodes)
		}
		return true
	}
	node, ok := v.(map[string]any)
	if !ok {
		if _, ok := v.(bool); !ok {
			n.fail(pointer, "want a schema: an object, true or false")
		}
		return v
	}
	out := map[string]any{}
	for _, key := range slices.Sorted(maps.Keys(node)) {
		at := pointer + "/" + escape(key)
		switch v := node[key]; {
		case slices.Contains(strange, key):
			n.fail(at, "this keyword is not supported")
		case slices.Contains(dropped, key), key == "$ref", v == nil && key != "const" && key != "default":
		case slices.Contains(holdsMap, key):
			out[key] = n.mapOf(key, v, at)
		case slices.Contains(holdsList, key) && isList(v):
			out[key] = n.list(v, at)
		case slices.Contains(holdsOne, key):
			out[key] = n.schema(v, at)
		default:
			out[key] = clone(v)
		}
	}
	n.flags(out, pointer)
	if ref, ok := node["$ref"]; ok {
		return n.follow(ref, out, pointer)
	}
	return out
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}

// flags checks AzureTRE's own keywords.
func (n *normaliser) flags(node map[string]any, pointer string) {
	for _, key := range []string{"updateable", "sensitive"} {
		if v, ok := node[key]; ok {
			if _, ok := v.(bool); !ok {
				n.fail(pointer+"/"+key, "want true or false")
			}
		}
	}
	if node["sensitive"] == true && node["default"] != nil && node["default"] != "" {
		n.fail(pointer+"/default", "a sensitive property has no default value: everybody can read it here")
	}
}

func (n *normaliser) list(v any, pointer string) []any {
	items, _ := v.([]any)
	out := make([]any, len(items))
	for i, item := range items {
		out[i] = n.schema(item, pointer+"/"+strconv.Itoa(i))
	}
	return out
}

func (n *normaliser) mapOf(key string, v any, pointer string) any {
	members, ok := v.(map[string]any)
	if !ok {
		n.fail(pointer, "want an object")
		return map[string]any{}
	}
	out := make(map[string]any, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if names, ok := members[name].([]any); ok && key == "dependencies" {
			if slices.ContainsFunc(names, func(v any) bool { _, ok := v.(string); return !ok }) {
				n.fail(pointer+"/"+escape(name), "want names of properties")
				continue
			}
			out[name] = names
			continue
		}
		out[name] = n.schema(members[name], pointer+"/"+escape(name))
	}
	return out
}

// follow puts what a reference refers to in its place. What stands beside it may
// only describe.
func (n *normaliser) follow(v any, beside map[string]any, pointer string) any {
	ref, ok := v.(string)
	at := pointer + "/$ref"
	switch {
	case !ok:
		n.fail(at, "want a text")
		return true
	case !strings.HasPrefix(ref, "#"):
		n.fail(at, "it refers to another document, only references that begin with # are followed")
		return true
	case slices.Contains(n.active, ref):
		n.fail(at, "the schema refers to itself by %s, a form cannot be endless", clip(ref))
		return true
	}
	target, err := n.resolve(ref[1:])
	if err != nil {
		n.fail(at, "%v", err)
		return true
	}
	n.active = append(n.active, ref)
	full := n.schema(target, ref[1:])
	n.active = n.active[:len(n.active)-1]
	out, ok := full.(map[string]any)
	if !ok {
		return full
	}
	secret := out["sensitive"] == true
	for _, key := range slices.Sorted(maps.Keys(beside)) {
		if _, both := out[key]; both && !slices.Contains(annotations, key) {
			n.fail(pointer+"/"+escape(key), "it stands beside a $ref and in what that refers to; write one of them")
			continue
		}
		out[key] = beside[key]
	}
	if secret {
		out["sensitive"] = true // nothing beside a reference makes a secret public
	}
	return out
}

// resolve finds what a JSON pointer, written as a URL's fragment, points to.
func (n *normaliser) resolve(fragment string) (any, error) {
	pointer, err := url.PathUnescape(fragment)
	if err != nil || pointer != "" && !strings.HasPrefix(pointer, "/") {
		return nil, fmt.Errorf("%s is no JSON pointer", clip("#"+fragment))
	}
	var at any = n.root
	for _, token := range strings.Split(pointer, "/")[1:] {
		switch v := at.(type) {
		case map[string]any:
			next, ok := v[unescape(token)]
			if !ok {
				return nil, fmt.Errorf("%s points to nothing", clip("#"+fragment))
			}
			at = next
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) {
				return nil, fmt.Errorf("%s points to nothing", clip("#"+fragment))
			}
			at = v[i]
		default:
			return nil, fmt.Errorf("%s points to nothing", clip("#"+fragment))
		}
	}
	return at, nil
}
