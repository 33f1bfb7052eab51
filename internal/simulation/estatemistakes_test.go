package simulation

import (
	"context"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// altered is a store whose commits are not what they should be.
type altered struct {
	store
	w      *World
	commit func(ctx context.Context, c workspace.Change) (workspace.Change, error)
}

// store has a name other than that of what is embedded elsewhere.
type store = workspace.Store

func (a altered) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	return a.commit(ctx, c)
}

// committing makes a mistake at commits.
func committing(how func(ctx context.Context, w *World, to store, c workspace.Change) (workspace.Change, error)) func(*World, estatePorts) estatePorts {
	return func(w *World, p estatePorts) estatePorts {
		to := p.Store
		p.Store = altered{to, w, func(ctx context.Context, c workspace.Change) (workspace.Change, error) { return how(ctx, w, to, c) }}
		return p
	}
}

// overwrites saves resources and operations without their version.
func overwrites(ctx context.Context, w *World, to store, c workspace.Change) (workspace.Change, error) {
	for i, r := range c.Resources {
		c.Resources[i].Version = w.estate.resource(r.Key()).Version
	}
	for i, o := range c.Operations {
		c.Operations[i].Version = w.estate.operation(o.Key()).Version
	}
	return to.CommitChange(ctx, c)
}

// deletes tells whether a change ends a deletion of a workspace.
func deletes(c workspace.Change) bool {
	return slices.ContainsFunc(c.Resources, func(r workspace.Resource) bool { return r.Kind == workspace.Workspace && r.Gone() })
}

// earlyRelease gives ranges back before the deletion is committed.
func earlyRelease(ctx context.Context, _ *World, to store, c workspace.Change) (workspace.Change, error) {
	if !deletes(c) || len(c.Blocks) == 0 {
		return to.CommitChange(ctx, c)
	}
	if _, err := to.CommitChange(ctx, workspace.Change{Partition: c.Partition, Blocks: c.Blocks}); err != nil {
		return c, err
	}
	c.Blocks = nil
	return to.CommitChange(ctx, c)
}

// noRelease keeps the ranges of what is deleted.
func noRelease(ctx context.Context, _ *World, to store, c workspace.Change) (workspace.Change, error) {
	if deletes(c) {
		c.Blocks = nil
	}
	return to.CommitChange(ctx, c)
}

// noReturn keeps what a deleted service had of its workspace.
func noReturn(ctx context.Context, _ *World, to store, c workspace.Change) (workspace.Change, error) {
	if len(c.Blocks) > 0 && slices.ContainsFunc(c.Lines, func(l auditLine) bool { return l.Action == "release" }) {
		return c, nil
	}
	return to.CommitChange(ctx, c)
}

// lateCount counts a use of a standing approval when the grant is committed.
func lateCount(ctx context.Context, w *World, to store, c workspace.Change) (workspace.Change, error) {
	if len(c.Approvals) == 0 || len(c.Requests) == 0 {
		return to.CommitChange(ctx, c)
	}
	after := workspace.Change{Partition: c.Partition, Approvals: c.Approvals}
	for _, line := range c.Lines {
		if line.Request == c.Approvals[0].ID {
			after.Lines = append(after.Lines, line)
		}
	}
	c.Lines = slices.DeleteFunc(slices.Clone(c.Lines), func(l auditLine) bool { return l.Request == c.Approvals[0].ID })
	c.Approvals = nil
	saved, err := to.CommitChange(ctx, c)
	if err != nil {
		return saved, err
	}
	if w.storm && w.chance(0.5) {
		w.kill(procOf(ctx)) // then it matters
	}
	_, err = to.CommitChange(ctx, after)
	return saved, err
}

// goodEnds tells a pipeline's end by its main step.
func goodEnds(ctx context.Context, _ *World, to store, c workspace.Change) (workspace.Change, error) {
	for i, o := range c.Operations {
		if n := len(o.Steps); n > 1 && o.Status.Failed() && o.Steps[n-1].Status.Failed() {
			c.Operations[i].Status = o.Action.Status(workspace.Succeeded)
		}
	}
	return to.CommitChange(ctx, c)
}

// nextFails tells the failure of a step as that of the one after it.
func nextFails(ctx context.Context, _ *World, to store, c workspace.Change) (workspace.Change, error) {
	for n, o := range c.Operations {
		i := slices.IndexFunc(o.Steps, func(s workspace.Step) bool { return s.Status.Failed() })
		if i < 0 || i+1 >= len(o.Steps) || o.Action != workspace.Uninstall {
			continue
		}
		all := slices.Clone(o.Steps)
		all[i].Status, all[i+1].Status = all[i].Action.Status(workspace.Succeeded), all[i+1].Action.Status(workspace.Failed)
		c.Operations[n].Steps = all
	}
	return to.CommitChange(ctx, c)
}

// silent writes no audit lines about what is there.
func silent(ctx context.Context, _ *World, to store, c workspace.Change) (workspace.Change, error) {
	if len(c.Resources) > 0 && c.Resources[0].Version != "" {
		c.Lines = nil
	}
	return to.CommitChange(ctx, c)
}

// unasked does not see that somebody cancelled.
type unasked struct {
	store
	w *World
}

func (u unasked) Operation(ctx context.Context, key workspace.OperationKey) (workspace.Operation, error) {
	o, err := u.store.Operation(ctx, key)
	o.Cancel = nil
	return o, err
}

func (u unasked) CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error) {
	for i, o := range c.Operations {
		if o.Cancel == nil {
			c.Operations[i].Cancel = u.w.estate.operation(o.Key()).Cancel
		}
	}
	return u.store.CommitChange(ctx, c)
}

// cloud has a name other than that of its methods.
type cloud = workspace.Stacks

// easygoing takes what is not there for done, unless it is being removed.
type easygoing struct {
	cloud
	removed map[string]bool
}

func (l easygoing) Remove(ctx context.Context, at workspace.Stack) (string, error) {
	l.removed[at.Name] = true
	return l.cloud.Remove(ctx, at)
}

func (l easygoing) Look(ctx context.Context, at workspace.Stack, token string) (workspace.Seen, error) {
	seen, err := l.cloud.Look(ctx, at, token)
	if err == nil && seen.Progress == workspace.Absent && !l.removed[at.Name] {
		seen = workspace.Seen{Progress: workspace.Complete, Outputs: stackOutputs(workspace.Deployment{Stack: at})}
	}
	return seen, err
}

// runless does not see whose work a stack is.
type runless struct{ cloud }

func (l runless) Look(ctx context.Context, at workspace.Stack, token string) (workspace.Seen, error) {
	seen, err := l.cloud.Look(ctx, at, token)
	seen.Run = ""
	return seen, err
}

// quoting has the vault's errors say what it could not keep.
type quoting struct{ workspace.Vault }

func (v quoting) Put(ctx context.Context, name, value string) (string, error) {
	id, err := v.Vault.Put(ctx, name, value)
	if err != nil {
		err = fmt.Errorf("%w: %s", err, value)
	}
	return id, err
}
