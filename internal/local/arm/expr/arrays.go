package expr

import (
	"fmt"
	"slices"
	"strings"
)

var arrayFunctions = map[string]plain{
	"array": of1(func(v any) any {
		if list, ok := v.([]any); ok {
			return list
		}
		return []any{v}
	}),
	"createarray": func(args []any) (any, error) { return slices.Clone(args), nil },
	"concat":      concat,
	"contains":    contains,
	"empty":       of1(func(v any) any { return v == nil || length(v) == 0 }),
	"length": func(args []any) (any, error) {
		if len(args) != 1 || length(args[0]) < 0 {
			return nil, errArguments
		}
		return length(args[0]), nil
	},
	"first":       func(args []any) (any, error) { return end(args, true) },
	"last":        func(args []any) (any, error) { return end(args, false) },
	"take":        func(args []any) (any, error) { return part(args, true) },
	"skip":        func(args []any) (any, error) { return part(args, false) },
	"indexof":     func(args []any) (any, error) { return index(args, strings.Index, false) },
	"lastindexof": func(args []any) (any, error) { return index(args, strings.LastIndex, true) },
	"range":       numberRange,
	"flatten": of1(func(list []any) any {
		out := []any{}
		for _, item := range list {
			if inner, ok := item.([]any); ok {
				out = append(out, inner...)
			}
		}
		return out
	}),
	"indexfromend": func(args []any) (any, error) {
		v, ok := fromEnd(args)
		if !ok {
			return nil, fmt.Errorf("the index is out of bounds")
		}
		return v, nil
	},
	"tryindexfromend": func(args []any) (any, error) {
		v, _ := fromEnd(args)
		return v, nil
	},
}

// length is of a string in UTF-16 units, an array or an object; -1 of anything else.
func length(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(len(utf16Of(v)))
	case []any:
		return int64(len(v))
	case map[string]any:
		return int64(len(v))
	default:
		return -1
	}
}

func concat(args []any) (any, error) {
	if len(args) > 0 {
		if _, ok := args[0].([]any); ok {
			out := []any{}
			for i := range args {
				list, err := arg[[]any](args, i)
				if err != nil {
					return nil, err
				}
				out = append(out, list...)
			}
			return out, nil
		}
	}
	var b strings.Builder
	for _, a := range args {
		b.WriteString(toText(a))
	}
	return b.String(), nil
}

func contains(args []any) (any, error) {
	if len(args) != 2 {
		return nil, errArguments
	}
	switch in := args[0].(type) {
	case string:
		return strings.Contains(in, toText(args[1])), nil
	case []any:
		return slices.ContainsFunc(in, func(v any) bool { return equal(v, args[1]) }), nil
	case map[string]any:
		_, ok := lookup(in, args[1])
		return ok, nil
	case nil:
		return false, nil
	default:
		return nil, fmt.Errorf("a value of type '%s' contains nothing", typeName(in))
	}
}

func end(args []any, first bool) (any, error) {
	if len(args) != 1 {
		return nil, errArguments
	}
	at := func(n int) int {
		if first {
			return 0
		}
		return n - 1
	}
	switch v := args[0].(type) {
	case []any:
		if len(v) == 0 {
			return nil, nil
		}
		return v[at(len(v))], nil
	case string:
		units := utf16Of(v)
		if len(units) == 0 {
			return "", nil
		}
		i := at(len(units))
		return textOf(units[i : i+1]), nil
	default:
		return nil, fmt.Errorf("a value of type '%s' has no first and last", typeName(v))
	}
}

// part is what take and skip leave.
func part(args []any, head bool) (any, error) {
	of, n, err := two[any, int64](args)
	if err != nil {
		return nil, err
	}
	switch v := of.(type) {
	case []any:
		cut := min(max(n, 0), int64(len(v)))
		if head {
			return slices.Clone(v[:cut]), nil
		}
		return slices.Clone(v[cut:]), nil
	case string:
		units := utf16Of(v)
		cut := min(max(n, 0), int64(len(units)))
		if head {
			return textOf(units[:cut]), nil
		}
		return textOf(units[cut:]), nil
	default:
		return nil, fmt.Errorf("a value of type '%s' has no parts", typeName(v))
	}
}

func index(args []any, find func(s, part string) int, last bool) (any, error) {
	if len(args) != 2 {
		return nil, errArguments
	}
	switch in := args[0].(type) {
	case string:
		s, err := arg[string](args, 1)
		if err != nil {
			return nil, err
		}
		at := find(strings.ToLower(in), strings.ToLower(s))
		return int64(at), nil
	case []any:
		found := int64(-1)
		for i, v := range in {
			if equal(v, args[1]) {
				if found = int64(i); !last {
					break
				}
			}
		}
		return found, nil
	default:
		return nil, fmt.Errorf("a value of type '%s' has no index", typeName(in))
	}
}

// maxRange is how many numbers range gives at most.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-array#range
const maxRange = 10000

func numberRange(args []any) (any, error) {
	start, count, err := two[int64, int64](args)
	if err != nil {
		return nil, err
	}
	if count < 0 || count > maxRange {
		return nil, fmt.Errorf("the count '%d' is not from 0 to %d", count, maxRange)
	}
	out := make([]any, count)
	for i := range out {
		out[i] = start + int64(i)
	}
	return out, nil
}

func fromEnd(args []any) (any, bool) {
	list, n, err := two[[]any, int64](args)
	if err != nil || n < 1 || n > int64(len(list)) {
		return nil, false
	}
	return list[int64(len(list))-n], true
}
