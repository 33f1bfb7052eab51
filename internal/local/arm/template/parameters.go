package template

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
)

// usage is where Resource Manager sends people whose parameters are wrong.
const usage = "Please see https://aka.ms/arm-parameter-files for usage details."

// Declared is the declaration of a parameter, whatever the case of its name, with the name as declared.
func Declared(t map[string]any, name string) (string, map[string]any, bool) {
	for k, v := range object(t["parameters"]) {
		if strings.EqualFold(k, name) {
			return k, resolve(t, object(v)), true
		}
	}
	return "", nil, false
}

// Secure says whether a declaration is of a secret.
func Secure(declaration map[string]any) bool {
	return strings.HasPrefix(strings.ToLower(text(declaration["type"])), "secure")
}

// resolve follows a reference to a type that the template defines.
func resolve(t, declaration map[string]any) map[string]any {
	for range 10 { // a chain of references that is longer is a circle
		ref, ok := strings.CutPrefix(text(declaration["$ref"]), "#/definitions/")
		if !ok {
			return declaration
		}
		merged := maps.Clone(object(object(t["definitions"])[ref]))
		if merged == nil {
			return declaration
		}
		for k, v := range declaration {
			if k != "$ref" {
				merged[k] = v
			}
		}
		declaration = merged
	}
	return declaration
}

// checkParameters finds values without a declaration, and declarations without a value.
func checkParameters(t, given map[string]any) error {
	declared := object(t["parameters"])
	if len(declared) > MaxParameters {
		return invalid("The number of template parameters limit exceeded. Limit: '%d' and actual: '%d'. "+
			"Please see https://aka.ms/arm-syntax-parameters for usage details.", MaxParameters, len(declared))
	}
	names := slices.Sorted(maps.Keys(declared))
	for _, name := range slices.Sorted(maps.Keys(given)) {
		if _, _, ok := Declared(t, name); !ok {
			return invalid("The template parameters '%s' in the parameters file are not valid; they are not present in the "+
				"original template and can therefore not be provided at deployment time. The only supported parameters for "+
				"this template are '%s'. Please see https://aka.ms/arm-pass-parameter-values for usage details.",
				name, strings.Join(names, ", "))
		}
	}
	for _, name := range names {
		_, declaration, _ := Declared(t, name)
		_, hasDefault := declaration["defaultValue"]
		if v, _ := find(given, name); v == nil && !hasDefault && declaration["nullable"] != true {
			return invalid("The value for the template parameter '%s' is not provided. %s", name, usage)
		}
	}
	return nil
}

// find looks a name up whatever its case.
func find(m map[string]any, name string) (any, bool) {
	if v, ok := m[name]; ok {
		return v, true
	}
	for k, v := range m {
		if strings.EqualFold(k, name) {
			return v, true
		}
	}
	return nil, false
}

// parameter is a parameter's value, checked against its declaration.
func (f *frame) parameter(name string) (any, error) {
	declared, declaration, ok := Declared(f.d.Template, name)
	if !ok {
		return nil, invalid("The template parameter '%s' is not found. "+
			"Please see https://aka.ms/arm-syntax-parameters for usage details.", name)
	}
	if v, ok := f.parameters[declared]; ok {
		return v, nil
	}
	v, _ := find(f.d.Parameters, declared)
	if _, hasDefault := declaration["defaultValue"]; v == nil && hasDefault { // null is as good as nothing
		if f.busy["parameter "+declared] {
			return nil, invalid("The template parameter '%s' depends on itself.", declared)
		}
		f.busy["parameter "+declared] = true
		defer delete(f.busy, "parameter "+declared)
		var err error
		if v, err = f.walk(declaration["defaultValue"], at{f: f, inDefault: true}); err != nil {
			return nil, err
		}
	}
	v = expr.Normal(v)
	if err := checkValue(declared, declaration, v); err != nil {
		return nil, err
	}
	f.parameters[declared] = v
	return v, nil
}

func checkValue(name string, declaration map[string]any, v any) error {
	if v == nil && declaration["nullable"] == true {
		return nil
	}
	expected := strings.ToLower(strings.TrimPrefix(strings.ToLower(text(declaration["type"])), "secure"))
	actual := map[string]string{"String": "string", "Integer": "int", "Boolean": "bool", "Array": "array", "Object": "object"}[expr.TypeName(v)]
	if expected != "" && expected != actual {
		return invalid("Template parameter JToken type is not valid. Expected '%s'. Actual '%s'. The parameter is '%s'. "+
			"Please see https://aka.ms/resource-manager-parameter-files for usage details.",
			map[string]string{"string": "String, Uri", "int": "Integer", "bool": "Boolean", "array": "Array", "object": "Object"}[expected],
			expr.TypeName(v), name)
	}
	if err := checkAllowed(name, declaration, v); err != nil {
		return err
	}
	return checkBounds(name, declaration, v)
}

func checkAllowed(name string, declaration map[string]any, v any) error {
	allowed, ok := declaration["allowedValues"].([]any)
	if !ok {
		return nil
	}
	values, isList := v.([]any)
	if !isList {
		values = []any{v}
	}
	for _, value := range values {
		if slices.ContainsFunc(allowed, func(a any) bool { return sameAllowed(a, value) }) {
			continue
		}
		var texts []string
		for _, a := range allowed {
			texts = append(texts, expr.Print(a))
		}
		shown := expr.Print(value)
		if Secure(declaration) {
			shown = "*"
		}
		return invalid("The provided value for the template parameter '%s' is not valid. The value '%s' is not part of the "+
			"allowed value(s): '%s'.", name, shown, strings.Join(texts, ","))
	}
	return nil
}

func sameAllowed(a, b any) bool {
	s, ok := a.(string)
	t, isText := b.(string)
	if ok && isText {
		return strings.EqualFold(s, t)
	}
	return expr.Print(a) == expr.Print(b)
}

func checkBounds(name string, declaration map[string]any, v any) error {
	var size int64
	what, low, high := "Length", "minLength", "maxLength"
	switch v := v.(type) {
	case string:
		size = int64(len(utf16.Encode([]rune(v))))
	case []any:
		size = int64(len(v))
	case int64:
		size, what, low, high = v, "The value", "minValue", "maxValue"
	default:
		return nil
	}
	if bound, ok := declaration[low].(int64); ok && size < bound {
		return invalid("The provided value for the template parameter '%s' is not valid. %s of the value should be greater "+
			"than or equal to '%d'. %s", name, what, bound, usage)
	}
	if bound, ok := declaration[high].(int64); ok && size > bound {
		return invalid("The provided value for the template parameter '%s' is not valid. %s of the value should be less than "+
			"or equal to '%d'. %s", name, what, bound, usage)
	}
	return nil
}
