package template

import (
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
)

// loop is a value that a loop makes, an array.
type loop struct{ def map[string]any }

// walk copies a value of a template with its expressions evaluated and its loops run.
func (f *frame) walk(v any, place at) (any, error) {
	switch v := v.(type) {
	case string:
		return expr.Text(v, place)
	case loop:
		return f.run1(v.def, place)
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			value, err := f.walk(item, place)
			if err != nil {
				return nil, err
			}
			out[i] = value
		}
		return out, nil
	case map[string]any:
		return f.walkObject(v, place)
	default:
		return v, nil
	}
}

func (f *frame) walkObject(v map[string]any, place at) (any, error) {
	out := make(map[string]any, len(v))
	for k, item := range v {
		if loops := loopsOf(k, item); loops != nil {
			for _, l := range loops {
				list, err := f.run1(l, place)
				if err != nil {
					return nil, err
				}
				out[text(l["name"])] = list
			}
			continue
		}
		name, err := expr.Text(k, place)
		if err != nil {
			return nil, err
		}
		key, ok := name.(string)
		if !ok {
			return nil, fmt.Errorf("the property name '%s' is not a string", k)
		}
		if out[key], err = f.walk(item, place); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// loopsOf are the loops that an object's property named copy stands for; nil if it is a property like any other.
func loopsOf(key string, v any) []map[string]any {
	list, ok := v.([]any)
	if !ok || key != "copy" || len(list) == 0 {
		return nil
	}
	var loops []map[string]any
	for _, item := range list {
		l := object(item)
		_, hasInput := l["input"]
		_, hasCount := l["count"]
		if text(l["name"]) == "" || !hasInput || !hasCount {
			return nil
		}
		loops = append(loops, l)
	}
	return loops
}

// run1 runs a loop that makes an array.
func (f *frame) run1(l map[string]any, place at) (any, error) {
	n, err := f.count(l, place)
	if err != nil {
		return nil, err
	}
	out := make([]any, n)
	for i := range out {
		if out[i], err = f.walk(l["input"], place.in(text(l["name"]), i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// count is how often a loop turns.
func (f *frame) count(l map[string]any, place at) (int, error) {
	v, err := f.walk(l["count"], place)
	if err != nil {
		return 0, err
	}
	n, ok := v.(int64)
	if !ok || n < 0 || n > MaxCopies {
		return 0, invalid("The copy count '%s' of '%s' is not valid: it must be an integer from 0 to %d. "+
			"Please see https://aka.ms/arm-copy for usage details.", expr.Print(v), text(l["name"]), MaxCopies)
	}
	return int(n), nil
}
