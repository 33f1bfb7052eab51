package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// maxSteps is how many steps an operation has at most: with their properties
// they have to fit into its row.
const maxSteps = 400

// Delete removes a resource and what is in it, deepest first, in one operation.
// airlock.ErrIllegal: something of it is not disabled, or the workspace has open
// airlock requests, whose data would go with it; airlock.ErrConflict: an operation
// is under way, or it is not as it was seen; airlock.ErrNotFound: there is none,
// or it was deleted.
func (b *Builder) Delete(ctx context.Context, act workspace.Act, key workspace.Key) (workspace.Resource, workspace.Operation, error) {
	return b.do(ctx, deed{act: act, key: key, tries: fewTries, build: func(ctx context.Context, _ int) (workspace.Change, error) {
		before, err := b.living(ctx, key)
		if err != nil {
			return workspace.Change{}, err
		}
		if act.Seen != "" && act.Seen != before.Version {
			return workspace.Change{}, errChanged
		}
		var under []workspace.Resource
		if before.Kind == workspace.Workspace || before.Kind == workspace.Service {
			all, err := b.list(ctx, before.Within())
			if err != nil {
				return workspace.Change{}, err
			}
			under = before.Under(all)
		}
		if err := before.MayDelete(under); err != nil {
			return workspace.Change{}, err
		}
		if err := b.quiet(ctx, before); err != nil {
			return workspace.Change{}, err
		}
		return b.remove(ctx, act, before, under)
	}})
}

// quiet returns airlock.ErrIllegal while a workspace has open airlock requests.
func (b *Builder) quiet(ctx context.Context, w workspace.Resource) error {
	if w.Kind != workspace.Workspace {
		return nil
	}
	open := 0
	for after := ""; ; {
		page, next, err := b.Ports.Airlock.Requests(ctx, w.ID, airlock.Page{After: after})
		if err != nil {
			return fmt.Errorf("airlock requests of workspace %s: %w", w.ID, err)
		}
		for _, r := range page {
			if r.Stage.Unfinished() {
				open++
			}
		}
		if after = next; after == "" {
			break
		}
	}
	if open > 0 {
		return fmt.Errorf("%d airlock requests are open in the workspace, decide on or cancel them first: %w", open, airlock.ErrIllegal)
	}
	return nil
}

// remove is the change that begins a deletion.
func (b *Builder) remove(ctx context.Context, act workspace.Act, before workspace.Resource, under []workspace.Resource) (workspace.Change, error) {
	l, err := b.lineageOf(ctx, before)
	if err != nil {
		return workspace.Change{}, err
	}
	going := []workspace.Key{before.Key()}
	byID := map[string]workspace.Resource{before.ID: before}
	for _, r := range under {
		going = append(going, r.Key())
		byID[r.ID] = r
	}
	var steps []workspace.Step
	for _, r := range under {
		within := l.within
		if before.Kind == workspace.Workspace {
			within = before
		}
		some, err := b.removal(ctx, lineage{r, within, byID[r.Service]}, going)
		if err != nil {
			return workspace.Change{}, err
		}
		steps = append(steps, some...)
	}
	limit, err := b.limit(ctx, before, workspace.Uninstall)
	if err != nil {
		return workspace.Change{}, err
	}
	own, err := b.pipelineOf(ctx, l, workspace.Uninstall, going)
	if err != nil {
		return workspace.Change{}, err
	}
	order := workspace.Order{Action: workspace.Uninstall, Limit: limit, Before: append(steps, own.before...), After: own.after}
	if n := len(order.Before) + len(order.After) + 1; n > maxSteps {
		return workspace.Change{}, fmt.Errorf("deleting it takes %d steps, at most %d in one operation; delete some of what is in it first: %w", n, maxSteps, airlock.ErrIllegal)
	}
	after, o, err := before.Begin(act, order)
	if err != nil {
		return workspace.Change{}, err
	}
	return b.ordered(act, before, after, own.titled(o), fmt.Sprintf("with %d resources in it", len(under)))
}

// removal are the steps that delete one resource of a cascade, with those of its
// template's pipeline.
func (b *Builder) removal(ctx context.Context, l lineage, going []workspace.Key) ([]workspace.Step, error) {
	main, err := workspace.Cascade([]workspace.Resource{l.resource}, func(r workspace.Resource) (workspace.Step, error) {
		limit, err := b.limit(ctx, r, workspace.Uninstall)
		return workspace.Step{Limit: limit}, err
	})
	if err != nil {
		return nil, err
	}
	own, err := b.pipelineOf(ctx, l, workspace.Uninstall, going)
	if err != nil {
		return nil, err
	}
	main[0].Properties = own.main.Properties
	return append(append(own.before, main...), own.after...), nil
}

// pipelineOf are the steps of a resource's own template. A template that is gone
// has none: what was made from it can still be deleted.
func (b *Builder) pipelineOf(ctx context.Context, l lineage, action workspace.Action, going []workspace.Key) (around, error) {
	t, err := b.of(ctx, l.resource)
	if missing(err) {
		return around{}, nil
	}
	if err != nil {
		return around{}, err
	}
	return b.steps(ctx, t, action, l, going)
}

func missing(err error) bool { return errors.Is(err, airlock.ErrNotFound) }
