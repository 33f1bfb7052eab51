package cloudtest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Stacks is a cloud whose stacks are tested. It holds none yet.
type Stacks struct {
	Port     workspace.Stacks
	At       workspace.Stack             // address that nothing is at
	Group    workspace.Stack             // the same, in a resource group
	Template []byte                      // that deploys well
	Output   string                      // name of one of its outputs
	Type     string                      // ARM type of a resource that it makes
	Name     string                      // of that resource
	Pass     func()                      // lets time pass, so that work gets on
	Break    func(stack workspace.Stack) // makes the next deployment to a stack end badly
}

// RunStacks tests the port of stacks that open returns, once per rule.
func RunStacks(t *testing.T, open func(*testing.T) Stacks) {
	run(t, open, []rule[Stacks]{
		{"a stack that is not there", stackAbsent},
		{"deployed at a subscription", func(t *testing.T, c Stacks) { stackDeployed(t, c, c.At) }},
		{"deployed in a group", func(t *testing.T, c Stacks) { stackDeployed(t, c, c.Group) }},
		{"the same try again while it is under way", stackAgain},
		{"the same try by many at once", stackMany},
		{"another try while one is under way", stackBusy},
		{"updated", stackUpdated},
		{"removed", stackRemoved},
		{"removed again while it is being removed", stackRemovedAgain},
		{"broken, and then deployed well", stackBroken},
		{"cancelled", stackCancelled},
		{"a token of somebody else", stackToken},
		{"an address that leads elsewhere", stackElsewhere},
		{"the caller has gone", stackEnded},
	})
}

func (c Stacks) deployment(at workspace.Stack, run string) workspace.Deployment {
	return workspace.Deployment{Stack: at, Run: run, Template: c.Template, Tags: map[string]string{"tre_id": "test"}}
}

func (c Stacks) deploy(t *testing.T, at workspace.Stack, run string) string {
	t.Helper()
	token, err := c.Port.Deploy(t.Context(), c.deployment(at, run))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (c Stacks) end(t *testing.T, at workspace.Stack, token string) workspace.Seen {
	t.Helper()
	return until(t, c.Pass, func() (workspace.Seen, error) { return c.Port.Look(t.Context(), at, token) })
}

func (c Stacks) want(t *testing.T, seen workspace.Seen, progress workspace.Progress, run string) {
	t.Helper()
	if seen.Progress != progress || seen.Run != run {
		t.Errorf("%s by run %q, want %s by %q; error %v", seen.Progress, seen.Run, progress, run, seen.Err)
	}
}

func stackAbsent(t *testing.T, c Stacks) {
	for _, at := range []workspace.Stack{c.At, c.Group} {
		seen, err := c.Port.Look(t.Context(), at, "")
		if err != nil {
			t.Fatal(err)
		}
		c.want(t, seen, workspace.Absent, "")
		if _, err := c.Port.Remove(t.Context(), at); err != nil {
			t.Errorf("removing what is gone: %v", err)
		}
		if err := c.Port.Cancel(t.Context(), at); err != nil {
			t.Errorf("cancelling what is gone: %v", err)
		}
	}
}

func stackDeployed(t *testing.T, c Stacks, at workspace.Stack) {
	token := c.deploy(t, at, "op.1")
	seen := c.end(t, at, token)
	c.want(t, seen, workspace.Complete, "op.1")
	if _, ok := seen.Outputs[c.Output]; !ok || seen.Err != nil {
		t.Errorf("outputs %v, error %v: want output %q", seen.Outputs, seen.Err, c.Output)
	}
	if !seen.Holds(c.Type, c.Name) || seen.Holds(c.Type, c.Name+"x") || seen.Holds("Contoso.Fake/things", c.Name) {
		t.Errorf("made %v: want a %s named %s", seen.Made, c.Type, c.Name)
	}
	again, err := c.Port.Look(t.Context(), at, "")
	if err != nil {
		t.Fatal(err)
	}
	c.want(t, again, workspace.Complete, "op.1")
	if err := c.Port.Cancel(t.Context(), at); err != nil {
		t.Errorf("cancelling what has ended: %v", err)
	}
}

func stackAgain(t *testing.T, c Stacks) {
	c.deploy(t, c.At, "op.1")
	c.deploy(t, c.At, "op.1")
	c.want(t, c.end(t, c.At, ""), workspace.Complete, "op.1")
	c.deploy(t, c.At, "op.1")
	c.want(t, c.end(t, c.At, ""), workspace.Complete, "op.1")
}

func stackMany(t *testing.T, c Stacks) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			_, err := c.Port.Deploy(t.Context(), c.deployment(c.At, "op.1"))
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	c.want(t, c.end(t, c.At, ""), workspace.Complete, "op.1")
}

