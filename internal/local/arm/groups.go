package arm

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3"
	fakeresources "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armresources/v3/fake"

	"github.com/trefoil-tre/trefoil/internal/local/arm/template"
)

// as reads a resource as a model of the SDK.
func as[T any](whole map[string]any) (*T, error) {
	text, err := json.Marshal(whole)
	if err != nil {
		return nil, err
	}
	v := new(T)
	if err := json.Unmarshal(text, v); err != nil {
		return nil, fmt.Errorf("%v: %w", whole["id"], err)
	}
	return v, nil
}

// listAs reads resources as models; one that cannot be read is left out, as no template of ours makes one.
func listAs[T any](resources []*resource) []*T {
	out := []*T{}
	for _, r := range resources {
		if v, err := as[T](r.whole); err == nil {
			out = append(out, v)
		}
	}
	return out
}

// operationResults is where operations of Microsoft.Resources are, below the subscription.
const operationResults = "/providers/Microsoft.Resources/operationStatuses"

func groupsClient(s *Server, c *call) policy.Transporter {
	var srv fakeresources.ResourceGroupsServer
	srv.Get = func(_ context.Context, name string, _ *armresources.ResourceGroupsClientGetOptions) (fake.Responder[armresources.ResourceGroupsClientGetResponse], fake.ErrorResponder) {
		g, err := s.group(c.scope.Subscription, name)
		return one(http.StatusOK, armresources.ResourceGroupsClientGetResponse{ResourceGroup: g}, err)
	}
	srv.CheckExistence = func(_ context.Context, name string, _ *armresources.ResourceGroupsClientCheckExistenceOptions) (fake.Responder[armresources.ResourceGroupsClientCheckExistenceResponse], fake.ErrorResponder) {
		_, err := s.group(c.scope.Subscription, name)
		return one(existence(err), armresources.ResourceGroupsClientCheckExistenceResponse{Success: err == nil}, nil)
	}
	srv.CreateOrUpdate = func(_ context.Context, name string, body armresources.ResourceGroup, _ *armresources.ResourceGroupsClientCreateOrUpdateOptions) (fake.Responder[armresources.ResourceGroupsClientCreateOrUpdateResponse], fake.ErrorResponder) {
		g, status, err := s.putGroup(c, name, body)
		return one(status, armresources.ResourceGroupsClientCreateOrUpdateResponse{ResourceGroup: g}, err)
	}
	srv.BeginDelete = func(_ context.Context, name string, _ *armresources.ResourceGroupsClientBeginDeleteOptions) (fake.PollerResponder[armresources.ResourceGroupsClientDeleteResponse], fake.ErrorResponder) {
		id := template.Scope{Subscription: c.scope.Subscription, Group: name}.ID()
		err := s.deleteByID(c, id)
		return begun(http.StatusAccepted, armresources.ResourceGroupsClientDeleteResponse{}, err)
	}
	srv.NewListPager = func(*armresources.ResourceGroupsClientListOptions) fake.PagerResponder[armresources.ResourceGroupsClientListResponse] {
		s.mu.Lock()
		defer s.mu.Unlock()
		filter := c.request.URL.Query().Get("$filter")
		all := slices.DeleteFunc(s.state.groups(c.scope.Subscription), func(g *resource) bool { return !chosen(g, filter) })
		groups, next := page(s, c, all)
		return onePage(armresources.ResourceGroupsClientListResponse{ResourceGroupListResult: armresources.ResourceGroupListResult{
			Value: listAs[armresources.ResourceGroup](groups), NextLink: next}})
	}
	return fakeresources.NewResourceGroupsServerTransport(&srv)
}

// existence is the status that says whether something exists.
func existence(err error) int {
	if err != nil {
		return http.StatusNotFound
	}
	return http.StatusNoContent
}

func (s *Server) group(subscription, name string) (armresources.ResourceGroup, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.state.resources[key(template.Scope{Subscription: subscription, Group: name}.ID())]
	if r == nil {
		return armresources.ResourceGroup{}, groupNotFound(name)
	}
	g, err := as[armresources.ResourceGroup](r.whole)
	if err != nil {
		return armresources.ResourceGroup{}, err
	}
	return *g, nil
}

func (s *Server) putGroup(c *call, name string, body armresources.ResourceGroup) (armresources.ResourceGroup, int, error) {
	if body.Location == nil || *body.Location == "" {
		return body, 0, refuse(http.StatusBadRequest, "LocationRequired", "The location property is required for this definition.")
	}
	id := template.Scope{Subscription: c.scope.Subscription, Group: name}.ID()
	tags := map[string]any{}
	for k, v := range body.Tags {
		if v != nil {
			tags[k] = *v
		}
	}
	made := template.Resource{ID: id, Type: groupType, Name: name, Body: map[string]any{"location": *body.Location, "tags": tags}}
	s.mu.Lock()
	status := http.StatusCreated
	if s.state.resources[key(id)] != nil {
		status = http.StatusOK
	}
	err := s.denied(id, groupType, "write", c.principal, nil)
	if err == nil {
		s.create(made)
		s.tell(happening{id: id, typ: groupType, verb: "write", outcome: "Success", principal: c.principal, correlation: newCorrelation()})
	}
	s.mu.Unlock()
	if err != nil {
		return body, 0, err
	}
	g, failed := s.group(c.scope.Subscription, name)
	return g, status, failed
}

