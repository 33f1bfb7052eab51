// Package armchanged is the doorman for Azure Resource Manager's events. In:
// that a resource of the subscription was written, deleted or worked. Out: an
// order to look, where it is one of our deployment stacks. An event is a hint:
// it makes a look come earlier, and what it says is not read. Its data names who
// did it, with their address, and is never logged or kept.
package armchanged

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Out names this function's output bindings.
type Out struct {
	Step *message.Step `json:"resourcestep,omitempty"`
}

// Names finds the resource that a name in Azure belongs to.
type Names interface {
	// Named returns airlock.ErrNotFound for a suffix of nobody.
	Named(ctx context.Context, suffix string) (workspace.Key, error)
}

// Function translates events into hints.
type Function struct {
	Door   *doorman.Doorman
	Names  Names
	Topics []string // subscriptions whose events are believed, as resource ids
}

// types are the events that something came to an end.
// https://learn.microsoft.com/azure/event-grid/event-schema-subscriptions
var types = []string{
	"Microsoft.Resources.ResourceWriteSuccess", "Microsoft.Resources.ResourceWriteFailure", "Microsoft.Resources.ResourceWriteCancel",
	"Microsoft.Resources.ResourceDeleteSuccess", "Microsoft.Resources.ResourceDeleteFailure", "Microsoft.Resources.ResourceDeleteCancel",
	"Microsoft.Resources.ResourceActionSuccess", "Microsoft.Resources.ResourceActionFailure", "Microsoft.Resources.ResourceActionCancel",
}

// ours is the subject of an event about one of our stacks, at whichever scope.
// Azure's resource ids have no case.
var ours = regexp.MustCompile(`(?i)/providers/Microsoft\.Resources/deploymentStacks/tre-([a-z2-7]{20})$`)

// Handle acts on one event. What is not about a stack of ours, as most of what
// happens in a subscription, is passed over.
func (f Function) Handle(ctx context.Context, ev azfunc.Event) (Out, error) {
	if err := f.foreign(ev); err != nil {
		return Out{}, f.Door.Refuse(ctx, ev, err)
	}
	suffix, ok := stack(ev.Subject)
	if !ok {
		return Out{}, nil
	}
	key, err := f.Names.Named(ctx, suffix)
	if errors.Is(err, airlock.ErrNotFound) { // of another TRE in the subscription
		return Out{}, nil
	}
	if err != nil {
		return Out{}, fmt.Errorf("stack of suffix %s: %w", suffix, err)
	}
	return Out{Step: &message.Step{Workspace: key.Partition, Resource: key.ID, Trace: ev.ID}}, nil
}

func (f Function) foreign(ev azfunc.Event) error {
	if !slices.Contains(types, ev.EventType) {
		return fmt.Errorf("event type %.100q: %w", ev.EventType, doorman.ErrForeign)
	}
	return doorman.From(ev.Topic, f.Topics)
}

// maxSubject bounds what is searched: a resource id has no more characters.
const maxSubject = 2048

func stack(subject string) (suffix string, ok bool) {
	if len(subject) > maxSubject {
		return "", false
	}
	found := ours.FindStringSubmatch(subject)
	if found == nil {
		return "", false
	}
	return strings.ToLower(found[1]), true
}
