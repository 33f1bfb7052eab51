package memcloud_test

import (
	"errors"
	"maps"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cloudtest"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const (
	subscription = "a3c1f0de-0000-4000-8000-000000000001"
	vm           = workspace.Machine("/subscriptions/" + subscription + "/resourceGroups/rg-ws/providers/Microsoft.Compute/virtualMachines/VM-1")
)

var at = workspace.Stack{Subscription: subscription, Name: "ws-1", Location: "westeurope"}

// clock is virtual time.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func open(change func(*memcloud.Config)) (*memcloud.Cloud, *clock) {
	c := &clock{at: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}
	config := memcloud.Config{Now: c.now, Outputs: func(workspace.Deployment) map[string]any {
		return map[string]any{"key_vault_id": "x", "storage_account_name": "stgx"}
	}}
	if change != nil {
		change(&config)
	}
	return memcloud.New(config), c
}

func TestStacks(t *testing.T) {
	t.Parallel()
	cloudtest.RunStacks(t, func(*testing.T) cloudtest.Stacks {
		c, clock := open(nil)
		return cloudtest.Stacks{Port: c.Stacks(), At: at, Group: workspace.Stack{Subscription: subscription, Group: "rg-ws", Name: "svc-1"},
			Template: []byte("{}"), Output: "key_vault_id", Type: "Microsoft.Storage/storageAccounts", Name: "stgx", Pass: func() { clock.pass(time.Minute) },
			Break: func(s workspace.Stack) {
				c.Script(memcloud.Rule{Call: memcloud.Deploy, Name: s.Name, Times: 1, End: memcloud.Quota()})
			}}
	})
}

func TestMachines(t *testing.T) {
	t.Parallel()
	cloudtest.RunMachines(t, func(t *testing.T) cloudtest.Machines {
		c, clock := open(nil)
		c.Add(vm, "Standard_D2s_v6")
		id, err := c.Vault().Put(t.Context(), "password-1", "n3w")
		if err != nil {
			t.Fatal(err)
		}
		state := func() memcloud.State { return c.Fleet()[cloudtest.Lower(vm)] }
		return cloudtest.Machines{Port: c.Machines(), Subscription: subscription, Machine: vm, Secret: id, Value: "n3w", User: "researcher",
			Pass:  func() { clock.pass(time.Minute) },
			Break: func() { c.Script(memcloud.Rule{Call: memcloud.Begin, Times: 1, End: memcloud.Quota()}) },
			Size:  func() string { return state().Size }, Password: func() string { return state().Password }}
	})
}

func TestVault(t *testing.T) {
	t.Parallel()
	cloudtest.RunVault(t, func(*testing.T) cloudtest.Vault {
		c, _ := open(nil)
		return cloudtest.Vault{Port: c.Vault(), Read: c.Read, Register: c.Register()}
	})
}

