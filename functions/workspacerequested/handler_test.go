package workspacerequested_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/functions/workspacerequested"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

const (
	topic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/tre"
	data  = `{"reference":"2026-42","templateName":"tre-workspace-base","properties":{"display_name":"Heart"},"reason":"a\nstudy",` +
		`"requester":{"id":"a0000000-0000-4000-8000-000000000001","name":"Ada Example","email":"ada@example.org"},` +
		`"members":[{"id":"a0000000-0000-4000-8000-000000000002","name":"Ben","role":"WorkspaceResearcher"}]}`
)

func event(change func(*azfunc.Event)) azfunc.Event {
	ev := azfunc.Event{ID: "e1", Topic: topic, EventType: "WorkspaceRequested", DataVersion: "1.0", Subject: "studies/42", Data: json.RawMessage(data)}
	if change != nil {
		change(&ev)
	}
	return ev
}

func handle(t *testing.T, ev azfunc.Event) (*roomtest.World, workspacerequested.Out, error) {
	t.Helper()
	w := roomtest.New(t)
	f := workspacerequested.Function{Door: &doorman.Doorman{OwnTopics: []string{topic}, Refusals: w.Ledger.Refusals, Now: w.Now}}
	out, err := f.Handle(w.Context("workspacerequested"), ev)
	return w, out, err
}

// Each row is a sentence: such an event is refused, and this is named; "" lets
// it in.
func TestWorkspaceRequested(t *testing.T) {
	t.Parallel()
	with := func(old, new string) azfunc.Event {
		return event(func(e *azfunc.Event) { e.Data = json.RawMessage(strings.Replace(data, old, new, 1)) })
	}
	members := strings.Repeat(`{"id":"a0000000-0000-4000-8000-000000000002","name":"B","role":"AirlockManager"},`, 41)
	properties := ""
	for i := range 201 {
		properties += fmt.Sprintf(`"p%d":1,`, i)
	}
	for name, tt := range map[string]struct {
		ev  azfunc.Event
		why string
	}{
		"a request":                   {event(nil), ""},
		"a CloudEvent":                {event(func(e *azfunc.Event) { e.DataVersion = "" }), ""},
		"no reference":                {with(`"reference":"2026-42",`, ``), ""},
		"more than we know":           {with(`{"reference"`, `{"extra":[1],"reference"`), ""},
		"a later version":             {event(func(e *azfunc.Event) { e.DataVersion = "2.0" }), "data version"},
		"another topic":               {event(func(e *azfunc.Event) { e.Topic += "2" }), "topic"},
		"another type":                {event(func(e *azfunc.Event) { e.EventType = "statusChanged" }), "event type"},
		"no id":                       {event(func(e *azfunc.Event) { e.ID = "" }), "id"},
		"no data":                     {event(func(e *azfunc.Event) { e.Data = nil }), "data"},
		"data null":                   {event(func(e *azfunc.Event) { e.Data = json.RawMessage("null") }), "templateName"},
		"a list":                      {event(func(e *azfunc.Event) { e.Data = json.RawMessage("[]") }), "data"},
		"too large":                   {with(`"Heart"`, `"`+strings.Repeat("x", 20_000)+`"`), "at most 20000"},
		"a reference of two lines":    {with(`2026-42`, `a\nb`), "reference"},
		"a reference of blanks":       {with(`2026-42`, ` \u00a0`), "reference: blanks alone"},
		"a reference without end":     {with(`2026-42`, strings.Repeat("x", 201)), "reference: 201 characters, at most 200"},
		"no template":                 {with(`tre-workspace-base`, ``), "templateName: required"},
		"a template of spaces":        {with(`tre-workspace-base`, `  `), "templateName: required"},
		"no requester":                {with(`"requester"`, `"other"`), "requester.id"},
		"an id in braces":             {with(`a0000000-0000-4000-8000-000000000001`, `{a0000000-0000-4000-8000-000000000001}`), "requester.id"},
		"an id in capitals":           {with(`a0000000-0000-4000-8000-000000000001`, `A0000000-0000-4000-8000-000000000001`), "requester.id"},
		"a person without a name":     {with(`Ada Example`, ``), "requester.name"},
		"a name that turns around":    {with(`Ada Example`, `Ada \u202eelpmaxE`), "requester.name"},
		"a name with a null":          {with(`Ada Example`, `Ada\u0000`), "requester.name"},
		"an address that is two":      {with(`ada@example.org`, `ada@example.org,eve@example.org`), "requester.email"},
		"an address with a header":    {with(`ada@example.org`, `ada@example.org\r\nBcc: eve@example.org`), "requester.email"},
		"an address without end":      {with(`ada@`, strings.Repeat("a", 300)+"@"), "requester.email"},
		"no such role":                {with(`WorkspaceResearcher`, `TREAdmin`), "members[0].role"},
		"a member without an id":      {with(`a0000000-0000-4000-8000-000000000002`, ``), "members[0].id"},
		"41 members":                  {with(`"members":[`, `"members":[`+members), "members: 42, at most 40"},
		"201 properties":              {with(`"display_name"`, properties+`"display_name"`), "properties: 202, at most 200"},
		"a name of hidden characters": {with(`"Heart"`, `"He\u2066art"`), "properties.display_name"},
		"a reason without end":        {with(`a\nstudy`, strings.Repeat("x", 2001)), "reason: 2001 characters, at most 2000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, out, err := handle(t, tt.ev)
			lines := w.Strange()
			if tt.why == "" {
				if err != nil || out.Request == nil || out.Request.Request.Template != "tre-workspace-base" || len(lines) != 0 {
					t.Errorf("ordered %+v, %v", out.Request, err)
				}
				return
			}
			if out.Request != nil || fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), tt.why) {
				t.Errorf("ordered %+v, %v", out.Request, err)
			}
			if len(lines) != 1 || !strings.Contains(lines[0].Reason, tt.why) {
				t.Errorf("audited %v", lines)
			}
		})
	}
}

// What is the same workspace has the same id, and nothing else has.
func TestOneWorkspace(t *testing.T) {
	t.Parallel()
	id := func(change func(*azfunc.Event)) string {
		_, out, err := handle(t, event(change))
		if err != nil {
			t.Fatal(err)
		}
		return out.Request.ID
	}
	bare := json.RawMessage(strings.Replace(data, `"reference":"2026-42",`, ``, 1))
	named, unnamed := id(nil), id(func(e *azfunc.Event) { e.Data = bare })
	if named != id(func(e *azfunc.Event) { e.ID = "e2" }) || named != id(func(e *azfunc.Event) { e.Topic = strings.ToUpper(topic) }) {
		t.Error("published again under the same reference it is another one")
	}
	if unnamed != id(func(e *azfunc.Event) { e.Data = bare }) {
		t.Error("delivered again it is another one")
	}
	others := []string{named, unnamed, id(func(e *azfunc.Event) { e.Data, e.ID = bare, "e2" }), id(func(e *azfunc.Event) { e.Data, e.ID = bare, "2026-42" })}
	seen := map[string]bool{}
	for _, other := range others {
		if seen[other] {
			t.Errorf("two requests have id %s", other)
		}
		seen[other] = true
	}
}
