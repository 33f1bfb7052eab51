// Package workspacerequested is the doorman for events by which another system
// asks for a workspace. In: WorkspaceRequested 1.0. Out: an order that the
// request is kept. An event proves nothing about who sent it: whoever it names,
// an administrator decides, now or beforehand.
package workspacerequested

import (
	"context"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Out names this function's output bindings.
type Out struct {
	Request *message.RequestWorkspace `json:"workspacerequest,omitempty"`
}

// Function translates events into orders.
type Function struct {
	Door *doorman.Doorman
}

// Handle acts on one event.
func (f Function) Handle(ctx context.Context, ev azfunc.Event) (Out, error) {
	asked, err := f.Door.Request(ev)
	if err != nil {
		return Out{}, f.Door.Refuse(ctx, ev, err)
	}
	return Out{Request: asked}, nil
}
