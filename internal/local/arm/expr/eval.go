package expr

import (
	"fmt"
	"maps"
	"strings"
)

// Scope answers the functions that depend on where an expression stands. A function that it does not know is
// reported by known = false. Names are lower case.
type Scope interface {
	Call(name string, args []any) (value any, known bool, err error)
}

// Eval is the value of a node: nil, bool, int64, float64, string, []any or map[string]any.
func Eval(n Node, s Scope) (any, error) { return n.eval(&evaluation{scope: s}) }

// Calls reports every function that a node calls, with the names as written, and how many arguments it gives.
func Calls(n Node, visit func(name string, args int)) {
	switch n := n.(type) {
	case call:
		visit(n.text, len(n.args))
		for _, a := range n.args {
			Calls(a, visit)
		}
	case access:
		Calls(n.of, visit)
		Calls(n.key, visit)
	}
}

// Known says whether the package itself knows a function.
func Known(name string) bool {
	name = strings.ToLower(name)
	_, special := specials[name]
	_, plain := functions[name]
	return special || plain
}

// evaluation is a scope with the variables of the lambdas around.
type evaluation struct {
	scope Scope
	local map[string]any
}

// with is the same evaluation inside a lambda.
func (e *evaluation) with(names []string, values ...any) *evaluation {
	inner := &evaluation{scope: e.scope, local: maps.Clone(e.local)}
	if inner.local == nil {
		inner.local = map[string]any{}
	}
	for i, name := range names {
		if i < len(values) {
			inner.local[name] = values[i]
		}
	}
	return inner
}

func (l literal) eval(*evaluation) (any, error) { return l.value, nil }

func (a access) eval(e *evaluation) (any, error) {
	of, err := a.of.eval(e)
	if err != nil {
		return nil, err
	}
	key, err := a.key.eval(e)
	if err != nil {
		return nil, err
	}
	value, found := lookup(of, key)
	if found {
		return value, nil
	}
	switch of := of.(type) {
	case map[string]any:
		return nil, fmt.Errorf("the language expression property '%v' doesn't exist, available properties are '%s'",
			key, strings.Join(sortedKeys(of), ", "))
	case []any:
		return nil, fmt.Errorf("the language expression property array index '%v' is out of bounds", key)
	default:
		return nil, fmt.Errorf("the language expression property '%v' can't be evaluated, property of '%s'", key, typeName(of))
	}
}

// lookup is a property, whatever the case of its name, or an element.
func lookup(of, key any) (any, bool) {
	switch of := of.(type) {
	case map[string]any:
		name, ok := key.(string)
		if !ok {
			return nil, false
		}
		if value, ok := of[name]; ok {
			return value, true
		}
		for k, value := range of {
			if strings.EqualFold(k, name) {
				return value, true
			}
		}
	case []any:
		if i, ok := key.(int64); ok && i >= 0 && i < int64(len(of)) {
			return of[i], true
		}
	}
	return nil, false
}

func (c call) eval(e *evaluation) (any, error) {
	if special, ok := specials[c.name]; ok {
		return special(e, c)
	}
	args := make([]any, len(c.args))
	for i, a := range c.args {
		value, err := a.eval(e)
		if err != nil {
			return nil, err
		}
		args[i] = value
	}
	if f, ok := functions[c.name]; ok {
		value, err := f(args)
		if err != nil {
			return nil, fmt.Errorf("the template language function '%s': %w", c.text, err)
		}
		return value, nil
	}
	value, known, err := e.scope.Call(c.name, args)
	if err == nil && !known {
		err = fmt.Errorf("the template function '%s' is not valid", c.text)
	}
	return value, err
}

// Text is the value of a string of a template: of the expression that it is, or of itself.
func Text(s string, scope Scope) (any, error) {
	inner, ok := Is(s)
	if !ok {
		return Unescape(s), nil
	}
	node, err := Parse(inner)
	if err != nil {
		return nil, err
	}
	return Eval(node, scope)
}
