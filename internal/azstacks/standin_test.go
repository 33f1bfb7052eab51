package azstacks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resources/armdeploymentstacks/fake"

	"github.com/trefoil-tre/trefoil/internal/azstacks"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const (
	subscription = "a3c1f0de-0000-4000-8000-000000000001"
	engine       = "e0000000-0000-4000-8000-000000000001"
	vaultID      = "/subscriptions/" + subscription + "/resourceGroups/rg-tre/providers/Microsoft.KeyVault/vaults/kv-tre"
)

var (
	at    = workspace.Stack{Subscription: subscription, Name: "ws-1", Location: "westeurope"}
	group = workspace.Stack{Subscription: subscription, Group: "rg-ws", Name: "svc-1"}
)

// standin is Resource Manager on the SDK's own fake server: what it does is
// done by the cloud in memory.
type standin struct {
	cloud *memcloud.Cloud
	fake  *fake.ServerTransport
	turn  sync.Mutex // of requests

	mu      sync.Mutex
	now     time.Time
	sent    []string            // bodies
	answers map[string][]answer // "METHOD path's end" → what is said instead, in turn
	asked   []string            // methods and addresses
}

// answer is one answer as it goes over the wire.
type answer struct {
	status int
	header http.Header
	body   string
}

func start() *standin {
	s := &standin{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), answers: map[string][]answer{}}
	s.cloud = memcloud.New(memcloud.Config{Now: s.clock, Outputs: func(workspace.Deployment) map[string]any { return map[string]any{"key_vault_id": "kv", "count": 3.0} },
		Made: func(workspace.Deployment) []string { return []string{storage + "stgws"} }})
	s.fake = fake.NewServerTransport(&fake.Server{
		BeginCreateOrUpdateAtSubscription: func(ctx context.Context, name string, d armdeploymentstacks.DeploymentStack, _ *armdeploymentstacks.ClientBeginCreateOrUpdateAtSubscriptionOptions) (resp azfake.PollerResponder[armdeploymentstacks.ClientCreateOrUpdateAtSubscriptionResponse], errResp azfake.ErrorResponder) {
			if err := s.deploy(ctx, workspace.Stack{Subscription: subscription, Name: name}, d); err != nil {
				errResp.SetError(err)
			}
			resp.SetTerminalResponse(http.StatusOK, armdeploymentstacks.ClientCreateOrUpdateAtSubscriptionResponse{DeploymentStack: d}, nil)
			return resp, errResp
		},
		BeginCreateOrUpdateAtResourceGroup: func(ctx context.Context, rg, name string, d armdeploymentstacks.DeploymentStack, _ *armdeploymentstacks.ClientBeginCreateOrUpdateAtResourceGroupOptions) (resp azfake.PollerResponder[armdeploymentstacks.ClientCreateOrUpdateAtResourceGroupResponse], errResp azfake.ErrorResponder) {
			if err := s.deploy(ctx, workspace.Stack{Subscription: subscription, Group: rg, Name: name}, d); err != nil {
				errResp.SetError(err)
			}
			resp.SetTerminalResponse(http.StatusOK, armdeploymentstacks.ClientCreateOrUpdateAtResourceGroupResponse{DeploymentStack: d}, nil)
			return resp, errResp
		},
		GetAtSubscription: func(ctx context.Context, name string, _ *armdeploymentstacks.ClientGetAtSubscriptionOptions) (resp azfake.Responder[armdeploymentstacks.ClientGetAtSubscriptionResponse], errResp azfake.ErrorResponder) {
			d, err := s.get(ctx, workspace.Stack{Subscription: subscription, Name: name})
			if err != nil {
				errResp.SetError(err)
			}
			resp.SetResponse(http.StatusOK, armdeploymentstacks.ClientGetAtSubscriptionResponse{DeploymentStack: d}, nil)
			return resp, errResp
		},
		GetAtResourceGroup: func(ctx context.Context, rg, name string, _ *armdeploymentstacks.ClientGetAtResourceGroupOptions) (resp azfake.Responder[armdeploymentstacks.ClientGetAtResourceGroupResponse], errResp azfake.ErrorResponder) {
			d, err := s.get(ctx, workspace.Stack{Subscription: subscription, Group: rg, Name: name})
			if err != nil {
				errResp.SetError(err)
			}
			resp.SetResponse(http.StatusOK, armdeploymentstacks.ClientGetAtResourceGroupResponse{DeploymentStack: d}, nil)
			return resp, errResp
		},
		BeginDeleteAtSubscription: func(ctx context.Context, name string, o *armdeploymentstacks.ClientBeginDeleteAtSubscriptionOptions) (resp azfake.PollerResponder[armdeploymentstacks.ClientDeleteAtSubscriptionResponse], errResp azfake.ErrorResponder) {
			if o == nil || o.BypassStackOutOfSyncError != nil && *o.BypassStackOutOfSyncError || *o.UnmanageActionResourceGroups != armdeploymentstacks.UnmanageActionResourceGroupModeDelete ||
				*o.UnmanageActionResources != armdeploymentstacks.UnmanageActionResourceModeDelete || *o.UnmanageActionManagementGroups != armdeploymentstacks.UnmanageActionManagementGroupModeDelete {
				errResp.SetError(errors.New("a deletion that leaves things behind"))
			} else if _, err := s.cloud.Stacks().Remove(ctx, workspace.Stack{Subscription: subscription, Name: name}); err != nil {
				errResp.SetError(err)
			}
			resp.SetTerminalResponse(http.StatusOK, armdeploymentstacks.ClientDeleteAtSubscriptionResponse{}, nil)
			return resp, errResp
		},
		BeginDeleteAtResourceGroup: func(ctx context.Context, rg, name string, _ *armdeploymentstacks.ClientBeginDeleteAtResourceGroupOptions) (resp azfake.PollerResponder[armdeploymentstacks.ClientDeleteAtResourceGroupResponse], errResp azfake.ErrorResponder) {
			if _, err := s.cloud.Stacks().Remove(ctx, workspace.Stack{Subscription: subscription, Group: rg, Name: name}); err != nil {
				errResp.SetError(err)
			}
			resp.SetTerminalResponse(http.StatusOK, armdeploymentstacks.ClientDeleteAtResourceGroupResponse{}, nil)
			return resp, errResp
		},
	})
	return s
}

