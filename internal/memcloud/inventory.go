package memcloud

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// PutGroup puts a resource group into a subscription.
func (c *Cloud) PutGroup(subscription string, g workspace.Group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.groups == nil {
		c.groups = map[string][]workspace.Group{}
	}
	c.groups[subscription] = append(c.groups[subscription], g)
}

// Groups lists the resource groups that carry the tag of a TRE.
func (p stacks) Groups(ctx context.Context, subscription, tre string) ([]workspace.Group, error) {
	return do(ctx, p.c, Groups, subscription, func(fate) ([]workspace.Group, error) {
		var all []workspace.Group
		for _, g := range p.c.groups[subscription] {
			if g.Tags["tre_id"] == tre {
				all = append(all, g)
			}
		}
		return all, nil
	})
}

// Held lists the stacks at a scope.
func (p stacks) Held(ctx context.Context, subscription, group string) ([]workspace.Held, error) {
	return do(ctx, p.c, Held, group, func(fate) ([]workspace.Held, error) {
		var all []workspace.Held
		for at, s := range p.c.stacks {
			if at.Subscription != subscription || at.Group != group {
				continue
			}
			h := workspace.Held{ID: fmt.Sprintf("/subscriptions/%s/%s/%s", subscription, group, at.Name), Stack: at, State: "succeeded"}
			switch {
			case s.progress == workspace.InProgress && s.removing:
				h.State = "deleting"
			case s.progress == workspace.InProgress:
				h.State = "deploying"
			case s.progress == workspace.Broken:
				h.State, h.Why = "failed", told(s.err).Error()
			}
			all = append(all, h)
		}
		return all, nil
	})
}

// Lose takes a stack out of the cloud without anybody having asked, and leaves
// what it made.
func (c *Cloud) Lose(s workspace.Stack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.stacks, address(s))
}

// Put makes a stack in the cloud without anybody having asked.
func (c *Cloud) Put(s workspace.Stack) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stacks[address(s)] = &stack{deployment: workspace.Deployment{Stack: s}, progress: workspace.Complete}
}

// LoseMachine takes a machine out of the cloud without anybody having asked.
func (c *Cloud) LoseMachine(m workspace.Machine) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.machines, lower(m))
}
