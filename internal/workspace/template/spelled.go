package template

import (
	"maps"
	"slices"
	"strings"
)

// The names of an ARM template that are looked at here, by where they stand.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax
var (
	templateNames   = []string{"$schema", "definitions", "outputs", "parameters", "resources", "variables"}
	parameterNames  = []string{"$ref", "defaultValue", "nullable", "type"}
	outputNames     = []string{"$ref", "copy", "type", "value"}
	resourceNames   = []string{"existing", "properties", "resources", "type"}
	deploymentNames = []string{"expressionEvaluationOptions", "parameters", "parametersLink", "template", "templateLink"}
	passedNames     = []string{"reference", "value"}
)

// spelled refuses the names of an object that Resource Manager may take for one
// of these and that nobody here would look at: it does not see case.
func (s *secrecy) spelled(v any, pointer string, names []string) {
	o, _ := v.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(o)) {
		i := slices.IndexFunc(names, func(known string) bool { return strings.EqualFold(known, name) })
		if i >= 0 && names[i] != name {
			s.wrong.add(mainFile, pointer+"/"+escape(name), "write it %s, as Bicep does: Resource Manager may take it for that, whatever its case", names[i])
		}
	}
}

// spelledTemplate looks at the names of a template, of its parameters and of its
// outputs.
func (s *secrecy) spelledTemplate(arm map[string]any, pointer string) {
	s.spelled(arm, pointer, templateNames)
	s.spelledEach(arm["parameters"], pointer+"/parameters", parameterNames)
	s.spelledEach(arm["outputs"], pointer+"/outputs", outputNames)
}

func (s *secrecy) spelledEach(v any, pointer string, names []string) {
	all, _ := v.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s.spelled(all[name], pointer+"/"+escape(name), names)
	}
}

// spelledResource looks at the names of a resource, and of what it deploys.
func (s *secrecy) spelledResource(o map[string]any, pointer string) {
	s.spelled(o, pointer, resourceNames)
	kind, _ := o["type"].(string)
	properties, _ := o["properties"].(map[string]any)
	pointer += "/properties"
	if strings.EqualFold(kind, scripts) {
		s.spelled(properties, pointer, linkedScripts)
	}
	if !strings.EqualFold(kind, deployments) {
		return
	}
	s.spelled(properties, pointer, deploymentNames)
	s.spelled(properties["expressionEvaluationOptions"], pointer+"/expressionEvaluationOptions", []string{"scope"})
	s.spelledEach(properties["parameters"], pointer+"/parameters", passedNames)
}

// alike finds a name that differs only by case from another one of its object: to
// Resource Manager they may be one, and then their order decides what is deployed,
// which a digest does not see. Places are written down only once one is found.
func alike(v any) (pointer string, found bool) {
	switch v := v.(type) {
	case []any:
		for i, item := range v {
			if pointer, found := alike(item); found {
				return "/" + itoa(i) + pointer, true
			}
		}
	case map[string]any:
		seen := make(map[string]bool, len(v))
		for _, name := range slices.Sorted(maps.Keys(v)) {
			low := strings.ToLower(name)
			if seen[low] {
				return "/" + escape(name), true
			}
			seen[low] = true
			if pointer, found := alike(v[name]); found {
				return "/" + escape(name) + pointer, true
			}
		}
	}
	return "", false
}
