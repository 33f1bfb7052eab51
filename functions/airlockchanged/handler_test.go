package airlockchanged_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/functions/airlockchanged"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

const topic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/tre"

func event(change func(*azfunc.Event)) azfunc.Event {
	ev := azfunc.Event{ID: "e1", Topic: topic, EventType: "statusChanged", DataVersion: "2.0", Subject: roomtest.RequestID + "/statusChanged",
		Data: json.RawMessage(`{"request_id":"` + roomtest.RequestID + `","new_status":"approved","previous_status":"in_review","type":"import","workspace_id":"` + roomtest.Here + `"}`)}
	if change != nil {
		change(&ev)
	}
	return ev
}

// Each row is a sentence: such an event is a hint, or is refused. Whatever it
// says of the status, nothing but a look follows.
func TestAirlockChanged(t *testing.T) {
	t.Parallel()
	data := func(old, new string) func(*azfunc.Event) {
		return func(e *azfunc.Event) { e.Data = json.RawMessage(strings.ReplaceAll(string(e.Data), old, new)) }
	}
	tests := []struct {
		name string
		ev   azfunc.Event
		kind fault.Kind
	}{
		{"ours", event(nil), fault.None},
		{"a CloudEvent without a version", event(func(e *azfunc.Event) { e.DataVersion = "" }), fault.None},
		{"a status nobody knows", event(data("approved", "whatever")), fault.None},
		{"more than we know", event(data(`{"request_id"`, `{"extra":1,"request_id"`)), fault.None},
		{"an older schema", event(func(e *azfunc.Event) { e.DataVersion = "1.0" }), fault.Refused},
		{"another topic", event(func(e *azfunc.Event) { e.Topic += "x" }), fault.Refused},
		{"another type", event(func(e *azfunc.Event) { e.EventType = "airlockNotification" }), fault.Refused},
		{"no id", event(data(roomtest.RequestID, "5")), fault.Refused},
		{"an id in braces", event(data(roomtest.RequestID, "{"+roomtest.RequestID+"}")), fault.Refused},
		{"no workspace", event(data(roomtest.Here, "")), fault.Refused},
		{"another kind of data", event(func(e *azfunc.Event) { e.Data = json.RawMessage(`[1]`) }), fault.Refused},
		{"no data", event(func(e *azfunc.Event) { e.Data = nil }), fault.Refused},
		{"data null", event(func(e *azfunc.Event) { e.Data = json.RawMessage(`null`) }), fault.Refused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := roomtest.New(t)
			f := airlockchanged.Function{Door: &doorman.Doorman{OwnTopics: []string{topic}, Refusals: w.Ledger.Refusals, Now: w.Now}}
			out, err := f.Handle(w.Context("airlockchanged"), tt.ev)
			want := message.Advance{Workspace: roomtest.Here, Request: roomtest.RequestID, Trace: "e1"}
			if fault.KindOf(err) != tt.kind || (out.Advance != nil) != (tt.kind == fault.None) || out.Advance != nil && *out.Advance != want {
				t.Errorf("ordered %+v, %v", out.Advance, err)
			}
			if (len(w.Strange()) == 1) != (tt.kind == fault.Refused) {
				t.Errorf("%d lines kept", len(w.Strange()))
			}
		})
	}
}