func (s *standin) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *standin) pass() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(time.Minute)
}

// say scripts an answer to the next call that is not answered yet.
func (s *standin) say(call string, a answer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[call] = append(s.answers[call], a)
}

func (s *standin) scripted(req *http.Request) (answer, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, req.Method+" "+req.URL.String())
	if req.Body != nil {
		body, _ := io.ReadAll(req.Body)
		s.sent = append(s.sent, string(body))
		req.Body = io.NopCloser(bytes.NewReader(body))
	}
	for call, all := range s.answers {
		method, end, _ := strings.Cut(call, " ")
		if len(all) > 0 && req.Method == method && strings.HasSuffix(req.URL.Path, end) {
			s.answers[call] = all[1:]
			return all[0], true
		}
	}
	return answer{}, false
}

// Do answers one request.
func (s *standin) Do(req *http.Request) (*http.Response, error) {
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	if req.Header.Get("Authorization") == "" {
		return wire(req, answer{status: http.StatusUnauthorized}), nil
	}
	if a, ok := s.scripted(req); ok {
		return wire(req, a), nil
	}
	if strings.HasSuffix(req.URL.Path, "/cancel") {
		name := req.URL.Path[strings.LastIndex(req.URL.Path, "deployments/")+len("deployments/"):]
		if err := s.cloud.Stacks().Cancel(req.Context(), workspace.Stack{Subscription: subscription, Name: strings.TrimSuffix(name, "/cancel")}); err != nil {
			return nil, err
		}
		return wire(req, answer{status: http.StatusNoContent}), nil
	}
	resp, err := s.one(req)
	if told, ok := errors.AsType[*workspace.CloudError](err); ok {
		body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": told.Code, "message": told.Message}})
		return wire(req, answer{status: told.Status, body: string(body), header: http.Header{"Retry-After": {fmt.Sprint(int(told.After.Seconds()))}}}), nil
	}
	return resp, err
}

