// Package memcloud is the cloud in memory: stacks, virtual machines, a vault
// and metrics, with time, trouble and chance under the test's control. It
// implements the ports of package workspace.
//
//	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
//	c := memcloud.New(memcloud.Config{Now: func() time.Time { return now }})
//	c.Script(memcloud.Rule{Call: memcloud.Deploy, Name: "ws-*", Times: 2, Before: memcloud.Throttled(time.Minute)})
//	token, err := c.Stacks().Deploy(ctx, d) // throttled twice, then taken
//	now = now.Add(5 * time.Minute)          // it is deployed
package memcloud

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Config says how the cloud behaves. The zero value of each field but Now is
// ready to use.
type Config struct {
	Now     func() time.Time
	Deploy  time.Duration                                      // how long a deployment takes; 0 means 3 minutes
	Remove  time.Duration                                      // how long a deletion takes; 0 means 2 minutes
	Act     time.Duration                                      // how long an action on a machine takes; 0 means a minute
	Outputs func(d workspace.Deployment) map[string]any        // of a deployment that succeeded; nil means none
	Made    func(d workspace.Deployment) []string              // ids of what a deployment made; nil means the account that its outputs name
	Rates   Rates                                              // of trouble by chance
	Seed    uint64                                             // of that chance
	Watch   func(call Call, name string, err error)            // is told of every call with its end; nil means nobody
	Refuse  func(d workspace.Deployment) *workspace.CloudError // what a deployment is refused for at once; nil means nothing
}

// Cloud is the cloud. It is safe for concurrent use.
type Cloud struct {
	config Config

	mu       sync.Mutex
	chance   *rand.Rand
	rules    []*Rule
	calls    map[Call]int
	stacks   map[workspace.Stack]*stack // by address, its location left out
	machines map[workspace.Machine]*machine
	secrets  map[string]*secret           // by name
	groups   map[string][]workspace.Group // by subscription
	tokens   int
}

// New returns an empty cloud.
func New(c Config) *Cloud {
	for _, d := range []struct {
		of *time.Duration
		is time.Duration
	}{{&c.Deploy, 3 * time.Minute}, {&c.Remove, 2 * time.Minute}, {&c.Act, time.Minute}} {
		if *d.of == 0 {
			*d.of = d.is
		}
	}
	return &Cloud{config: c, chance: rand.New(rand.NewPCG(c.Seed, 1)), calls: map[Call]int{}, stacks: map[workspace.Stack]*stack{},
		machines: map[workspace.Machine]*machine{}, secrets: map[string]*secret{}}
}

// Stacks is the port of stacks.
func (c *Cloud) Stacks() workspace.Stacks { return stacks{c} }

// Inventory is the port that lists what there is.
func (c *Cloud) Inventory() workspace.Inventory { return stacks{c} }

// Machines is the port of virtual machines.
func (c *Cloud) Machines() workspace.Machines { return machines{c} }

// Vault is the port of secrets, as everybody has it.
func (c *Cloud) Vault() workspace.Vault { return vault{c} }

// Register is the port that lists secrets.
func (c *Cloud) Register() workspace.Register { return vault{c} }

// Calls counts the calls of a kind so far, those that failed too.
func (c *Cloud) Calls(call Call) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.calls[call]
}

// do makes one call: trouble before it, the work, trouble after it.
func do[T any](ctx context.Context, c *Cloud, call Call, name string, work func(f fate) (T, error)) (T, error) {
	var none T
	if err := context.Cause(ctx); err != nil {
		return none, fmt.Errorf("azure: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls[call]++
	c.settle()
	f := c.fate(call, name)
	if f.before != nil {
		c.told(call, name, f.before)
		return none, f.before
	}
	done, err := work(f)
	if err == nil && f.after != nil {
		done, err = none, f.after
	}
	c.told(call, name, err)
	return done, err
}

func (c *Cloud) told(call Call, name string, err error) {
	if c.config.Watch != nil {
		c.config.Watch(call, name, err)
	}
}

// settle ends what is due. Nothing in here runs by itself.
func (c *Cloud) settle() {
	now := c.config.Now()
	for at, s := range c.stacks {
		if s.settle(c, now) {
			delete(c.stacks, at)
		}
	}
	for _, m := range c.machines {
		m.settle(now)
	}
}

// token makes a resume token.
func (c *Cloud) token() string {
	c.tokens++
	return fmt.Sprintf("memcloud token %d", c.tokens)
}
