package cloudtest

import (
	"context"
	"errors"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Machines is a cloud whose machines are tested.
type Machines struct {
	Port         workspace.Machines
	Subscription string
	Machine      workspace.Machine // runs, of size Standard_D2s_v6
	Secret       string            // id of a secret in the vault, a new password
	User         string            // a user of the machine
	Pass         func()            // lets time pass, so that work gets on
	Break        func()            // makes the next action end badly
	Size         func() string     // of the machine
	Password     func() string     // that was set last; "" for none
	Value        string            // of the secret
}

// RunMachines tests the port of machines that open returns, once per rule.
func RunMachines(t *testing.T, open func(*testing.T) Machines) {
	run(t, open, []rule[Machines]{
		{"a machine that is not there", machineAbsent},
		{"stopped and started", machinePower},
		{"restarted and redeployed", machineAgain},
		{"resized", machineResized},
		{"given a new password", machinePassword},
		{"the token is lost", machineToken},
		{"an action ends badly", machineBroken},
		{"no such action, no such id", machineRefused},
		{"the caller has gone", machineEnded},
	})
}

func (c Machines) begin(t *testing.T, a workspace.MachineAction) string {
	t.Helper()
	token, err := c.Port.Begin(t.Context(), c.Machine, a)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (c Machines) end(t *testing.T, a workspace.MachineAction, token string) workspace.Seen {
	t.Helper()
	return until(t, c.Pass, func() (workspace.Seen, error) { return c.Port.Look(t.Context(), c.Machine, a, token) })
}

func (c Machines) do(t *testing.T, a workspace.MachineAction) {
	t.Helper()
	if seen := c.end(t, a, c.begin(t, a)); seen.Progress != workspace.Complete {
		t.Errorf("%s: %s, error %v", a.Name, seen.Progress, seen.Err)
	}
}

func (c Machines) power(t *testing.T) workspace.Power {
	t.Helper()
	all, err := c.Port.Powers(t.Context(), c.Subscription)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 {
		t.Errorf("powers of %d machines, want one: %v", len(all), all)
	}
	return all[Lower(c.Machine)]
}

func machineAbsent(t *testing.T, c Machines) {
	gone := c.Machine + "x"
	a := workspace.MachineAction{Name: "start", Run: "op.1"}
	_, err1 := c.Port.Begin(t.Context(), gone, a)
	_, err2 := c.Port.Look(t.Context(), gone, a, "")
	for _, err := range []error{err1, err2} {
		if e := told(t, err, workspace.Final); e.Status != 404 {
			t.Errorf("status %d, want 404", e.Status)
		}
	}
}

func machinePower(t *testing.T, c Machines) {
	if got := c.power(t); got != "running" {
		t.Errorf("power %q, want running", got)
	}
	c.do(t, workspace.MachineAction{Name: "stop", Run: "op.1"})
	if got := c.power(t); got != "deallocated" {
		t.Errorf("power %q, want deallocated", got)
	}
	c.do(t, workspace.MachineAction{Name: "start", Run: "op.2"})
	if got := c.power(t); got != "running" {
		t.Errorf("power %q, want running", got)
	}
}

func machineAgain(t *testing.T, c Machines) {
	c.do(t, workspace.MachineAction{Name: "restart", Run: "op.1"})
	c.do(t, workspace.MachineAction{Name: "redeploy", Run: "op.2"})
	if got := c.power(t); got != "running" {
		t.Errorf("power %q, want running", got)
	}
}

func machineResized(t *testing.T, c Machines) {
	c.do(t, workspace.MachineAction{Name: "resize", Size: "Standard_D4s_v6", Run: "op.1"})
	if got := c.Size(); got != "Standard_D4s_v6" {
		t.Errorf("size %q", got)
	}
}

func machinePassword(t *testing.T, c Machines) {
	c.do(t, workspace.MachineAction{Name: "reset_password", User: c.User, Secret: c.Secret, Run: "op.1"})
	if got := c.Password(); got != c.Value {
		t.Errorf("the password was not set")
	}
}

func machineToken(t *testing.T, c Machines) {
	for _, a := range []workspace.MachineAction{
		{Name: "stop", Run: "op.1"}, {Name: "start", Run: "op.2"}, {Name: "resize", Size: "Standard_D4s_v6", Run: "op.3"}, {Name: "restart", Run: "op.4"},
	} {
		c.begin(t, a)
		for _, token := range []string{"", "no token"} {
			if seen := c.end(t, a, token); seen.Progress != workspace.Complete {
				t.Errorf("%s with token %q: %s, error %v", a.Name, token, seen.Progress, seen.Err)
			}
		}
	}
}

func machineBroken(t *testing.T, c Machines) {
	c.Break()
	a := workspace.MachineAction{Name: "resize", Size: "Standard_D4s_v6", Run: "op.1"}
	seen := c.end(t, a, c.begin(t, a))
	if seen.Progress != workspace.Broken || seen.Err == nil || seen.Err.Message == "" {
		t.Errorf("%s, error %v: want a reason", seen.Progress, seen.Err)
	}
}

func machineRefused(t *testing.T, c Machines) {
	for name, a := range map[string]workspace.MachineAction{
		"no such action":               {Name: "explode", Run: "op.1"},
		"no size":                      {Name: "resize", Run: "op.1"},
		"no user":                      {Name: "reset_password", Secret: c.Secret, Run: "op.1"},
		"no secret":                    {Name: "reset_password", User: c.User, Run: "op.1"},
		"a secret that is not there":   {Name: "reset_password", User: c.User, Secret: c.Secret + "x", Run: "op.1"},
		"a secret of somebody's vault": {Name: "reset_password", User: c.User, Secret: "https://elsewhere.example/secrets/x/1", Run: "op.1"},
	} {
		if _, err := c.Port.Begin(t.Context(), c.Machine, a); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			classed(t, err, workspace.Final)
		}
	}
	if c.Password() != "" {
		t.Error("a password was set")
	}
}

func machineEnded(t *testing.T, c Machines) {
	ctx := ended(t)
	a := workspace.MachineAction{Name: "start", Run: "op.1"}
	_, err1 := c.Port.Begin(ctx, c.Machine, a)
	_, err2 := c.Port.Look(ctx, c.Machine, a, "")
	_, err3 := c.Port.Powers(ctx, c.Subscription)
	for _, err := range []error{err1, err2, err3} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want the caller's end", err)
		}
	}
}
