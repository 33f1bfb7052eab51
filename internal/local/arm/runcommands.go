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

// runCommandsClient serves managed run commands, which are resources below a machine.
func runCommandsClient(s *Server, c *call) policy.Transporter {
	var srv fakecompute.VirtualMachineRunCommandsServer
	srv.BeginCreateOrUpdate = func(_ context.Context, _, _, name string, body armcompute.VirtualMachineRunCommand, _ *armcompute.VirtualMachineRunCommandsClientBeginCreateOrUpdateOptions) (fake.PollerResponder[armcompute.VirtualMachineRunCommandsClientCreateOrUpdateResponse], fake.ErrorResponder) {
		shown, err := s.putRunCommand(c, name, body)
		return begun(http.StatusCreated, armcompute.VirtualMachineRunCommandsClientCreateOrUpdateResponse{VirtualMachineRunCommand: shown}, err)
	}
	srv.GetByVirtualMachine = func(_ context.Context, _, _, name string, _ *armcompute.VirtualMachineRunCommandsClientGetByVirtualMachineOptions) (fake.Responder[armcompute.VirtualMachineRunCommandsClientGetByVirtualMachineResponse], fake.ErrorResponder) {
		m, err := s.getRunCommand(c, name, strings.EqualFold(c.request.URL.Query().Get("$expand"), "instanceView"))
		return one(http.StatusOK, armcompute.VirtualMachineRunCommandsClientGetByVirtualMachineResponse{VirtualMachineRunCommand: m}, err)
	}
	srv.BeginDelete = func(_ context.Context, _, _, name string, _ *armcompute.VirtualMachineRunCommandsClientBeginDeleteOptions) (fake.PollerResponder[armcompute.VirtualMachineRunCommandsClientDeleteResponse], fake.ErrorResponder) {
		err := s.act(c, doing{verb: "runCommands/delete", then: func(r *resource) any {
			delete(r.machine.managed, strings.ToLower(name))
			return nil
		}})
		return begun(http.StatusAccepted, armcompute.VirtualMachineRunCommandsClientDeleteResponse{}, err)
	}
	return fakecompute.NewVirtualMachineRunCommandsServerTransport(&srv)
}

// putRunCommand starts to run a command. What it shows holds no secret that the caller gave.
func (s *Server) putRunCommand(c *call, name string, body armcompute.VirtualMachineRunCommand) (armcompute.VirtualMachineRunCommand, error) {
	p := body.Properties
	if p == nil || p.Source == nil {
		return body, refuse(http.StatusBadRequest, "InvalidParameter", "Required parameter 'properties.source' is missing (null).")
	}
	command := RunCommand{ID: name, Parameters: parameters(append(p.Parameters, p.ProtectedParameters...))}
	if p.Source.Script != nil {
		command.Script = strings.Split(*p.Source.Script, "\n")
	}
	shown := body
	properties := *p
	properties.ProtectedParameters, properties.RunAsPassword, properties.InstanceView = nil, nil, nil
	properties.ProvisioningState = to.Ptr("Creating")
	shown.Properties, shown.ID, shown.Name, shown.Type = &properties, to.Ptr(c.id+"/runCommands/"+name), to.Ptr(name), to.Ptr(machineType+"/runCommands")
	err := s.act(c, doing{verb: "runCommands/write", running: true, then: func(r *resource) any {
		done, finished := shown, properties
		finished.ProvisioningState = to.Ptr("Succeeded")
		finished.InstanceView = &armcompute.VirtualMachineRunCommandInstanceView{ExecutionState: to.Ptr(armcompute.ExecutionStateSucceeded), ExitCode: to.Ptr(int32(0)),
			Output: to.Ptr(""), Error: to.Ptr(""), EndTime: to.Ptr(s.cfg.Now())}
		done.Properties = &finished
		r.machine.managed[strings.ToLower(name)] = &done
		r.machine.ran(command)
		return nil
	}})
	return shown, err
}

func (s *Server) getRunCommand(c *call, name string, withView bool) (armcompute.VirtualMachineRunCommand, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.machine(c)
	if err != nil {
		return armcompute.VirtualMachineRunCommand{}, err
	}
	command := r.machine.managed[strings.ToLower(name)]
	if command == nil {
		return armcompute.VirtualMachineRunCommand{}, notFound(machineType+"/runCommands", r.name+"/"+name, c.scope.Group)
	}
	shown, properties := *command, *command.Properties
	if !withView {
		properties.InstanceView = nil
	}
	shown.Properties = &properties
	return shown, nil
}
