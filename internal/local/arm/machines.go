package arm

import (
	"context"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/fake"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
	fakecompute "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8/fake"
)

func nameOf(id string) string { return id[strings.LastIndexByte(id, '/')+1:] }

func machinesClient(s *Server, c *call) policy.Transporter {
	var srv fakecompute.VirtualMachinesServer
	srv.Get = func(context.Context, string, string, *armcompute.VirtualMachinesClientGetOptions) (fake.Responder[armcompute.VirtualMachinesClientGetResponse], fake.ErrorResponder) {
		m, err := s.getMachine(c, strings.EqualFold(c.request.URL.Query().Get("$expand"), "instanceView"))
		return one(http.StatusOK, armcompute.VirtualMachinesClientGetResponse{VirtualMachine: m}, err)
	}
	srv.InstanceView = func(context.Context, string, string, *armcompute.VirtualMachinesClientInstanceViewOptions) (fake.Responder[armcompute.VirtualMachinesClientInstanceViewResponse], fake.ErrorResponder) {
		m, err := s.getMachine(c, true)
		if err != nil || m.Properties == nil {
			return one(http.StatusOK, armcompute.VirtualMachinesClientInstanceViewResponse{}, err)
		}
		return one(http.StatusOK, armcompute.VirtualMachinesClientInstanceViewResponse{VirtualMachineInstanceView: *m.Properties.InstanceView}, nil)
	}
	srv.NewListPager = func(string, *armcompute.VirtualMachinesClientListOptions) fake.PagerResponder[armcompute.VirtualMachinesClientListResponse] {
		return onePage(armcompute.VirtualMachinesClientListResponse{VirtualMachineListResult: s.listMachines(c, strings.EqualFold(c.request.URL.Query().Get("$expand"), "instanceView"))})
	}
	srv.NewListAllPager = func(*armcompute.VirtualMachinesClientListAllOptions) fake.PagerResponder[armcompute.VirtualMachinesClientListAllResponse] {
		return onePage(armcompute.VirtualMachinesClientListAllResponse{VirtualMachineListResult: s.listMachines(c, c.request.URL.Query().Get("statusOnly") == "true")})
	}
	srv.BeginDelete = func(context.Context, string, string, *armcompute.VirtualMachinesClientBeginDeleteOptions) (fake.PollerResponder[armcompute.VirtualMachinesClientDeleteResponse], fake.ErrorResponder) {
		err := s.deleteByID(c, c.id)
		status := http.StatusAccepted
		if c.op == nil {
			status = http.StatusNoContent
		}
		return begun(status, armcompute.VirtualMachinesClientDeleteResponse{}, err)
	}
	power(s, c, &srv)
	change(s, c, &srv)
	return fakecompute.NewVirtualMachinesServerTransport(&srv)
}

func (s *Server) getMachine(c *call, withView bool) (armcompute.VirtualMachine, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.machine(c)
	if err != nil {
		return armcompute.VirtualMachine{}, err
	}
	m, err := s.modelOf(r, withView)
	if err != nil {
		return armcompute.VirtualMachine{}, err
	}
	return *m, nil
}

func (s *Server) listMachines(c *call, withView bool) armcompute.VirtualMachineListResult {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*resource
	for _, r := range s.state.in(c.scope) {
		if r.machine != nil {
			all = append(all, r)
		}
	}
	machines, next := page(s, c, all)
	out := armcompute.VirtualMachineListResult{NextLink: next, Value: []*armcompute.VirtualMachine{}}
	for _, r := range machines {
		if m, err := s.modelOf(r, withView); err == nil {
			out.Value = append(out.Value, m)
		}
	}
	return out
}

