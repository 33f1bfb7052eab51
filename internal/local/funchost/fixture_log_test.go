package funchost_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
)

// logBook keeps the host's log, which comes from many goroutines.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines are the log's entries as maps.
func (l *logBook) lines() []object {
	var all []object
	for line := range strings.Lines(l.String()) {
		var entry object
		if json.Unmarshal([]byte(line), &entry) == nil {
			all = append(all, entry)
		}
	}
	return all
}

// The bindings most tests use.

func queueIn(queue string) object {
	return object{"type": "queueTrigger", "direction": "in", "name": "msg", "queueName": queue}
}

func queueOut(name, queue string) object {
	return object{"type": "queue", "direction": "out", "name": name, "queueName": queue}
}

func timerIn(schedule string) object {
	return object{"type": "timerTrigger", "direction": "in", "name": "tick", "schedule": schedule}
}

func eventIn() object {
	return object{"type": "eventGridTrigger", "direction": "in", "name": "evt"}
}

func httpIn(route string) object {
	return object{"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": route}
}

func httpOut() object { return object{"type": "http", "direction": "out", "name": "res"} }

func ok(body string) response {
	return response{Status: http.StatusOK, Headers: [][2]string{{"Content-Type", "application/json"}}, Body: body}
}

func failing() response { return response{Status: http.StatusInternalServerError, Body: "no"} }

func exits(code int) response { return response{Kill: &code} }
