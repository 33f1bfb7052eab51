package template

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// run is one evaluation with everything nested in it.
type run struct {
	world    World
	realised map[string]map[string]any // whole resources by lower-case id
	result   Result
	calls    int
}

// lookup is a resource that this run made, or that exists already.
func (r *run) lookup(id string) (map[string]any, bool) {
	if whole, ok := r.realised[strings.ToLower(id)]; ok {
		return whole, true
	}
	return r.world.Resource(id)
}

// frame is one template with its parameters: the outer one or a nested one.
type frame struct {
	run *run
	d   Deployment

	parameters map[string]any // values known so far, by name as declared
	values     map[string]any // variables known so far, by lower-case name
	busy       map[string]bool
	functions  map[string]map[string]any // the template's own, by lower-case name
	nodes      []*node
	byName     map[string]*node // symbolic names, ids and plain names, lower case
	loops      map[string][]*node
}

// Evaluate is what a template comes to. After an error the result holds what was made before it.
func Evaluate(d Deployment, w World) (Result, error) {
	r := &run{world: w, realised: map[string]map[string]any{}}
	_, err := r.deploy(d, "")
	var known *Error
	if err != nil && !errors.As(err, &known) {
		err = &Error{Code: "InvalidTemplate", Message: "Unable to process template language expressions: '" + err.Error() + "'",
			Deployment: d.ID()}
	}
	return r.result, err
}

// deploy evaluates one template and returns its outputs.
func (r *run) deploy(d Deployment, parent string) (map[string]Output, error) {
	f := &frame{run: r, d: d, parameters: map[string]any{}, values: map[string]any{}, busy: map[string]bool{},
		functions: userFunctions(d.Template), byName: map[string]*node{}, loops: map[string][]*node{}}
	index := len(r.result.Deployments)
	r.result.Deployments = append(r.result.Deployments, Made{ID: d.ID(), Parent: parent})
	outputs, err := f.all()
	if err != nil {
		return nil, located(err, d.ID(), "")
	}
	r.result.Deployments[index].Outputs = outputs
	if parent == "" {
		r.result.Outputs = outputs
	}
	return outputs, nil
}

// located says where an error arose, unless it knows already.
func located(err error, deployment, target string) error {
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Code: "InvalidTemplate", Message: "Unable to process template language expressions for resource '" + target + "': '" + err.Error() + "'"}
		if target == "" {
			e.Message = "Unable to process template language expressions: '" + err.Error() + "'"
		}
	}
	where := *e
	if where.Deployment == "" {
		where.Deployment = deployment
	}
	if where.Target == "" {
		where.Target = target
	}
	return &where
}

func (f *frame) all() (map[string]Output, error) {
	if err := checkParameters(f.d.Template, f.d.Parameters); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(object(f.d.Template["parameters"]))) {
		if _, err := f.parameter(name); err != nil {
			return nil, err
		}
	}
	if err := f.expand(); err != nil {
		return nil, err
	}
	for _, n := range f.nodes {
		if n.existing {
			continue // looked at when somebody asks
		}
		if _, err := f.realise(n); err != nil {
			return nil, err
		}
	}
	return f.outputs()
}

// variable is a variable's value.
func (f *frame) variable(name string) (any, error) {
	key := strings.ToLower(name)
	if v, ok := f.values[key]; ok {
		return v, nil
	}
	variables := object(f.d.Template["variables"])
	def, ok := find(variables, name)
	if !ok {
		def, ok = loopVariable(variables, name)
	}
	if !ok {
		return nil, invalid("The template variable '%s' is not found. "+
			"Please see https://aka.ms/arm-syntax-variables for usage details.", name)
	}
	if f.busy["variable "+key] {
		return nil, invalid("The template variable '%s' depends on itself.", name)
	}
	f.busy["variable "+key] = true
	defer delete(f.busy, "variable "+key)
	v, err := f.walk(def, at{f: f})
	if err == nil {
		f.values[key] = v
	}
	return v, err
}

// loopVariable is a variable that a loop makes: it stands in the list named copy, and is written here as an object
// with a loop, whose value is the only property.
func loopVariable(variables map[string]any, name string) (any, bool) {
	loops, _ := variables["copy"].([]any)
	for _, l := range loops {
		if strings.EqualFold(text(object(l)["name"]), name) {
			return loop{object(l)}, true
		}
	}
	return nil, false
}

func (f *frame) outputs() (map[string]Output, error) {
	declared := object(f.d.Template["outputs"])
	out := make(map[string]Output, len(declared))
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		o := object(declared[name])
		place := at{f: f}
		if condition, ok := o["condition"]; ok {
			yes, err := f.walk(condition, place)
			if err != nil {
				return nil, err
			}
			if yes != true {
				continue
			}
		}
		def := o["value"]
		if c, ok := o["copy"].(map[string]any); ok {
			def = loop{c}
		}
		v, err := f.walk(def, place)
		if err != nil {
			var known *Error
			if errors.As(err, &known) {
				return nil, err
			}
			return nil, &Error{Code: "DeploymentOutputEvaluationFailed", Message: "Unable to evaluate template outputs: '" + name +
				"'. Please see error details and deployment operations. Please see https://aka.ms/arm-common-errors for usage details. " + err.Error()}
		}
		out[name] = Output{Type: text(resolve(f.d.Template, o)["type"]), Value: v}
	}
	return out, nil
}

func userFunctions(t map[string]any) map[string]map[string]any {
	out := map[string]map[string]any{}
	namespaces, _ := t["functions"].([]any)
	for _, n := range namespaces {
		for name, def := range object(object(n)["members"]) {
			out[strings.ToLower(text(object(n)["namespace"])+"."+name)] = object(def)
		}
	}
	return out
}
