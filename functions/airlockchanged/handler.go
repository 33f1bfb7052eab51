// Package airlockchanged is the doorman for our own statusChanged events, from
// the API or from an outside system. In: statusChanged 2.0. Out: an order to
// look at the request. An event is a hint: it never decides anything, and what
// it says of the status is not believed.
package airlockchanged

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Out names this function's output bindings.
type Out struct {
	Advance *message.Advance `json:"airlockadvance,omitempty"`
}

// Function translates changes into hints.
type Function struct {
	Door *doorman.Doorman
}

// Handle acts on one event.
func (f Function) Handle(ctx context.Context, ev azfunc.Event) (Out, error) {
	changed, err := f.read(ev)
	if err != nil {
		return Out{}, f.Door.Refuse(ctx, ev, err)
	}
	f.Door.Heard(ctx, health.Changed)
	return Out{Advance: &message.Advance{Workspace: changed.WorkspaceID, Request: changed.RequestID, Trace: ev.ID}}, nil
}

func (f Function) read(ev azfunc.Event) (message.StatusChanged, error) {
	var changed message.StatusChanged
	if ev.EventType != message.TypeStatusChanged {
		return changed, fmt.Errorf("event type %.100q: %w", ev.EventType, doorman.ErrForeign)
	}
	if err := doorman.From(ev.Topic, f.Door.OwnTopics); err != nil {
		return changed, err
	}
	if ev.DataVersion != "" && ev.DataVersion != message.VersionChanged { // a CloudEvent has none
		return changed, fmt.Errorf("data version %.20q: %w", ev.DataVersion, doorman.ErrForeign)
	}
	if err := json.Unmarshal(ev.Data, &changed); err != nil {
		return changed, fmt.Errorf("data: %w: %w", err, doorman.ErrForeign)
	}
	for _, id := range []string{changed.WorkspaceID, changed.RequestID} {
		if u, err := uuid.Parse(id); err != nil || u.String() != id {
			return changed, fmt.Errorf("data: %.50q is no id: %w", id, doorman.ErrForeign)
		}
	}
	return changed, nil
}
