package workspacerequest_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/trefoil-tre/trefoil/functions/workspacerequest"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// builder keeps what it was asked.
type builder struct {
	asked []workspace.Request
	err   error
}

func (b *builder) Ask(_ context.Context, r workspace.Request) (workspace.Request, error) {
	b.asked = append(b.asked, r)
	return r, b.err
}

func order() message.RequestWorkspace {
	return message.RequestWorkspace{ID: roomtest.Here, Trace: "e1", Request: message.WorkspaceRequested{Reference: "42", Template: "t", TemplateVersion: "1.0.0",
		Properties: map[string]any{"display_name": "Heart"}, Reason: " because ", Requester: message.RequestedPerson{ID: roomtest.Ada.OID, Name: "Ada", Email: "ada@example.org"},
		Members: []message.RequestedMember{{RequestedPerson: message.RequestedPerson{ID: roomtest.Mia.OID, Name: "Mia"}, Role: "AirlockManager"}}}}
}

// Each row is a sentence: where the builder answers so, or the order is so, it
// ends so.
func TestWorkspaceRequest(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*message.RequestWorkspace)
		err    error
		kind   fault.Kind
		asked  int
	}{
		"it is kept":                      {nil, nil, fault.None, 1},
		"the template is unknown":         {nil, airlock.ErrIllegal, fault.Refused, 1},
		"it does not fit the schema":      {nil, provision.ErrSchema, fault.Refused, 1},
		"a range that is none":            {nil, address.ErrInvalid, fault.Refused, 1},
		"somebody was faster":             {nil, airlock.ErrConflict, fault.Retry, 1},
		"the store is away":               {nil, errors.New("away"), fault.Retry, 1},
		"no id":                           {func(m *message.RequestWorkspace) { m.ID = "x" }, nil, fault.Poison, 0},
		"a person that no doorman let in": {func(m *message.RequestWorkspace) { m.Request.Requester.ID = "admin" }, nil, fault.Refused, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, b, m := roomtest.New(t), &builder{}, order()
			if tt.err != nil {
				b.err = fmt.Errorf("request: %w", tt.err)
			}
			if tt.change != nil {
				tt.change(&m)
			}
			f := workspacerequest.Function{Builder: b, Now: w.Now, Refusals: w.Ledger.Refusals}
			if _, err := f.Handle(w.Context("workspacerequest"), m); fault.KindOf(err) != tt.kind || len(b.asked) != tt.asked {
				t.Errorf("asked %d times, %v", len(b.asked), err)
			}
			if n := len(w.Strange()); (n == 1) != (tt.kind == fault.Refused) {
				t.Errorf("%d lines kept", n)
			}
		})
	}
}

// Everything that the event says of the request is in it, and nothing that it
// could say of a decision.
func TestWhatIsAsked(t *testing.T) {
	t.Parallel()
	w, b := roomtest.New(t), &builder{}
	_, err := workspacerequest.Function{Builder: b, Now: w.Now, Refusals: w.Ledger.Refusals}.Handle(w.Context("workspacerequest"), order())
	w.Must(err)
	want := workspace.Request{ID: roomtest.Here, Source: workspace.FromEvent, Reference: "42", Template: "t", TemplateVersion: "1.0.0",
		Properties: map[string]any{"display_name": "Heart"}, Reason: "because", Requester: access.Person{OID: roomtest.Ada.OID, Name: "Ada", Email: "ada@example.org"},
		Members: []workspace.Member{{OID: roomtest.Mia.OID, Name: "Mia", Role: access.AirlockManager}}}
	if !reflect.DeepEqual(b.asked[0], want) {
		t.Errorf("asked for %+v, want %+v", b.asked[0], want)
	}
}
