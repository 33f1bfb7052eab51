package template

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// readOutputs reads the outputs and refuses those that tell a secret, also in
// deployments within the deployment: outputs can be read by everybody who may
// read the deployment.
func (t *Template) readOutputs(arm map[string]any, limits Limits, wrong *Problems) {
	declared := members(arm, "outputs", mainFile, wrong)
	if len(declared) > limits.Outputs {
		wrong.add(mainFile, "/outputs", "%d outputs, at most %d", len(declared), limits.Outputs)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		o, _ := declared[name].(map[string]any)
		kind := armType(arm, o)
		at := "/outputs/" + escape(name)
		switch {
		case kind == "":
			wrong.add(mainFile, at+"/type", "want one of %s", strings.Join(armTypes, ", "))
		case secure(kind):
			wrong.add(mainFile, at+"/type", "an output is no secret; keep it in the workspace's Key Vault")
		case t.Sensitive([]string{name}):
			wrong.add(mainFile, at, "the form has a sensitive property of this name, which the output would replace")
		case len(t.named(name)) > 0 && !t.Declares(name):
			wrong.add(mainFile, at, "it differs only by case from the property %s, and a parameter of that name could be either", t.named(name)[0])
		}
		t.Outputs = append(t.Outputs, Output{Name: name, Type: kind})
	}
	s := &secrecy{wrong: wrong}
	s.template(arm, nil, "", 0)
}

// secrecy looks for secrets in outputs, and for what is deployed from elsewhere.
type secrecy struct{ wrong *Problems }

// What an expression calls. A function whose name begins with list asks a
// resource for its keys: listKeys, listSecrets, listCredentials and so on.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/template-functions-resource#list
var (
	callsList = regexp.MustCompile(`(?i)\blist[a-z]*\s*\(`)
	reads     = regexp.MustCompile(`(?i)\b(parameters|variables)\s*\(\s*(?:'([^']*)'\s*\))?`)
)

// scope is what expressions of a template can read that is secret.
type scope struct{ parameters, variables map[string]bool }

// template checks a template whose parameters of those names (in lower case) are
// given secrets, whatever their types.
func (s *secrecy) template(arm map[string]any, given map[string]bool, pointer string, depth int) {
	if depth > maxDepth {
		return
	}
	s.spelledTemplate(arm, pointer)
	in := scopeOf(arm, given)
	outputs, _ := arm["outputs"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		o, _ := outputs[name].(map[string]any)
		if !secure(armType(arm, o)) && (in.secret(o["value"]) || in.secret(o["copy"])) {
			s.wrong.add(mainFile, pointer+"/outputs/"+escape(name), "it reads keys (list…), or a secure parameter; an output is no secret")
		}
	}
	s.resources(arm["resources"], in, pointer+"/resources", depth)
}

// scopeOf finds the secure parameters of a template and the variables that are
// made of them.
func scopeOf(arm map[string]any, given map[string]bool) scope {
	in := scope{parameters: maps.Clone(given), variables: map[string]bool{}}
	if in.parameters == nil {
		in.parameters = map[string]bool{}
	}
	parameters, _ := arm["parameters"].(map[string]any)
	for name, v := range parameters {
		o, _ := v.(map[string]any)
		if secure(armType(arm, o)) {
			in.parameters[strings.ToLower(name)] = true
		}
	}
	variables, _ := arm["variables"].(map[string]any)
	readers := map[string][]string{} // which variables read a variable
	var secrets []string
	for name, v := range variables {
		low := strings.ToLower(name)
		if in.secret(v) {
			secrets = append(secrets, low)
		}
		for read := range variablesOf(v) {
			readers[read] = append(readers[read], low)
		}
	}
	if len(secrets) > 0 {
		secrets = append(secrets, readers[everyVariable]...)
	}
	for len(secrets) > 0 { // each variable is looked at once
		name := secrets[0]
		secrets = secrets[1:]
		if !in.variables[name] {
			in.variables[name] = true
			secrets = append(secrets, readers[name]...)
		}
	}
	return in
}

