package expr

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

var errOverflow = errors.New("the result is not a 64-bit integer")

var numberFunctions = map[string]plain{
	"add": of2(func(a, b int64) (any, error) {
		if sum := a + b; (sum > a) == (b > 0) {
			return sum, nil
		}
		return nil, errOverflow
	}),
	"sub": of2(func(a, b int64) (any, error) {
		if difference := a - b; (difference < a) == (b > 0) {
			return difference, nil
		}
		return nil, errOverflow
	}),
	"mul": of2(func(a, b int64) (any, error) {
		product := a * b
		if a != 0 && (product/a != b || a == -1 && b == -product && product < 0 && b < 0) {
			return nil, errOverflow
		}
		return product, nil
	}),
	"div": of2(func(a, b int64) (any, error) { return divided(a, b, false) }),
	"mod": of2(func(a, b int64) (any, error) { return divided(a, b, true) }),
	"int": of1any(func(v any) (any, error) {
		switch v := v.(type) {
		case int64:
			return v, nil
		case float64:
			return int64(v), nil
		case string:
			if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
				return n, nil
			}
		}
		return nil, fmt.Errorf("the value '%s' is not an integer", toText(v))
	}),
	"float": of1any(func(v any) (any, error) {
		f, err := strconv.ParseFloat(toText(v), 64)
		if err != nil {
			return nil, fmt.Errorf("the value '%s' is not a number", toText(v))
		}
		return f, nil
	}),
	"bool": of1any(func(v any) (any, error) {
		switch v := v.(type) {
		case bool:
			return v, nil
		case int64:
			return v != 0, nil
		case string:
			switch strings.ToLower(v) {
			case "true", "1":
				return true, nil
			case "false", "0":
				return false, nil
			}
		}
		return nil, fmt.Errorf("the value '%s' is not a truth value", toText(v))
	}),
	"true":            func([]any) (any, error) { return true, nil },
	"false":           func([]any) (any, error) { return false, nil },
	"not":             of1(func(b bool) any { return !b }),
	"equals":          of2(func(a, b any) (any, error) { return equal(a, b), nil }),
	"less":            of2(func(a, b any) (any, error) { return compared(a, b, func(c int) bool { return c < 0 }) }),
	"lessorequals":    of2(func(a, b any) (any, error) { return compared(a, b, func(c int) bool { return c <= 0 }) }),
	"greater":         of2(func(a, b any) (any, error) { return compared(a, b, func(c int) bool { return c > 0 }) }),
	"greaterorequals": of2(func(a, b any) (any, error) { return compared(a, b, func(c int) bool { return c >= 0 }) }),
	"min":             func(args []any) (any, error) { return extreme(args, func(a, b int64) int64 { return min(a, b) }) },
	"max":             func(args []any) (any, error) { return extreme(args, func(a, b int64) int64 { return max(a, b) }) },
}

func of1any(f func(any) (any, error)) plain {
	return func(args []any) (any, error) {
		if len(args) != 1 {
			return nil, errArguments
		}
		return f(args[0])
	}
}

func divided(a, b int64, rest bool) (any, error) {
	switch {
	case b == 0:
		return nil, errors.New("a division by zero")
	case rest:
		return a % b, nil
	default:
		return a / b, nil
	}
}

func compared(a, b any, holds func(int) bool) (any, error) {
	switch a := a.(type) {
	case int64:
		if b, ok := b.(int64); ok {
			switch {
			case a < b:
				return holds(-1), nil
			case a > b:
				return holds(1), nil
			default:
				return holds(0), nil
			}
		}
	case string:
		if b, ok := b.(string); ok {
			return holds(strings.Compare(a, b)), nil
		}
	}
	return nil, fmt.Errorf("values of types '%s' and '%s' cannot be compared", typeName(a), typeName(b))
}

func extreme(args []any, pick func(a, b int64) int64) (any, error) {
	if len(args) == 1 {
		list, err := arg[[]any](args, 0)
		if err != nil {
			return nil, err
		}
		args = list
	}
	best, err := arg[int64](args, 0)
	for i := 1; err == nil && i < len(args); i++ {
		var n int64
		n, err = arg[int64](args, i)
		best = pick(best, n)
	}
	return best, err
}
