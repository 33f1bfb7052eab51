package desk

import (
	"context"
	"log/slog"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// after sets going what follows a commit, and tells everybody else. Both are
// best effort: the commit stands, and sweep finds what was not set going.
// before is the stage the request was in; "" when nothing changed.
func (d *Desk) after(ctx context.Context, before airlock.Stage, change airlock.Change) {
	ctx = context.WithoutCancel(ctx) // the caller may be gone, what was committed is not
	r := change.Request
	for _, order := range slices.Compact(slices.Sorted(slices.Values(change.Orders))) {
		d.order(ctx, r, string(order), orderMessage(r, order))
	}
	if before == "" || before.Status() == r.Stage.Status() {
		return
	}
	d.tell(ctx, before, r)
}

// order sends one order and logs what goes wrong.
func (d *Desk) order(ctx context.Context, r airlock.Request, queue string, text any) {
	if err := d.Ports.Orders.Send(ctx, queue, text, 0); err != nil {
		d.log().WarnContext(ctx, "order not sent, sweep will", slog.String("queue", queue),
			slog.String("workspace", r.Workspace), slog.String("request", r.ID), slog.Any("error", err))
	}
}

func orderMessage(r airlock.Request, order airlock.Order) any {
	switch order {
	case airlock.Deliver:
		return message.Deliver{Workspace: r.Workspace, Request: r.ID, Attempt: r.Attempt}
	case airlock.Purge:
		return message.Purge{Workspace: r.Workspace, Request: r.ID}
	case airlock.Notify:
		return message.Notify{Workspace: r.Workspace, Request: r.ID}
	case airlock.Advance:
		return message.Advance{Workspace: r.Workspace, Request: r.ID}
	}
	return message.Advance{Workspace: r.Workspace, Request: r.ID}
}

// tell publishes that the status changed.
func (d *Desk) tell(ctx context.Context, before airlock.Stage, r airlock.Request) {
	data := message.StatusChanged{RequestID: r.ID, NewStatus: string(r.Stage.Status()),
		Type: string(r.Type), WorkspaceID: r.Workspace}
	if before != created {
		data.PreviousStatus = string(before.Status())
	}
	fact := message.Fact{ID: r.Head.Hash, Subject: r.ID + "/" + message.TypeStatusChanged, Type: message.TypeStatusChanged,
		Version: message.VersionChanged, At: r.UpdatedAt, Data: data}
	if err := d.Ports.Facts.Publish(ctx, fact); err != nil {
		d.log().WarnContext(ctx, "fact not published", slog.String("type", fact.Type),
			slog.String("workspace", r.Workspace), slog.String("request", r.ID), slog.Any("error", err))
	}
}

// created stands for the stage before the first.
const created airlock.Stage = "created"
