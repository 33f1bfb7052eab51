package azmachines

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Look tells how the action stands: by its token, or by what the machine is
// like. A restart and a redeployment leave no trace on a machine, so that a
// machine which runs and rests has had them.
func (m *Machines) Look(ctx context.Context, id workspace.Machine, a workspace.MachineAction, token string) (workspace.Seen, error) {
	vm, err := m.machine(id)
	if err != nil {
		return workspace.Seen{}, err
	}
	call, cancel := m.link.Call(ctx)
	defer cancel()
	var seen workspace.Seen
	if a.Name == resetPassword {
		seen, err = m.lookReset(call, vm, a, token)
	} else {
		seen, err = m.look(call, vm, a, token)
	}
	return seen, azarm.Error(ctx, err)
}

func (m *Machines) look(ctx context.Context, vm machine, a workspace.MachineAction, token string) (workspace.Seen, error) {
	if t, ok := m.link.Open(token, about(vm, a)); ok {
		if op, err := vm.act(ctx, a, t.Resume); err == nil {
			seen, err := azarm.Look(ctx, op)
			if err != nil || seen.Progress != workspace.Absent {
				seen.Run = t.Run
				return seen, err
			}
		}
	}
	var answer *http.Response
	found, err := vm.machines.Get(policy.WithCaptureResponse(ctx, &answer), vm.group, vm.name,
		&armcompute.VirtualMachinesClientGetOptions{Expand: to.Ptr(armcompute.InstanceViewTypesInstanceView)})
	if err != nil {
		return workspace.Seen{}, err
	}
	seen := see(&found.VirtualMachine, a)
	seen.After = azarm.After(answer)
	return seen, nil
}

// see tells of an action by what the machine is like.
func see(vm *armcompute.VirtualMachine, a workspace.MachineAction) workspace.Seen {
	if vm.Properties == nil {
		return workspace.Seen{Progress: workspace.Absent}
	}
	state := azarm.Progress(value(vm.Properties.ProvisioningState))
	switch {
	case state == workspace.Broken:
		return workspace.Seen{Progress: state, Err: azarm.Broken(said(vm.Properties.InstanceView))}
	case state != workspace.Complete:
		return workspace.Seen{Progress: state}
	case done(vm, a):
		return workspace.Seen{Progress: workspace.Complete}
	}
	switch power(vm) {
	case "starting", "stopping", "deallocating":
		return workspace.Seen{Progress: workspace.InProgress}
	}
	return workspace.Seen{Progress: workspace.Absent}
}

// done tells whether the machine is as the action leaves it.
func done(vm *armcompute.VirtualMachine, a workspace.MachineAction) bool {
	switch a.Name {
	case resize:
		p := vm.Properties.HardwareProfile
		return p != nil && p.VMSize != nil && strings.EqualFold(string(*p.VMSize), a.Size)
	case stop:
		return power(vm) == "deallocated"
	default:
		return power(vm) == "running"
	}
}

// Unknown is the power state of a machine of which Azure tells none, such as
// one that is being made.
const Unknown workspace.Power = "unknown"

// power is what the instance view says.
// https://learn.microsoft.com/azure/virtual-machines/states-billing
func power(vm *armcompute.VirtualMachine) workspace.Power {
	if vm.Properties == nil || vm.Properties.InstanceView == nil {
		return Unknown
	}
	for _, status := range vm.Properties.InstanceView.Statuses {
		if status == nil {
			continue
		}
		if state, ok := strings.CutPrefix(value(status.Code), "PowerState/"); ok {
			return workspace.Power(state)
		}
	}
	return Unknown
}

// said is what the instance view says of a failure, as an error of Resource
// Manager: {"code": "ProvisioningState/failed/AllocationFailed", "message": …}.
func said(view *armcompute.VirtualMachineInstanceView) []byte {
	if view == nil {
		return nil
	}
	for _, status := range view.Statuses {
		if status == nil || status.Level == nil || *status.Level != armcompute.StatusLevelTypesError {
			continue
		}
		code := value(status.Code)
		body, err := json.Marshal(map[string]string{"code": code[strings.LastIndexByte(code, '/')+1:],
			"message": cmp.Or(value(status.Message), value(status.DisplayStatus))})
		if err == nil {
			return body
		}
	}
	return nil
}

func value(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
