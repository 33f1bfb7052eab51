package template

import (
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/local/arm/expr"
)

// copyOf is one turn of a loop.
type copyOf struct {
	name  string
	index int64
}

// at is where an expression stands; it answers what depends on that.
type at struct {
	f         *frame
	copies    []copyOf       // the innermost last
	arguments map[string]any // inside a function of the template's own
	inDefault bool           // in the default value of a parameter
}

// in is the same place inside a turn of a loop.
func (a at) in(name string, index int) at {
	a.copies = append(append([]copyOf(nil), a.copies...), copyOf{name, int64(index)})
	return a
}

// answers are the functions that depend on where an expression stands, by lower-case name.
var answers map[string]func(a at, args []any) (any, error)

func init() {
	answers = map[string]func(a at, args []any) (any, error){
		"parameters": at.parameters, "variables": at.variables, "copyindex": at.copyIndex, "utcnow": at.utcNow,
		"deployment": at.deployment, "environment": at.environment, "subscription": at.subscription,
		"resourcegroup": at.resourceGroup, "tenant": at.tenant, "deployer": at.deployer,
		"resourceid": at.resourceID, "subscriptionresourceid": at.subscriptionResourceID,
		"tenantresourceid": tenantResourceID, "extensionresourceid": extensionResourceID,
		"reference": at.reference, "references": at.references, "resourceinfo": at.resourceInfo,
	}
}

// known says whether a function exists at all, apart from the template's own.
func known(name string) bool {
	name = strings.ToLower(name)
	_, ok := answers[name]
	return ok || expr.Known(name) || isList(name)
}

func isList(name string) bool { return strings.HasPrefix(name, "list") && len(name) > len("list") }

// Call answers a function of this place.
func (a at) Call(name string, args []any) (any, bool, error) {
	if answer, ok := answers[name]; ok {
		v, err := answer(a, args)
		return v, true, err
	}
	if isList(name) {
		id, err := a.idOf(first(args))
		if err != nil {
			return nil, true, err
		}
		v, err := a.f.run.world.List(name, id)
		return expr.Normal(v), true, err
	}
	if function := a.f.functions[name]; function != nil {
		v, err := a.own(function, args)
		return v, true, err
	}
	return nil, false, nil
}

func first(args []any) string {
	if len(args) == 0 {
		return ""
	}
	return text(args[0])
}

// own evaluates a function that the template defines.
func (a at) own(function map[string]any, args []any) (any, error) {
	parameters, _ := function["parameters"].([]any)
	if len(parameters) != len(args) {
		return nil, fmt.Errorf("a function of the template takes %d arguments, not %d", len(parameters), len(args))
	}
	if a.f.run.calls++; a.f.run.calls > maxCalls {
		return nil, fmt.Errorf("the functions of the template are called more than %d times", maxCalls)
	}
	inner := at{f: a.f, arguments: map[string]any{}}
	for i, p := range parameters {
		inner.arguments[strings.ToLower(text(object(p)["name"]))] = args[i]
	}
	return a.f.walk(object(function["output"])["value"], inner)
}

// maxCalls bounds what one deployment may evaluate.
const maxCalls = 100_000

func (a at) parameters(args []any) (any, error) {
	if a.arguments != nil {
		if v, ok := a.arguments[strings.ToLower(first(args))]; ok {
			return v, nil
		}
	}
	return a.f.parameter(first(args))
}

func (a at) variables(args []any) (any, error) { return a.f.variable(first(args)) }

// copyIndex takes the name of a loop, an offset, both or none.
func (a at) copyIndex(args []any) (any, error) {
	var offset int64
	name := ""
	for _, arg := range args {
		switch arg := arg.(type) {
		case string:
			name = arg
		case int64:
			offset = arg
		}
	}
	for i := len(a.copies) - 1; i >= 0; i-- {
		if name == "" || strings.EqualFold(a.copies[i].name, name) {
			return a.copies[i].index + offset, nil
		}
	}
	return nil, invalid("The template function 'copyIndex' is not expected at this location. The function can only be used in "+
		"a resource with copy specified. Please see https://aka.ms/arm-copy for usage details. The loop is '%s'.", name)
}

func (a at) utcNow(args []any) (any, error) {
	if !a.inDefault {
		return nil, invalid("The template function 'utcNow' is not expected at this location. " +
			"Please see https://aka.ms/arm-functions for usage details.")
	}
	return expr.FormatTime(a.f.d.Now, first(args)), nil
}

func (a at) deployment([]any) (any, error) {
	d := a.f.d
	out := map[string]any{"name": d.Name, "properties": map[string]any{"mode": "Incremental", "provisioningState": "Accepted",
		"template": map[string]any{"contentVersion": d.Template["contentVersion"]}}}
	if d.Scope.Group == "" {
		out["location"] = d.Location
	}
	return out, nil
}

// environment is Azure's public cloud.
func (a at) environment([]any) (any, error) {
	return map[string]any{
		"name": "AzureCloud", "resourceManager": "https://management.azure.com/", "portal": "https://portal.azure.com",
		"authentication": map[string]any{"loginEndpoint": "https://login.microsoftonline.com/", "tenant": "common",
			"identityProvider": "AAD", "audiences": []any{"https://management.core.windows.net/", "https://management.azure.com/"}},
		"suffixes": map[string]any{"storage": "core.windows.net", "keyvaultDns": ".vault.azure.net", "acrLoginServer": ".azurecr.io",
			"sqlServerHostname": ".database.windows.net"},
		"graph": "https://graph.windows.net/", "graphAudience": "https://graph.windows.net/",
	}, nil
}

func (a at) subscription([]any) (any, error) {
	s := a.f.d.Scope.Subscription
	return map[string]any{"id": "/subscriptions/" + s, "subscriptionId": s, "tenantId": a.f.d.Tenant, "displayName": s}, nil
}

func (a at) tenant([]any) (any, error) {
	return map[string]any{"tenantId": a.f.d.Tenant, "displayName": "local", "countryCode": "NL"}, nil
}

func (a at) deployer([]any) (any, error) {
	return map[string]any{"objectId": a.f.d.Deployer, "tenantId": a.f.d.Tenant, "userPrincipalName": ""}, nil
}

func (a at) resourceGroup([]any) (any, error) {
	if a.f.d.Scope.Group == "" {
		return nil, invalid("The template function 'RESOURCEGROUP' is not expected at this location. " +
			"Please see https://aka.ms/arm-functions for usage details.")
	}
	group, ok := a.f.run.lookup(a.f.d.Scope.ID())
	if !ok {
		return nil, groupNotFound(a.f.d.Scope.Group)
	}
	return group, nil
}

func groupNotFound(name string) *Error {
	return &Error{Code: "ResourceGroupNotFound", Message: "Resource group '" + name + "' could not be found."}
}
