package expr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf16"
)

var objectFunctions = map[string]plain{
	"createobject": createObject,
	"null":         func([]any) (any, error) { return nil, nil },
	"union":        union,
	"intersection": intersection,
	"shallowmerge": of1(func(list []any) any {
		out := map[string]any{}
		for _, item := range list {
			if m, ok := item.(map[string]any); ok {
				maps.Copy(out, m)
			}
		}
		return out
	}),
	"items": of1(func(m map[string]any) any {
		out := make([]any, 0, len(m))
		for _, k := range sortedKeys(m) {
			out = append(out, map[string]any{"key": k, "value": m[k]})
		}
		return out
	}),
	"objectkeys": of1(func(m map[string]any) any {
		out := make([]any, 0, len(m))
		for _, k := range sortedKeys(m) {
			out = append(out, k)
		}
		return out
	}),
	"tryget": func(args []any) (any, error) {
		if len(args) < 2 {
			return nil, errArguments
		}
		value := args[0]
		for _, key := range args[1:] {
			value, _ = lookup(value, key)
		}
		return value, nil
	},
	"fail": func(args []any) (any, error) {
		message, err := arg[string](args, 0)
		if err != nil {
			return nil, err
		}
		return nil, errors.New(message)
	},
}

func createObject(args []any) (any, error) {
	if len(args)%2 != 0 {
		return nil, errArguments
	}
	out := map[string]any{}
	for i := 0; i < len(args); i += 2 {
		key, err := arg[string](args, i)
		if err != nil {
			return nil, err
		}
		out[key] = args[i+1]
	}
	return out, nil
}

// union merges objects deeply, and arrays without repeating an element.
func union(args []any) (any, error) {
	if len(args) == 0 {
		return nil, errArguments
	}
	if _, ok := args[0].([]any); ok {
		out := []any{}
		for i := range args {
			list, err := arg[[]any](args, i)
			if err != nil {
				return nil, err
			}
			for _, item := range list {
				if !slices.ContainsFunc(out, func(v any) bool { return equal(v, item) }) {
					out = append(out, item)
				}
			}
		}
		return out, nil
	}
	out := map[string]any{}
	for i := range args {
		m, err := arg[map[string]any](args, i)
		if err != nil {
			return nil, err
		}
		out = merge(out, m)
	}
	return out, nil
}

func merge(a, b map[string]any) map[string]any {
	out := maps.Clone(a)
	for k, v := range b {
		old, isOld := out[k].(map[string]any)
		new, isNew := v.(map[string]any)
		if isOld && isNew {
			out[k] = merge(old, new)
		} else {
			out[k] = v
		}
	}
	return out
}

func intersection(args []any) (any, error) {
	if len(args) == 0 {
		return nil, errArguments
	}
	switch first := args[0].(type) {
	case []any:
		out := []any{}
		for _, item := range first {
			in := true
			for _, other := range args[1:] {
				list, ok := other.([]any)
				in = in && ok && slices.ContainsFunc(list, func(v any) bool { return equal(v, item) })
			}
			if in {
				out = append(out, item)
			}
		}
		return out, nil
	case map[string]any:
		out := map[string]any{}
		for k, v := range first {
			in := true
			for _, other := range args[1:] {
				m, _ := other.(map[string]any)
				theirs, ok := m[k]
				in = in && ok && equal(theirs, v)
			}
			if in {
				out[k] = v
			}
		}
		return out, nil
	default:
		return nil, fmt.Errorf("a value of type '%s' has no intersection", typeName(first))
	}
}

func utf16Of(s string) []uint16 { return utf16.Encode([]rune(s)) }

func textOf(units []uint16) string { return string(utf16.Decode(units)) }
