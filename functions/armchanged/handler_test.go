package armchanged_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/functions/armchanged"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const (
	topic  = "/subscriptions/11111111-0000-4000-8000-000000000000"
	canary = "ada@example.org"
)

var (
	suffix = workspace.Suffix("tre", roomtest.Here, 1)
	stack  = topic + "/providers/Microsoft.Resources/deploymentStacks/tre-" + suffix
)

func event(change func(*azfunc.Event)) azfunc.Event {
	ev := azfunc.Event{ID: "e1", Topic: topic, EventType: "Microsoft.Resources.ResourceWriteSuccess", Subject: stack, DataVersion: "2",
		Data: json.RawMessage(`{"claims":{"upn":"` + canary + `"},"operationName":"Microsoft.Resources/deploymentStacks/write"}`)}
	if change != nil {
		change(&ev)
	}
	return ev
}

// Each row is a sentence: such an event is a hint, is passed over, or is
// refused. What it says of who did it is kept nowhere.
func TestARMChanged(t *testing.T) {
	t.Parallel()
	subject := func(s string) azfunc.Event { return event(func(e *azfunc.Event) { e.Subject = s }) }
	for name, tt := range map[string]struct {
		ev   azfunc.Event
		hint bool
		kind fault.Kind
	}{
		"a stack of ours was written":   {event(nil), true, fault.None},
		"in a resource group":           {subject(strings.Replace(stack, "/providers", "/resourceGroups/g/providers", 1)), true, fault.None},
		"in other cases":                {subject(strings.ToUpper(stack)), true, fault.None},
		"it failed":                     {event(func(e *azfunc.Event) { e.EventType = "Microsoft.Resources.ResourceWriteFailure" }), true, fault.None},
		"it was deleted":                {event(func(e *azfunc.Event) { e.EventType = "Microsoft.Resources.ResourceDeleteSuccess" }), true, fault.None},
		"the data is no JSON":           {event(func(e *azfunc.Event) { e.Data = json.RawMessage(canary) }), true, fault.None},
		"a stack of another TRE":        {subject(strings.Replace(stack, suffix, workspace.Suffix("other", roomtest.Here, 1), 1)), false, fault.None},
		"a stack of nobody's":           {subject(topic + "/providers/Microsoft.Resources/deploymentStacks/mine"), false, fault.None},
		"something in a stack":          {subject(stack + "/x/y"), false, fault.None},
		"a machine":                     {subject(topic + "/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm"), false, fault.None},
		"no subject":                    {subject(""), false, fault.None},
		"a subject without end":         {subject(strings.Repeat("x", 1<<20) + stack), false, fault.None},
		"another subscription":          {event(func(e *azfunc.Event) { e.Topic += "1" }), false, fault.Refused},
		"another kind of event":         {event(func(e *azfunc.Event) { e.EventType = "Microsoft.Storage.BlobCreated" }), false, fault.Refused},
		"an event about a mere reading": {event(func(e *azfunc.Event) { e.EventType = "Microsoft.Resources.ResourceReadSuccess" }), false, fault.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
			key := workspace.Key{Partition: workspace.System, ID: roomtest.Here}
			w.Must(w.Store.Name(t.Context(), suffix, key))
			f := armchanged.Function{Door: &doorman.Doorman{Refusals: w.Ledger.Refusals, Now: w.Now}, Names: w.Names, Topics: []string{topic}}
			out, err := f.Handle(w.Context("armchanged"), tt.ev)
			want := message.Step{Workspace: workspace.System, Resource: roomtest.Here, Trace: "e1"}
			if fault.KindOf(err) != tt.kind || (out.Step != nil) != tt.hint || out.Step != nil && *out.Step != want {
				t.Errorf("ordered %+v, %v", out.Step, err)
			}
			lines := w.Strange()
			if text, _ := json.Marshal(lines); (len(lines) == 1) != (tt.kind == fault.Refused) || strings.Contains(string(text), canary) {
				t.Errorf("kept %s", text)
			}
		})
	}
}

// A store that is away has the event come again.
func TestStoreAway(t *testing.T) {
	t.Parallel()
	w := roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
	w.Faults.Fail(1, false)
	f := armchanged.Function{Door: &doorman.Doorman{Refusals: w.Ledger.Refusals, Now: w.Now}, Names: w.Names, Topics: []string{topic}}
	if _, err := f.Handle(w.Context("armchanged"), event(nil)); !errors.Is(err, roomtest.ErrAway) || fault.KindOf(err) != fault.Retry {
		t.Errorf("answered %v", err)
	}
}
