package arm

import (
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// route is what a request asks for: a method of one of the SDK's clients. The fakes know methods by name, not by path.
type route struct {
	api    string
	client func(*Server, *call) policy.Transporter
	// path is the request's in the spelling of the client, which the fakes take apart by case.
	path  string
	scope template.Scope
	id    string
	typ   string
}

// pollOf is the id in the path of an operation.
func pollOf(p string) (id string, result, ok bool) {
	parts := strings.Split(strings.Trim(p, "/"), "/")
	n := len(parts)
	if n < 4 {
		return "", false, false
	}
	switch strings.ToLower(parts[n-2]) {
	case "deploymentstackoperationstatus", "operationstatuses":
		return parts[n-1], false, true
	case "operations":
		return parts[n-1], false, strings.EqualFold(parts[n-4], "locations")
	case "operationresults":
		return parts[n-1], true, true
	}
	return "", false, false
}

// match finds the route of a request.
func match(r *http.Request) (route, bool) {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	if len(parts) < 2 || !strings.EqualFold(parts[0], "subscriptions") {
		return route{}, false
	}
	rt := route{scope: template.Scope{Subscription: parts[1]}, id: "/" + strings.Join(parts, "/"), path: "/" + strings.Join(parts, "/")}
	rest := parts[2:]
	if len(rest) > 0 && strings.EqualFold(rest[0], "resourceGroups") {
		if len(rest) < 3 {
			return rt.groups(r.Method, rest)
		}
		rt.scope.Group = rest[1]
		rest = rest[2:]
	}
	switch {
	case len(rest) == 1 && strings.EqualFold(rest[0], "resources") && r.Method == http.MethodGet:
		return rt.resources()
	case len(rest) >= 2 && strings.EqualFold(rest[0], "deployments"): // operations have no provider in their path at a group
		return rt.deployments(r.Method, rest[1:])
	case len(rest) < 3 || !strings.EqualFold(rest[0], "providers"):
		return route{}, false
	}
	return rt.provider(r.Method, rest[1:])
}

// provider matches what stands behind /providers/.
func (rt route) provider(method string, rest []string) (route, bool) {
	n := len(rest)
	if n >= 4 && strings.EqualFold(strings.Join(rest[n-2:], "/"), "Microsoft.Insights/metrics") && method == http.MethodGet {
		rt.id = rt.id[:len(rt.id)-len("/providers/Microsoft.Insights/metrics")]
		return rt.to("MetricsClient.List", metricsClient, rt.id), true
	}
	var found route
	var ok bool
	switch strings.ToLower(rest[0] + "/" + rest[1]) {
	case "microsoft.resources/deploymentstacks":
		found, ok = rt.stacks(method, rest[2:])
	case "microsoft.resources/deployments":
		return rt.deployments(method, rest[2:])
	case "microsoft.compute/virtualmachines":
		found, ok = rt.machines(method, rest[2:])
	}
	if ok {
		return found, true
	}
	return rt.generic(method, rest)
}

// to is the route with its method, client and spelling.
func (rt route) to(api string, client func(*Server, *call) policy.Transporter, path string) route {
	rt.api, rt.client, rt.path = api, client, path
	return rt
}

// base is the scope's path, with the word for groups in the spelling that a client has.
func (rt route) base(word string) string {
	p := "/subscriptions/" + rt.scope.Subscription
	if rt.scope.Group != "" {
		p += "/" + word + "/" + rt.scope.Group
	}
	return p
}

func (rt route) groups(method string, rest []string) (route, bool) {
	path := rt.base("") + "/resourcegroups"
	if len(rest) == 1 {
		return rt.to("ResourceGroupsClient.NewListPager", groupsClient, path), method == http.MethodGet
	}
	api := map[string]string{http.MethodGet: "Get", http.MethodHead: "CheckExistence", http.MethodPut: "CreateOrUpdate",
		http.MethodPatch: "Update", http.MethodDelete: "BeginDelete"}[method]
	rt.typ = groupType
	return rt.to("ResourceGroupsClient."+api, groupsClient, path+"/"+rest[1]), api != ""
}

func (rt route) resources() (route, bool) {
	if rt.scope.Group != "" {
		return rt.to("Client.NewListByResourceGroupPager", resourcesClient, rt.base("resourceGroups")+"/resources"), true
	}
	return rt.to("Client.NewListPager", resourcesClient, rt.base("")+"/resources"), true
}

// at is the end of the names of methods that exist for both scopes.
func (rt route) at() string {
	if rt.scope.Group != "" {
		return "AtResourceGroup"
	}
	return "AtSubscription"
}

func (rt route) stacks(method string, rest []string) (route, bool) {
	path := rt.base("resourceGroups") + "/providers/Microsoft.Resources/deploymentStacks"
	rt.typ = stackType
	if len(rest) == 0 {
		return rt.to("Client.NewList"+rt.at()+"Pager", stacksClient, path), method == http.MethodGet
	}
	api := map[string]string{http.MethodGet: "Get", http.MethodPut: "BeginCreateOrUpdate", http.MethodDelete: "BeginDelete"}[method]
	return rt.to("Client."+api+rt.at(), stacksClient, path+"/"+rest[0]), api != "" && len(rest) == 1
}

func (rt route) deployments(method string, rest []string) (route, bool) {
	at, word := "", "resourcegroups"
	if rt.scope.Group == "" {
		at = "AtSubscriptionScope"
	}
	path := rt.base(word) + "/providers/Microsoft.Resources/deployments/"
	rt.typ = deploymentType
	switch {
	case len(rest) == 1 && method == http.MethodGet:
		return rt.to("DeploymentsClient.Get"+at, deploymentsClient, path+rest[0]), true
	case len(rest) == 2 && method == http.MethodPost && strings.EqualFold(rest[1], "cancel"):
		return rt.to("DeploymentsClient.Cancel"+at, deploymentsClient, path+rest[0]+"/cancel"), true
	case len(rest) == 2 && method == http.MethodGet && strings.EqualFold(rest[1], "operations"):
		if rt.scope.Group != "" {
			path = rt.base(word) + "/deployments/"
		}
		return rt.to("DeploymentOperationsClient.NewList"+at+"Pager", deploymentOperationsClient, path+rest[0]+"/operations"), true
	}
	return route{}, false
}

// actions are the methods of the machines' client that are actions, by the last part of the path in lower case.
var actions = map[string][2]string{"start": {"BeginStart", "start"}, "deallocate": {"BeginDeallocate", "deallocate"}, "poweroff": {"BeginPowerOff", "powerOff"},
	"restart": {"BeginRestart", "restart"}, "redeploy": {"BeginRedeploy", "redeploy"}, "runcommand": {"BeginRunCommand", "runCommand"}}

func (rt route) machines(method string, rest []string) (route, bool) {
	path := rt.base("resourceGroups") + "/providers/Microsoft.Compute/virtualMachines"
	rt.typ = machineType
	switch {
	case len(rest) == 0 && method == http.MethodGet && rt.scope.Group == "":
		return rt.to("VirtualMachinesClient.NewListAllPager", machinesClient, path), true
	case rt.scope.Group == "":
		return route{}, false
	case len(rest) == 0:
		return rt.to("VirtualMachinesClient.NewListPager", machinesClient, path), method == http.MethodGet
	}
	path += "/" + rest[0]
	rt.id = path
	switch {
	case len(rest) == 1:
		api := map[string]string{http.MethodGet: "Get", http.MethodPatch: "BeginUpdate", http.MethodDelete: "BeginDelete"}[method]
		return rt.to("VirtualMachinesClient."+api, machinesClient, path), api != ""
	case len(rest) == 2 && method == http.MethodGet && strings.EqualFold(rest[1], "instanceView"):
		return rt.to("VirtualMachinesClient.InstanceView", machinesClient, path+"/instanceView"), true
	case len(rest) == 2 && method == http.MethodPost:
		action, ok := actions[strings.ToLower(rest[1])]
		return rt.to("VirtualMachinesClient."+action[0], machinesClient, path+"/"+action[1]), ok
	case len(rest) == 3 && strings.EqualFold(rest[1], "runCommands"):
		api := map[string]string{http.MethodGet: "GetByVirtualMachine", http.MethodPut: "BeginCreateOrUpdate", http.MethodDelete: "BeginDelete"}[method]
		rt.typ = machineType + "/runCommands"
		return rt.to("VirtualMachineRunCommandsClient."+api, runCommandsClient, path+"/runCommands/"+rest[2]), api != ""
	}
	return route{}, false
}

// generic is any other resource, by its id.
func (rt route) generic(method string, rest []string) (route, bool) {
	api := map[string]string{http.MethodGet: "GetByID", http.MethodHead: "CheckExistenceByID", http.MethodDelete: "BeginDeleteByID"}[method]
	for i := 0; i < len(rest); i++ {
		if i > 0 && strings.EqualFold(rest[i], "providers") {
			rt.typ, rest, i = "", rest[i+1:], 0
		}
		if i == 0 || i%2 == 1 {
			rt.typ += "/" + rest[i]
		}
	}
	rt.typ = strings.Trim(rt.typ, "/")
	return rt.to("Client."+api, resourcesClient, rt.id), api != ""
}
