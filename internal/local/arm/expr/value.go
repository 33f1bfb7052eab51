package expr

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Normal turns decoded JSON into the values of this package: whole numbers are int64.
func Normal(v any) any {
	switch v := v.(type) {
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return int64(v)
		}
	case int:
		return int64(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		f, _ := v.Float64() // a JSON number is one
		return f
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Normal(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = Normal(v[k])
		}
		return out
	}
	return v
}

// typeName is what ARM calls the type of a value in its messages.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "Null"
	case bool:
		return "Boolean"
	case int64:
		return "Integer"
	case float64:
		return "Float"
	case string:
		return "String"
	case []any:
		return "Array"
	default:
		return "Object"
	}
}

// TypeName is what ARM calls the type of a value in its messages, such as String.
func TypeName(v any) string { return typeName(v) }

func sortedKeys(m map[string]any) []string { return slices.Sorted(maps.Keys(m)) }

// toText prints a value as the function string does: JSON for arrays and objects, True and False as .NET writes them.
func toText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	default:
		return toJSON(v)
	}
}

func toJSON(v any) string {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		panic(err) // decoded JSON always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func fromJSON(s string) (any, error) {
	var v any
	decoder := json.NewDecoder(strings.NewReader(s))
	decoder.UseNumber()
	if err := decoder.Decode(&v); err != nil {
		return nil, fmt.Errorf("the text is not JSON: %w", err)
	}
	return Normal(v), nil
}

// equal compares as the function equals does: strings by case, numbers by value, the rest by structure.
func equal(a, b any) bool {
	switch a := a.(type) {
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case int64:
		if f, ok := b.(float64); ok {
			return float64(a) == f
		}
	case float64:
		if n, ok := b.(int64); ok {
			return a == float64(n)
		}
	}
	switch b.(type) {
	case []any, map[string]any:
		return false
	}
	return a == b
}

// plain is a function of its arguments alone.
type plain func(args []any) (any, error)

// functions by lower-case name.
var functions = join(stringFunctions, codecFunctions, arrayFunctions, objectFunctions, numberFunctions, networkFunctions, timeFunctions)

func join(tables ...map[string]plain) map[string]plain {
	all := map[string]plain{}
	for _, t := range tables {
		maps.Copy(all, t)
	}
	return all
}

// arg is the argument at an index as a T.
func arg[T any](args []any, i int) (T, error) {
	var zero T
	if i >= len(args) {
		return zero, errArguments
	}
	v, ok := args[i].(T)
	if _, takesNull := any(&zero).(*any); !ok && !takesNull {
		return zero, fmt.Errorf("argument %d is of type '%s', which is not expected", i+1, typeName(args[i]))
	}
	return v, nil
}

// two are the first two arguments.
func two[A, B any](args []any) (A, B, error) {
	a, err := arg[A](args, 0)
	if err != nil {
		var zero B
		return a, zero, err
	}
	b, err := arg[B](args, 1)
	return a, b, err
}

// of1 makes a function of one argument.
func of1[A any](f func(A) any) plain {
	return func(args []any) (any, error) {
		if len(args) != 1 {
			return nil, errArguments
		}
		a, err := arg[A](args, 0)
		if err != nil {
			return nil, err
		}
		return f(a), nil
	}
}

// of2 makes a function of two arguments.
func of2[A, B any](f func(A, B) (any, error)) plain {
	return func(args []any) (any, error) {
		if len(args) != 2 {
			return nil, errArguments
		}
		a, b, err := two[A, B](args)
		if err != nil {
			return nil, err
		}
		return f(a, b)
	}
}

// Print is a value as the function string prints it.
func Print(v any) string { return toText(v) }
