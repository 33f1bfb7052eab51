package template

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
)

// Check finds what is wrong with a template before anything is deployed: values without a parameter, parameters
// without a value, expressions that do not parse, functions that do not exist, numbers beyond the limits.
func Check(t, parameters map[string]any) error {
	if text(t["contentVersion"]) == "" || t["resources"] == nil {
		return invalid("Required property 'contentVersion' or 'resources' not found in JSON. " +
			"Please see https://aka.ms/arm-syntax for usage details.")
	}
	if err := checkParameters(t, parameters); err != nil {
		return err
	}
	for name, v := range parameters {
		declared, declaration, _ := Declared(t, name)
		if v == nil {
			continue
		}
		if err := checkValue(declared, declaration, expr.Normal(v)); err != nil {
			return err
		}
	}
	return checkTemplate(t)
}

func checkTemplate(t map[string]any) error {
	if n := len(object(t["outputs"])); n > MaxOutputs {
		return invalid("The number of template output parameters limit exceeded. Limit: '%d' and actual: '%d'. "+
			"Please see https://aka.ms/arm-syntax-outputs for usage details.", MaxOutputs, n)
	}
	own := userFunctions(t)
	return checkValueOf(t, func(n expr.Node) error {
		var wrong string
		expr.Calls(n, func(name string, _ int) {
			if own[strings.ToLower(name)] == nil && !known(name) {
				wrong = name
			}
		})
		if wrong != "" {
			return invalid("The template function '%s' is not valid. Please see https://aka.ms/arm-functions for usage details.", wrong)
		}
		return nil
	})
}

// checkValueOf visits every expression of a template; nested templates are checked as templates.
func checkValueOf(v any, visit func(expr.Node) error) error {
	switch v := v.(type) {
	case string:
		inner, ok := expr.Is(v)
		if !ok {
			return nil
		}
		n, err := expr.Parse(inner)
		if err != nil {
			return invalid("%s", upper(err))
		}
		return visit(n)
	case []any:
		for _, item := range v {
			if err := checkValueOf(item, visit); err != nil {
				return err
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			check := func() error { return checkValueOf(v[k], visit) }
			if inner := object(v[k]); k == "template" && inner["$schema"] != nil {
				check = func() error { return checkTemplate(inner) }
			}
			if err := check(); err != nil {
				return err
			}
		}
	}
	return nil
}

// upper is an error's text as a sentence.
func upper(err error) string {
	s := fmt.Sprint(err)
	return strings.ToUpper(s[:1]) + s[1:]
}
