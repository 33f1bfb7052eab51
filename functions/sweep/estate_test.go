package sweep_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/sweep"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const (
	opID     = "66666666-6666-4666-8666-666666666601"
	ownTopic = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/tre"
)

// estate is a world with a workspace, or a service in it, to which something is
// being done.
func estate(t testing.TB, kind workspace.Kind) (*roomtest.Estate, workspace.Operation) {
	t.Helper()
	e := roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
	r := workspace.Resource{ID: roomtest.RequestID, Kind: kind}
	if kind != workspace.Workspace {
		r.Workspace = roomtest.Here
	}
	r, op, err := r.Begin(workspace.Act{By: roomtest.Olga, At: e.Now(), Operation: opID}, workspace.Order{Action: workspace.Install})
	e.Must(err)
	c := workspace.Change{Partition: r.Key().Partition}
	c.Resource(r, audit.Line{At: e.Now(), Action: "asked"})
	c.Operation(op, e.Now().Add(time.Minute), audit.Line{At: e.Now(), Action: "asked"})
	_, err = e.Store.CommitChange(t.Context(), c)
	e.Must(err)
	return e, op
}

func estateRoom(e *roomtest.Estate, a *aside) sweep.Function {
	f := room(e.World, a)
	f.Estate = sweep.Estate{Operations: e.Resources, Requests: e.Wanted, Life: 30 * 24 * time.Hour}
	f.Door.OwnTopics = []string{ownTopic}
	return f
}

func sweepOnce(e *roomtest.Estate, a *aside) sweep.Out {
	e.T.Helper()
	out, err := estateRoom(e, a).Handle(e.Context("sweep"), azfunc.Tick{})
	e.Must(err)
	return out
}

func stepOf(op workspace.Operation) message.Step {
	return message.Step{Workspace: op.Resource.Partition, Resource: op.Resource.ID, Operation: op.ID}
}

// An operation that stands still is hinted at, wherever it is kept.
func TestHintsAtOperations(t *testing.T) {
	t.Parallel()
	for _, kind := range []workspace.Kind{workspace.Workspace, workspace.Service} {
		e, op := estate(t, kind)
		if out := sweepOnce(e, &aside{}); len(out.Step) != 0 {
			t.Errorf("before its time: %v", out.Step)
		}
		e.Pass(time.Minute)
		for range 2 {
			if out := sweepOnce(e, &aside{}); !slices.Equal(out.Step, []message.Step{stepOf(op)}) || len(out.Advance)+len(out.Notify) > 0 {
				t.Errorf("when it is due: %+v", out)
			}
		}
	}
}

// Each row is a sentence: a poisoned order about this ends so.
func TestPoisonedSteps(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text  func(m message.Step) string
		shown bool
		odd   int
	}{
		"an operation":          {func(m message.Step) string { return text(m) }, true, 0},
		"a mere hint":           {func(m message.Step) string { m.Operation = ""; return text(m) }, false, 0},
		"an unknown operation":  {func(m message.Step) string { m.Operation = roomtest.NobodysID; return text(m) }, false, 1},
		"no operation":          {func(m message.Step) string { m.Operation = "x"; return text(m) }, false, 1},
		"an order that is none": {func(message.Step) string { return "{" }, false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, op := estate(t, workspace.Workspace)
			a := &aside{poison: map[string][]string{message.QueueStep: {tt.text(stepOf(op))}}}
			var out sweep.Out
			for range 3 { // every minute again
				out = sweepOnce(e, a)
			}
			now := e.Reread(op)
			said := e.Said(workspace.System, op.ID, now.Head)
			if shown := strings.Contains(now.Message, "trouble"); shown != tt.shown || shown != (len(said) == 4) || shown != (len(out.Step) == 1) || shown != (len(out.Notify) == 1) {
				t.Errorf("people read %q, the trail says %v, ordered %+v", now.Message, said, out)
			}
			if n := len(e.Strange()); n != 3*tt.odd || a.dropped != 3 {
				t.Errorf("%d lines kept, %d messages dropped", n, a.dropped)
			}
		})
	}
}

// Administrators are told that an operation is stuck, whatever is lost on the
// way, until they were; not of one that ended.
func TestStuckIsTold(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(workspace.Operation) workspace.Operation
		want   int
	}{
		"the order was lost": {nil, 1},
		"they were told":     {workspace.Operation.Heard, 0},
		"it ended": {func(op workspace.Operation) workspace.Operation {
			return op.Advance(0, workspace.DeploymentFailed, "quota", op.CreatedAt)
		}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, op := estate(t, workspace.Service)
			order := message.Notify{Workspace: op.Resource.Partition, Resource: op.Resource.ID, Request: op.ID}
			bad := text(stepOf(op))
			if out := sweepOnce(e, &aside{poison: map[string][]string{message.QueueStep: {bad, bad}}}); len(out.Notify) != 0 {
				t.Fatalf("soon ordered %+v", out.Notify)
			}
			e.Pass(time.Second)
			out := sweepOnce(e, &aside{dropped: 1, poison: map[string][]string{message.QueueStep: {bad}}})
			if !slices.Equal(out.Notify, []message.Notify{order}) {
				t.Fatalf("ordered %+v", out.Notify)
			}
			if tt.change != nil {
				c := workspace.Change{Partition: op.Resource.Partition}
				c.Operation(tt.change(e.Reread(op)), e.Now(), audit.Line{At: e.Now(), Action: "changed"})
				_, err := e.Store.CommitChange(t.Context(), c)
				e.Must(err)
			}
			if out = sweepOnce(e, &aside{dropped: 1, poison: map[string][]string{message.QueueStep: {bad}}}); !slices.Contains(out.Step, stepOf(op)) {
				t.Errorf("nobody looks whether it holds anything still: %+v", out.Step)
			}
			e.Pass(time.Hour)
			for range 2 {
				a := &aside{poison: map[string][]string{message.QueueNotify: {text(order)}}} // and the mail server takes none
				if out = sweepOnce(e, a); len(out.Notify) != tt.want || tt.want > 0 && out.Notify[0] != order || len(e.Strange()) != 0 || a.dropped != 1 {
					t.Errorf("ordered %+v, %d lines kept, %d messages dropped", out.Notify, len(e.Strange()), a.dropped)
				}
			}
		})
	}
}

