package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// Decide grants or declines a request for a workspace. Granting makes the
// workspace, its operation and the decision in one commit. airlock.ErrIllegal: it
// was decided, by whoever was first; airlock.ErrRefused: not by this person;
// airlock.ErrInvalid: a reason is missing; the errors of Workspace where it cannot
// be made any more: the request goes on waiting then.
func (b *Builder) Decide(ctx context.Context, act workspace.Act, id string, grant bool) (workspace.Request, error) {
	if err := airlock.Prose("decisionExplanation", act.Reason, workspace.MaxReason); err != nil {
		return workspace.Request{}, err
	}
	var d draft
	return b.move(ctx, act, id, func(ctx context.Context, r workspace.Request, try int) (workspace.Change, error) {
		decided, err := r.Decide(act, grant)
		if err != nil {
			return workspace.Change{}, err
		}
		c := workspace.Change{Partition: workspace.System}
		if grant {
			if c, err = b.granted(ctx, act, r, &d, try); err != nil {
				return c, err
			}
		}
		b.addRequest(&c, act, r, decided)
		return c, nil
	})
}

// Withdraw takes a request back. airlock.ErrIllegal: it was decided.
func (b *Builder) Withdraw(ctx context.Context, act workspace.Act, id string) (workspace.Request, error) {
	if err := airlock.Prose("reason", act.Reason, workspace.MaxReason); err != nil {
		return workspace.Request{}, err
	}
	return b.move(ctx, act, id, func(_ context.Context, r workspace.Request, _ int) (workspace.Change, error) {
		after, err := r.Withdraw(act)
		c := workspace.Change{Partition: workspace.System}
		b.addRequest(&c, act, r, after)
		return c, err
	})
}

// move commits a change of a request. A repeat of a call that committed
// succeeds.
func (b *Builder) move(ctx context.Context, act workspace.Act, id string, build func(context.Context, workspace.Request, int) (workspace.Change, error)) (workspace.Request, error) {
	if err := errors.Join(canonical("operation", act.Operation), canonical("id", id)); err != nil {
		return workspace.Request{}, fmt.Errorf("workspace request: %w: %w", err, airlock.ErrNotFound)
	}
	var line queue
	defer line.leave()
	for try := 0; ; try++ {
		r, err := b.Ports.Requests.WorkspaceRequest(ctx, id)
		if err != nil {
			return r, fmt.Errorf("workspace request %s: %w", id, err)
		}
		if r.Call == act.Operation {
			b.tell(ctx, r)
			if r.Status == workspace.Granted {
				b.orderOf(ctx, r)
			}
			return r, nil
		}
		c, err := build(ctx, r, try)
		if err != nil {
			return r, err
		}
		saved, done, err := b.commitRequest(ctx, c, &line, try)
		if done {
			return saved, err
		}
	}
}

// addRequest adds a request that somebody moved to a change.
func (b *Builder) addRequest(c *workspace.Change, act workspace.Act, before, after workspace.Request) {
	action := map[workspace.RequestStatus]string{workspace.Granted: "approve", workspace.Declined: "reject", workspace.Withdrawn: "cancel"}[after.Status]
	line := lineOf(act, action, workspace.Status(before.Status), workspace.Status(after.Status))
	c.Request(after, act.At.Add(b.cadence().Hint), line)
}

// granted is the change that makes the workspace of a request. d is what was
// prepared for it by the same act, where it was.
func (b *Builder) granted(ctx context.Context, act workspace.Act, r workspace.Request, d *draft, try int) (workspace.Change, error) {
	if d.ID == "" || d.CreatedBy.OID != act.By.OID {
		var err error
		*d, err = b.draftWorkspace(ctx, act, r.ID, New{Template: r.Template, Version: r.TemplateVersion, Properties: r.Properties,
			Owner: r.Requester, Members: r.Members, Roles: admin, secrets: r.Secrets})
		if err != nil {
			return workspace.Change{}, err
		}
	}
	return b.addWorkspace(ctx, act, *d, try)
}

// covered is the change that grants a new request by a standing approval. Where
// none covers it the change is empty; where one covers what cannot be made now it
// is empty too, and says why: then an administrator sees the request.
func (b *Builder) covered(ctx context.Context, r workspace.Request, d *draft, try int) (c workspace.Change, why string, err error) {
	size, err := b.sizeOf(ctx, r)
	if err != nil {
		return workspace.Change{}, "", err
	}
	p, why, err := b.approval(ctx, r, size)
	if p.ID == "" || err != nil {
		return workspace.Change{}, why, err
	}
	at := r.CreatedAt
	act := workspace.Act{By: p.By, Role: access.TREAdmin, At: at, Operation: idOf("grant", r.ID), Reason: "standing approval " + p.ID + ": " + p.Reason}
	if c, err = b.granted(ctx, act, r, d, try); waits(err) {
		return workspace.Change{}, "a standing approval covers it, but: " + err.Error(), nil
	}
	if err != nil {
		return workspace.Change{}, "", err
	}
	r.Notices, r.Told = nil, 0 // nobody has to decide
	used, granted := p.Use(r, at)
	line := asks(r) // it was granted as it came, and the trail says so
	line.To, line.Detail = string(granted.Status), line.Detail+", granted by standing approval "+p.ID
	c.Request(granted, at.Add(b.cadence().Hint), line)
	c.Approval(used, audit.Line{At: at, Actor: audit.Actor{OID: p.By.OID, Name: p.By.Name, Role: string(access.TREAdmin)}, Action: "use_approval",
		Detail: fmt.Sprintf("request %s, %d of %d", r.ID, used.Used, used.Most), Person: r.Requester.OID})
	return c, "", nil
}

// waits tells of an error that an administrator can do something about: then the
// request waits for one.
func waits(err error) bool {
	return errors.Is(err, address.ErrFull) || errors.Is(err, address.ErrTaken) || errors.Is(err, airlock.ErrConflict)
}

// sizeOf is the size of address space that a request asks for, with what its
// template gives where nothing is said.
func (b *Builder) sizeOf(ctx context.Context, r workspace.Request) (string, error) {
	t, _, err := b.Template(ctx, workspace.Workspace, "", r.Template, r.TemplateVersion)
	if err != nil { // there is no template then
		return "", err
	}
	return cmp.Or(workspace.SpaceSize(t.Defaults(r.Properties)), defaultSize), nil
}

// approval finds the first standing approval that covers a request and holds.
// Where there is only one that does not hold, why says so.
func (b *Builder) approval(ctx context.Context, r workspace.Request, size string) (covers workspace.Approval, why string, err error) {
	for after := ""; ; {
		page, next, err := b.Ports.Requests.Approvals(ctx, airlock.Page{After: after})
		if err != nil {
			return workspace.Approval{}, "", fmt.Errorf("standing approvals: %w", err)
		}
		for _, p := range page {
			if _, ok := p.Covers(r, size, r.CreatedAt); !ok {
				continue
			}
			switch no, err := b.Stands(ctx, p); {
			case err != nil:
				return workspace.Approval{}, "", err
			case no == "":
				return p, "", nil
			default:
				why = "a standing approval covers it, but: " + no
			}
		}
		if after = next; after == "" {
			return workspace.Approval{}, why, nil
		}
	}
}
