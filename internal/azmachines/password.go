package azmachines

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v8"

	"github.com/trefoil-tre/trefoil/internal/azarm"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// The scripts. Parameters are the environment's variables on Linux, and the
// script's own on Windows: nothing is put together with them.
// https://learn.microsoft.com/azure/virtual-machines/linux/run-command-managed
const (
	linux = `set -eu
printf '%s:%s\n' "$tre_user" "$tre_password" | chpasswd
`
	windows = `param([string]$tre_user, [string]$tre_password)
$ErrorActionPreference = 'Stop'
Set-LocalUser -Name $tre_user -Password (ConvertTo-SecureString -String $tre_password -AsPlainText -Force)
`
)

// scriptTime is how long the script may take, in seconds: it takes one.
const scriptTime = 300

var (
	// users are names that Linux and Windows take. A colon would be the
	// password's beginning.
	users = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._-]{0,31}$`)
	// unfit are signs that no line may hold.
	unfit = "\r\n\x00"
)

// command is the name of a run's command on the machine. Runs are longer than
// such a name may be.
func command(run string) string {
	sum := sha256.Sum256([]byte(run))
	return "tre-" + hex.EncodeToString(sum[:10])
}

// reset begins to set a password, which is read now and kept nowhere.
func (m *Machines) reset(ctx context.Context, vm machine, a workspace.MachineAction) (azarm.Operation, error) {
	switch {
	case !users.MatchString(a.User):
		return nil, azarm.Refuse("machine %s: user %.40q is not 1 to 32 letters, digits and ._-", vm.name, a.User)
	case m.secrets == nil || a.Secret == "":
		return nil, azarm.Refuse("machine %s: no vault to read the new password from", vm.name)
	}
	found, err := vm.machines.Get(ctx, vm.group, vm.name, &armcompute.VirtualMachinesClientGetOptions{Expand: to.Ptr(armcompute.InstanceViewTypesInstanceView)})
	if err != nil {
		return nil, err
	}
	script, err := scriptFor(found.VirtualMachine)
	if err != nil {
		return nil, err
	}
	if state := power(&found.VirtualMachine); state == "deallocated" || state == "stopped" {
		return nil, azarm.Refuse("machine %s is %s: a password is set on a machine that runs", vm.name, state)
	}
	password, err := m.secrets.Read(ctx, a.Secret)
	if err != nil {
		return nil, err
	}
	if password == "" || strings.ContainsAny(password, unfit) {
		return nil, azarm.Refuse("machine %s: the new password is empty, or has more than one line", vm.name)
	}
	op, err := azarm.Op(vm.commands.BeginCreateOrUpdate(ctx, vm.group, vm.name, command(a.Run), armcompute.VirtualMachineRunCommand{
		Location: found.Location,
		Properties: &armcompute.VirtualMachineRunCommandProperties{
			Source:           &armcompute.VirtualMachineRunCommandScriptSource{Script: &script},
			AsyncExecution:   to.Ptr(true),
			TimeoutInSeconds: to.Ptr[int32](scriptTime),
			ProtectedParameters: []*armcompute.RunCommandInputParameter{
				{Name: to.Ptr("tre_user"), Value: &a.User},
				{Name: to.Ptr("tre_password"), Value: &password},
			},
		},
	}, nil))
	return op, azarm.Without(azarm.Error(ctx, err), password)
}

func scriptFor(vm armcompute.VirtualMachine) (string, error) {
	if p := vm.Properties; p != nil && p.StorageProfile != nil && p.StorageProfile.OSDisk != nil && p.StorageProfile.OSDisk.OSType != nil {
		switch *p.StorageProfile.OSDisk.OSType {
		case armcompute.OperatingSystemTypesLinux:
			return linux, nil
		case armcompute.OperatingSystemTypesWindows:
			return windows, nil
		}
	}
	return "", azarm.Refuse("machine %s: neither Linux nor Windows", value(vm.Name))
}

// lookReset tells how the run's command stands. Its end is told once: then the
// command is deleted, and with it the parameters that Azure keeps.
func (m *Machines) lookReset(ctx context.Context, vm machine, a workspace.MachineAction, token string) (workspace.Seen, error) {
	seen, err := vm.command(ctx, a)
	if err == nil && seen.Progress == workspace.Absent {
		seen, err = m.lostReset(ctx, vm, a, token)
	}
	if err != nil || seen.Progress == workspace.InProgress || seen.Progress == workspace.Absent {
		return seen, err
	}
	_, err = vm.commands.BeginDelete(ctx, vm.group, vm.name, command(a.Run), nil)
	if err != nil && !azarm.Gone(err) && !azarm.Is(err, http.StatusForbidden) {
		return workspace.Seen{}, err // the next look finds it ended too
	}
	return seen, nil
}

// command looks at the run's command.
func (vm machine) command(ctx context.Context, a workspace.MachineAction) (workspace.Seen, error) {
	found, err := vm.commands.GetByVirtualMachine(ctx, vm.group, vm.name, command(a.Run),
		&armcompute.VirtualMachineRunCommandsClientGetByVirtualMachineOptions{Expand: to.Ptr("instanceView")})
	if azarm.Gone(err) {
		return workspace.Seen{Progress: workspace.Absent}, nil
	}
	if err != nil {
		return workspace.Seen{}, err
	}
	seen := executed(found.Properties)
	seen.Run = a.Run
	return seen, nil
}

// lostReset tells why there is no command, if the operation remembers.
func (m *Machines) lostReset(ctx context.Context, vm machine, a workspace.MachineAction, token string) (workspace.Seen, error) {
	absent := workspace.Seen{Progress: workspace.Absent}
	t, ok := m.link.Open(token, about(vm, a))
	if !ok {
		return absent, nil
	}
	op, err := azarm.Op(vm.commands.BeginCreateOrUpdate(ctx, vm.group, vm.name, command(a.Run), armcompute.VirtualMachineRunCommand{},
		&armcompute.VirtualMachineRunCommandsClientBeginCreateOrUpdateOptions{ResumeToken: t.Resume}))
	if err != nil {
		return absent, nil //nolint:nilerr // a token that the SDK cannot read is none
	}
	seen, err := azarm.Look(ctx, op)
	seen.Run = t.Run
	if err == nil && seen.Progress == workspace.Complete {
		return vm.command(ctx, a) // made between the two questions, or deleted by a look whose end got lost
	}
	return seen, err
}

// executed reads a command's instance view.
func executed(p *armcompute.VirtualMachineRunCommandProperties) workspace.Seen {
	if p == nil {
		return workspace.Seen{Progress: workspace.InProgress}
	}
	view := p.InstanceView
	if view == nil || view.ExecutionState == nil {
		if azarm.Progress(value(p.ProvisioningState)) == workspace.Broken {
			return workspace.Seen{Progress: workspace.Broken, Err: azarm.Refuse("the machine did not run the command that sets the password")}
		}
		return workspace.Seen{Progress: workspace.InProgress}
	}
	switch *view.ExecutionState {
	case armcompute.ExecutionStateSucceeded:
		return workspace.Seen{Progress: workspace.Complete}
	case armcompute.ExecutionStateCanceled:
		return workspace.Seen{Progress: workspace.Stopped}
	case armcompute.ExecutionStateFailed, armcompute.ExecutionStateTimedOut:
		why := azarm.Clean(cmp.Or(strings.TrimSpace(value(view.Error)), value(view.ExecutionMessage), string(*view.ExecutionState)))
		e := azarm.Refuse("the machine did not take the new password: %s", why)
		e.Code = "RunCommandFailed"
		return workspace.Seen{Progress: workspace.Broken, Err: e}
	default:
		return workspace.Seen{Progress: workspace.InProgress}
	}
}
