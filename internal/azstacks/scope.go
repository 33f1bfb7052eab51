package azstacks

import (
	"context"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Kinds of long-running operations.
const (
	deploying = "deploy"
	removing  = "remove"
)

// scope is where a stack is: at a subscription, or in a group. The SDK has a
// set of methods for each.
type scope struct {
	client *armdeploymentstacks.Client
	stack  workspace.Stack
}

var (
	// subscriptions are UUIDs.
	subscriptions = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	// names of stacks and groups.
	// https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules#microsoftresources
	names = regexp.MustCompile(`^[-\w().]*[-\w()]$`)
)

const maxName = 90 // characters

func isName(s string) bool { return len(s) <= maxName && names.MatchString(s) }

// scope refuses an address that would lead elsewhere.
func (s *Stacks) scope(stack workspace.Stack) (scope, error) {
	switch {
	case !subscriptions.MatchString(stack.Subscription):
		return scope{}, azarm.Refuse("stack %q: subscription %q is no UUID", stack.Name, stack.Subscription)
	case !isName(stack.Name):
		return scope{}, azarm.Refuse("stack %q: the name is not 1 to 90 letters, digits and -_().", stack.Name)
	case stack.Group != "" && !isName(stack.Group):
		return scope{}, azarm.Refuse("stack %q: resource group %q is not 1 to 90 letters, digits and -_().", stack.Name, stack.Group)
	}
	client, err := s.client(stack.Subscription)
	return scope{client, stack}, err
}

// id names the stack among all.
func (s scope) id() string {
	return strings.ToLower(s.stack.Subscription + "/" + s.stack.Group + "/" + s.stack.Name)
}

func (s scope) get(ctx context.Context) (armdeploymentstacks.DeploymentStack, error) {
	if s.stack.Group == "" {
		found, err := s.client.GetAtSubscription(ctx, s.stack.Name, nil)
		return found.DeploymentStack, err
	}
	found, err := s.client.GetAtResourceGroup(ctx, s.stack.Group, s.stack.Name, nil)
	return found.DeploymentStack, err
}

// deploy begins a deployment, or picks one up again.
func (s scope) deploy(ctx context.Context, body armdeploymentstacks.DeploymentStack, resume string) (azarm.Operation, error) {
	if s.stack.Group == "" {
		return azarm.Op(s.client.BeginCreateOrUpdateAtSubscription(ctx, s.stack.Name, body,
			&armdeploymentstacks.ClientBeginCreateOrUpdateAtSubscriptionOptions{ResumeToken: resume}))
	}
	return azarm.Op(s.client.BeginCreateOrUpdateAtResourceGroup(ctx, s.stack.Group, s.stack.Name, body,
		&armdeploymentstacks.ClientBeginCreateOrUpdateAtResourceGroupOptions{ResumeToken: resume}))
}

// remove begins to delete, or picks a deletion up again. A stack whose list of
// resources is not in order is for a person to look at.
func (s scope) remove(ctx context.Context, resume string) (azarm.Operation, error) {
	if s.stack.Group == "" {
		return azarm.Op(s.client.BeginDeleteAtSubscription(ctx, s.stack.Name, &armdeploymentstacks.ClientBeginDeleteAtSubscriptionOptions{
			ResumeToken:                    resume,
			BypassStackOutOfSyncError:      to.Ptr(false),
			UnmanageActionManagementGroups: to.Ptr(armdeploymentstacks.UnmanageActionManagementGroupModeDelete),
			UnmanageActionResourceGroups:   to.Ptr(armdeploymentstacks.UnmanageActionResourceGroupModeDelete),
			UnmanageActionResources:        to.Ptr(armdeploymentstacks.UnmanageActionResourceModeDelete),
		}))
	}
	return azarm.Op(s.client.BeginDeleteAtResourceGroup(ctx, s.stack.Group, s.stack.Name, &armdeploymentstacks.ClientBeginDeleteAtResourceGroupOptions{
		ResumeToken:                    resume,
		BypassStackOutOfSyncError:      to.Ptr(false),
		UnmanageActionManagementGroups: to.Ptr(armdeploymentstacks.UnmanageActionManagementGroupModeDelete),
		UnmanageActionResourceGroups:   to.Ptr(armdeploymentstacks.UnmanageActionResourceGroupModeDelete),
		UnmanageActionResources:        to.Ptr(armdeploymentstacks.UnmanageActionResourceModeDelete),
	}))
}
