package azmachines_test

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
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8/fake"

	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const (
	subscription = "a3c1f0de-0000-4000-8000-000000000001"
	vm           = workspace.Machine("/subscriptions/" + subscription + "/resourceGroups/rg-ws/providers/Microsoft.Compute/virtualMachines/VM-1")
)

// standin is Resource Manager on the SDK's own fake servers: what it does is
// done by the cloud in memory.
type standin struct {
	cloud *memcloud.Cloud
	fake  *fake.ServerFactoryTransport
	turn  sync.Mutex // of requests

	mu       sync.Mutex
	now      time.Time
	os       armcompute.OperatingSystemTypes
	commands map[string]*command
	password string // that a script set
	sent     []string
	answers  map[string][]answer // "METHOD path's end" → what is said instead, in turn
	asked    []string
}

// command is a run command.
type command struct {
	due    time.Time
	script string
	given  map[string]string
}

// answer is one answer as it goes over the wire.
type answer struct {
	status int
	header http.Header
	body   string
}

func start() *standin {
	s := &standin{now: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC), os: armcompute.OperatingSystemTypesLinux, commands: map[string]*command{}, answers: map[string][]answer{}}
	s.cloud = memcloud.New(memcloud.Config{Now: s.clock})
	s.cloud.Add(vm, "Standard_D2s_v6")
	s.fake = fake.NewServerFactoryTransport(&fake.ServerFactory{VirtualMachinesServer: s.machines(), VirtualMachineRunCommandsServer: s.runs()})
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
		if len(all) > 0 && req.Method == method && (strings.HasSuffix(req.URL.Path, end) || strings.HasSuffix(end, "-") && strings.Contains(req.URL.Path, end)) {
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
	if a, ok := s.scripted(req); ok {
		return wire(req, a), nil
	}
	resp, err := s.one(req)
	if told, ok := errors.AsType[*workspace.CloudError](err); ok {
		body, _ := json.Marshal(map[string]any{"error": map[string]any{"code": told.Code, "message": told.Message}})
		return wire(req, answer{status: told.Status, body: string(body)}), nil
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

// id is a machine of the only group.
func id(group, name string) workspace.Machine {
	return workspace.Machine(strings.ToLower("/subscriptions/" + subscription + "/resourceGroups/" + group + "/providers/Microsoft.Compute/virtualMachines/" + name))
}

// do does one action, and makes the SDK's answer of it.
func do[T any](ctx context.Context, s *standin, m workspace.Machine, a workspace.MachineAction) (resp azfake.PollerResponder[T], errResp azfake.ErrorResponder) {
	if _, err := s.cloud.Machines().Begin(ctx, m, a); err != nil {
		errResp.SetError(err)
	}
	var none T
	resp.SetTerminalResponse(http.StatusOK, none, nil)
	return resp, errResp
}

// machine is a machine as Resource Manager tells it.
func (s *standin) machine(m workspace.Machine) (armcompute.VirtualMachine, error) {
	state, ok := s.cloud.Fleet()[m]
	if !ok {
		return armcompute.VirtualMachine{}, memcloud.Trouble(http.StatusNotFound, "ResourceNotFound", "The resource was not found.")
	}
	statuses := []*armcompute.InstanceViewStatus{{Code: to.Ptr("ProvisioningState/succeeded")}, {Code: to.Ptr("PowerState/" + string(state.Power))}}
	provisioning := "Succeeded"
	if state.Progress == workspace.InProgress {
		provisioning = "Updating"
	}
	if state.Progress == workspace.Broken {
		provisioning = "Failed"
		statuses[0] = &armcompute.InstanceViewStatus{Code: to.Ptr("ProvisioningState/failed/" + state.Err.Code), Level: to.Ptr(armcompute.StatusLevelTypesError), Message: &state.Err.Message}
	}
	return armcompute.VirtualMachine{ID: to.Ptr(string(vm)), Name: to.Ptr("VM-1"), Location: to.Ptr("westeurope"), Properties: &armcompute.VirtualMachineProperties{
		ProvisioningState: &provisioning,
		HardwareProfile:   &armcompute.HardwareProfile{VMSize: to.Ptr(armcompute.VirtualMachineSizeTypes(state.Size))},
		StorageProfile:    &armcompute.StorageProfile{OSDisk: &armcompute.OSDisk{OSType: &s.os}},
		InstanceView:      &armcompute.VirtualMachineInstanceView{Statuses: statuses},
	}}, nil
}
