package azfunc

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// order is a queue message of these tests.
type order struct {
	Request string            `json:"request"`
	Turn    int               `json:"turn,omitempty"`
	Tags    []string          `json:"tags,omitempty"`
	More    map[string]string `json:"more,omitempty"`
}

// posted is the envelope the host makes of a queue message.
func posted(text string) string {
	once, _ := json.Marshal(text)
	twice, _ := json.Marshal(string(once))
	return `{"Data":{"msg":` + string(twice) + `},"Metadata":{"DequeueCount":"1","Id":"\"i\"","sys":{"MethodName":"f"}}}`
}

var deep = strings.Repeat(`{"a":`, maxDepth+1) + "1" + strings.Repeat("}", maxDepth+1)

// messageTests are the shapes a queue message may have; want is nil for what must not be read.
var messageTests = []struct {
	name, body string
	want       *order // nil: unreadable
}{
	{"object", posted(`{"request":"r1","turn":2}`), &order{Request: "r1", Turn: 2}},
	{"with white space", posted(" {\n \"request\" : \"r1\" }\r\n"), &order{Request: "r1"}},
	{"quoted once more", posted(`"{\"request\":\"r1\"}"`), &order{Request: "r1"}},
	{"single-encoded", `{"Data":{"msg":"{\"request\":\"r1\"}"},"Metadata":{}}`, &order{Request: "r1"}},
	{"nested, not encoded", `{"Data":{"msg":{"request":"r1"}}}`, &order{Request: "r1"}},
	{"date-like text stays text", posted(`{"request":"2024-10-21T10:00:00+02:00"}`), &order{Request: "2024-10-21T10:00:00+02:00"}},
	{"quotes, slashes, non-ASCII", posted(`{"request":"a\\b\"c/☕\u2028"}`), &order{Request: "a\\b\"c/☕\u2028"}},
	{"quoted too often", posted(`"\"\\\"{}\\\"\""`), nil},
	{"unknown field", posted(`{"request":"r1","admin":true}`), nil},
	{"repeated field", posted(`{"request":"r1","request":"r2"}`), nil},
	{"repeated in other case", posted(`{"request":"r1","Request":"r2"}`), nil},
	{"repeated deep down", posted(`{"more":{"a":"1","a":"2"}}`), nil},
	{"wrong type", posted(`{"request":7}`), nil},
	{"number too large", posted(`{"turn":12345678901234567890}`), nil},
	{"number", posted(`42`), nil},
	{"text", posted(`hello`), nil},
	{"empty", posted(``), nil},
	{"null", posted(`null`), nil},
	{"array", posted(`[{"request":"r1"}]`), nil},
	{"braces that are no JSON", posted(`{not json}`), nil},
	{"cut off", posted(`{"request":"r`), nil},
	{"two values", posted(`{"request":"r1"}{"request":"r2"}`), nil},
	{"too deep", posted(deep), nil},
	{"base64, as with dataType binary", `{"Data":{"msg":"eyJyZXF1ZXN0IjoicjEifQ=="}}`, nil},
	{"no such trigger", `{"Data":{"Msg":{"request":"r1"}}}`, nil},
	{"null data", `{"Data":null}`, nil},
	{"data is text", `{"Data":"x"}`, nil},
	{"metadata is text", `{"Data":{"msg":{}},"Metadata":"x"}`, nil},
	{"no envelope", `[]`, nil},
	{"nothing", ``, nil},
	{"trigger twice", `{"Data":{"msg":{"request":"r1"},"msg":{"request":"r2"}}}`, nil},
	{"invalid UTF-8 stays a text", posted("{\"request\":\"a\xff\"}"), &order{Request: "a\ufffd"}},
}

