package funchost_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

// startRecording is the part of process/ recordings that only those have.
type startRecording struct {
	Given struct {
		CustomHandler json.RawMessage `json:"customHandler"`
		Function      *string         `json:"function"`
	} `json:"given"`
	Observed struct {
		Invocations int        `json:"invocations"`
		Alive       [2]any     `json:"hostAliveAfterSeconds"`
		Pings       []any      `json:"pings"`
		Starts      []any      `json:"handlerStartTimes"`
		Dirs        []string   `json:"cwd"`
		Argv        [][]string `json:"argv"`
		Log         []struct {
			Level    string `json:"level"`
			Category string `json:"category"`
			Text     string `json:"text"`
		} `json:"log"`
		HandlerStarts []struct {
			Argv []string          `json:"argv"`
			Env  map[string]string `json:"env"`
		} `json:"handlerStarts"`
	} `json:"observed"`
}

func readStart(t *testing.T, g golden) startRecording {
	t.Helper()
	dir := os.Getenv("GOLDEN_DIR")
	if dir == "" {
		dir = filepath.Join("testdata", "golden")
	}
	raw, err := os.ReadFile(filepath.Join(dir, g.folder, g.Name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var s startRecording
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// shells are the handler.sh files of the recordings, which tell only their
// names; %s is the recording handler.
var shells = map[string]string{
	"start-executable-in-script-root":     "#!/bin/sh\nexec %s \"$@\"\n",
	"start-exits-0-every-time":            "#!/bin/sh\nexit 0 # %s\n",
	"start-exits-1-every-time":            "#!/bin/sh\nfor n in one two three four; do echo line $n >&2; done\nexit 1 # %s\n",
	"start-slow-handler-invocations-wait": "#!/bin/sh\nsleep 1.2\nexec %s\n",
}

// goldenStart replays the start of a process: the recorded customHandler
// section with the recording handler in python3's place. The timer that fired
// every five seconds fires every second here.
func goldenStart(t *testing.T, g golden) {
	s := readStart(t, g)
	f := goldenFixture(t, g)
	f.host.Settings["GOLD_ARG"] = "expanded"
	f.host.Times.Init = time.Second
	f.handler = object{}
	if err := json.Unmarshal(s.Given.CustomHandler, &f.handler); err != nil {
		t.Fatal(err)
	}
	if f.handler["initializationTimeout"] != nil {
		f.handler["initializationTimeout"] = "00:00:00.3"
	}
	description, described := f.handler["description"].(object)
	if described && description["defaultExecutablePath"] == "python3" {
		description["defaultExecutablePath"] = executable(t)
	}
	if shell, ok := shells[g.Name]; ok {
		f.writeFile("handler.sh", fmt.Appendf(nil, shell, executable(t)), 0o700)
	}
	slow := g.Name == "start-slow-handler-invocations-wait"
	if slow {
		f.host.Times.Init = patience
	}
	f.writeFile("handler.txt", []byte("no program"), 0o600)
	f.writeFile("sub/keep", nil, 0o600)
	if s.Given.Function != nil {
		f.function("Tick", timerIn("* * * * * *"))
	}
	f.script.Ping = map[string]int{"start-ping-404-is-ready": 404, "start-ping-500-is-ready": 500}[g.Name]
	f.prepareAsIs(described)
	f.restart()
	s.compare(f, g)
	if slow && f.ran()[0].Duration < 100*time.Millisecond {
		t.Errorf("the first run took %s: it did not wait for the handler", f.ran()[0].Duration)
	}
}

// prepareAsIs writes host.json without the fixture's own description.
func (f *fixture) prepareAsIs(described bool) {
	f.t.Helper()
	f.prepare()
	if !described {
		delete(f.handler, "description")
		f.write("host.json", f.hostJSON)
	}
}

func (s startRecording) compare(f *fixture, g golden) {
	f.t.Helper()
	if alive, _ := s.Observed.Alive[0].(bool); !alive {
		f.eventually("the host gives up", func() bool { return !f.alive() })
		if err := f.running.Err(); !errors.Is(err, funchost.ErrGaveUp) {
			f.t.Errorf("host's end: %v", err)
		}
		if len(f.requests()) != 0 {
			f.t.Errorf("invocations = %d, recorded none", len(f.requests()))
		}
		return
	}
	if s.Observed.Invocations == 0 {
		f.throughout(1500*time.Millisecond, "alive, ping answers, no call", func() bool {
			status, _, _ := f.do(http.MethodGet, "/admin/host/ping", "")
			return status == http.StatusOK && f.alive() && len(f.requests()) == 0
		})
	} else {
		f.eventually("two runs", func() bool { return len(f.requests()) >= 2 })
	}
	if got := len(f.starts()); got != len(s.Observed.Starts) {
		f.t.Errorf("handler starts = %d, recorded %d", got, len(s.Observed.Starts))
	}
	for i, want := range s.Observed.Dirs {
		got := strings.ReplaceAll(f.starts()[i].Dir, realPath(f.t, f.root), "<scriptroot>")
		if diff := cmp.Diff([]any{want, s.Observed.Argv[i]}, []any{got, ownArgs(f.starts()[i].Args)}); diff != "" {
			f.t.Errorf("working directory and arguments (-recorded +got):\n%s", diff)
		}
	}
	g.compareFirst(f)
}

// compareFirst compares the first request of each side.
func (g golden) compareFirst(f *fixture) {
	f.t.Helper()
	if len(g.Requests) == 0 {
		return
	}
	if diff := cmp.Diff(g.Requests[0].request.normal(f.t), f.requests()[0].normal(f.t)); diff != "" {
		f.t.Errorf("request (-recorded +got):\n%s", diff)
	}
}

// ownArgs leaves out what python3 kept to itself: everything up to its script.
func ownArgs(args []string) []string {
	return append([]string{}, args[slices.Index(args, "recorder.py")+1:]...)
}

func realPath(t *testing.T, path string) string {
	t.Helper()
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		t.Fatal(err)
	}
	return real
}

// goldenTimeoutKillsOther: one timeout takes the other invocation with it, and
// both messages come back at once.
func goldenTimeoutKillsOther(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.function(g.functionName(), g.bindings()...)
	f.start()
	f.put(g.inputQueue(), base64Of("first"))
	f.eventually("first request", func() bool { return len(f.requests()) == 1 })
	<-time.After(400 * time.Millisecond) // the recording's four seconds
	f.put(g.inputQueue(), base64Of("second"))
	f.eventually("four requests", func() bool { return len(f.requests()) >= 4 })
	if got := len(f.starts()); got != 2 {
		t.Errorf("handler starts = %d, recorded 2", got)
	}
	tries := map[string]int{}
	for _, r := range f.requests()[:4] {
		for _, text := range []string{"first", "second"} {
			for _, count := range []string{"1", "2"} {
				if strings.Contains(r.Body, text) && strings.Contains(r.Body, `"DequeueCount":"`+count+`"`) {
					tries[text+count]++
				}
			}
		}
	}
	if diff := cmp.Diff(map[string]int{"first1": 1, "second1": 1, "first2": 1, "second2": 1}, tries); diff != "" {
		t.Errorf("message and dequeue count of the requests (-recorded +got):\n%s", diff)
	}
}

// goldenTimeoutTwo: two timeouts at once bring the host down.
func goldenTimeoutTwo(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.function(g.functionName(), g.bindings()...)
	f.put(g.inputQueue(), base64Of("first"), base64Of("second"))
	f.start()
	f.eventually("the host gives up", func() bool { return !f.alive() })
	if err := f.running.Err(); !errors.Is(err, funchost.ErrGaveUp) {
		t.Errorf("host's end: %v", err)
	}
	g.compareRequests(f)
	if got := f.count(g.inputQueue()); got != *g.Observed.InputCount {
		t.Errorf("input queue holds %d, recorded %d", got, *g.Observed.InputCount)
	}
	if got := len(f.starts()); got != len(g.Observed.Starts) {
		t.Errorf("handler starts = %d, recorded %d", got, len(g.Observed.Starts))
	}
}
