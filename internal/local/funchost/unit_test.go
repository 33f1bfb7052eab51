package funchost

import (
	"errors"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/funchost/jtoken"
)

func TestQueueDefaults(t *testing.T) {
	t.Parallel()
	host := Host{Processors: 2}.withDefaults()
	got, err := host.readQueues(hostFile{}, newSettings(nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	if want := (queueOptions{batchSize: 16, threshold: 16, maxTries: 5, pollMax: time.Minute}); got != want {
		t.Errorf("defaults %+v, want %+v", got, want)
	}
	dev := newSettings(map[string]string{"azure_functions_environment": "Development"}, nil)
	if got, err = host.readQueues(hostFile{}, dev); err != nil || got.pollMax != 2*time.Second {
		t.Errorf("in Development: %+v, %v", got, err)
	}
	real := Times{}.withDefaults()
	if real.ReceiveVisibility != 10*time.Minute || real.ReadyPoll != 25*time.Millisecond || real.Init != 30*time.Second {
		t.Errorf("real times: %+v", real)
	}
}

func TestBackoffDoublesToItsTop(t *testing.T) {
	t.Parallel()
	b := backoff{min: 100 * time.Millisecond, max: time.Second}
	var last time.Duration
	for range 20 {
		next := b.next()
		if next < last || next > b.max {
			t.Fatalf("%s after %s", next, last)
		}
		last = next
	}
	if last != b.max {
		t.Errorf("ends at %s, want %s", last, b.max)
	}
	if b.reset(); b.next() != b.min {
		t.Error("a found message does not reset the pause")
	}
}

func TestSplitArguments(t *testing.T) {
	t.Parallel()
	for line, want := range map[string][]string{
		"":                    nil,
		"  a  b ":             {"a", "b"},
		`-u "my worker.py" x`: {"-u", "my worker.py", "x"},
		`a"b c"d`:             {"ab cd"},
		`""`:                  {""},
		`say \"hi\"`:          {"say", `"hi"`},
		`"a`:                  {"a"},
	} {
		if diff := cmp.Diff(want, splitArguments(line)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", line, diff)
		}
	}
}

func TestParseSpan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"00:00:30": 30 * time.Second, "01:02:03": time.Hour + 2*time.Minute + 3*time.Second,
		"1.00:00:00": 24 * time.Hour, "00:00:00.250": 250 * time.Millisecond,
	} {
		if got, err := parseSpan(text); err != nil || got != want {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "30", "00:30", "a:b:c", "00:00:-1", "x.00:00:00"} {
		if got, err := parseSpan(text); err == nil {
			t.Errorf("%q: %s", text, got)
		}
	}
	if got, err := parseTimeout("-1"); got != 0 || err != nil {
		t.Errorf("no limit: %s, %v", got, err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s := newSettings(map[string]string{
		"Storage": "UseDevelopmentStorage=true", "AzureWebJobsOther": "prefixed", "Other": "plain",
		"ConnectionStrings__Third": "third", "Empty": "", "TRE_X": "setting", "AzureWebJobs_Fn_Disabled": "true",
	}, []string{"TRE_X=shell", "=odd", "broken"})
	for name, want := range map[string]string{"storage": developmentStorage, "OTHER": "prefixed", "Third": "third"} {
		if got, err := s.connection(name); got != want || err != nil {
			t.Errorf("connection %s: %q, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "Empty", "None"} {
		if got, err := s.connection(name); err == nil {
			t.Errorf("connection %q: %q", name, got)
		}
	}
	if got, err := s.expand("a-%tre_x%-b"); got != "a-shell-b" || err != nil {
		t.Errorf("expand: %q, %v", got, err)
	}
	if _, err := s.expand("%NONE%"); err == nil {
		t.Error("a missing setting expands")
	}
	if got := s.expandArgument("%TRE_X%%NONE%%tre_x%"); got != "shell" { // environments know case
		t.Errorf("argument: %q", got)
	}
	if !s.disabled("Fn") || s.disabled("Other") {
		t.Error("disabled")
	}
}

func TestRoutesThatCannotBe(t *testing.T) {
	t.Parallel()
	route := "a/{id:planet}"
	f := &function{name: "Fn", trigger: binding{Type: httpTrigger, Route: &route}}
	if _, err := newRouter("api", []*function{f}); !errors.Is(err, errConfig) {
		t.Errorf("unknown constraint: %v", err)
	}
}

func TestFunctionFilesThatCannotBe(t *testing.T) {
	t.Parallel()
	s := newSettings(nil, nil)
	for name, file := range map[string]string{
		"no trigger":      `{"bindings":[{"type":"queue","direction":"out","name":"o","queueName":"abc"}]}`,
		"two triggers":    `{"bindings":[{"type":"timerTrigger","schedule":"* * * * * *"},{"type":"queueTrigger","queueName":"abc"}]}`,
		"bad queue":       `{"bindings":[{"type":"queueTrigger","queueName":"A"}]}`,
		"bad schedule":    `{"bindings":[{"type":"timerTrigger","schedule":"now"}]}`,
		"missing setting": `{"bindings":[{"type":"timerTrigger","schedule":"%NONE%"}]}`,
		"no such type":    `{"bindings":[{"type":"blob","direction":"out"}]}`,
		"retry strategy":  `{"bindings":[{"type":"httpTrigger"}],"retry":{"strategy":"hope"}}`,
		"retry count":     `{"bindings":[{"type":"httpTrigger"}],"retry":{"strategy":"fixedDelay","maxRetryCount":-2}}`,
		"retry delay":     `{"bindings":[{"type":"httpTrigger"}],"retry":{"strategy":"fixedDelay"}}`,
		"not an object":   `[]`,
	} {
		if f, err := s.newFunction("Fn", []byte(file)); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if _, err := s.newFunction("1st", []byte(`{"bindings":[{"type":"httpTrigger"}]}`)); err == nil {
		t.Error("a name that begins with a digit is taken")
	}
}

func TestRetryPause(t *testing.T) {
	t.Parallel()
	p, err := newRetryPolicy(&retryFile{Strategy: "exponentialBackoff", Max: -1, Minimum: "00:00:01", Maximum: "00:00:05"})
	if err != nil {
		t.Fatal(err)
	}
	for done, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
		if got := p.pause(done); got != want || !p.again(done) {
			t.Errorf("after %d: %s, want %s", done, got, want)
		}
	}
}

func TestLongConsoleLinesAreCut(t *testing.T) {
	t.Parallel()
	var lines []string
	w := &lineWriter{line: func(s string) { lines = append(lines, s) }}
	chunk := make([]byte, maxLine)
	for i := range chunk {
		chunk[i] = 'x'
	}
	for range 4 {
		if _, err := w.Write(chunk); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write([]byte("\nshort\r\nopen")); err != nil {
		t.Fatal(err)
	}
	w.flush()
	for i, line := range lines {
		if len(line) > 2*maxLine {
			t.Errorf("line %d has %d bytes", i, len(line))
		}
	}
	if diff := cmp.Diff([]string{"short", "open"}, lines[len(lines)-2:]); diff != "" {
		t.Errorf("the last lines (-want +got):\n%s", diff)
	}
}

func FuzzReadResult(f *testing.F) {
	f.Add(200, "application/json", `{"Outputs":{"a":1},"Logs":["x",null],"ReturnValue":"r"}`)
	f.Add(204, "", "")
	f.Add(200, "text/plain", "{}")
	f.Fuzz(func(t *testing.T, status int, contentType, body string) {
		r, err := readResult(status, contentType, body)
		if err == nil && (status < 200 || status > 299) {
			t.Fatalf("status %d succeeds", status)
		}
		if err != nil {
			return
		}
		for _, p := range r.outputs.Fields {
			if _, err := messages(p.Value, false); err != nil && p.Value.Kind != jtoken.String {
				t.Fatalf("%s: %v", p.Value.JSON(), err)
			}
		}
	})
}

func FuzzLeak(f *testing.F) {
	f.Add(`{"id":"r-1","n":3,"sys":"x","fooTrigger":1}`)
	f.Fuzz(func(t *testing.T, text string) {
		var d bindingData
		d.set("QueueTrigger", text)
		d.leak(text)
		if _, err := jtoken.Parse(d.metadata().JSON(), jtoken.KeepText); err != nil {
			t.Fatalf("metadata of %q: %v", text, err)
		}
	})
}

func TestTakenPortIsGivenUp(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	port := taken.Addr().(*net.TCPAddr).Port
	for fixed, want := range map[bool]bool{false: false, true: true} { // host.json's port stays, come what may
		w := &worker{port: port, fixedPort: fixed}
		if err := w.choosePort(t.Context()); err != nil || (w.port == port) != want {
			t.Errorf("port %d, fixed %v: now %d, %v", port, fixed, w.port, err)
		}
	}
	w := &worker{}
	if err := w.choosePort(t.Context()); err != nil || w.port < firstPort || w.port > lastPort {
		t.Errorf("first port %d, %v", w.port, err)
	}
	first := w.port
	if err := w.choosePort(t.Context()); err != nil || w.port != first {
		t.Errorf("port %d, then %d, %v", first, w.port, err)
	}
}