func stackBusy(t *testing.T, c Stacks) {
	c.deploy(t, c.At, "op.1")
	_, err := c.Port.Deploy(t.Context(), c.deployment(c.At, "op.2"))
	classed(t, err, workspace.Busy)
	c.want(t, c.end(t, c.At, ""), workspace.Complete, "op.1")
}

func stackUpdated(t *testing.T, c Stacks) {
	c.deploy(t, c.At, "op.1")
	c.end(t, c.At, "")
	token := c.deploy(t, c.At, "op.2")
	c.want(t, c.end(t, c.At, token), workspace.Complete, "op.2")
}

func stackRemoved(t *testing.T, c Stacks) {
	for _, at := range []workspace.Stack{c.At, c.Group} {
		c.deploy(t, at, "op.1")
		c.end(t, at, "")
		token, err := c.Port.Remove(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		if seen := c.end(t, at, token); seen.Progress != workspace.Absent {
			t.Errorf("%s, want absent", seen.Progress)
		}
		token = c.deploy(t, at, "op.2")
		c.want(t, c.end(t, at, token), workspace.Complete, "op.2")
	}
}

func stackRemovedAgain(t *testing.T, c Stacks) {
	c.deploy(t, c.At, "op.1")
	c.end(t, c.At, "")
	if _, err := c.Port.Remove(t.Context(), c.At); err != nil {
		t.Fatal(err)
	}
	// Azure does not always tell a deletion from the end of an update.
	if _, err := c.Port.Remove(t.Context(), c.At); err != nil {
		classed(t, err, workspace.Busy)
	}
	c.end(t, c.At, "")
	if _, err := c.Port.Remove(t.Context(), c.At); err != nil {
		t.Error(err)
	}
}

func stackBroken(t *testing.T, c Stacks) {
	c.Break(c.At)
	token := c.deploy(t, c.At, "op.1")
	seen := c.end(t, c.At, token)
	c.want(t, seen, workspace.Broken, "op.1")
	if seen.Err == nil || seen.Err.Message == "" || seen.Err.Code == "" {
		t.Errorf("error %+v, want a reason", seen.Err)
	}
	token = c.deploy(t, c.At, "op.2")
	c.want(t, c.end(t, c.At, token), workspace.Complete, "op.2")
}

func stackCancelled(t *testing.T, c Stacks) {
	token := c.deploy(t, c.At, "op.1")
	if err := c.Port.Cancel(t.Context(), c.At); err != nil {
		t.Fatal(err)
	}
	if err := c.Port.Cancel(t.Context(), c.At); err != nil {
		t.Errorf("cancelled again: %v", err)
	}
	if seen := c.end(t, c.At, token); seen.Progress != workspace.Stopped || seen.Run != "op.1" {
		t.Errorf("%s by %q, want cancelled by op.1; error %v", seen.Progress, seen.Run, seen.Err)
	}
}

func stackToken(t *testing.T, c Stacks) {
	mine := c.deploy(t, c.At, "op.1")
	theirs := c.deploy(t, c.Group, "op.2")
	c.want(t, c.end(t, c.At, mine), workspace.Complete, "op.1")
	c.want(t, c.end(t, c.Group, theirs), workspace.Complete, "op.2")
	for _, token := range []string{theirs, "no token", mine + "x"} {
		c.want(t, c.end(t, c.At, token), workspace.Complete, "op.1")
	}
}

// stackElsewhere: what is refused is refused for good, or nothing is there.
func stackElsewhere(t *testing.T, c Stacks) {
	for _, name := range []string{"..", "a/../../b", "a?b=c", "a b", ""} {
		at := c.At
		at.Name = name
		seen, err := c.Port.Look(t.Context(), at, "")
		if err != nil {
			classed(t, err, workspace.Final)
		} else if seen.Progress != workspace.Absent {
			t.Errorf("%q: %s", name, seen.Progress)
		}
	}
}

func stackEnded(t *testing.T, c Stacks) {
	ctx := ended(t)
	_, err1 := c.Port.Deploy(ctx, c.deployment(c.At, "op.1"))
	_, err2 := c.Port.Remove(ctx, c.At)
	_, err3 := c.Port.Look(ctx, c.At, "")
	for _, err := range []error{err1, err2, err3, c.Port.Cancel(ctx, c.At)} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the caller's end", err)
		}
	}
}
