package template

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// node is one resource of a template: one turn, when the template repeats it.
type node struct {
	def              map[string]any
	place            at
	id, typ, name    string
	existing, nested bool
	state            int // of realise
	whole            map[string]any
}

const (
	fresh = iota
	underWay
	done
)

// expand finds the resources of the template, with their ids; those whose condition is false are left out.
func (f *frame) expand() error {
	switch resources := f.d.Template["resources"].(type) {
	case []any:
		for _, def := range resources {
			if err := f.expandOne("", object(def)); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, symbol := range slices.Sorted(maps.Keys(resources)) {
			if err := f.expandOne(symbol, object(resources[symbol])); err != nil {
				return err
			}
		}
	}
	if len(f.nodes) > MaxResources {
		return invalid("The number of template resources limit exceeded. Limit: '%d' and actual: '%d'. "+
			"Please see https://aka.ms/arm-syntax-resources for usage details.", MaxResources, len(f.nodes))
	}
	return nil
}

func (f *frame) expandOne(symbol string, def map[string]any) error {
	c, repeated := def["copy"].(map[string]any)
	if !repeated {
		_, err := f.add(symbol, def, at{f: f})
		return err
	}
	name := text(c["name"])
	n, err := f.count(c, at{f: f})
	if err != nil {
		return err
	}
	for i := range n {
		turn := ""
		if symbol != "" {
			turn = symbol + "[" + strconv.Itoa(i) + "]"
		}
		added, err := f.add(turn, def, at{f: f}.in(name, i))
		if err != nil {
			return err
		}
		if added != nil {
			for _, key := range []string{name, symbol} {
				f.loops[strings.ToLower(key)] = append(f.loops[strings.ToLower(key)], added)
			}
		}
	}
	return nil
}

// add makes the node of one turn; nil when its condition is false.
func (f *frame) add(symbol string, def map[string]any, place at) (*node, error) {
	if condition, ok := def["condition"]; ok {
		yes, err := f.walk(condition, place)
		if err != nil {
			return nil, err
		}
		if yes != true {
			return nil, nil
		}
	}
	n := &node{def: def, place: place, typ: text(def["type"]), existing: def["existing"] == true}
	n.nested = strings.EqualFold(n.typ, "Microsoft.Resources/deployments")
	name, err := f.walk(def["name"], place)
	if err != nil {
		return nil, err
	}
	n.name = text(name)
	scope, err := f.scopeOf(def, place)
	if err != nil {
		return nil, err
	}
	if n.id, err = ResourceID(scope, n.typ, n.name); err != nil {
		return nil, err
	}
	if other := f.byName[strings.ToLower(n.id)]; other != nil && !n.existing && !other.existing {
		return nil, invalid("The resource '%s' at line '1' and column '1' is defined multiple times in a template. "+
			"Please see https://aka.ms/arm-syntax-resources for usage details.", n.id)
	}
	f.nodes = append(f.nodes, n)
	for _, key := range []string{n.id, symbol, n.name} {
		key = strings.ToLower(key)
		if old := f.byName[key]; key != "" && (old == nil || old.existing || key == strings.ToLower(symbol)) {
			f.byName[key] = n
		}
	}
	return n, nil
}

// scopeOf is the id that a resource's own is built on.
func (f *frame) scopeOf(def map[string]any, place at) (string, error) {
	own, err := f.walk(def["scope"], place)
	if err != nil {
		return "", err
	}
	if s := text(own); s != "" {
		if !strings.HasPrefix(s, "/") { // the old way to name a resource: type and name in one
			return f.d.Scope.ID() + "/providers/" + s, nil
		}
		return strings.TrimSuffix(s, "/"), nil
	}
	scope, err := f.nestedScope(def, place)
	return scope.ID(), err
}

// nestedScope is where a nested deployment stands, or any other resource.
func (f *frame) nestedScope(def map[string]any, place at) (Scope, error) {
	scope := f.d.Scope
	subscription, err := f.walk(def["subscriptionId"], place)
	if err != nil {
		return scope, err
	}
	group, err := f.walk(def["resourceGroup"], place)
	if err != nil {
		return scope, err
	}
	if s := text(subscription); s != "" {
		scope = Scope{Subscription: s}
	}
	if g := text(group); g != "" {
		scope.Group = g
	}
	return scope, nil
}

// node finds a resource of this template by symbolic name, id or name.
func (f *frame) node(ref string) *node { return f.byName[strings.ToLower(ref)] }

// resolve is a whole resource: of this template, of this run, or of the world.
func (f *frame) resolve(ref string) (map[string]any, error) {
	id := ref
	if n := f.node(ref); n != nil {
		if !n.existing {
			return f.realise(n)
		}
		id = n.id
	}
	if whole, ok := f.run.lookup(id); ok {
		return whole, nil
	}
	if !strings.HasPrefix(id, "/") {
		return nil, invalid("The resource '%s' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.", ref)
	}
	return nil, notFound(id)
}

func notFound(id string) *Error {
	_, rest, _ := strings.Cut(id, "/resourceGroups/")
	group, _, _ := strings.Cut(rest, "/")
	_, named, _ := strings.Cut(id, "/providers/")
	return &Error{Code: "ResourceNotFound", Target: id, Message: "The Resource '" + shortName(named) + "' under resource group '" + group +
		"' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"}
}

// shortName turns ns/type/name/type/name into ns/type/type/name/name, as messages show it.
func shortName(path string) string {
	parts := strings.Split(path, "/")
	var types, names []string
	for i := 1; i < len(parts); i++ {
		if i%2 == 1 {
			types = append(types, parts[i])
		} else {
			names = append(names, parts[i])
		}
	}
	return strings.Join(append(append(parts[:1:1], types...), names...), "/")
}
