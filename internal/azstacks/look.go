package azstacks

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Look tells how the stack stands, by the stack itself. Where there is none, a
// good token is asked once why.
func (s *Stacks) Look(ctx context.Context, stack workspace.Stack, token string) (workspace.Seen, error) {
	at, err := s.scope(stack)
	if err != nil {
		return workspace.Seen{}, err
	}
	call, cancel := s.link.Call(ctx)
	defer cancel()
	var answer *http.Response
	there, err := at.get(policy.WithCaptureResponse(call, &answer))
	var seen workspace.Seen
	switch {
	case azarm.Gone(err):
		seen, err = s.gone(call, at, token)
	case err == nil:
		seen = see(there)
		seen.After = azarm.After(answer)
	}
	return seen, azarm.Error(ctx, err)
}

// gone tells why there is no stack, if the operation remembers.
func (s *Stacks) gone(ctx context.Context, at scope, token string) (workspace.Seen, error) {
	absent := workspace.Seen{Progress: workspace.Absent}
	t, ok := s.link.Open(token, at.id())
	if !ok {
		return absent, nil
	}
	op, err := at.resume(ctx, t)
	if err != nil {
		return absent, nil //nolint:nilerr // a token that the SDK cannot read is none
	}
	seen, err := azarm.Look(ctx, op)
	if err != nil {
		return workspace.Seen{}, err
	}
	if seen.Progress == workspace.Complete {
		seen.Progress = workspace.Absent
	}
	seen.Run = t.Run
	return seen, nil
}

func (s scope) resume(ctx context.Context, t azarm.Token) (azarm.Operation, error) {
	if t.Kind == removing {
		return s.remove(ctx, t.Resume)
	}
	return s.deploy(ctx, armdeploymentstacks.DeploymentStack{}, t.Resume)
}

// see reads a stack.
func see(stack armdeploymentstacks.DeploymentStack) workspace.Seen {
	seen := workspace.Seen{Progress: state(stack), Run: value(stack.Tags[RunTag])}
	if seen.Progress == workspace.Complete {
		seen.Outputs, seen.Made = outputs(stack.Properties.Outputs), made(stack.Properties.Resources)
	}
	if seen.Progress == workspace.Broken {
		seen.Err = trouble(stack.Properties)
	}
	return seen
}

// state is how the stack stands as a whole.
func state(stack armdeploymentstacks.DeploymentStack) workspace.Progress {
	if stack.Properties == nil || stack.Properties.ProvisioningState == nil {
		return workspace.InProgress // taken, and not yet begun
	}
	return azarm.Progress(string(*stack.Properties.ProvisioningState))
}

// removed tells whether the stack is being deleted. Resources that are no
// longer in the template are deleted in another state.
func removed(stack armdeploymentstacks.DeploymentStack) bool {
	return in(stack, armdeploymentstacks.DeploymentStackProvisioningStateDeleting)
}

// deletes tells whether something is being deleted: the stack, or what it holds,
// be it with the stack or after an update. Who wants the stack to go looks again
// then, and finds it gone or at rest.
func deletes(stack armdeploymentstacks.DeploymentStack) bool {
	return removed(stack) || in(stack, armdeploymentstacks.DeploymentStackProvisioningStateDeletingResources)
}

func in(stack armdeploymentstacks.DeploymentStack, state armdeploymentstacks.DeploymentStackProvisioningState) bool {
	return stack.Properties != nil && stack.Properties.ProvisioningState != nil && strings.EqualFold(string(*stack.Properties.ProvisioningState), string(state))
}

// outputs reads {"name": {"type": …, "value": …}}. A secure output has no value.
// https://learn.microsoft.com/azure/azure-resource-manager/templates/outputs
func outputs(all any) map[string]any {
	named, _ := all.(map[string]any)
	read := make(map[string]any, len(named))
	for name, each := range named {
		output, _ := each.(map[string]any)
		if value, ok := output["value"]; ok {
			read[name] = value
		}
	}
	return read
}

// made are the ids of what a stack manages. What it could not delete, or free, is
// not in its template any more.
// https://learn.microsoft.com/rest/api/resources/deployment-stacks/get-at-subscription#resourcestatusmode
func made(resources []*armdeploymentstacks.ManagedResourceReference) []string {
	var ids []string
	for _, r := range resources {
		if r == nil || r.ID == nil || r.Status != nil && *r.Status != armdeploymentstacks.ResourceStatusModeManaged {
			continue
		}
		ids = append(ids, *r.ID)
	}
	return ids
}

// trouble is the innermost of what the stack says of its failure, with what it
// says of each resource that failed.
func trouble(p *armdeploymentstacks.DeploymentStackProperties) *workspace.CloudError {
	said := struct {
		Error   *armdeploymentstacks.ErrorDetail   `json:"error,omitempty"`
		Details []*armdeploymentstacks.ErrorDetail `json:"details,omitempty"`
	}{Error: p.Error}
	for _, failed := range p.FailedResources {
		if failed != nil && failed.Error != nil {
			said.Details = append(said.Details, failed.Error)
		}
	}
	body, err := json.Marshal(said)
	if err != nil {
		body = nil // the state alone has to do
	}
	return azarm.Broken(body)
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