// power adds the actions that change the power state.
func power(s *Server, c *call, srv *fakecompute.VirtualMachinesServer) {
	to := func(state string) func(*resource) any {
		return func(r *resource) any {
			if r.machine.power = state; state == Running {
				r.machine.since = s.cfg.Now()
			}
			return nil
		}
	}
	srv.BeginStart = func(context.Context, string, string, *armcompute.VirtualMachinesClientBeginStartOptions) (fake.PollerResponder[armcompute.VirtualMachinesClientStartResponse], fake.ErrorResponder) {
		return begun(http.StatusAccepted, armcompute.VirtualMachinesClientStartResponse{}, s.act(c, doing{verb: "start", meanwhile: Starting, then: to(Running)}))
	}
	srv.BeginDeallocate = func(context.Context, string, string, *armcompute.VirtualMachinesClientBeginDeallocateOptions) (fake.PollerResponder[armcompute.VirtualMachinesClientDeallocateResponse], fake.ErrorResponder) {
		return begun(http.StatusAccepted, armcompute.VirtualMachinesClientDeallocateResponse{}, s.act(c, doing{verb: "deallocate", meanwhile: Deallocating, then: to(Deallocated)}))
	}
	srv.BeginPowerOff = func(context.Context, string, string, *armcompute.VirtualMachinesClientBeginPowerOffOptions) (fake.PollerResponder[armcompute.VirtualMachinesClientPowerOffResponse], fake.ErrorResponder) {
		return begun(http.StatusAccepted, armcompute.VirtualMachinesClientPowerOffResponse{}, s.act(c, doing{verb: "powerOff", meanwhile: Stopping, then: to(Stopped)}))
	}
	srv.BeginRestart = func(context.Context, string, string, *armcompute.VirtualMachinesClientBeginRestartOptions) (fake.PollerResponder[armcompute.VirtualMachinesClientRestartResponse], fake.ErrorResponder) {
		return begun(http.StatusAccepted, armcompute.VirtualMachinesClientRestartResponse{}, s.act(c, doing{verb: "restart", then: to(Running)}))
	}
	srv.BeginRedeploy = func(context.Context, string, string, *armcompute.VirtualMachinesClientBeginRedeployOptions) (fake.PollerResponder[armcompute.VirtualMachinesClientRedeployResponse], fake.ErrorResponder) {
		again := func(r *resource) any {
			r.machine.redeploy++
			return to(Running)(r)
		}
		return begun(http.StatusAccepted, armcompute.VirtualMachinesClientRedeployResponse{}, s.act(c, doing{verb: "redeploy", meanwhile: Starting, then: again}))
	}
}

// change adds resizing and run commands.
func change(s *Server, c *call, srv *fakecompute.VirtualMachinesServer) {
	srv.BeginUpdate = func(_ context.Context, _, _ string, body armcompute.VirtualMachineUpdate, _ *armcompute.VirtualMachinesClientBeginUpdateOptions) (fake.PollerResponder[armcompute.VirtualMachinesClientUpdateResponse], fake.ErrorResponder) {
		m, err := s.updateMachine(c, body)
		return begun(http.StatusOK, armcompute.VirtualMachinesClientUpdateResponse{VirtualMachine: m}, err)
	}
	srv.BeginRunCommand = func(_ context.Context, _, _ string, input armcompute.RunCommandInput, _ *armcompute.VirtualMachinesClientBeginRunCommandOptions) (fake.PollerResponder[armcompute.VirtualMachinesClientRunCommandResponse], fake.ErrorResponder) {
		command := RunCommand{Parameters: parameters(input.Parameters)}
		if input.CommandID != nil {
			command.ID = *input.CommandID
		}
		for _, line := range input.Script {
			if line != nil {
				command.Script = append(command.Script, *line)
			}
		}
		err := s.act(c, doing{verb: "runCommand", running: true, gives: true, then: func(r *resource) any {
			r.machine.ran(command)
			return armcompute.RunCommandResult{Value: []*armcompute.InstanceViewStatus{{Code: to.Ptr("ProvisioningState/succeeded"),
				DisplayStatus: to.Ptr("Provisioning succeeded"), Level: to.Ptr(armcompute.StatusLevelTypesInfo), Message: to.Ptr("Enable succeeded: \n[stdout]\n\n[stderr]\n")}}}
		}})
		return begun(http.StatusAccepted, armcompute.VirtualMachinesClientRunCommandResponse{}, err)
	}
}

func parameters(given []*armcompute.RunCommandInputParameter) map[string]string {
	out := map[string]string{}
	for _, p := range given {
		if p != nil && p.Name != nil && p.Value != nil {
			out[*p.Name] = *p.Value
		}
	}
	return out
}

// updateMachine changes a machine's size and tags, and shows it as it will be.
func (s *Server) updateMachine(c *call, body armcompute.VirtualMachineUpdate) (armcompute.VirtualMachine, error) {
	size := ""
	if p := body.Properties; p != nil && p.HardwareProfile != nil && p.HardwareProfile.VMSize != nil {
		size = string(*p.HardwareProfile.VMSize)
	}
	err := s.act(c, doing{verb: "write", then: func(r *resource) any {
		if properties, ok := r.whole["properties"].(map[string]any); ok && size != "" {
			properties["hardwareProfile"] = map[string]any{"vmSize": size}
		}
		if body.Tags != nil {
			tags := map[string]any{}
			for k, v := range body.Tags {
				if v != nil {
					tags[k] = *v
				}
			}
			r.whole["tags"] = tags
		}
		return nil
	}})
	if err != nil {
		return armcompute.VirtualMachine{}, err
	}
	return s.getMachine(c, false)
}