func TestMessages(t *testing.T) {
	t.Parallel()
	for _, test := range messageTests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got order
			value, _, err := open([]byte(test.body), "msg")
			if err == nil {
				err = decode(value, &got)
			}
			if test.want == nil {
				if err == nil {
					t.Errorf("read as %+v, want an error", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*test.want, got); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDequeueCount(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]int{
		`3`: 3, `"3"`: 3, `"\"3\""`: 3, ``: 0, `null`: 0, `"x"`: 0, `-1`: 0, `1.5`: 0, `{"a":1}`: 0, `"99999999999999999999"`: 0,
	} {
		if got := dequeueCount(json.RawMessage(raw)); got != want {
			t.Errorf("dequeueCount(%s) = %d, want %d", raw, got, want)
		}
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	grid := `{"id":"e1","topic":"/t","subject":"s","eventType":"T","eventTime":"2026-01-02T03:04:05.678Z","dataVersion":"2.0","metadataVersion":"1","data":{"a":1,"A":2},"new":true}`
	tests := []struct {
		name, value string
		want        *Event
	}{
		{"event grid", grid, &Event{ID: "e1", Topic: "/t", Subject: "s", EventType: "T", EventTime: at, DataVersion: "2.0", MetadataVersion: "1", Data: json.RawMessage(`{"a":1,"A":2}`)}},
		{"cloud event", `{"specversion":"1.0","id":"e1","source":"/t","type":"T","subject":"s","time":"2026-01-02T03:04:05.678Z","data":"x","myext":1}`,
			&Event{ID: "e1", Topic: "/t", Subject: "s", EventType: "T", EventTime: at, MetadataVersion: "1.0", Data: json.RawMessage(`"x"`)}},
		{"no data, unreadable time", `{"id":"e1","eventType":"T","eventTime":"yesterday"}`, &Event{ID: "e1", EventType: "T"}},
		{"nulls", `{"id":"e1","eventType":"T","subject":null,"eventTime":null,"data":null}`, &Event{ID: "e1", EventType: "T", Data: json.RawMessage(`null`)}},
		{"no id", `{"eventType":"T"}`, nil},
		{"no type", `{"id":"e1"}`, nil},
		{"type of the other schema", `{"id":"e1","type":"T"}`, nil},
		{"names in another case", `{"ID":"e1","EventType":"T"}`, nil},
		{"number for id", `{"id":1,"eventType":"T"}`, nil},
		{"object for subject", `{"id":"e1","eventType":"T","subject":{}}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got Event
			err := decode(json.RawMessage(test.value), &got)
			if test.want == nil {
				if err == nil {
					t.Errorf("read as %+v, want an error", got)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(*test.want, got); diff != "" {
				t.Errorf("event (-want +got):\n%s", diff)
			}
		})
	}
}

// A fact may also be delivered through a queue, to the same function.
func TestEventsFromAQueue(t *testing.T) {
	t.Parallel()
	value, _, err := open([]byte(posted(`{"id":"e1","eventType":"T","new":1}`)), "msg")
	var e Event
	if err != nil || decode(value, &e) != nil || e.ID != "e1" {
		t.Errorf("event %+v, %v", e, err)
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	next := time.Date(2026, 1, 1, 0, 5, 0, 0, time.UTC)
	tests := []struct {
		name, value string
		want        *Tick
	}{
		{"monitored, never run", `{"Schedule":{"AdjustForDST":true},"ScheduleStatus":{"Last":"0001-01-01T00:00:00","Next":"2026-01-01T00:05:00Z","LastUpdated":"0001-01-01T00:00:00+00:00"},"IsPastDue":true}`,
			&Tick{IsPastDue: true, ScheduleStatus: &ScheduleStatus{Next: next}}},
		{"not monitored", `{"Schedule":{},"ScheduleStatus":null,"IsPastDue":false}`, &Tick{}},
		{"wrong type", `{"IsPastDue":"no"}`, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var got Tick
			err := decode(json.RawMessage(test.value), &got)
			if (err != nil) != (test.want == nil) {
				t.Fatalf("error %v, want tick %+v", err, test.want)
			}
			if test.want != nil && !cmp.Equal(*test.want, got) {
				t.Errorf("tick (-want +got):\n%s", cmp.Diff(*test.want, got))
			}
		})
	}
}

// FuzzEnvelope holds the promise that nothing the host could send crashes the handler, and that what is read as one of our
// messages is exactly that.
func FuzzEnvelope(f *testing.F) {
	for _, folder := range []string{"queue", "eventgrid", "timer"} {
		for _, r := range recorded(f, folder) {
			for _, req := range r.Requests {
				f.Add([]byte(req.Body))
			}
		}
	}
	f.Add([]byte(posted(`{"request":"r1","turn":2,"tags":["a"],"more":{"k":"v"}}`)))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, trigger := range []string{"msg", "evt", "tick"} {
			value, dequeued, err := open(body, trigger)
			if err != nil {
				continue
			}
			if dequeued < 0 {
				t.Errorf("dequeue count %d", dequeued)
			}
			var e Event
			if decode(value, &e) == nil && (e.ID == "" || e.EventType == "") {
				t.Errorf("event without id or type from %q", value)
			}
			_ = decode(value, new(Tick)) // must not panic
			var m order
			if decode(value, &m) != nil {
				continue
			}
			text, err := json.Marshal(m)
			if err != nil {
				t.Fatal(err)
			}
			var again order
			if err := decode(text, &again); err != nil {
				t.Fatalf("%s: %v", text, err)
			}
			if second, _ := json.Marshal(again); string(second) != string(text) {
				t.Errorf("message %s, read again %s", text, second)
			}
		}
	})
}
