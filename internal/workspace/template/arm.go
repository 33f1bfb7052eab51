package template

import (
	"maps"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// systemTypes are the ARM types of the parameters that the engine gives to every
// template that declares them.
var systemTypes = map[string]string{"tre_id": "string", "workspace_id": "string", "resource_id": "string", "parent_service_id": "string",
	"azure_location": "string", "suffix": "string", "resource_group_name": "string", "address_space": "string", "address_spaces": "array",
	"owner_id": "string", "action": "string", "tags": "object", "platform": "object", "workspace": "object", "service": "object"}

// formTypes says which ARM types a property of a JSON type can be passed as.
var formTypes = map[string][]string{"string": {"string", "securestring"}, "integer": {"int"}, "boolean": {"bool"},
	"array": {"array"}, "object": {"object", "secureobject"}}

// armTypes are all types that a parameter can have.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/data-types
var armTypes = []string{"string", "securestring", "int", "bool", "object", "secureobject", "array"}

// readMain reads what main.json declares and checks it against the form.
func (t *Template) readMain(data []byte, limits Limits, wrong *Problems) {
	v, err := decode(data)
	if err != nil {
		wrong.add(mainFile, err.pointer, "%s", err.text)
		return
	}
	arm, ok := v.(map[string]any)
	if !ok {
		wrong.add(mainFile, "", "want an object: an ARM template")
		return
	}
	t.Main = data
	t.checkScope(arm, wrong)
	t.readParameters(arm, limits, wrong)
	t.readOutputs(arm, limits, wrong)
	t.checkUse(wrong)
	if pointer, found := alike(v); found {
		wrong.add(mainFile, pointer, "two names of an object differ only by case, which ARM does not see")
	}
}

// checkScope checks that a workspace is made in the subscription, for it has its
// own resource group, and everything else in that group.
func (t *Template) checkScope(arm map[string]any, wrong *Problems) {
	scope, _ := arm["$schema"].(string)
	scope = strings.ToLower(strings.TrimSuffix(scope, "#"))
	want := "deploymentTemplate.json"
	if t.Kind == workspace.Workspace {
		want = "subscriptionDeploymentTemplate.json"
	}
	if !strings.HasSuffix(scope, "/"+strings.ToLower(want)) {
		wrong.add(mainFile, "/$schema", "want …/%s for a %s (targetScope in Bicep)", want, t.Kind)
	}
}

func (t *Template) readParameters(arm map[string]any, limits Limits, wrong *Problems) {
	declared := members(arm, "parameters", mainFile, wrong)
	if len(declared) > limits.Parameters {
		wrong.add(mainFile, "/parameters", "%d parameters, at most %d", len(declared), limits.Parameters)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		at := "/parameters/" + escape(name)
		o, ok := declared[name].(map[string]any)
		kind := armType(arm, o)
		if !ok || kind == "" {
			wrong.add(mainFile, at+"/type", "want one of %s", strings.Join(armTypes, ", "))
			continue
		}
		_, optional := o["defaultValue"]
		p := Parameter{Name: name, Type: kind, Required: !optional && o["nullable"] != true, Secure: secure(kind)}
		p.From = t.originOf(strings.ToLower(name))
		if p.Secure && o["defaultValue"] != nil && o["defaultValue"] != "" {
			wrong.add(mainFile, at+"/defaultValue", "a secure parameter has no default value: everybody can read it here")
		}
		t.checkParameter(p, at, wrong)
		t.Parameters = append(t.Parameters, p)
	}
}

func secure(kind string) bool { return strings.HasPrefix(kind, "secure") }

// members returns an object of a JSON object; nil if there is none.
func members(o map[string]any, key, file string, wrong *Problems) map[string]any {
	v, ok := o[key]
	if !ok {
		return nil
	}
	m, ok := v.(map[string]any)
	if !ok {
		wrong.add(file, "/"+key, "want an object")
	}
	return m
}

// armType returns the type of a parameter or output in lower case, also where
// it is one that the template defines; "" if it has none.
func armType(arm, o map[string]any) string {
	for range 10 { // definitions may refer to one another
		if kind, ok := o["type"].(string); ok {
			if low := strings.ToLower(kind); slices.Contains(armTypes, low) {
				return low
			}
			return ""
		}
		ref, _ := o["$ref"].(string)
		name, ok := strings.CutPrefix(ref, "#/definitions/")
		if !ok {
			return ""
		}
		definitions, _ := arm["definitions"].(map[string]any)
		o, _ = definitions[unescape(name)].(map[string]any)
	}
	return ""
}

// originOf tells where the value of a parameter comes from, in the order in
// which workspace.Platform looks.
func (t *Template) originOf(low string) Origin {
	switch {
	case slices.Contains(t.GeneratedSecrets, low):
		return FromGenerated
	case slices.Contains(workspace.SystemParameters, low):
		return FromSystem
	case len(t.named(low)) > 0:
		return FromProperty
	}
	return FromDefault
}

// named lists the form's properties that a parameter of a name is given: ARM
// does not see case, and properties may be in camel case.
func (t *Template) named(parameter string) []string {
	return slices.DeleteFunc(t.Properties(), func(name string) bool { return !strings.EqualFold(name, parameter) })
}

func (t *Template) checkParameter(p Parameter, at string, wrong *Problems) {
	low := strings.ToLower(p.Name)
	switch p.From {
	case FromGenerated:
		if p.Type != "securestring" {
			wrong.add(mainFile, at+"/type", "a generated secret is passed to a securestring (@secure() in Bicep)")
		}
	case FromSystem:
		if p.Type != systemTypes[low] {
			wrong.add(mainFile, at+"/type", "the engine gives this parameter as %s", systemTypes[low])
		}
	case FromProperty:
		names := t.named(low)
		if len(names) > 1 {
			wrong.add(mainFile, at, "the form has properties %s, which ARM does not tell apart", strings.Join(names, " and "))
			return
		}
		t.checkProperty(p, names[0], at, wrong)
	case FromDefault:
		if p.Required || p.Secure {
			wrong.add(mainFile, at, "nobody gives this parameter: it is no property of the form, no parameter of the engine, no generated secret")
		}
	}
}

// checkProperty checks a parameter against the property that is passed to it.
func (t *Template) checkProperty(p Parameter, name, at string, wrong *Problems) {
	says := t.form.members[name]
	sensitive := slices.ContainsFunc(says, func(o map[string]any) bool { return o["sensitive"] == true })
	switch {
	case sensitive && !p.Secure:
		wrong.add(mainFile, at+"/type", "the property is sensitive: the parameter has to be secure (@secure() in Bicep)")
	case !sensitive && p.Secure:
		wrong.add(mainFile, at+"/type", "the parameter is secure: the property has to be sensitive")
	case !sensitive && t.Sensitive([]string{name}):
		wrong.add(mainFile, at, "a part of the property is sensitive, and parts are not passed as references; make the secret a property of its own")
	}
	given := slices.Contains(t.form.schema["required"].([]any), any(name)) || t.form.root.defaults[name] != nil
	if p.Required && !given {
		wrong.add(mainFile, at, "it has no default value, and the property of the form is neither required nor has it one")
	}
	for _, o := range says {
		if kind, ok := o["type"].(string); ok && formTypes[kind] != nil && !slices.Contains(formTypes[kind], p.Type) {
			wrong.add(mainFile, at+"/type", "the property is of type %s, the parameter of type %s", kind, p.Type)
		}
	}
}

// checkUse checks that what the template promises is used.
func (t *Template) checkUse(wrong *Problems) {
	declared := func(name string) bool {
		return slices.ContainsFunc(t.Parameters, func(p Parameter) bool { return strings.EqualFold(p.Name, name) })
	}
	for _, name := range t.GeneratedSecrets {
		if !declared(name) {
			wrong.add(descriptor, "/generatedSecrets", "main.json declares no parameter %s", name)
		}
		if len(t.named(name)) > 0 {
			wrong.add(descriptor, "/generatedSecrets", "%s is a property of the form too", name)
		}
	}
	for _, name := range workspace.SystemParameters {
		for _, property := range t.named(name) {
			if t.Sensitive([]string{property}) {
				wrong.add(schemaFile, "/properties/"+property, "the engine gives a parameter of this name, so it cannot be sensitive")
			}
		}
	}
	for i, a := range t.CustomActions {
		hasMachine := slices.ContainsFunc(t.Outputs, func(o Output) bool { return o.Name == "azure_resource_id" })
		if a.Kind == OnMachine && !hasMachine {
			wrong.add(descriptor, "/customActions", "action %d is done to a machine, and main.json has no output azure_resource_id that names it", i)
		}
		if a.Kind == OnStack && !declared("action") {
			wrong.add(descriptor, "/customActions", "action %d is done by the stack, and main.json has no parameter action", i)
		}
	}
}