// deleteByID starts to delete a resource or a group, unless a stack denies it.
func (s *Server) deleteByID(c *call, id string) error {
	s.mu.Lock()
	r := s.state.resources[key(id)]
	var err *Error
	switch {
	case r == nil && groupKey(id) == key(id):
		err = groupNotFound(groupName(id))
	case r == nil: // Azure answers 204; there is nothing to poll
		s.mu.Unlock()
		return nil
	default:
		err = s.denied(id, r.typ, "delete", c.principal, nil)
	}
	if err != nil {
		s.mu.Unlock()
		return err
	}
	op := s.begin(c.scope.Subscription, operationResults)
	c.op = op
	s.mu.Unlock()
	s.work.Go(func(ctx context.Context) {
		fault := s.fault(Call{Stage: Delete, Operation: "delete", ID: id, Type: r.typ, Principal: c.principal})
		if !s.wait(ctx, s.cfg.Pace.Delete+fault.delay) {
			return
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if fault.err == nil {
			s.state.remove(id)
		}
		op.end(fault.err)
		s.tell(happening{id: id, typ: r.typ, verb: "delete", outcome: outcome(fault.err), principal: c.principal, correlation: newCorrelation()})
	})
	return nil
}

func resourcesClient(s *Server, c *call) policy.Transporter {
	list := func() armresources.ResourceListResult {
		s.mu.Lock()
		defer s.mu.Unlock()
		resources, next := page(s, c, s.filtered(c, s.state.in(c.scope)))
		return armresources.ResourceListResult{Value: listAs[armresources.GenericResourceExpanded](resources), NextLink: next}
	}
	var srv fakeresources.Server
	srv.NewListPager = func(*armresources.ClientListOptions) fake.PagerResponder[armresources.ClientListResponse] {
		return onePage(armresources.ClientListResponse{ResourceListResult: list()})
	}
	srv.NewListByResourceGroupPager = func(group string, _ *armresources.ClientListByResourceGroupOptions) (r fake.PagerResponder[armresources.ClientListByResourceGroupResponse]) {
		if _, err := s.group(c.scope.Subscription, group); err != nil {
			r.AddError(err)
			return r
		}
		return onePage(armresources.ClientListByResourceGroupResponse{ResourceListResult: list()})
	}
	srv.GetByID = func(context.Context, string, string, *armresources.ClientGetByIDOptions) (fake.Responder[armresources.ClientGetByIDResponse], fake.ErrorResponder) {
		g, err := s.byID(c.id)
		return one(http.StatusOK, armresources.ClientGetByIDResponse{GenericResource: g}, err)
	}
	srv.CheckExistenceByID = func(context.Context, string, string, *armresources.ClientCheckExistenceByIDOptions) (fake.Responder[armresources.ClientCheckExistenceByIDResponse], fake.ErrorResponder) {
		_, err := s.byID(c.id)
		return one(existence(err), armresources.ClientCheckExistenceByIDResponse{Success: err == nil}, nil)
	}
	srv.BeginDeleteByID = func(context.Context, string, string, *armresources.ClientBeginDeleteByIDOptions) (fake.PollerResponder[armresources.ClientDeleteByIDResponse], fake.ErrorResponder) {
		err := s.deleteByID(c, c.id)
		status := http.StatusAccepted
		if c.op == nil {
			status = http.StatusNoContent
		}
		return begun(status, armresources.ClientDeleteByIDResponse{}, err)
	}
	return fakeresources.NewServerTransport(&srv)
}

// filtered are the resources that $filter asks for: one tag, or one type. Children are not listed, as in Azure.
func (s *Server) filtered(c *call, all []*resource) []*resource {
	filter := c.request.URL.Query().Get("$filter")
	var out []*resource
	for _, r := range all {
		if strings.Count(r.typ, "/") == 1 && !strings.Contains(strings.TrimPrefix(key(r.id), groupKey(r.id)+"/providers/"), "/providers/") && chosen(r, filter) {
			out = append(out, r)
		}
	}
	return out
}

// chosen understands resourceType eq 'x' and tagName eq 'x' and tagValue eq 'y'.
func chosen(r *resource, filter string) bool {
	words := strings.Split(filter, "'")
	switch {
	case strings.HasPrefix(filter, "resourceType eq ") && len(words) == 3:
		return strings.EqualFold(r.typ, words[1])
	case strings.HasPrefix(filter, "tagName eq ") && len(words) == 5:
		tags, _ := r.whole["tags"].(map[string]any)
		return tags[words[1]] == words[3]
	default:
		return filter == ""
	}
}

func (s *Server) byID(id string) (armresources.GenericResource, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.state.resources[key(id)]
	if r == nil {
		_, named, _ := strings.Cut(id, "/providers/")
		return armresources.GenericResource{}, notFound(named, "", groupName(id))
	}
	g, err := as[armresources.GenericResource](r.whole)
	if err != nil {
		return armresources.GenericResource{}, err
	}
	return *g, nil
}
