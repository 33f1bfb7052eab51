// Package blobcreated is the doorman for files dropped into airlock
// containers. In: Microsoft.Storage.BlobCreated. Out: an order to inspect the
// file, or, when the event's name cannot be trusted, to look at the whole
// draft. Events about foreign containers or accounts are audited and refused;
// those about sealed and released containers are the engine's own doing.
package blobcreated

import (
	"context"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// eventType and prefix are Azure's.
// https://learn.microsoft.com/azure/event-grid/event-schema-blob-storage
const (
	eventType = "Microsoft.Storage.BlobCreated"
	prefix    = "/blobServices/default/containers/"
)

// Out names this function's output bindings.
type Out struct {
	Inspect *message.Inspect `json:"airlockinspect,omitempty"`
	Advance *message.Advance `json:"airlockadvance,omitempty"`
}

// Function translates drops into orders.
type Function struct {
	Door *doorman.Doorman
}

// Handle acts on one event.
func (f Function) Handle(ctx context.Context, ev azfunc.Event) (Out, error) {
	blob, err := f.read(ctx, ev)
	if err != nil {
		return Out{}, f.Door.Refuse(ctx, ev, err)
	}
	f.Door.Heard(ctx, health.BlobCreated)
	key := blob.Container.Key
	if blob.Container.Kind != airlock.DraftFiles {
		return Out{}, nil
	}
	if airlock.Damaged(blob.Name) {
		return Out{Advance: &message.Advance{Workspace: key.Workspace, Request: key.Request, Trace: ev.ID}}, nil
	}
	return Out{Inspect: &message.Inspect{Workspace: key.Workspace, Request: key.Request, Account: blob.Account,
		Turn: blob.Container.Number, Name: blob.Name, Trace: ev.ID}}, nil
}

func (f Function) read(ctx context.Context, ev azfunc.Event) (doorman.Blob, error) {
	if ev.EventType != eventType {
		return doorman.Blob{}, fmt.Errorf("event type %.100q: %w", ev.EventType, doorman.ErrForeign)
	}
	if err := doorman.From(ev.Topic, f.Door.StorageTopics); err != nil {
		return doorman.Blob{}, err
	}
	container, name, err := doorman.CutSubject(ev.Subject, prefix)
	if err != nil {
		return doorman.Blob{}, err
	}
	account := ev.Topic[strings.LastIndexByte(ev.Topic, '/')+1:]
	return f.Door.Locate(ctx, account, container, name)
}
