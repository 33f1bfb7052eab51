package funchost_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// goldenEnvironment: arguments, environment, working directory, readiness ping.
func goldenEnvironment(t *testing.T, g golden) {
	s := readStart(t, g)
	f := goldenFixture(t, g)
	f.host.Settings["GOLD_ARG"] = "expanded"
	f.handler["description"] = object{
		"defaultExecutablePath": executable(t),
		"arguments":             []string{"recorder.py", "%GOLD_ARG%", "x%GOLD_UNSET%y"},
	}
	f.function("Some", queueIn("q-env"))
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	got := f.starts()[0]
	want := s.Observed.HandlerStarts[0]
	if diff := cmp.Diff(want.Argv, ownArgs(got.Args)); diff != "" {
		t.Errorf("arguments (-recorded +got):\n%s", diff)
	}
	_, port, err := net.SplitHostPort(strings.TrimPrefix(f.pings()[0].Headers[0][1], "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range want.Env {
		switch {
		case strings.HasSuffix(name, "_PORT"):
			value = port
		case strings.HasSuffix(name, "_ID"):
			value = got.Env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"]
		case value == "<scriptroot>":
			value = f.root
		}
		if got.Env[name] != value || value == "" {
			t.Errorf("%s = %q, recorded %q", name, got.Env[name], value)
		}
	}
	if !guid.MatchString(got.Env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"]) {
		t.Errorf("worker id %q is no GUID", got.Env["FUNCTIONS_CUSTOMHANDLER_WORKER_ID"])
	}
	if got.Dir != realPath(t, f.root) {
		t.Errorf("working directory %s, want %s", got.Dir, f.root)
	}
	for _, ping := range f.pings() {
		if len(ping.Headers) != 1 || ping.Headers[0][0] != "Host" {
			t.Errorf("headers of the readiness ping: %v, want Host alone", ping.Headers)
		}
	}
}

// goldenConsole: levels and categories of what the handler prints.
func goldenConsole(t *testing.T, g golden) {
	s := readStart(t, g)
	f := goldenFixture(t, g)
	f.function(g.functionName(), g.bindings()...)
	f.start()
	f.put(g.inputQueue(), base64Of(*g.Given.Text))
	levels := map[string]string{"Information": "INFO", "Warning": "WARN", "Error": "ERROR"}
	var want []string
	for _, l := range s.Observed.Log {
		category, _, _ := strings.Cut(l.Category, ".HttpWorkerProcess.")
		if category == "Worker" {
			category = "Worker.HttpWorkerProcess"
		}
		if category == "Host.Function.Console" || category == "Worker.HttpWorkerProcess" {
			want = append(want, levels[l.Level]+" "+category+" "+l.Text)
		}
	}
	console := func() []string {
		var got []string
		for _, entry := range f.log.lines() {
			if entry["msg"] == "handler output" {
				got = append(got, fmt.Sprint(entry["level"], " ", entry["category"], " ", entry["line"]))
			}
		}
		return got
	}
	f.eventually("as many lines as recorded", func() bool { return len(console()) >= len(want) })
	got := console()
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("console (-recorded +got):\n%s", diff)
	}
	g.compareRequests(f)
}
