package memcloud

import (
	"context"
	"fmt"
	"maps"
	"path"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Power states.
const (
	Running     workspace.Power = "running"
	Deallocated workspace.Power = "deallocated"
)

// Actions on machines.
const (
	Start         workspace.Action = "start"
	Stop          workspace.Action = "stop"
	Restart       workspace.Action = "restart"
	Resize        workspace.Action = "resize"
	Redeploy      workspace.Action = "redeploy"
	ResetPassword workspace.Action = "reset_password"
)

// machine is one virtual machine.
type machine struct {
	id       workspace.Machine
	power    workspace.Power
	size     string
	password string
	cpu      float64
	action   workspace.MachineAction // the last
	progress workspace.Progress      // of it; "" when there was none
	fails    *workspace.CloudError
	err      *workspace.CloudError
	due      time.Time
	next     string // password that is being set
	runs     int    // actions that ended well
}

// settle ends the action that is due.
func (m *machine) settle(now time.Time) {
	if m.progress != workspace.InProgress || now.Before(m.due) {
		return
	}
	if m.fails != nil {
		m.progress, m.err = workspace.Broken, m.fails
		return
	}
	m.progress = workspace.Complete
	m.runs++
	switch m.action.Name {
	default: // start, restart, redeploy
		m.power = Running
	case Stop:
		m.power = Deallocated
	case Resize:
		m.size = m.action.Size
	case ResetPassword:
		m.password = m.next
	}
}

func lower(m workspace.Machine) workspace.Machine {
	return workspace.Machine(strings.ToLower(string(m)))
}

// machines is the port.
type machines struct{ c *Cloud }

// Begin starts an action.
func (p machines) Begin(ctx context.Context, id workspace.Machine, a workspace.MachineAction) (string, error) {
	return do(ctx, p.c, Begin, path.Base(string(id)), func(f fate) (string, error) {
		m := p.c.machines[lower(id)]
		switch {
		case m == nil:
			return "", absent(id)
		case !known(a):
			return "", Trouble(400, "InvalidRequest", fmt.Sprintf("machine: no action %q", a.Name))
		case m.progress == workspace.InProgress && m.action == a:
			return "", nil
		case m.progress == workspace.InProgress:
			return "", Trouble(409, "OperationNotAllowed", "Another operation is in progress on the machine.")
		}
		if a.Name == ResetPassword {
			s := p.c.secret(a.Secret)
			if s == nil {
				return "", Trouble(404, "SecretNotFound", "The new password is not in the vault.")
			}
			s.reads++
			m.next = s.value
		}
		if f.lost {
			return p.c.token(), nil
		}
		m.action, m.progress, m.err, m.fails = a, workspace.InProgress, nil, f.end
		m.due = p.c.due(f, p.c.config.Act)
		return p.c.token(), nil
	})
}

func known(a workspace.MachineAction) bool {
	switch a.Name {
	case Start, Stop, Restart, Redeploy:
		return true
	case Resize:
		return a.Size != ""
	case ResetPassword:
		return a.User != "" && a.Secret != ""
	default:
		return false
	}
}

func absent(id workspace.Machine) *workspace.CloudError {
	return Trouble(404, "ResourceNotFound", fmt.Sprintf("The resource %s was not found.", id))
}

// Look tells how the action stands.
func (p machines) Look(ctx context.Context, id workspace.Machine, a workspace.MachineAction, _ string) (workspace.Seen, error) {
	return do(ctx, p.c, LookMachine, path.Base(string(id)), func(fate) (workspace.Seen, error) {
		m := p.c.machines[lower(id)]
		if m == nil {
			return workspace.Seen{}, absent(id)
		}
		if m.progress == "" || m.action != a {
			return workspace.Seen{Progress: workspace.Absent}, nil
		}
		return workspace.Seen{Progress: m.progress, Err: told(m.err)}, nil
	})
}

// Powers returns the power state of every machine of a subscription.
func (p machines) Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error) {
	return do(ctx, p.c, Powers, subscription, func(fate) (map[workspace.Machine]workspace.Power, error) {
		all := map[workspace.Machine]workspace.Power{}
		for id, m := range p.c.machines {
			if strings.HasPrefix(string(id), "/subscriptions/"+strings.ToLower(subscription)+"/") {
				all[id] = m.power
			}
		}
		return all, nil
	})
}

// Busy is the port of metrics: the highest processor load in percent; false
// where nothing was measured, as of a machine that does not run.
func (c *Cloud) Busy(ctx context.Context, id workspace.Machine, _, _ time.Time) (float64, bool, error) {
	type load struct {
		percent float64
		known   bool
	}
	l, err := do(ctx, c, Busy, path.Base(string(id)), func(fate) (load, error) {
		m := c.machines[lower(id)]
		if m == nil {
			return load{}, absent(id)
		}
		return load{m.cpu, m.power == Running}, nil
	})
	return l.percent, l.known, err
}

// Add puts a running machine of a size into the cloud.
func (c *Cloud) Add(id workspace.Machine, size string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.machines[lower(id)] = &machine{id: lower(id), size: size, power: Running}
}

// Load says how busy a machine is from now on, in percent.
func (c *Cloud) Load(id workspace.Machine, percent float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	if m := c.machines[lower(id)]; m != nil {
		m.cpu = percent
	}
}

// State is what a machine is like.
type State struct {
	Power    workspace.Power
	Size     string
	Password string                // set by reset_password; "" for never
	Done     int                   // actions that ended well
	Progress workspace.Progress    // of the last action; "" for none
	Err      *workspace.CloudError // that broke it
}

// Fleet returns the state of every machine, by their ids in lower case.
func (c *Cloud) Fleet() map[workspace.Machine]State {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	all := maps.Collect(func(yield func(workspace.Machine, State) bool) {
		for id, m := range c.machines {
			if !yield(id, State{m.power, m.size, m.password, m.runs, m.progress, told(m.err)}) {
				return
			}
		}
	})
	return all
}
