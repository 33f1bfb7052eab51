package memcloud

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// stack is one deployment stack.
type stack struct {
	deployment workspace.Deployment
	progress   workspace.Progress
	removing   bool
	fails      *workspace.CloudError // how the work under way will end; nil: well
	err        *workspace.CloudError
	outputs    map[string]any
	made       []string
	due        time.Time
	machine    workspace.Machine
}

// settle ends the work that is due; true when the stack is gone with it.
func (s *stack) settle(c *Cloud, now time.Time) bool {
	if s.progress != workspace.InProgress || now.Before(s.due) {
		return false
	}
	switch {
	case s.fails != nil:
		s.progress, s.err, s.removing = workspace.Broken, s.fails, false
	case s.removing:
		delete(c.machines, s.machine)
		return true
	default:
		s.progress, s.err, s.outputs = workspace.Complete, nil, nil
		if c.config.Outputs != nil {
			s.outputs = c.config.Outputs(s.deployment)
		}
		s.made = c.made(s)
		s.own(c)
	}
	return false
}

// made are the ids of what a stack made.
func (c *Cloud) made(s *stack) []string {
	if c.config.Made != nil {
		return c.config.Made(s.deployment)
	}
	name, _ := s.outputs["storage_account_name"].(string)
	if name == "" {
		return nil
	}
	group, _ := s.outputs["resource_group_name"].(string)
	return []string{"/subscriptions/" + s.deployment.Stack.Subscription + "/resourceGroups/" + group + "/providers/Microsoft.Storage/storageAccounts/" + name}
}

// own makes the machine that the outputs name.
func (s *stack) own(c *Cloud) {
	id, _ := s.outputs["azure_resource_id"].(string)
	if !strings.Contains(strings.ToLower(id), "/virtualmachines/") {
		return
	}
	s.machine = lower(workspace.Machine(id))
	if c.machines[s.machine] == nil {
		c.machines[s.machine] = &machine{id: s.machine, power: Running}
	}
}

// stacks is the port.
type stacks struct{ c *Cloud }

func address(s workspace.Stack) workspace.Stack {
	s.Location = ""
	return s
}

// Deploy starts to make or update a stack.
func (p stacks) Deploy(ctx context.Context, d workspace.Deployment) (string, error) {
	return do(ctx, p.c, Deploy, d.Stack.Name, func(f fate) (string, error) {
		at := address(d.Stack)
		there := p.c.stacks[at]
		if there != nil && there.progress == workspace.InProgress {
			if there.deployment.Run == d.Run && !there.removing {
				return "", nil
			}
			return "", Conflict()
		}
		if p.c.config.Refuse != nil {
			if err := told(p.c.config.Refuse(d)); err != nil {
				return "", err
			}
		}
		if f.lost {
			return p.c.token(), nil
		}
		if err := p.c.referred(d); err != nil {
			return "", err
		}
		if there == nil {
			there = new(stack)
			p.c.stacks[at] = there
		}
		d.Template, d.Tags, d.Parameters = slices.Clone(d.Template), maps.Clone(d.Tags), maps.Clone(d.Parameters)
		there.deployment, there.progress, there.err, there.removing = d, workspace.InProgress, nil, false
		there.fails, there.due = f.end, p.c.due(f, p.c.config.Deploy)
		return p.c.token(), nil
	})
}

// referred checks that the secrets which a deployment refers to are there.
func (c *Cloud) referred(d workspace.Deployment) *workspace.CloudError {
	for name, p := range d.Parameters {
		if p.Secret != "" && c.secret(p.Secret) == nil {
			return Trouble(400, "KeyVaultParameterReferenceSecretRetrieveFailed", "The secret of Key Vault parameter "+name+" is not there.")
		}
	}
	return nil
}

func (c *Cloud) due(f fate, takes time.Duration) time.Time {
	if f.takes != 0 {
		takes = f.takes
	}
	if f.slow {
		takes *= 10
	}
	return c.config.Now().Add(takes)
}

// Remove starts to delete a stack with everything it made.
func (p stacks) Remove(ctx context.Context, at workspace.Stack) (string, error) {
	return do(ctx, p.c, Remove, at.Name, func(f fate) (string, error) {
		there := p.c.stacks[address(at)]
		switch {
		case there == nil, there.removing:
			return "", nil
		case there.progress == workspace.InProgress:
			return "", Conflict()
		}
		there.progress, there.removing, there.err = workspace.InProgress, true, nil
		there.fails, there.due = f.end, p.c.due(f, p.c.config.Remove)
		return p.c.token(), nil
	})
}

// Look tells how the stack stands.
func (p stacks) Look(ctx context.Context, at workspace.Stack, _ string) (workspace.Seen, error) {
	return do(ctx, p.c, Look, at.Name, func(fate) (workspace.Seen, error) {
		s := p.c.stacks[address(at)]
		if s == nil {
			return workspace.Seen{Progress: workspace.Absent}, nil
		}
		seen := workspace.Seen{Progress: s.progress, Run: s.deployment.Run}
		if s.progress == workspace.Complete {
			seen.Outputs, seen.Made = maps.Clone(s.outputs), slices.Clone(s.made)
		}
		if s.progress == workspace.Broken {
			seen.Err = told(s.err)
		}
		return seen, nil
	})
}

// Cancel stops the deployment of a stack, where one is under way.
func (p stacks) Cancel(ctx context.Context, at workspace.Stack) error {
	_, err := do(ctx, p.c, Cancel, at.Name, func(fate) (struct{}, error) {
		if s := p.c.stacks[address(at)]; s != nil && s.progress == workspace.InProgress && !s.removing {
			s.progress, s.fails = workspace.Stopped, nil
		}
		return struct{}{}, nil
	})
	return err
}

// Deployed lists the addresses of all stacks that are there, in whatever
// state, in order of their names.
func (c *Cloud) Deployed() []workspace.Stack {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	all := slices.Collect(maps.Keys(c.stacks))
	slices.SortFunc(all, func(a, b workspace.Stack) int {
		return strings.Compare(a.Subscription+"/"+a.Group+"/"+a.Name, b.Subscription+"/"+b.Group+"/"+b.Name)
	})
	return all
}

// Deployment returns what was last deployed to a stack; false when there is
// none.
func (c *Cloud) Deployment(at workspace.Stack) (workspace.Deployment, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	s := c.stacks[address(at)]
	if s == nil {
		return workspace.Deployment{}, false
	}
	return s.deployment, true
}

// Vanish takes a stack away, as somebody does who is not us.
func (c *Cloud) Vanish(at workspace.Stack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.stacks, address(at))
}

// Standing tells how a stack stands, as a look would that nothing befalls.
func (c *Cloud) Standing(at workspace.Stack) workspace.Seen {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	s := c.stacks[address(at)]
	if s == nil {
		return workspace.Seen{Progress: workspace.Absent}
	}
	return workspace.Seen{Progress: s.progress, Run: s.deployment.Run, Outputs: maps.Clone(s.outputs), Made: slices.Clone(s.made), Err: told(s.err)}
}
