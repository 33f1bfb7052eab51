package template

import (
	"fmt"
	"strings"
	"time"
)

// Limits of Resource Manager.
// Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/best-practices#template-limits
const (
	MaxBytes      = 4 << 20
	MaxParameters = 256
	MaxOutputs    = 64
	MaxResources  = 800
	MaxCopies     = 800
)

// Scope is where a deployment stands: a resource group, or a subscription when Group is empty.
type Scope struct{ Subscription, Group string }

// ID is the resource id of the scope.
func (s Scope) ID() string {
	id := "/subscriptions/" + s.Subscription
	if s.Group != "" {
		id += "/resourceGroups/" + s.Group
	}
	return id
}

// Deployment is what is to be evaluated.
type Deployment struct {
	// Template is decoded JSON, made Normal by package expr.
	Template map[string]any
	// Parameters are values by name; secrets are resolved already.
	Parameters map[string]any
	// Name is the deployment's, unique in its scope.
	Name  string
	Scope Scope
	// Location is where a deployment at a subscription keeps its record.
	Location string
	// Tenant is the directory of the subscription, a UUID.
	Tenant string
	// Deployer is the object id of the caller.
	Deployer string
	// Now is the time that utcNow tells.
	Now time.Time
}

// ID is the resource id of the deployment.
func (d Deployment) ID() string {
	return d.Scope.ID() + "/providers/Microsoft.Resources/deployments/" + d.Name
}

// Resource is one that a template makes.
type Resource struct {
	ID, Type, Name, APIVersion string
	// Body is the rest: location, tags, sku, properties and so on.
	Body map[string]any
	// Deployment is the id of the deployment that holds it.
	Deployment string
}

// Output is one output of a template.
type Output struct {
	Type  string
	Value any
}

// Made is a deployment that was evaluated, the outer one or a nested one.
type Made struct {
	ID, Parent string
	Outputs    map[string]Output
}

// Result is what a template comes to, in the order of dependencies.
type Result struct {
	Resources   []Resource
	Deployments []Made
	Outputs     map[string]Output
}

// World is what stands around a deployment.
type World interface {
	// Realise is the whole resource as it will be when it exists, with what its provider adds.
	Realise(r Resource) map[string]any
	// Resource is one that exists already, whole; false when there is none.
	Resource(id string) (map[string]any, bool)
	// List answers a function such as listKeys.
	List(function, id string) (any, error)
	// Secret reads a Key Vault's secret for a parameter; an empty version means the latest.
	Secret(vaultID, name, version string) (string, error)
}

// Error is what Resource Manager says of a template that it cannot deploy.
type Error struct {
	Code, Message string
	// Target is the id of the resource at fault; empty: the template.
	Target string
	// Deployment is the id of the deployment at fault.
	Deployment string
}

// Error prints code and message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// invalid is an InvalidTemplate error in the words of Resource Manager.
func invalid(format string, args ...any) *Error {
	return &Error{Code: "InvalidTemplate",
		Message: "Deployment template validation failed: '" + fmt.Sprintf(format, args...) + "'."}
}

// ResourceID is the id of a resource below a scope's id.
func ResourceID(scope, typ, name string) (string, error) {
	types, names := strings.Split(typ, "/"), strings.Split(name, "/")
	if len(types) != len(names)+1 || name == "" {
		return "", invalid("The template resource '%s' for type '%s' has incorrect segment lengths. A nested resource type "+
			"must have identical number of segments as its resource name. A root resource type must have segment length "+
			"one greater than its resource name. Please see https://aka.ms/arm-syntax-resources for usage details.", name, typ)
	}
	if strings.EqualFold(typ, "Microsoft.Resources/resourceGroups") {
		return scope + "/resourceGroups/" + name, nil
	}
	var b strings.Builder
	b.WriteString(strings.TrimSuffix(scope, "/") + "/providers/" + types[0])
	for i, n := range names {
		b.WriteString("/" + types[i+1] + "/" + n)
	}
	return b.String(), nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}
