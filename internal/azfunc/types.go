package azfunc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Event is one Event Grid event, in Event Grid's own schema or as a CloudEvent 1.0:
// https://learn.microsoft.com/azure/event-grid/event-schema
type Event struct {
	ID              string          // unique per topic; the same event may come twice
	Topic           string          // full resource path of the topic; of a CloudEvent its source
	Subject         string          // publisher-defined path of what the event is about
	EventType       string          // such as Microsoft.Storage.BlobCreated; of a CloudEvent its type
	EventTime       time.Time       // when it happened; zero when absent or unreadable
	DataVersion     string          // version of Data's schema; empty for CloudEvents
	MetadataVersion string          // version of this envelope; of a CloudEvent its specversion
	Data            json.RawMessage // as it came; nil when absent
}

// Tick is one firing of a timer.
type Tick struct {
	IsPastDue      bool            // the schedule was missed while nothing ran
	ScheduleStatus *ScheduleStatus // nil when the host does not monitor the schedule, as with those under a minute
}

// ScheduleStatus is what the host remembers about a timer. Times are zero when never or unreadable.
type ScheduleStatus struct {
	Last        time.Time // when it fired before
	Next        time.Time // when it fires next
	LastUpdated time.Time // when this was written
}

// Call identifies one invocation.
type Call struct {
	Function   string // name of the function
	Invocation string // the host's id of this invocation, a UUID; empty when it sent none that is one
	Dequeue    int    // how often a queue message has been taken, from 1; 0 when unknown or not from a queue
}

// callKey is where the context keeps the Call.
type callKey struct{}

// CallFrom returns the invocation that ctx belongs to, and whether it belongs to one.
func CallFrom(ctx context.Context) (Call, bool) {
	c, ok := ctx.Value(callKey{}).(Call)
	return c, ok
}

// WithCall returns a context that belongs to the invocation c. Functions get theirs from the App; tests make their own.
func WithCall(ctx context.Context, c Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// eventFields pairs the names of both schemas: Event Grid's first, CloudEvents' second.
type eventFields struct{ grid, cloud string }

// ReadEvent reads one event as it goes over the wire, in either schema.
func ReadEvent(raw json.RawMessage) (Event, error) {
	var e Event
	err := decodeEvent(raw, &e)
	return e, err
}

func decodeEvent(raw json.RawMessage, e *Event) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return fmt.Errorf("event: %w", err)
	}
	var at string
	for _, field := range []struct {
		to    *string
		names eventFields
	}{
		{&e.ID, eventFields{"id", "id"}},
		{&e.Topic, eventFields{"topic", "source"}},
		{&e.Subject, eventFields{"subject", "subject"}},
		{&e.EventType, eventFields{"eventType", "type"}},
		{&at, eventFields{"eventTime", "time"}},
		{&e.DataVersion, eventFields{"dataVersion", "dataversion"}},
		{&e.MetadataVersion, eventFields{"metadataVersion", "specversion"}},
	} {
		name := field.names.grid
		if _, ok := members["specversion"]; ok {
			name = field.names.cloud
		}
		if member, ok := members[name]; ok {
			if err := json.Unmarshal(member, field.to); err != nil {
				return fmt.Errorf("event %s: %w", name, err)
			}
		}
	}
	if e.ID == "" || e.EventType == "" {
		return errors.New("event without id or type")
	}
	e.EventTime, e.Data = instant(at), members["data"]
	return nil
}

func decodeTick(raw json.RawMessage, t *Tick) error {
	var wire struct {
		IsPastDue      bool
		ScheduleStatus *struct{ Last, Next, LastUpdated string }
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return fmt.Errorf("timer: %w", err)
	}
	t.IsPastDue = wire.IsPastDue
	if s := wire.ScheduleStatus; s != nil {
		t.ScheduleStatus = &ScheduleStatus{Last: instant(s.Last), Next: instant(s.Next), LastUpdated: instant(s.LastUpdated)}
	}
	return nil
}

// instant reads a time as .NET writes it, which includes times without a zone; anything else is the zero time, because
// nothing is decided by a clock that is not ours.
func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}