func text(m any) string {
	b, err := json.Marshal(m)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}

var asked = message.RequestWorkspace{ID: roomtest.RequestID, Request: message.WorkspaceRequested{Template: "t",
	Requester: message.RequestedPerson{ID: roomtest.Ada.OID, Name: "Ada"}}}

// A request for a workspace that was poisoned, or could not be delivered, is
// nowhere else: it is ordered again, once checked.
func TestRequestsComeAgain(t *testing.T) {
	t.Parallel()
	bad := asked
	bad.Request.Requester.ID = "admin"
	data := json.RawMessage(text(asked.Request))
	event := azfunc.Event{ID: "e1", Topic: ownTopic, EventType: message.TypeWorkspaceRequested, DataVersion: "1.0", Data: data}
	foreign := event
	foreign.Topic += "x"
	for name, tt := range map[string]struct {
		aside   *aside
		ordered int
		kept    int
	}{
		"poisoned":                    {&aside{poison: map[string][]string{message.QueueRequest: {text(asked)}}}, 1, 1},
		"poisoned, and not right":     {&aside{poison: map[string][]string{message.QueueRequest: {text(bad)}}}, 0, 1},
		"poisoned, and no order":      {&aside{poison: map[string][]string{message.QueueRequest: {"["}}}, 0, 1},
		"not delivered":               {&aside{dead: []azfunc.Event{event}}, 1, 0},
		"not delivered, from outside": {&aside{dead: []azfunc.Event{foreign}}, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := estate(t, workspace.Workspace)
			sweepOnce(e, tt.aside)
			sent := e.TakeSent()
			if len(sent) != tt.ordered || len(e.Strange()) != tt.kept || tt.aside.dropped != 1 {
				t.Errorf("ordered %v, kept %v, %d dropped", sent, e.Strange(), tt.aside.dropped)
			}
		})
	}
}

// A request for a workspace is told until it was, waits, and ends when nobody
// decides.
func TestRequestsWait(t *testing.T) {
	t.Parallel()
	e := roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
	write := func(r workspace.Request) {
		c := workspace.Change{Partition: workspace.System}
		c.Request(r, e.Now(), audit.Line{At: e.Now(), Action: "test"})
		_, err := e.Store.CommitChange(t.Context(), c)
		e.Must(err)
	}
	read := func() workspace.Request {
		r, err := e.Store.WorkspaceRequest(t.Context(), roomtest.RequestID)
		e.Must(err)
		return r
	}
	write(workspace.Request{ID: roomtest.RequestID, Template: "t", Requester: roomtest.Ada}.Open(e.Now()))
	order := []message.Notify{{Workspace: workspace.System, Request: roomtest.RequestID}}
	for range 2 {
		if out := sweepOnce(e, &aside{}); !slices.Equal(out.Notify, order) {
			t.Fatalf("administrators are to be told: %+v", out)
		}
	}
	r := read()
	write(r.Heard(r.Notices))
	looks := 0
	e.Faults.Before("Requests.WorkspaceRequest", func() { looks++ })
	for range 180 {
		e.Pass(time.Minute)
		if out := sweepOnce(e, &aside{}); len(out.Notify) > 0 {
			t.Fatalf("nothing is to be told: %+v", out)
		}
	}
	if looks > 4 {
		t.Errorf("looked at %d times in three hours", looks)
	}
	e.Pass(30 * 24 * time.Hour)
	if out := sweepOnce(e, &aside{}); !slices.Equal(out.Notify, order) {
		t.Errorf("when its time is over: %+v", out)
	}
	if r = read(); r.Status != workspace.Withdrawn || r.Notices[0].Event != workspace.EventWithdrawn {
		t.Errorf("is %s, to be told %v", r.Status, r.Notices)
	}
	write(r.Heard(r.Notices))
	e.Pass(time.Hour)
	if due, _, err := e.Store.Due(t.Context(), workspace.System, e.Now(), airlock.Page{}); err != nil || len(due) > 0 {
		t.Errorf("left to do: %v, %v", due, err)
	}
}

// A poisoned order to tell people of a request is let go while they are still to
// be told.
func TestPoisonedNotice(t *testing.T) {
	t.Parallel()
	e, op := estate(t, workspace.Workspace)
	a := &aside{poison: map[string][]string{message.QueueNotify: {text(message.Notify{Workspace: workspace.System, Request: op.ID})}}}
	if sweepOnce(e, a); len(e.Strange()) != 0 || a.dropped != 1 {
		t.Errorf("kept %v, %d dropped", e.Strange(), a.dropped)
	}
}
