package arm

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeployments"
	fakedeployments "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeployments/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	fakestacks "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks/fake"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// The fakes are made anew for each request: they remember pages and operations by path, for one caller only.

// one answers with a value or an error.
func one[T any](status int, v T, err error) (r fake.Responder[T], e fake.ErrorResponder) {
	if err != nil {
		e.SetError(err)
		return r, e
	}
	r.SetResponse(status, v, nil)
	return r, e
}

// begun answers what a client begins: with what there is to say at once. Polling is not the fakes'.
func begun[T any](status int, v T, err error) (r fake.PollerResponder[T], e fake.ErrorResponder) {
	if err != nil {
		e.SetError(err)
		return r, e
	}
	r.SetTerminalResponse(status, v, nil)
	return r, e
}

// onePage is one page of a list.
func onePage[T any](v T) (r fake.PagerResponder[T]) {
	r.AddPage(http.StatusOK, v, nil)
	return r
}

// page is the part of a list that a request asks for, and where the next one is.
func page[T any](s *Server, c *call, all []T) ([]T, *string) {
	query := c.request.URL.Query()
	from, err := strconv.Atoi(query.Get("$skiptoken"))
	if err != nil || from < 0 || from > len(all) {
		from = 0
	}
	if len(all)-from <= pageSize {
		return all[from:], nil
	}
	query.Set("$skiptoken", strconv.Itoa(from+pageSize))
	next := url.URL{Path: c.request.URL.Path, RawQuery: query.Encode()}
	return all[from : from+pageSize], to.Ptr(s.url + next.String())
}

// pageSize is how many things a page of a list holds.
const pageSize = 100

func stacksClient(s *Server, c *call) policy.Transporter {
	at := func(group string) template.Scope {
		return template.Scope{Subscription: c.scope.Subscription, Group: group}
	}
	var srv fakestacks.Server
	srv.BeginCreateOrUpdateAtSubscription = func(ctx context.Context, name string, body armdeploymentstacks.DeploymentStack, _ *armdeploymentstacks.ClientBeginCreateOrUpdateAtSubscriptionOptions) (fake.PollerResponder[armdeploymentstacks.ClientCreateOrUpdateAtSubscriptionResponse], fake.ErrorResponder) {
		m, status, err := s.putStack(ctx, c.scope, name, body)
		return begun(status, armdeploymentstacks.ClientCreateOrUpdateAtSubscriptionResponse{DeploymentStack: m}, err)
	}
	srv.BeginCreateOrUpdateAtResourceGroup = func(ctx context.Context, group, name string, body armdeploymentstacks.DeploymentStack, _ *armdeploymentstacks.ClientBeginCreateOrUpdateAtResourceGroupOptions) (fake.PollerResponder[armdeploymentstacks.ClientCreateOrUpdateAtResourceGroupResponse], fake.ErrorResponder) {
		m, status, err := s.putStack(ctx, at(group), name, body)
		return begun(status, armdeploymentstacks.ClientCreateOrUpdateAtResourceGroupResponse{DeploymentStack: m}, err)
	}
	srv.GetAtSubscription = func(_ context.Context, name string, _ *armdeploymentstacks.ClientGetAtSubscriptionOptions) (fake.Responder[armdeploymentstacks.ClientGetAtSubscriptionResponse], fake.ErrorResponder) {
		m, err := s.getStack(c.scope, name)
		return one(http.StatusOK, armdeploymentstacks.ClientGetAtSubscriptionResponse{DeploymentStack: m}, err)
	}
	srv.GetAtResourceGroup = func(_ context.Context, group, name string, _ *armdeploymentstacks.ClientGetAtResourceGroupOptions) (fake.Responder[armdeploymentstacks.ClientGetAtResourceGroupResponse], fake.ErrorResponder) {
		m, err := s.getStack(at(group), name)
		return one(http.StatusOK, armdeploymentstacks.ClientGetAtResourceGroupResponse{DeploymentStack: m}, err)
	}
	stackDeletions(s, c, &srv)
	return fakestacks.NewServerTransport(&srv)
}

