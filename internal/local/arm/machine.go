package arm

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"
)

const machineType = "Microsoft.Compute/virtualMachines"

// machineOperations is where operations of compute are, below the subscription.
const machineOperations = "/providers/Microsoft.Compute/locations/westeurope/operations"

// Power states of virtual machines.
// Source: https://learn.microsoft.com/azure/virtual-machines/states-billing
const (
	Running      = "running"
	Starting     = "starting"
	Stopping     = "stopping"
	Stopped      = "stopped"
	Deallocating = "deallocating"
	Deallocated  = "deallocated"
)

// machine is what there is of a virtual machine beside its resource. It is guarded by the server's lock.
type machine struct {
	power    string
	busy     bool      // an action is under way
	since    time.Time // when it was last started; zero: when it was made
	redeploy int       // how often it was redeployed
	commands []RunCommand
	managed  map[string]*armcompute.VirtualMachineRunCommand // by lower-case name
}

func newMachine() *machine {
	return &machine{power: Running, managed: map[string]*armcompute.VirtualMachineRunCommand{}}
}

// RunCommand is a command that a machine was told to run.
type RunCommand struct {
	// ID is the command's, such as RunShellScript; the name, of a managed one.
	ID     string
	Script []string
	// Parameters hold what the caller gave, protected ones too: a test wants to see them, nobody else can.
	Parameters map[string]string
}

// keptCommands is how many commands of a machine are remembered.
const keptCommands = 16

func (m *machine) ran(c RunCommand) {
	m.commands = append(m.commands, c)
	if len(m.commands) > keptCommands {
		m.commands = m.commands[1:]
	}
}

// view is the machine's instance view.
func (m *machine) view(now time.Time) *armcompute.VirtualMachineInstanceView {
	status := func(code, shown string) *armcompute.InstanceViewStatus {
		return &armcompute.InstanceViewStatus{Code: to.Ptr(code), DisplayStatus: to.Ptr(shown), Level: to.Ptr(armcompute.StatusLevelTypesInfo), Time: to.Ptr(now)}
	}
	provisioning := status("ProvisioningState/succeeded", "Provisioning succeeded")
	if m.busy {
		provisioning = status("ProvisioningState/updating", "Updating")
	}
	v := &armcompute.VirtualMachineInstanceView{Statuses: []*armcompute.InstanceViewStatus{provisioning, status("PowerState/"+m.power, "VM "+m.power)}}
	if m.power == Running {
		v.VMAgent = &armcompute.VirtualMachineAgentInstanceView{VMAgentVersion: to.Ptr("2.9"), Statuses: []*armcompute.InstanceViewStatus{status("ProvisioningState/succeeded", "Ready")}}
	}
	return v
}

// modelOf is the machine as the API shows it.
func (s *Server) modelOf(r *resource, withView bool) (*armcompute.VirtualMachine, error) {
	v, err := as[armcompute.VirtualMachine](r.whole)
	if err != nil {
		return nil, err
	}
	if v.Properties != nil {
		systemOf(v.Properties)
	}
	if withView && v.Properties != nil {
		v.Properties.InstanceView = r.machine.view(s.cfg.Now())
	}
	if r.machine.busy && v.Properties != nil {
		v.Properties.ProvisioningState = to.Ptr("Updating")
	}
	return v, nil
}

// systemOf says which operating system the disk holds, where the template did not: Azure reads it from the image.
// Source: https://learn.microsoft.com/rest/api/compute/virtual-machines/get#osdisk
func systemOf(p *armcompute.VirtualMachineProperties) {
	if p.OSProfile == nil || p.StorageProfile == nil || p.StorageProfile.OSDisk == nil || p.StorageProfile.OSDisk.OSType != nil {
		return
	}
	switch {
	case p.OSProfile.LinuxConfiguration != nil:
		p.StorageProfile.OSDisk.OSType = to.Ptr(armcompute.OperatingSystemTypesLinux)
	case p.OSProfile.WindowsConfiguration != nil:
		p.StorageProfile.OSDisk.OSType = to.Ptr(armcompute.OperatingSystemTypesWindows)
	}
}

// machine finds a virtual machine. The lock is held.
func (s *Server) machine(c *call) (*resource, error) {
	r := s.state.resources[key(c.id)]
	if r == nil || r.machine == nil {
		if s.state.resources[key(c.scope.ID())] == nil {
			return nil, groupNotFound(c.scope.Group)
		}
		return nil, notFound(machineType, nameOf(c.id), c.scope.Group)
	}
	return r, nil
}

// doing is an action on a machine.
type doing struct {
	// verb is the action's, such as start, for events, faults and deny settings.
	verb string
	// meanwhile is the power state while it runs; empty: as it was.
	meanwhile string
	// running says that the machine must run.
	running bool
	// then is done at the end, under the lock. Its result is what the operation gives; nil: nothing.
	then func(r *resource) any
	// gives says that the operation has a result.
	gives bool
}

// act starts an action on a machine.
func (s *Server) act(c *call, d doing) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.machine(c)
	if err != nil {
		return err
	}
	m := r.machine
	if denied := s.denied(r.id, machineType, d.verb, c.principal, nil); denied != nil {
		return denied
	}
	if m.busy {
		return refuse(http.StatusConflict, "Conflict", "The request failed due to conflict with a concurrent request. "+
			"To resolve it, please refer to https://aka.ms/activitylog to get more details on the conflicting requests.")
	}
	if d.running && m.power != Running {
		return refuse(http.StatusConflict, "OperationNotAllowed", "Cannot modify extensions in the VM when the VM is not running.")
	}
	m.busy = true
	before := m.power
	if d.meanwhile != "" {
		m.power = d.meanwhile
	}
	op := s.begin(c.scope.Subscription, machineOperations)
	op.gives, c.op = d.gives, op
	s.work.Go(func(ctx context.Context) { s.acting(ctx, c, d, r, before) })
	return nil
}

// acting passes the time of an action and ends it. A failed one leaves the machine as it was.
func (s *Server) acting(ctx context.Context, c *call, d doing, r *resource, before string) {
	op := c.op
	fault := s.fault(Call{Stage: Action, Operation: d.verb, ID: r.id, Type: machineType, Principal: c.principal})
	if !s.wait(ctx, s.cfg.Pace.Machine+fault.delay) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.machine.busy = false
	err := fault.err
	switch {
	case s.state.resources[key(r.id)] != r:
		e := notFound(machineType, r.name, groupName(r.id))
		err = e
	case err != nil:
		r.machine.power = before
	default:
		if result := d.then(r); result != nil {
			op.result = result
		}
	}
	op.end(err)
	s.tell(happening{id: r.id, typ: machineType, verb: d.verb, outcome: outcome(err), principal: c.principal, correlation: newCorrelation()})
}
