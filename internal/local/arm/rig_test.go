package arm_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	azarm "github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeployments"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"

	"github.com/trefoil-tre/trefoil/internal/local/arm"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
)

const (
	subscription = "11111111-1111-4111-8111-111111111111"
	engine       = "00000000-0000-4000-8000-00000000000e"
	stranger     = "00000000-0000-4000-8000-0000000000ff"
)

// bearer is a credential whose token is a name.
type bearer string

func (b bearer) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(b), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

// rig is a stand-in with the SDK's clients.
type rig struct {
	*arm.Server
	stacks      *armdeploymentstacks.Client
	deployments *armdeployments.DeploymentsClient
	operations  *armdeployments.DeploymentOperationsClient
	groups      *armresources.ResourceGroupsClient
	resources   *armresources.Client
	machines    *armcompute.VirtualMachinesClient
	commands    *armcompute.VirtualMachineRunCommandsClient
	*heard
}

// heard are the events that the stand-in told of.
type heard struct {
	mu     sync.Mutex
	events []eventgrid.Event
}

// start starts a stand-in whose clients are the engine.
func start(t *testing.T, cfg arm.Config) *rig {
	t.Helper()
	h := &heard{}
	cfg.OnEvent = func(e eventgrid.Event) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.events = append(h.events, e)
	}
	s, err := arm.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return (&rig{Server: s, heard: h}).as(t, engine)
}

// as is the same stand-in for another caller.
func (r *rig) as(t *testing.T, principal string) *rig {
	t.Helper()
	o := &azarm.ClientOptions{DisableRPRegistration: true, ClientOptions: azcore.ClientOptions{
		InsecureAllowCredentialWithHTTP: true, Retry: policy.RetryOptions{MaxRetries: -1},
		Cloud: cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{cloud.ResourceManager: {Endpoint: r.URL(), Audience: r.URL()}}}}}
	other := &rig{Server: r.Server, heard: r.heard}
	var errs [7]error
	other.stacks, errs[0] = armdeploymentstacks.NewClient(subscription, bearer(principal), o)
	other.deployments, errs[1] = armdeployments.NewDeploymentsClient(subscription, bearer(principal), o)
	other.operations, errs[2] = armdeployments.NewDeploymentOperationsClient(subscription, bearer(principal), o)
	other.groups, errs[3] = armresources.NewResourceGroupsClient(subscription, bearer(principal), o)
	other.resources, errs[4] = armresources.NewClient(subscription, bearer(principal), o)
	other.machines, errs[5] = armcompute.NewVirtualMachinesClient(subscription, bearer(principal), o)
	other.commands, errs[6] = armcompute.NewVirtualMachineRunCommandsClient(subscription, bearer(principal), o)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return other
}

