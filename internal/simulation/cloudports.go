package simulation

import (
	"context"
	"encoding/json"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

type stacks struct {
	w  *World
	to workspace.Stacks
}

func (s stacks) Deploy(ctx context.Context, d workspace.Deployment) (string, error) {
	return exec(ctx, s.w, "stacks.Deploy", func() (string, error) { return s.to.Deploy(ctx, d) })
}

func (s stacks) Remove(ctx context.Context, at workspace.Stack) (string, error) {
	return exec(ctx, s.w, "stacks.Remove", func() (string, error) { return s.to.Remove(ctx, at) })
}

func (s stacks) Look(ctx context.Context, at workspace.Stack, token string) (workspace.Seen, error) {
	return exec(ctx, s.w, "stacks.Look", func() (workspace.Seen, error) { return s.to.Look(ctx, at, token) })
}

func (s stacks) Cancel(ctx context.Context, at workspace.Stack) error {
	return execute(ctx, s.w, "stacks.Cancel", func() error { return s.to.Cancel(ctx, at) })
}

type machines struct {
	w  *World
	to workspace.Machines
}

func (m machines) Begin(ctx context.Context, id workspace.Machine, a workspace.MachineAction) (string, error) {
	return exec(ctx, m.w, "machines.Begin", func() (string, error) { return m.to.Begin(ctx, id, a) })
}

func (m machines) Look(ctx context.Context, id workspace.Machine, a workspace.MachineAction, token string) (workspace.Seen, error) {
	return exec(ctx, m.w, "machines.Look", func() (workspace.Seen, error) { return m.to.Look(ctx, id, a, token) })
}

func (m machines) Powers(ctx context.Context, subscription string) (map[workspace.Machine]workspace.Power, error) {
	return exec(ctx, m.w, "machines.Powers", func() (map[workspace.Machine]workspace.Power, error) { return m.to.Powers(ctx, subscription) })
}

type safe struct {
	w  *World
	to workspace.Vault
}

func (v safe) Put(ctx context.Context, name, value string) (string, error) {
	return exec(ctx, v.w, "safe.Put", func() (string, error) { return v.to.Put(ctx, name, value) })
}

func (v safe) Forget(ctx context.Context, id string) error {
	return execute(ctx, v.w, "safe.Forget", func() error { return v.to.Forget(ctx, id) })
}

// kept remembers every secret there ever was.
type kept struct {
	e *estate
	workspace.Vault
}

// Put implements workspace.Vault.
func (k kept) Put(ctx context.Context, name, value string) (string, error) {
	k.e.seen.secrets[value] = true
	return k.Vault.Put(ctx, name, value)
}

// canary lets files cross, but for the world's trouble.
type canary struct{ w *World }

// Cross implements resourcestep.Canary.
func (c canary) Cross(ctx context.Context, _ string, _ airlock.Key) error {
	return execute(ctx, c.w, "canary.Cross", func() error { return nil })
}

// telling has the cloud tell of the ends of its work, about when they come.
type telling struct {
	e *estate
	workspace.Stacks
}

// Deploy implements workspace.Stacks.
func (t telling) Deploy(ctx context.Context, d workspace.Deployment) (string, error) {
	token, err := t.Stacks.Deploy(ctx, d)
	t.tell(d.Stack, err)
	return token, err
}

// Remove implements workspace.Stacks.
func (t telling) Remove(ctx context.Context, at workspace.Stack) (string, error) {
	token, err := t.Stacks.Remove(ctx, at)
	t.tell(at, err)
	return token, err
}

func (t telling) tell(at workspace.Stack, err error) {
	if err != nil {
		return
	}
	w := t.e.w
	w.later(w.between(2*time.Minute, 4*time.Minute), "", func() {
		data, _ := json.Marshal(map[string]any{"status": "Succeeded"})
		w.happened(azfunc.Event{ID: w.id(), Topic: subscription, EventType: armWritten, EventTime: w.now, Data: data,
			Subject: subscription + "/resourceGroups/rg/providers/Microsoft.Resources/deploymentStacks/" + at.Name})
	})
}