// one lets one request in at a time: the fake server keeps its answers by path,
// for one caller only.
func (s *standin) one(req *http.Request) (*http.Response, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	return s.fake.Do(req)
}

func wire(req *http.Request, a answer) *http.Response {
	header := a.header.Clone()
	if header == nil {
		header = http.Header{}
	}
	header.Set("Content-Type", "application/json")
	return &http.Response{StatusCode: a.status, Status: fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)), Header: header, Request: req,
		Body: io.NopCloser(bytes.NewReader([]byte(a.body))), ContentLength: int64(len(a.body))}
}

func (s *standin) deploy(ctx context.Context, at workspace.Stack, d armdeploymentstacks.DeploymentStack) error {
	_, err := s.cloud.Stacks().Deploy(ctx, workspace.Deployment{Stack: at, Run: *d.Tags[azstacks.RunTag]})
	return err
}

// get is a stack as Resource Manager tells it.
// storage is what the ids of storage accounts begin with.
const storage = "/subscriptions/" + subscription + "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/"

func (s *standin) get(ctx context.Context, at workspace.Stack) (armdeploymentstacks.DeploymentStack, error) {
	seen, err := s.cloud.Stacks().Look(ctx, at, "")
	if err != nil {
		return armdeploymentstacks.DeploymentStack{}, err
	}
	p := &armdeploymentstacks.DeploymentStackProperties{DeploymentID: to.Ptr("/subscriptions/" + subscription + "/providers/Microsoft.Resources/deployments/" + at.Name)}
	switch seen.Progress {
	case workspace.Absent:
		return armdeploymentstacks.DeploymentStack{}, memcloud.Trouble(http.StatusNotFound, "DeploymentStackNotFound", "The deployment stack was not found.")
	case workspace.InProgress:
		p.ProvisioningState = to.Ptr(armdeploymentstacks.DeploymentStackProvisioningStateDeploying)
	case workspace.Stopped:
		p.ProvisioningState = to.Ptr(armdeploymentstacks.DeploymentStackProvisioningStateCanceled)
	case workspace.Broken:
		p.ProvisioningState = to.Ptr(armdeploymentstacks.DeploymentStackProvisioningStateFailed)
		p.Error = &armdeploymentstacks.ErrorDetail{Code: to.Ptr("DeploymentFailed"), Message: to.Ptr("At least one failed."),
			Details: []*armdeploymentstacks.ErrorDetail{{Code: &seen.Err.Code, Message: &seen.Err.Message}}}
	case workspace.Complete:
		p.ProvisioningState = to.Ptr(armdeploymentstacks.DeploymentStackProvisioningStateSucceeded)
		outputs := map[string]any{"secret": map[string]any{"type": "SecureString"}}
		for name, value := range seen.Outputs {
			outputs[name] = map[string]any{"type": "String", "value": value}
		}
		p.Outputs = outputs
		for _, id := range seen.Made {
			p.Resources = append(p.Resources, &armdeploymentstacks.ManagedResourceReference{ID: to.Ptr(id), Status: to.Ptr(armdeploymentstacks.ResourceStatusModeManaged)})
		}
		p.Resources = append(p.Resources, nil, &armdeploymentstacks.ManagedResourceReference{},
			&armdeploymentstacks.ManagedResourceReference{ID: to.Ptr(storage + "stgwsx"), Status: to.Ptr(armdeploymentstacks.ResourceStatusModeDeleteFailed)}) // of an earlier template
	}
	return armdeploymentstacks.DeploymentStack{Properties: p, Tags: map[string]*string{azstacks.RunTag: &seen.Run}}, nil
}
