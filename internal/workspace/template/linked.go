package template

import "strings"

// What of a template leads to something that is fetched when it is deployed, and
// was registered by nobody.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates
// https://learn.microsoft.com/azure/templates/microsoft.resources/deploymentscripts
var (
	linkedDeployments = []string{"templateLink", "parametersLink"}
	linkedScripts     = []string{"primaryScriptUri", "supportingScriptUris"}
)

// The types of resources that deploy others.
const (
	deployments = "Microsoft.Resources/deployments"
	scripts     = "Microsoft.Resources/deploymentScripts"
	stacks      = "Microsoft.Resources/deploymentStacks"
)

// linked refuses a resource by which something else would be deployed than what
// is in the package: a registered version never changes, and nothing else was
// looked at.
func (s *secrecy) linked(o map[string]any, pointer string) {
	kind, _ := o["type"].(string)
	properties, plain := o["properties"].(map[string]any)
	names := linkedScripts
	switch {
	case o["existing"] == true: // deploys nothing
		return
	case strings.EqualFold(kind, stacks):
		s.wrong.add(mainFile, pointer+"/type", "the engine makes the stack; what another one deployed would outlive the resource")
		return
	case strings.EqualFold(kind, deployments):
		names = linkedDeployments
		if _, written := properties["template"].(map[string]any); !written && properties["templateLink"] == nil {
			s.wrong.add(mainFile, pointer+"/properties/template", "want the template itself: what is deployed has to be in the package")
		}
	case !strings.EqualFold(kind, scripts):
		return
	}
	if !plain {
		s.wrong.add(mainFile, pointer+"/properties", "want an object, and no expression")
	}
	for _, name := range names {
		if properties[name] != nil {
			s.wrong.add(mainFile, pointer+"/properties/"+name, "what is deployed has to be in the package: what an address leads to may change")
		}
	}
}