// everyVariable stands for a variable whose name is made up on the way.
const everyVariable = ""

// variablesOf lists the variables that the expressions of a value read.
func variablesOf(v any) map[string]bool {
	found := map[string]bool{}
	expressions(v, func(expression string) {
		for _, match := range reads.FindAllStringSubmatch(expression, -1) {
			if strings.EqualFold(match[1], "variables") {
				found[strings.ToLower(match[2])] = true
			}
		}
	})
	return found
}

// expressions calls f for every expression in a value.
func expressions(v any, f func(string)) {
	switch v := v.(type) {
	case string:
		if strings.HasPrefix(v, "[") && !strings.HasPrefix(v, "[[") {
			f(v)
		}
	case []any:
		for _, item := range v {
			expressions(item, f)
		}
	case map[string]any:
		for _, item := range v {
			expressions(item, f)
		}
	}
}

// secret tells whether any expression in a value reads a secret.
func (in scope) secret(v any) bool {
	found := false
	expressions(v, func(expression string) { found = found || in.reads(expression) })
	return found
}

func (in scope) reads(expression string) bool {
	if callsList.MatchString(expression) {
		return true
	}
	for _, match := range reads.FindAllStringSubmatch(expression, -1) {
		secrets := in.parameters
		if strings.EqualFold(match[1], "variables") {
			secrets = in.variables
		}
		if secrets[strings.ToLower(match[2])] || match[2] == "" && len(secrets) > 0 { // a name that is made up on the way
			return true
		}
	}
	return false
}

// resources looks for deployments among resources, which may be a list or, in
// newer templates, an object.
func (s *secrecy) resources(v any, in scope, pointer string, depth int) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			at := pointer + "/" + itoa(i)
			if o, _ := item.(map[string]any); o["existing"] != nil { // which means nothing here: it would be deployed
				s.wrong.add(mainFile, at+"/existing", "only a resource with a symbolic name is said to be there already")
			}
			s.resource(item, in, at, depth)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			s.resource(v[name], in, pointer+"/"+escape(name), depth)
		}
	}
}

func (s *secrecy) resource(v any, in scope, pointer string, depth int) {
	o, _ := v.(map[string]any)
	if o == nil {
		return
	}
	s.spelledResource(o, pointer)
	s.resources(o["resources"], in, pointer+"/resources", depth+1)
	properties, _ := o["properties"].(map[string]any)
	inner, _ := properties["template"].(map[string]any)
	s.linked(o, pointer)
	if kind, _ := o["type"].(string); !strings.EqualFold(kind, deployments) || inner == nil {
		return
	}
	pointer += "/properties/template"
	options, _ := properties["expressionEvaluationOptions"].(map[string]any)
	if where, _ := options["scope"].(string); !strings.EqualFold(where, "inner") { // its expressions are evaluated out here
		if in.secret(inner) {
			s.wrong.add(mainFile, pointer, "it reads a secret from outside, which then stands in its text; set expressionEvaluationOptions.scope to inner and pass a secure parameter")
		}
		s.template(inner, in.parameters, pointer, depth+1)
		return
	}
	s.template(inner, s.passed(properties, inner, in, pointer), pointer, depth+1)
}

// passed lists the parameters that a deployment is given secrets for, which have
// to be secure: the values of others can be read in the deployment.
func (s *secrecy) passed(properties, inner map[string]any, in scope, pointer string) map[string]bool {
	given := map[string]bool{}
	parameters, _ := properties["parameters"].(map[string]any)
	declared, _ := inner["parameters"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		value, _ := parameters[name].(map[string]any)
		if value["reference"] == nil && !in.secret(parameters[name]) {
			continue
		}
		given[strings.ToLower(name)] = true
		for other, v := range declared {
			if o, _ := v.(map[string]any); strings.EqualFold(other, name) && !secure(armType(inner, o)) {
				s.wrong.add(mainFile, pointer+"/parameters/"+escape(other), "a secret is passed to it, so it has to be secure")
			}
		}
	}
	return given
}
