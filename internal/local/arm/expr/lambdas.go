package expr

import (
	"fmt"
	"slices"
)

// listAndLambda are the first two arguments of most functions that take a lambda.
func listAndLambda(e *evaluation, c call) ([]any, function, error) {
	f, err := lambdaOf(e, c, 1)
	if err != nil {
		return nil, f, err
	}
	value, err := c.args[0].eval(e)
	if err != nil {
		return nil, f, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, f, fmt.Errorf("%s: argument 1 must be an array, not '%s'", c.text, typeName(value))
	}
	return list, f, nil
}

func mapEach(e *evaluation, c call) (any, error) {
	list, f, err := listAndLambda(e, c)
	if err != nil {
		return nil, err
	}
	out := make([]any, len(list))
	for i, item := range list {
		if out[i], err = f.call(item, int64(i)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func filter(e *evaluation, c call) (any, error) {
	list, f, err := listAndLambda(e, c)
	if err != nil {
		return nil, err
	}
	out := []any{}
	for i, item := range list {
		keep, err := f.call(item, int64(i))
		if err != nil {
			return nil, err
		}
		if keep == true {
			out = append(out, item)
		}
	}
	return out, nil
}

func reduce(e *evaluation, c call) (any, error) {
	f, err := lambdaOf(e, c, 2)
	if err != nil {
		return nil, err
	}
	value, err := c.args[0].eval(e)
	if err != nil {
		return nil, err
	}
	list, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("reduce: argument 1 must be an array, not '%s'", typeName(value))
	}
	sum, err := c.args[1].eval(e)
	for i := 0; err == nil && i < len(list); i++ {
		sum, err = f.call(sum, list[i], int64(i))
	}
	return sum, err
}

func sortBy(e *evaluation, c call) (any, error) {
	list, f, err := listAndLambda(e, c)
	if err != nil {
		return nil, err
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b any) int {
		before, failed := f.call(a, b)
		if failed != nil {
			err = failed
		}
		if before == true {
			return -1
		}
		if after, failed := f.call(b, a); failed == nil && after == true {
			return 1
		}
		return 0
	})
	return out, err
}

func toObject(e *evaluation, c call) (any, error) {
	list, key, err := listAndLambda(e, c)
	if err != nil {
		return nil, err
	}
	value := function{}
	if len(c.args) > 2 {
		if value, err = lambdaOf(e, c, 2); err != nil {
			return nil, err
		}
	}
	out := map[string]any{}
	for _, item := range list {
		name, err := keyOf(key, item)
		if err != nil {
			return nil, err
		}
		out[name] = item
		if value.body != nil {
			if out[name], err = value.call(item); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

func keyOf(f function, item any) (string, error) {
	value, err := f.call(item)
	if err != nil {
		return "", err
	}
	key, ok := value.(string)
	if !ok {
		return "", fmt.Errorf("a key must be a string, not '%s'", typeName(value))
	}
	return key, nil
}

func mapValues(e *evaluation, c call) (any, error) {
	f, err := lambdaOf(e, c, 1)
	if err != nil {
		return nil, err
	}
	value, err := c.args[0].eval(e)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("mapValues: argument 1 must be an object, not '%s'", typeName(value))
	}
	out := make(map[string]any, len(object))
	for k, item := range object {
		if out[k], err = f.call(item); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func groupBy(e *evaluation, c call) (any, error) {
	list, f, err := listAndLambda(e, c)
	if err != nil {
		return nil, err
	}
	out := map[string]any{}
	for _, item := range list {
		key, err := keyOf(f, item)
		if err != nil {
			return nil, err
		}
		group, _ := out[key].([]any)
		out[key] = append(group, item)
	}
	return out, nil
}
