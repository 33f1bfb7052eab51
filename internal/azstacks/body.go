package azstacks

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// body is what a deployment says to Resource Manager.
func (s *Stacks) body(d workspace.Deployment) (armdeploymentstacks.DeploymentStack, error) {
	var none armdeploymentstacks.DeploymentStack
	if !json.Valid(d.Template) {
		return none, azarm.Refuse("stack %q: the template is no JSON", d.Stack.Name)
	}
	if d.Stack.Group == "" && d.Stack.Location == "" {
		return none, azarm.Refuse("stack %q: a stack of a subscription needs a location", d.Stack.Name)
	}
	parameters, err := s.parameters(d.Parameters)
	if err != nil {
		return none, err
	}
	remove := to.Ptr(armdeploymentstacks.DeploymentStacksDeleteDetachEnumDelete)
	stack := armdeploymentstacks.DeploymentStack{
		Tags: map[string]*string{RunTag: &d.Run},
		Properties: &armdeploymentstacks.DeploymentStackProperties{
			Template:         json.RawMessage(d.Template), // as it is: numbers keep all their digits
			Parameters:       parameters,
			ActionOnUnmanage: &armdeploymentstacks.ActionOnUnmanage{Resources: remove, ResourceGroups: remove, ManagementGroups: remove},
			DenySettings: &armdeploymentstacks.DenySettings{
				Mode:               to.Ptr(armdeploymentstacks.DenySettingsModeDenyDelete),
				ApplyToChildScopes: to.Ptr(true),
				ExcludedPrincipals: s.excluded,
			},
			BypassStackOutOfSyncError: to.Ptr(false),
		},
	}
	for name, value := range d.Tags {
		if name != RunTag {
			stack.Tags[name] = &value
		}
	}
	if d.Stack.Group == "" {
		stack.Location = &d.Stack.Location
	}
	return stack, nil
}

// parameters are values, or say where in the vault the value is.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/key-vault-parameter
func (s *Stacks) parameters(all map[string]workspace.Parameter) (map[string]*armdeploymentstacks.DeploymentParameter, error) {
	made := make(map[string]*armdeploymentstacks.DeploymentParameter, len(all))
	for name, p := range all {
		if p.Secret == "" {
			made[name] = &armdeploymentstacks.DeploymentParameter{Value: p.Value}
			if p.Value == nil {
				made[name].Value = json.RawMessage("null") // is a value too
			}
			continue
		}
		secret, version, ok := parse(p.Secret)
		if !ok || s.vault == "" {
			return nil, azarm.Refuse("parameter %q: no secret of a vault", name)
		}
		reference := &armdeploymentstacks.KeyVaultParameterReference{KeyVault: &armdeploymentstacks.KeyVaultReference{ID: &s.vault}, SecretName: &secret}
		if version != "" {
			reference.SecretVersion = &version
		}
		made[name] = &armdeploymentstacks.DeploymentParameter{Reference: reference}
	}
	return made, nil
}

// parse takes the id of a secret apart: https://VAULT/secrets/NAME/VERSION.
func parse(id string) (name, version string, ok bool) {
	u, err := url.Parse(id)
	if err != nil {
		return "", "", false
	}
	rest, ok := strings.CutPrefix(u.Path, "/secrets/")
	name, version, _ = strings.Cut(rest, "/")
	return name, version, ok && name != "" && !strings.Contains(version, "/")
}
