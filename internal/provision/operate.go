package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// What may be done to a machine that takes more than its name.
const (
	resize = "resize"
	sizeOf = "size" // parameter of resize
)

// errChanged is the answer to who decided on a resource that changed since.
var errChanged = fmt.Errorf("the resource changed since it was decided on: %w", airlock.ErrConflict)

// Invoke does a custom action of the template to a resource that is deployed and
// enabled. resize takes the parameter size, one that the template's property
// vm_size may have; the property follows it. Where these are no sizes of Azure's
// but names of the template's own, only its stack knows what they are: then it is
// an upgrade with the new size. airlock.ErrIllegal: the template has
// no such action, or the status does not allow it; ErrSchema: a wrong parameter;
// airlock.ErrConflict: an operation is under way, it is disabled, or it is not as
// it was seen.
func (b *Builder) Invoke(ctx context.Context, act workspace.Act, key workspace.Key, action workspace.Action, parameters map[string]string) (workspace.Resource, workspace.Operation, error) {
	return b.do(ctx, deed{act: act, key: key, tries: fewTries, build: func(ctx context.Context, _ int) (workspace.Change, error) {
		before, err := b.living(ctx, key)
		if err != nil {
			return workspace.Change{}, err
		}
		t, err := b.of(ctx, before)
		if err != nil {
			return workspace.Change{}, err
		}
		custom, ok := t.Action(string(action))
		switch {
		case act.Seen != "" && act.Seen != before.Version:
			return workspace.Change{}, errChanged
		case !ok || !action.Custom():
			return workspace.Change{}, fmt.Errorf("action: template %s has no action %.80q; it has %s: %w", t.Name, action, actionsOf(t), airlock.ErrIllegal)
		case !before.Installed:
			return workspace.Change{}, fmt.Errorf("%s is not possible while the resource is %s: %w", action, before.Status, airlock.ErrIllegal)
		case !before.Enabled:
			return workspace.Change{}, fmt.Errorf("the resource is disabled: %w", airlock.ErrConflict)
		}
		if err := checkParameters(custom, parameters); err != nil {
			return workspace.Change{}, err
		}
		return b.invoke(ctx, act, before, t, workspace.Order{Action: action, Limit: t.Deadlines.For(action), Parameters: maps.Clone(parameters)})
	}})
}

// invoke is the change that begins an action.
func (b *Builder) invoke(ctx context.Context, act workspace.Act, before workspace.Resource, t template.Template, order workspace.Order) (workspace.Change, error) {
	wanted := order.Parameters[sizeOf]
	switch {
	case order.Action != resize:
		after, o, err := before.Begin(act, order)
		if err != nil {
			return workspace.Change{}, err
		}
		return b.ordered(act, before, after, o)
	case !named.MatchString(wanted):
		return b.update(ctx, act, before, Patch{Properties: map[string]any{size: wanted}})
	}
	l, err := b.lineageOf(ctx, before)
	if err != nil {
		return workspace.Change{}, err
	}
	next, err := b.patched(before, t, Patch{Properties: map[string]any{size: wanted}})
	if err != nil {
		return workspace.Change{}, err
	}
	after, o, err := next.Begin(act, order)
	if err != nil {
		return workspace.Change{}, err
	}
	c, err := b.ordered(act, before, after, o, "size "+wanted)
	if err != nil {
		return c, err
	}
	c.History = []workspace.Snapshot{snapshot(act, before)}
	return c, b.quota(ctx, act, lineage{after, l.within, l.service}, before, t, &c)
}

// checkParameters refuses what an action does not take: only resize takes
// anything. Nobody names a secret or an account for an action.
func checkParameters(a template.CustomAction, parameters map[string]string) error {
	takes := ""
	if a.Kind == template.OnMachine && a.Name == resize {
		takes = sizeOf
		if parameters[takes] == "" {
			return fmt.Errorf("%w: parameters: action %s wants %s", ErrSchema, resize, takes)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(parameters)) {
		if name != takes {
			return fmt.Errorf("%w: parameters: action %s takes no %.60q", ErrSchema, a.Name, name)
		}
	}
	return airlock.Line("parameters: "+sizeOf, parameters[sizeOf], MaxName)
}

func actionsOf(t template.Template) string {
	names := make([]string, 0, len(t.CustomActions))
	for _, a := range t.CustomActions {
		names = append(names, a.Name)
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}

// Retry goes on with a failed operation where it failed, as a new operation.
// airlock.ErrIllegal: it did not fail, or the resource is not as it left it;
// airlock.ErrConflict: another operation is under way; airlock.ErrNotFound.
func (b *Builder) Retry(ctx context.Context, act workspace.Act, op workspace.OperationKey) (workspace.Resource, workspace.Operation, error) {
	key := workspace.Key{Partition: op.Partition, ID: op.Resource}
	return b.do(ctx, deed{act: act, key: key, tries: fewTries, build: func(ctx context.Context, _ int) (workspace.Change, error) {
		failed, err := b.operation(ctx, op)
		if err != nil {
			return workspace.Change{}, err
		}
		before, err := b.resource(ctx, key)
		if err != nil {
			return workspace.Change{}, err
		}
		after, o, err := failed.Retry(act, before)
		if err != nil {
			return workspace.Change{}, err
		}
		return b.ordered(act, before, after, o, "again of operation "+failed.ID)
	}})
}

// Cancel asks that an operation stops. The engine stops what is under way and
// ends it as failed. The same again changes nothing. airlock.ErrIllegal: it ended.
func (b *Builder) Cancel(ctx context.Context, act workspace.Act, op workspace.OperationKey) (workspace.Operation, error) {
	if err := airlock.Prose("reason", act.Reason, airlock.MaxReason); err != nil {
		return workspace.Operation{}, err
	}
	for try := 0; ; try++ {
		o, err := b.operation(ctx, op)
		if err != nil {
			return o, err
		}
		before := o.Cancel
		o, err = o.Ask(workspace.Cancel{By: person(act.By), At: act.At.UTC(), Reason: act.Reason})
		if err != nil {
			return o, err
		}
		if before != nil {
			b.order(ctx, o)
			return o, nil
		}
		c := workspace.Change{Partition: op.Partition}
		c.Operation(o, act.At.Add(b.cadence().Hint), lineOf(act, "cancel", o.Status, o.Status))
		saved, err := b.Ports.Store.CommitChange(ctx, c)
		switch {
		case err == nil:
			b.order(ctx, saved.Operations[0])
			return saved.Operations[0], nil
		case !busy(err) || try+1 >= fewTries:
			return o, fmt.Errorf("operation %s: commit: %w", op.ID, err)
		}
		if err := b.pause(ctx, try+1); err != nil {
			return o, err
		}
	}
}

// operation reads an operation of a resource.
func (b *Builder) operation(ctx context.Context, key workspace.OperationKey) (workspace.Operation, error) {
	if errors.Join(canonical("id", key.Resource), canonical("id", key.ID)) != nil {
		return workspace.Operation{}, fmt.Errorf("operation %.60q: %w", key.ID, airlock.ErrNotFound)
	}
	o, err := b.Ports.Store.Operation(ctx, key)
	if err != nil {
		return o, fmt.Errorf("operation %s: %w", key.ID, err)
	}
	return o, nil
}
