package expr

import (
	"errors"
	"fmt"
)

// special is a function that decides itself which of its arguments are evaluated.
type special func(*evaluation, call) (any, error)

// specials are assigned by init, because they evaluate, and evaluation looks them up.
var specials map[string]special

func init() {
	specials = map[string]special{
		"if": ifElse, "and": and, "or": or, "coalesce": coalesce, "lambda": misplaced, "lambdavariables": lambdaVariable,
		"map": mapEach, "filter": filter, "reduce": reduce, "sort": sortBy, "toobject": toObject,
		"mapvalues": mapValues, "groupby": groupBy,
	}
}

var errArguments = errors.New("the number of arguments is not valid")

func ifElse(e *evaluation, c call) (any, error) {
	if len(c.args) != 3 {
		return nil, fmt.Errorf("if: %w", errArguments)
	}
	yes, err := condition(e, c.args[0])
	if err != nil {
		return nil, err
	}
	if yes {
		return c.args[1].eval(e)
	}
	return c.args[2].eval(e)
}

func condition(e *evaluation, n Node) (bool, error) {
	value, err := n.eval(e)
	if err != nil {
		return false, err
	}
	b, ok := value.(bool)
	if !ok {
		return false, fmt.Errorf("a value of type '%s' is no condition", typeName(value))
	}
	return b, nil
}

func and(e *evaluation, c call) (any, error) { return until(e, c, false) }
func or(e *evaluation, c call) (any, error)  { return until(e, c, true) }

// until evaluates arguments until one is stop.
func until(e *evaluation, c call, stop bool) (any, error) {
	for _, a := range c.args {
		yes, err := condition(e, a)
		if err != nil {
			return nil, err
		}
		if yes == stop {
			return stop, nil
		}
	}
	return !stop, nil
}

func coalesce(e *evaluation, c call) (any, error) {
	for _, a := range c.args {
		value, err := a.eval(e)
		if err != nil || value != nil {
			return value, err
		}
	}
	return nil, nil
}

func misplaced(*evaluation, call) (any, error) {
	return nil, errors.New("a lambda can only be an argument of a function that takes one")
}

func lambdaVariable(e *evaluation, c call) (any, error) {
	if len(c.args) != 1 {
		return nil, fmt.Errorf("lambdaVariables: %w", errArguments)
	}
	name, err := c.args[0].eval(e)
	if err != nil {
		return nil, err
	}
	key, _ := name.(string)
	value, ok := e.local[key]
	if !ok {
		return nil, fmt.Errorf("the lambda variable '%s' is not found", key)
	}
	return value, nil
}

// function is a lambda with the evaluation that it stands in.
type function struct {
	names []string
	body  Node
	at    *evaluation
}

func (f function) call(values ...any) (any, error) { return f.body.eval(f.at.with(f.names, values...)) }

// lambdaOf reads the argument at an index as a lambda.
func lambdaOf(e *evaluation, c call, index int) (function, error) {
	if index >= len(c.args) {
		return function{}, fmt.Errorf("%s: %w", c.text, errArguments)
	}
	l, ok := c.args[index].(call)
	if !ok || l.name != "lambda" || len(l.args) == 0 {
		return function{}, fmt.Errorf("%s: argument %d must be a lambda", c.text, index+1)
	}
	f := function{body: l.args[len(l.args)-1], at: e}
	for _, a := range l.args[:len(l.args)-1] {
		name, err := a.eval(e)
		if err != nil {
			return function{}, err
		}
		text, _ := name.(string)
		f.names = append(f.names, text)
	}
	return f, nil
}