// stackDeletions adds the deletions and the lists.
func stackDeletions(s *Server, c *call, srv *fakestacks.Server) {
	srv.BeginDeleteAtSubscription = func(ctx context.Context, name string, _ *armdeploymentstacks.ClientBeginDeleteAtSubscriptionOptions) (fake.PollerResponder[armdeploymentstacks.ClientDeleteAtSubscriptionResponse], fake.ErrorResponder) {
		status, err := s.deleteStack(ctx, c.scope, name)
		return begun(status, armdeploymentstacks.ClientDeleteAtSubscriptionResponse{}, err)
	}
	srv.BeginDeleteAtResourceGroup = func(ctx context.Context, _, name string, _ *armdeploymentstacks.ClientBeginDeleteAtResourceGroupOptions) (fake.PollerResponder[armdeploymentstacks.ClientDeleteAtResourceGroupResponse], fake.ErrorResponder) {
		status, err := s.deleteStack(ctx, c.scope, name)
		return begun(status, armdeploymentstacks.ClientDeleteAtResourceGroupResponse{}, err)
	}
	srv.NewListAtSubscriptionPager = func(*armdeploymentstacks.ClientListAtSubscriptionOptions) fake.PagerResponder[armdeploymentstacks.ClientListAtSubscriptionResponse] {
		value, next := page(s, c, s.listStacks(c.scope))
		return onePage(armdeploymentstacks.ClientListAtSubscriptionResponse{DeploymentStackListResult: armdeploymentstacks.DeploymentStackListResult{Value: value, NextLink: next}})
	}
	srv.NewListAtResourceGroupPager = func(string, *armdeploymentstacks.ClientListAtResourceGroupOptions) fake.PagerResponder[armdeploymentstacks.ClientListAtResourceGroupResponse] {
		value, next := page(s, c, s.listStacks(c.scope))
		return onePage(armdeploymentstacks.ClientListAtResourceGroupResponse{DeploymentStackListResult: armdeploymentstacks.DeploymentStackListResult{Value: value, NextLink: next}})
	}
}

func deploymentsClient(s *Server, c *call) policy.Transporter {
	get := func(name string) (armdeployments.DeploymentExtended, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		d, err := s.deployment(c.scope, name)
		if err != nil {
			return armdeployments.DeploymentExtended{}, err
		}
		return d.model(), nil
	}
	var srv fakedeployments.DeploymentsServer
	srv.Get = func(_ context.Context, _, name string, _ *armdeployments.DeploymentsClientGetOptions) (fake.Responder[armdeployments.DeploymentsClientGetResponse], fake.ErrorResponder) {
		m, err := get(name)
		return one(http.StatusOK, armdeployments.DeploymentsClientGetResponse{DeploymentExtended: m}, err)
	}
	srv.GetAtSubscriptionScope = func(_ context.Context, name string, _ *armdeployments.DeploymentsClientGetAtSubscriptionScopeOptions) (fake.Responder[armdeployments.DeploymentsClientGetAtSubscriptionScopeResponse], fake.ErrorResponder) {
		m, err := get(name)
		return one(http.StatusOK, armdeployments.DeploymentsClientGetAtSubscriptionScopeResponse{DeploymentExtended: m}, err)
	}
	srv.Cancel = func(_ context.Context, _, name string, _ *armdeployments.DeploymentsClientCancelOptions) (fake.Responder[armdeployments.DeploymentsClientCancelResponse], fake.ErrorResponder) {
		return one(http.StatusNoContent, armdeployments.DeploymentsClientCancelResponse{}, s.cancelDeployment(c.scope, name))
	}
	srv.CancelAtSubscriptionScope = func(_ context.Context, name string, _ *armdeployments.DeploymentsClientCancelAtSubscriptionScopeOptions) (fake.Responder[armdeployments.DeploymentsClientCancelAtSubscriptionScopeResponse], fake.ErrorResponder) {
		return one(http.StatusNoContent, armdeployments.DeploymentsClientCancelAtSubscriptionScopeResponse{}, s.cancelDeployment(c.scope, name))
	}
	return fakedeployments.NewDeploymentsServerTransport(&srv)
}

func deploymentOperationsClient(s *Server, c *call) policy.Transporter {
	list := func(name string) (armdeployments.DeploymentOperationsListResult, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		d, err := s.deployment(c.scope, name)
		if err != nil {
			return armdeployments.DeploymentOperationsListResult{}, err
		}
		value, next := page(s, c, d.operations())
		return armdeployments.DeploymentOperationsListResult{Value: value, NextLink: next}, nil
	}
	var srv fakedeployments.DeploymentOperationsServer
	srv.NewListPager = func(_, name string, _ *armdeployments.DeploymentOperationsClientListOptions) (r fake.PagerResponder[armdeployments.DeploymentOperationsClientListResponse]) {
		m, err := list(name)
		if err != nil {
			r.AddError(err)
			return r
		}
		return onePage(armdeployments.DeploymentOperationsClientListResponse{DeploymentOperationsListResult: m})
	}
	srv.NewListAtSubscriptionScopePager = func(name string, _ *armdeployments.DeploymentOperationsClientListAtSubscriptionScopeOptions) (r fake.PagerResponder[armdeployments.DeploymentOperationsClientListAtSubscriptionScopeResponse]) {
		m, err := list(name)
		if err != nil {
			r.AddError(err)
			return r
		}
		return onePage(armdeployments.DeploymentOperationsClientListAtSubscriptionScopeResponse{DeploymentOperationsListResult: m})
	}
	return fakedeployments.NewDeploymentOperationsServerTransport(&srv)
}
