package azfunc

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recordings are what the host's own code sent to a handler.
const recordings = "../local/funchost/testdata/golden"

// recording is one of them, as far as this package is concerned.
type recording struct {
	Given struct {
		Text *string `json:"queueMessageText"`
	}
	Requests []recordedRequest
}

type recordedRequest struct {
	Method, Path, Body string
	Headers            [][2]string
}

// recorded reads all recordings of a folder by name.
func recorded(t testing.TB, folder string) map[string]recording {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(recordings, folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("recordings of %s: %d files, %v", folder, len(files), err)
	}
	all := make(map[string]recording)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var r recording
		if err := json.Unmarshal(raw, &r); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".json")] = r
	}
	return all
}

func (r recordedRequest) http() *http.Request {
	req := httptest.NewRequest(r.Method, r.Path, strings.NewReader(r.Body))
	req.Header = http.Header{}
	for _, h := range r.Headers {
		if h[0] == "Host" {
			req.Host = h[1]
			continue
		}
		req.Header.Add(h[0], h[1])
	}
	return req
}

func TestRecordedInvocationsComeFromTheHost(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"queue", "eventgrid", "timer", "response", "http-json"} {
		for name, r := range recorded(t, folder) {
			for _, req := range r.Requests {
				if req.Method == http.MethodPost && !fromHost(req.http()) {
					t.Errorf("%s: not taken for the host's: %v", name, req.Headers)
				}
			}
		}
	}
}

func TestRecordedOutsideRequestsDoNot(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"http-proxy", "http-forward"} {
		for name, r := range recorded(t, folder) {
			for _, req := range r.Requests {
				if strings.Contains(name, "extra-output") {
					continue // has an output beside the HTTP one, so it is an invocation
				}
				// As bad as it can get: the right method, path and type.
				req.Method, req.Path = http.MethodPost, "/airlockadvance"
				request := req.http()
				request.Header.Set("Content-Type", "application/json; charset=utf-8")
				if fromHost(request) {
					t.Errorf("%s: taken for the host's: %v", name, req.Headers)
				}
				if invocationID(request.Header) == "" {
					t.Errorf("%s: no invocation id in %v", name, req.Headers)
				}
			}
		}
	}
}

func TestRecordedQueueMessagesArriveByteForByte(t *testing.T) {
	t.Parallel()
	objects := 0
	for name, r := range recorded(t, "queue") {
		if strings.HasPrefix(name, "queue-binary") || r.Given.Text == nil {
			continue
		}
		for _, req := range r.Requests {
			value, dequeued, err := open([]byte(req.Body), "msg")
			var object map[string]any
			if json.Unmarshal([]byte(*r.Given.Text), &object) != nil {
				if err == nil && decode(value, &object) == nil {
					t.Errorf("%s: %s was read, the message is no object", name, value)
				}
				continue
			}
			objects++
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if want := strings.TrimSpace(*r.Given.Text); string(value) != want {
				t.Errorf("%s: message %s, want %s", name, value, want)
			}
			if dequeued == 0 {
				t.Errorf("%s: no dequeue count", name)
			}
		}
	}
	if objects < 4 {
		t.Errorf("%d recordings of objects, want at least 4", objects)
	}
}

func TestRecordedEventsAreRead(t *testing.T) {
	t.Parallel()
	for name, r := range recorded(t, "eventgrid") {
		for _, req := range r.Requests {
			value, _, err := open([]byte(req.Body), "evt")
			if strings.Contains(name, "many-cardinality") {
				if err == nil {
					t.Errorf("%s: an array of events was read as one", name)
				}
				continue
			}
			var e Event
			if err != nil || decode(value, &e) != nil {
				t.Errorf("%s: %s: %v", name, req.Body, err)
				continue
			}
			if e.ID == "" || e.EventType == "" || e.Topic == "" || e.EventTime.IsZero() {
				t.Errorf("%s: incomplete event %+v", name, e)
			}
		}
	}
}

func TestRecordedTicksAreRead(t *testing.T) {
	t.Parallel()
	pastDue := map[bool]int{}
	for name, r := range recorded(t, "timer") {
		for _, req := range r.Requests {
			value, _, err := open([]byte(req.Body), "tick")
			var tick Tick
			if err != nil || decode(value, &tick) != nil {
				t.Errorf("%s: %s: %v", name, req.Body, err)
				continue
			}
			pastDue[tick.IsPastDue]++
			if s := tick.ScheduleStatus; s != nil && s.Next.IsZero() {
				t.Errorf("%s: no next time in %s", name, req.Body)
			}
		}
	}
	if pastDue[true] == 0 || pastDue[false] == 0 {
		t.Errorf("past due %v, want both kinds", pastDue)
	}
}
