package azmachines_test

import (
	"context"
	"net/http"
	"time"

	azfake "github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8/fake"

	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func (s *standin) machines() fake.VirtualMachinesServer {
	return fake.VirtualMachinesServer{
		BeginStart: func(ctx context.Context, group, name string, _ *armcompute.VirtualMachinesClientBeginStartOptions) (azfake.PollerResponder[armcompute.VirtualMachinesClientStartResponse], azfake.ErrorResponder) {
			return do[armcompute.VirtualMachinesClientStartResponse](ctx, s, id(group, name), workspace.MachineAction{Name: "start"})
		},
		BeginDeallocate: func(ctx context.Context, group, name string, _ *armcompute.VirtualMachinesClientBeginDeallocateOptions) (azfake.PollerResponder[armcompute.VirtualMachinesClientDeallocateResponse], azfake.ErrorResponder) {
			return do[armcompute.VirtualMachinesClientDeallocateResponse](ctx, s, id(group, name), workspace.MachineAction{Name: "stop"})
		},
		BeginRestart: func(ctx context.Context, group, name string, _ *armcompute.VirtualMachinesClientBeginRestartOptions) (azfake.PollerResponder[armcompute.VirtualMachinesClientRestartResponse], azfake.ErrorResponder) {
			return do[armcompute.VirtualMachinesClientRestartResponse](ctx, s, id(group, name), workspace.MachineAction{Name: "restart"})
		},
		BeginRedeploy: func(ctx context.Context, group, name string, _ *armcompute.VirtualMachinesClientBeginRedeployOptions) (azfake.PollerResponder[armcompute.VirtualMachinesClientRedeployResponse], azfake.ErrorResponder) {
			return do[armcompute.VirtualMachinesClientRedeployResponse](ctx, s, id(group, name), workspace.MachineAction{Name: "redeploy"})
		},
		BeginUpdate: func(ctx context.Context, group, name string, u armcompute.VirtualMachineUpdate, _ *armcompute.VirtualMachinesClientBeginUpdateOptions) (azfake.PollerResponder[armcompute.VirtualMachinesClientUpdateResponse], azfake.ErrorResponder) {
			return do[armcompute.VirtualMachinesClientUpdateResponse](ctx, s, id(group, name), workspace.MachineAction{Name: "resize", Size: string(*u.Properties.HardwareProfile.VMSize)})
		},
		Get: func(_ context.Context, group, name string, _ *armcompute.VirtualMachinesClientGetOptions) (resp azfake.Responder[armcompute.VirtualMachinesClientGetResponse], errResp azfake.ErrorResponder) {
			m, err := s.machine(id(group, name))
			if err != nil {
				errResp.SetError(err)
			}
			resp.SetResponse(http.StatusOK, armcompute.VirtualMachinesClientGetResponse{VirtualMachine: m}, nil)
			return resp, errResp
		},
		NewListAllPager: func(o *armcompute.VirtualMachinesClientListAllOptions) (resp azfake.PagerResponder[armcompute.VirtualMachinesClientListAllResponse]) {
			m, err := s.machine(id("rg-ws", "VM-1"))
			if err != nil || o == nil || *o.StatusOnly != "true" {
				resp.AddResponseError(http.StatusBadRequest, "StatusOnlyExpected")
				return resp
			}
			resp.AddPage(http.StatusOK, armcompute.VirtualMachinesClientListAllResponse{}, nil) // an empty page is no end
			resp.AddPage(http.StatusOK, armcompute.VirtualMachinesClientListAllResponse{VirtualMachineListResult: armcompute.VirtualMachineListResult{Value: []*armcompute.VirtualMachine{&m}}}, nil)
			return resp
		},
	}
}

func (s *standin) runs() fake.VirtualMachineRunCommandsServer {
	return fake.VirtualMachineRunCommandsServer{
		BeginCreateOrUpdate: func(_ context.Context, _, _, name string, c armcompute.VirtualMachineRunCommand, _ *armcompute.VirtualMachineRunCommandsClientBeginCreateOrUpdateOptions) (resp azfake.PollerResponder[armcompute.VirtualMachineRunCommandsClientCreateOrUpdateResponse], errResp azfake.ErrorResponder) {
			s.mu.Lock()
			defer s.mu.Unlock()
			given := map[string]string{}
			for _, p := range c.Properties.ProtectedParameters {
				given[*p.Name] = *p.Value
			}
			s.commands[name] = &command{due: s.now.Add(90 * time.Second), script: *c.Properties.Source.Script, given: given}
			resp.SetTerminalResponse(http.StatusOK, armcompute.VirtualMachineRunCommandsClientCreateOrUpdateResponse{}, nil)
			return resp, errResp
		},
		GetByVirtualMachine: func(_ context.Context, _, _, name string, _ *armcompute.VirtualMachineRunCommandsClientGetByVirtualMachineOptions) (resp azfake.Responder[armcompute.VirtualMachineRunCommandsClientGetByVirtualMachineResponse], errResp azfake.ErrorResponder) {
			s.mu.Lock()
			defer s.mu.Unlock()
			c := s.commands[name]
			if c == nil {
				errResp.SetError(memcloud.Trouble(http.StatusNotFound, "ResourceNotFound", "The run command was not found."))
				return resp, errResp
			}
			state := armcompute.ExecutionStateRunning
			if !s.now.Before(c.due) {
				state, s.password = armcompute.ExecutionStateSucceeded, c.given["tre_password"]
			}
			resp.SetResponse(http.StatusOK, armcompute.VirtualMachineRunCommandsClientGetByVirtualMachineResponse{VirtualMachineRunCommand: armcompute.VirtualMachineRunCommand{
				Properties: &armcompute.VirtualMachineRunCommandProperties{ProvisioningState: to.Ptr("Succeeded"), InstanceView: &armcompute.VirtualMachineRunCommandInstanceView{ExecutionState: &state}}}}, nil)
			return resp, errResp
		},
		BeginDelete: func(_ context.Context, _, _, name string, _ *armcompute.VirtualMachineRunCommandsClientBeginDeleteOptions) (resp azfake.PollerResponder[armcompute.VirtualMachineRunCommandsClientDeleteResponse], errResp azfake.ErrorResponder) {
			s.mu.Lock()
			defer s.mu.Unlock()
			delete(s.commands, name)
			resp.SetTerminalResponse(http.StatusOK, armcompute.VirtualMachineRunCommandsClientDeleteResponse{}, nil)
			return resp, errResp
		},
	}
}