// decode reads a template.
func decode(t interface{ Fatal(...any) }, text string) any {
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// workspaceTemplate is a workspace: a group, and in it a storage account with a container and a vault.
const workspaceTemplate = `{"contentVersion": "1.0.0.0", "$schema": "https://schema.management.azure.com/schemas/2018-05-01/subscriptionDeploymentTemplate.json#",
  "parameters": {"suffix": {"type": "string"}, "vault": {"type": "bool", "defaultValue": true}, "password": {"type": "secureString", "defaultValue": ""}},
  "resources": [
    {"type": "Microsoft.Resources/resourceGroups", "apiVersion": "2024-03-01", "name": "[concat('rg-', parameters('suffix'))]", "location": "westeurope", "tags": {"tre_id": "heart"}},
    {"type": "Microsoft.Resources/deployments", "apiVersion": "2025-04-01", "name": "inner", "resourceGroup": "[concat('rg-', parameters('suffix'))]",
     "dependsOn": ["[subscriptionResourceId('Microsoft.Resources/resourceGroups', concat('rg-', parameters('suffix')))]"],
     "properties": {"mode": "Incremental", "expressionEvaluationOptions": {"scope": "inner"},
       "parameters": {"suffix": {"value": "[parameters('suffix')]"}, "vault": {"value": "[parameters('vault')]"}},
       "template": {"contentVersion": "1.0.0.0", "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
         "parameters": {"suffix": {"type": "string"}, "vault": {"type": "bool"}},
         "resources": [
           {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2024-01-01", "name": "[concat('st', parameters('suffix'))]", "location": "[resourceGroup().location]", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "identity": {"type": "SystemAssigned"}},
           {"type": "Microsoft.Storage/storageAccounts/blobServices", "apiVersion": "2024-01-01", "name": "[concat('st', parameters('suffix'), '/default')]",
            "dependsOn": ["[resourceId('Microsoft.Storage/storageAccounts', concat('st', parameters('suffix')))]"]},
           {"condition": "[parameters('vault')]", "type": "Microsoft.KeyVault/vaults", "apiVersion": "2024-11-01", "name": "[concat('kv', parameters('suffix'))]", "location": "[resourceGroup().location]"}],
         "outputs": {"blob": {"type": "string", "value": "[reference(resourceId('Microsoft.Storage/storageAccounts', concat('st', parameters('suffix'))), '2024-01-01').primaryEndpoints.blob]"}}}}}],
  "outputs": {"blob_endpoint": {"type": "string", "value": "[reference(resourceId('` + subscription + `', concat('rg-', parameters('suffix')), 'Microsoft.Resources/deployments', 'inner'), '2025-04-01').outputs.blob.value]"},
    "resource_group_name": {"type": "string", "value": "[concat('rg-', parameters('suffix'))]"}}}`

// aWorkspace is a stack with a workspace.
func aWorkspace(t interface{ Fatal(...any) }, suffix string, more ...func(*armdeploymentstacks.DeploymentStack)) armdeploymentstacks.DeploymentStack {
	deletes := to.Ptr(armdeploymentstacks.DeploymentStacksDeleteDetachEnumDelete)
	body := armdeploymentstacks.DeploymentStack{Location: to.Ptr("westeurope"), Properties: &armdeploymentstacks.DeploymentStackProperties{
		ActionOnUnmanage: &armdeploymentstacks.ActionOnUnmanage{Resources: deletes, ResourceGroups: deletes},
		DenySettings:     &armdeploymentstacks.DenySettings{Mode: to.Ptr(armdeploymentstacks.DenySettingsModeDenyDelete), ExcludedPrincipals: []*string{to.Ptr(engine)}},
		Template:         decode(t, workspaceTemplate),
		Parameters:       map[string]*armdeploymentstacks.DeploymentParameter{"suffix": {Value: suffix}}}}
	for _, change := range more {
		change(&body)
	}
	return body
}

// done polls an operation to its end.
func done[T any](t interface {
	Context() context.Context
	Helper()
}, p *runtime.Poller[T], err error) (T, error) {
	t.Helper()
	var zero T
	if err != nil {
		return zero, err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !p.Done() {
		if _, err := p.Poll(t.Context()); err != nil {
			return zero, err
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			return zero, t.Context().Err()
		}
	}
	return p.Result(t.Context())
}

// deploy deploys a stack and waits.
func (r *rig) deploy(t *testing.T, name string, body armdeploymentstacks.DeploymentStack) (armdeploymentstacks.DeploymentStack, error) {
	t.Helper()
	p, err := r.stacks.BeginCreateOrUpdateAtSubscription(t.Context(), name, body, nil)
	res, err := done(t, p, err)
	return res.DeploymentStack, err
}

// everything is how a deletion deletes all that the stack made.
var everything = &armdeploymentstacks.ClientBeginDeleteAtSubscriptionOptions{
	UnmanageActionResources:      to.Ptr(armdeploymentstacks.UnmanageActionResourceModeDelete),
	UnmanageActionResourceGroups: to.Ptr(armdeploymentstacks.UnmanageActionResourceGroupModeDelete)}

func (r *rig) delete(t *testing.T, name string) error {
	t.Helper()
	p, err := r.stacks.BeginDeleteAtSubscription(t.Context(), name, everything)
	_, err = done(t, p, err)
	return err
}

// names are the last parts of the ids of all that exists.
func (r *rig) names() []string {
	var out []string
	for _, res := range r.Resources(subscription, "") {
		out = append(out, res.ID[strings.LastIndexByte(res.ID, '/')+1:])
	}
	slices.Sort(out)
	return out
}

// told are the types and operations of the events about a resource, in order.
func (r *rig) told(id string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, e := range r.events {
		if strings.EqualFold(e.Subject, id) {
			out = append(out, strings.TrimPrefix(e.EventType, "Microsoft.Resources."))
		}
	}
	return out
}

// code is status and code of an error of the API.
func code(t *testing.T, err error) (int, string) {
	t.Helper()
	var res *azcore.ResponseError
	if !errors.As(err, &res) {
		t.Fatalf("error = %v, want one of the API", err)
	}
	return res.StatusCode, res.ErrorCode
}
