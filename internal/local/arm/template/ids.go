package template

import (
	"strconv"
	"strings"
)

// idParts splits the arguments of resourceId into what comes before the type, the type, and the names.
func idParts(args []any) (before []string, typ, name string, err error) {
	var texts []string
	for _, a := range args {
		texts = append(texts, text(a))
	}
	for i, t := range texts {
		if strings.Contains(t, "/") {
			return texts[:i], t, strings.Join(texts[i+1:], "/"), nil
		}
	}
	return nil, "", "", invalid("Unable to evaluate template language function 'resourceId': the type '%s' requires resource "+
		"name argument(s). Please see https://aka.ms/arm-resource-functions/#resourceid for usage details.", strings.Join(texts, "', '"))
}

// resourceID takes a subscription and a group, a group, or neither before type and names.
func (a at) resourceID(args []any) (any, error) {
	before, typ, name, err := idParts(args)
	if err != nil {
		return nil, err
	}
	scope := a.f.d.Scope
	switch len(before) {
	case 0:
	case 1:
		if scope.Group == "" {
			scope.Subscription = before[0]
		} else {
			scope.Group = before[0]
		}
	case 2:
		scope = Scope{before[0], before[1]}
	default:
		return nil, invalid("Unable to evaluate template language function 'resourceId': %d arguments stand before the type.", len(before))
	}
	return anyID(ResourceID(scope.ID(), typ, name))
}

// anyID hides that an id is a string, and keeps nil what failed.
func anyID(id string, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return id, nil
}

func (a at) subscriptionResourceID(args []any) (any, error) {
	before, typ, name, err := idParts(args)
	if err != nil {
		return nil, err
	}
	scope := Scope{Subscription: a.f.d.Scope.Subscription}
	if len(before) > 0 {
		scope.Subscription = before[0]
	}
	return anyID(ResourceID(scope.ID(), typ, name))
}

func tenantResourceID(_ at, args []any) (any, error) {
	_, typ, name, err := idParts(args)
	if err != nil {
		return nil, err
	}
	return anyID(ResourceID("", typ, name))
}

func extensionResourceID(_ at, args []any) (any, error) {
	if len(args) < 3 {
		return nil, invalid("Unable to evaluate template language function 'extensionResourceId': it takes a scope, a type and names.")
	}
	_, typ, name, err := idParts(args[1:])
	if err != nil {
		return nil, err
	}
	return anyID(ResourceID(text(args[0]), typ, name))
}

// idOf is a resource's id, given by id, by symbolic name or by name.
func (a at) idOf(ref string) (string, error) {
	if n := a.f.node(ref); n != nil {
		return n.id, nil
	}
	if strings.HasPrefix(ref, "/") {
		return ref, nil
	}
	return "", invalid("The resource '%s' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.", ref)
}

// reference is the properties of a resource, or all of it with the third argument 'Full'. A resource of this
// template is made first.
func (a at) reference(args []any) (any, error) {
	whole, err := a.f.resolve(first(args))
	if err != nil {
		return nil, err
	}
	if len(args) > 2 && strings.EqualFold(text(args[2]), "full") {
		return whole, nil
	}
	if properties := object(whole["properties"]); properties != nil {
		return properties, nil
	}
	return map[string]any{}, nil
}

// references is the same of every turn of a loop.
func (a at) references(args []any) (any, error) {
	out := []any{}
	for i := 0; ; i++ {
		n := a.f.node(first(args) + "[" + strconv.Itoa(i) + "]")
		if n == nil {
			return out, nil
		}
		whole, err := a.f.resolve(n.id)
		if err != nil {
			return nil, err
		}
		if len(args) > 1 && strings.EqualFold(text(args[1]), "full") {
			out = append(out, whole)
		} else {
			out = append(out, object(whole["properties"]))
		}
	}
}

func (a at) resourceInfo(args []any) (any, error) {
	n := a.f.node(first(args))
	if n == nil {
		return nil, invalid("The resource '%s' is not defined in the template. Please see https://aka.ms/arm-syntax for usage details.", first(args))
	}
	return map[string]any{"id": n.id, "name": n.name, "type": n.typ, "apiVersion": text(n.def["apiVersion"])}, nil
}
