// Package azmachines starts, stops, resizes and restarts virtual machines, and
// sets their passwords.
// https://learn.microsoft.com/rest/api/compute/virtual-machines
//
// The app's identity needs the role Virtual Machine Contributor in the
// workspaces.
package azmachines

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// The actions.
const (
	start         workspace.Action = "start"
	stop          workspace.Action = "stop"
	restart       workspace.Action = "restart"
	resize        workspace.Action = "resize"
	redeploy      workspace.Action = "redeploy"
	resetPassword workspace.Action = "reset_password"
)

// Secrets reads a new password just before it is set.
type Secrets interface {
	// Read returns the value of a secret by its id.
	Read(ctx context.Context, id string) (string, error)
}

// Config says how Resource Manager is reached, and who reads passwords.
type Config struct {
	azarm.Config
	Secrets Secrets // nil means that no password can be set
}

// Machines implements [workspace.Machines]. It is safe for concurrent use.
type Machines struct {
	link    azarm.Link
	secrets Secrets
	clients sync.Map // of subscriptions: string → clients
}

var _ workspace.Machines = (*Machines)(nil)

// New returns the Machines of c. It does not use the network.
func New(c Config) (*Machines, error) {
	link, err := c.Open()
	if err != nil {
		return nil, fmt.Errorf("machines: %w", err)
	}
	return &Machines{link: link, secrets: c.Secrets}, nil
}

// clients are those of a subscription.
type clients struct {
	machines *armcompute.VirtualMachinesClient
	commands *armcompute.VirtualMachineRunCommandsClient
}

func (m *Machines) of(subscription string) (clients, error) {
	if c, ok := m.clients.Load(subscription); ok {
		return c.(clients), nil
	}
	machines, err := armcompute.NewVirtualMachinesClient(subscription, m.link.Credential, m.link.Options)
	if err != nil {
		return clients{}, azarm.Refuse("subscription %q: %v", subscription, err)
	}
	commands, err := armcompute.NewVirtualMachineRunCommandsClient(subscription, m.link.Credential, m.link.Options)
	if err != nil {
		return clients{}, azarm.Refuse("subscription %q: %v", subscription, err)
	}
	c, _ := m.clients.LoadOrStore(subscription, clients{machines, commands})
	return c.(clients), nil
}

// machine is one machine with who can be asked about it.
type machine struct {
	clients
	id, group, name string
}

// machine refuses an id that leads elsewhere.
func (m *Machines) machine(id workspace.Machine) (machine, error) {
	parsed, err := arm.ParseResourceID(string(id))
	if err != nil || !strings.EqualFold(parsed.ResourceType.String(), "Microsoft.Compute/virtualMachines") ||
		parsed.SubscriptionID == "" || parsed.ResourceGroupName == "" || parsed.Name == "" {
		return machine{}, azarm.Refuse("machine %.200q: no id of a virtual machine", id)
	}
	c, err := m.of(parsed.SubscriptionID)
	return machine{c, strings.ToLower(string(id)), parsed.ResourceGroupName, parsed.Name}, err
}

// Begin starts an action.
func (m *Machines) Begin(ctx context.Context, id workspace.Machine, a workspace.MachineAction) (string, error) {
	vm, err := m.machine(id)
	if err != nil {
		return "", err
	}
	call, cancel := m.link.Call(ctx)
	defer cancel()
	var op azarm.Operation
	if a.Name == resetPassword {
		op, err = m.reset(call, vm, a)
	} else {
		op, err = vm.act(call, a, "")
	}
	if err != nil {
		return "", azarm.Error(ctx, err)
	}
	return m.link.Seal(op, azarm.Token{Kind: string(a.Name), About: about(vm, a), Run: a.Run}), nil
}

// about names one action of one try on one machine.
func about(vm machine, a workspace.MachineAction) string {
	return vm.id + " " + string(a.Name) + " " + a.Run
}

// act begins an action, or picks it up again.
func (vm machine) act(ctx context.Context, a workspace.MachineAction, resume string) (azarm.Operation, error) {
	switch a.Name {
	case start:
		return azarm.Op(vm.machines.BeginStart(ctx, vm.group, vm.name, &armcompute.VirtualMachinesClientBeginStartOptions{ResumeToken: resume}))
	case stop: // and deallocated: a machine that is only switched off still costs
		return azarm.Op(vm.machines.BeginDeallocate(ctx, vm.group, vm.name, &armcompute.VirtualMachinesClientBeginDeallocateOptions{ResumeToken: resume}))
	case restart:
		return azarm.Op(vm.machines.BeginRestart(ctx, vm.group, vm.name, &armcompute.VirtualMachinesClientBeginRestartOptions{ResumeToken: resume}))
	case redeploy:
		return azarm.Op(vm.machines.BeginRedeploy(ctx, vm.group, vm.name, &armcompute.VirtualMachinesClientBeginRedeployOptions{ResumeToken: resume}))
	case resize:
		if a.Size == "" {
			return nil, azarm.Refuse("machine %s: no size to resize to", vm.name)
		}
		size := armcompute.VirtualMachineUpdate{Properties: &armcompute.VirtualMachineProperties{
			HardwareProfile: &armcompute.HardwareProfile{VMSize: to.Ptr(armcompute.VirtualMachineSizeTypes(a.Size))}}}
		return azarm.Op(vm.machines.BeginUpdate(ctx, vm.group, vm.name, size, &armcompute.VirtualMachinesClientBeginUpdateOptions{ResumeToken: resume}))
	default:
		return nil, azarm.Refuse("machine %s: no action %q", vm.name, a.Name)
	}
}

// Powers returns the power state of every machine of a subscription.
func (m *Machines) Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error) {
	c, err := m.of(subscription)
	if err != nil {
		return nil, err
	}
	all := map[workspace.Machine]workspace.Power{}
	for pages := c.machines.NewListAllPager(&armcompute.VirtualMachinesClientListAllOptions{StatusOnly: to.Ptr("true")}); pages.More(); {
		call, cancel := m.link.Call(ctx)
		page, err := pages.NextPage(call)
		cancel()
		if err != nil {
			return nil, azarm.Error(ctx, err)
		}
		for _, vm := range page.Value {
			if vm != nil && vm.ID != nil {
				all[workspace.Machine(strings.ToLower(*vm.ID))] = power(vm)
			}
		}
	}
	return all, nil
}
