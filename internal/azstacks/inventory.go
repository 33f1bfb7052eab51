package azstacks

import (
	"context"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var _ workspace.Inventory = (*Stacks)(nil)

// Groups lists the resource groups of a subscription that carry the tag tre_id
// with this value.
// https://learn.microsoft.com/rest/api/resources/resource-groups/list
func (s *Stacks) Groups(ctx context.Context, subscription, tre string) ([]workspace.Group, error) {
	if !subscriptions.MatchString(subscription) || strings.ContainsAny(tre, `'"`) {
		return nil, azarm.Refuse("resource groups: subscription %q is no UUID, or %q no id of a TRE", subscription, tre)
	}
	client, err := armresources.NewResourceGroupsClient(subscription, s.link.Credential, s.link.Options)
	if err != nil {
		return nil, azarm.Refuse("subscription %q: %v", subscription, err)
	}
	var all []workspace.Group
	filter := "tagName eq 'tre_id' and tagValue eq '" + tre + "'"
	for pages := client.NewListPager(&armresources.ResourceGroupsClientListOptions{Filter: to.Ptr(filter)}); pages.More(); {
		call, cancel := s.link.Call(ctx)
		page, err := pages.NextPage(call)
		cancel()
		if err != nil {
			return nil, azarm.Error(ctx, err)
		}
		for _, g := range page.Value {
			if g == nil {
				continue
			}
			tags := map[string]string{}
			for name, v := range g.Tags {
				tags[name] = value(v)
			}
			all = append(all, workspace.Group{ID: value(g.ID), Name: value(g.Name), Tags: tags})
		}
	}
	return all, nil
}

// Held lists the stacks at a scope. A group that is not there holds none.
func (s *Stacks) Held(ctx context.Context, subscription, group string) ([]workspace.Held, error) {
	at, err := s.scope(workspace.Stack{Subscription: subscription, Group: group, Name: "any"})
	if err != nil {
		return nil, err
	}
	next := at.list()
	var all []workspace.Held
	for {
		call, cancel := s.link.Call(ctx)
		stacks, more, err := next(call)
		cancel()
		if group != "" && azarm.Is(err, http.StatusNotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, azarm.Error(ctx, err)
		}
		for _, stack := range stacks {
			if stack != nil {
				all = append(all, held(*stack, subscription, group))
			}
		}
		if !more {
			return all, nil
		}
	}
}

// list reads the stacks of the scope, page by page; more tells that there is
// another one.
func (s scope) list() func(context.Context) (stacks []*armdeploymentstacks.DeploymentStack, more bool, err error) {
	if s.stack.Group == "" {
		pages := s.client.NewListAtSubscriptionPager(nil)
		return func(ctx context.Context) ([]*armdeploymentstacks.DeploymentStack, bool, error) {
			page, err := pages.NextPage(ctx)
			return page.Value, err == nil && pages.More(), err
		}
	}
	pages := s.client.NewListAtResourceGroupPager(s.stack.Group, nil)
	return func(ctx context.Context) ([]*armdeploymentstacks.DeploymentStack, bool, error) {
		page, err := pages.NextPage(ctx)
		return page.Value, err == nil && pages.More(), err
	}
}

// held reads a stack of a list.
func held(stack armdeploymentstacks.DeploymentStack, subscription, group string) workspace.Held {
	h := workspace.Held{ID: value(stack.ID), Stack: workspace.Stack{Subscription: subscription, Group: group, Name: value(stack.Name)}}
	if p := stack.Properties; p != nil && p.ProvisioningState != nil {
		h.State = string(*p.ProvisioningState)
		if state(stack) == workspace.Broken {
			h.Why = trouble(p).Error()
		}
	}
	return h
}