// TestRules: every kind of trouble does what it says.
func TestRules(t *testing.T) {
	t.Parallel()
	late := workspace.Stack{Subscription: subscription, Name: "late", Location: "westeurope"}
	for _, tt := range []struct {
		name  string
		rule  memcloud.Rule
		class workspace.Class    // of the first call
		fine  bool               // the first call succeeds
		after workspace.Progress // ten minutes later
	}{
		{name: "fails before doing the work", rule: memcloud.Rule{Before: memcloud.Unavailable(), Times: 1}, after: workspace.Absent},
		{name: "fails after doing the work", rule: memcloud.Rule{After: memcloud.Unavailable(), Times: 1}, after: workspace.Complete},
		{name: "throttled", rule: memcloud.Rule{Before: memcloud.Throttled(time.Minute)}, class: workspace.Throttled, after: workspace.Absent},
		{name: "conflict", rule: memcloud.Rule{Before: memcloud.Conflict()}, class: workspace.Busy, after: workspace.Absent},
		{name: "not allowed", rule: memcloud.Rule{Before: memcloud.Forbidden()}, class: workspace.Final, after: workspace.Absent},
		{name: "lost", rule: memcloud.Rule{Lost: true}, fine: true, after: workspace.Absent},
		{name: "broken", rule: memcloud.Rule{End: memcloud.Quota()}, fine: true, after: workspace.Broken},
		{name: "slow", rule: memcloud.Rule{Takes: time.Hour}, fine: true, after: workspace.InProgress},
		{name: "another stack's", rule: memcloud.Rule{Name: "other-*", Before: memcloud.Quota()}, fine: true, after: workspace.Complete},
		{name: "another call's", rule: memcloud.Rule{Call: memcloud.Remove, Before: memcloud.Quota()}, fine: true, after: workspace.Complete},
		{name: "by a pattern", rule: memcloud.Rule{Name: "la?e", Before: memcloud.Quota()}, class: workspace.Final, after: workspace.Absent},
		{name: "over", rule: memcloud.Rule{Before: memcloud.Forbidden(), Until: time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)}, fine: true, after: workspace.Complete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c, clock := open(nil)
			if tt.rule.Call == "" {
				tt.rule.Call = memcloud.Deploy
			}
			c.Script(tt.rule)
			_, err := c.Stacks().Deploy(t.Context(), workspace.Deployment{Stack: late, Run: "op.1"})
			if told, ok := errors.AsType[*workspace.CloudError](err); ok == tt.fine || ok && told.Class != tt.class {
				t.Errorf("error %v, want class %d, fine %v", err, tt.class, tt.fine)
			}
			clock.pass(10 * time.Minute)
			seen, err := c.Stacks().Look(t.Context(), late, "")
			if err != nil || seen.Progress != tt.after {
				t.Errorf("%s, error %v, want %s", seen.Progress, err, tt.after)
			}
			if got := c.Calls(memcloud.Deploy); got != 1 {
				t.Errorf("%d calls counted, want 1", got)
			}
		})
	}
}

// TestChance: one seed is one story, and another seed another.
func TestChance(t *testing.T) {
	t.Parallel()
	story := func(seed uint64) map[int]string {
		c, clock := open(func(c *memcloud.Config) {
			c.Seed, c.Rates = seed, memcloud.Rates{Before: 0.2, After: 0.2, Throttle: 0.2, Lost: 0.1, End: 0.2, Slow: 0.2}
		})
		told := map[int]string{}
		for i := range 200 {
			seen, err := c.Stacks().Look(t.Context(), at, "")
			if err == nil && seen.Progress != workspace.InProgress {
				_, err = c.Stacks().Deploy(t.Context(), workspace.Deployment{Stack: at, Run: string(rune('a' + i%26))})
			}
			if told[i] = string(seen.Progress); err != nil {
				told[i] = err.Error()
			}
			clock.pass(time.Minute)
		}
		c.Calm()
		clock.pass(time.Hour)
		if _, err := c.Stacks().Look(t.Context(), at, ""); err != nil {
			t.Errorf("not calm: %v", err)
		}
		return told
	}
	one := story(7)
	if !reflect.DeepEqual(one, story(7)) || reflect.DeepEqual(one, story(8)) {
		t.Error("chance does not follow its seed")
	}
	kinds := map[string]bool{}
	for line := range maps.Values(one) {
		kinds[line] = true
	}
	if len(kinds) < 5 {
		t.Errorf("200 calls went only %v", kinds)
	}
}

// TestStackOwnsMachine: a machine is there with its stack, and gone with it.
func TestStackOwnsMachine(t *testing.T) {
	t.Parallel()
	c, clock := open(func(c *memcloud.Config) {
		c.Outputs = func(workspace.Deployment) map[string]any { return map[string]any{"azure_resource_id": string(vm)} }
	})
	if _, err := c.Stacks().Deploy(t.Context(), workspace.Deployment{Stack: at, Run: "op.1"}); err != nil {
		t.Fatal(err)
	}
	clock.pass(time.Hour)
	if len(c.Deployed()) != 1 || c.Fleet()[cloudtest.Lower(vm)].Power != memcloud.Running {
		t.Fatalf("stacks %v, machines %v", c.Deployed(), c.Fleet())
	}
	c.Load(vm, 42.5)
	if busy, known, err := c.Busy(t.Context(), vm, clock.now(), clock.now()); busy != 42.5 || !known || err != nil {
		t.Errorf("busy %v, known %v, error %v", busy, known, err)
	}
	if _, err := c.Stacks().Remove(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	clock.pass(time.Hour)
	if len(c.Deployed()) != 0 || len(c.Fleet()) != 0 {
		t.Errorf("stacks %v, machines %v left", c.Deployed(), c.Fleet())
	}
}
