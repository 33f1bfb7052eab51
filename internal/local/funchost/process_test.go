package funchost_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

func TestDisabledFunctionsStartNoHandler(t *testing.T) {
	f := newFixture(t)
	f.function("Off", queueIn("off"))
	f.functionFile("OffToo", object{"disabled": true, "bindings": []object{queueIn("off-too")}})
	f.host.Settings["azurewebjobs.OFF.disabled"] = "True" // .NET compares without case
	f.put("off", base64Of("m"))
	f.start()
	f.throughout(400*time.Millisecond, "no handler, message untouched", func() bool {
		return len(f.starts()) == 0 && len(f.visible("off")) == 1
	})
}

func TestEnabledBesideDisabledRuns(t *testing.T) {
	f := newFixture(t)
	f.function("Off", queueIn("off")).function("On", queueIn("on"))
	f.host.Settings["AzureWebJobs.Off.Disabled"] = "1"
	f.put("off", base64Of("m"))
	f.put("on", base64Of("m"))
	f.start()
	f.eventually("On ran", func() bool { return f.count("on") == 0 })
	if len(f.visible("off")) != 1 {
		t.Error("the disabled function's message is gone")
	}
}

func TestEmptyExecutableIsNamedInStatus(t *testing.T) {
	f := newFixture(t)
	f.handler["description"] = object{"defaultExecutablePath": ""}
	f.function("Some", queueIn("some"))
	f.start()
	f.eventually("an error that names the setting", func() bool {
		_, body, _ := f.do(http.MethodGet, "/admin/host/status", "")
		return strings.Contains(body, "DefaultExecutablePath cannot be empty") && strings.Contains(body, `"Error"`)
	})
	if status, _, _ := f.do(http.MethodGet, "/api/some", ""); status != http.StatusServiceUnavailable {
		t.Errorf("a function of a host in error: %d, want 503", status)
	}
	// The host tries again, as a person mends host.json.
	f.handler["description"] = object{"defaultExecutablePath": executable(t)}
	f.prepare()
	f.eventually("handler started", func() bool { return len(f.starts()) == 1 })
}

func TestWorkerIDChangesAndPortStays(t *testing.T) {
	f := newFixture(t)
	f.port = 0 // the host chooses one
	f.function("Some", queueIn("some"))
	f.script.Responses = []response{exits(200)}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("a second start", func() bool { return len(f.starts()) >= 2 })
	first, second := f.starts()[0].Env, f.starts()[1].Env
	for _, name := range []string{"FUNCTIONS_CUSTOMHANDLER_WORKER_ID", "FUNCTIONS_HTTPWORKER_ID"} {
		if first[name] == second[name] {
			t.Errorf("%s is %q twice", name, first[name])
		}
	}
	for _, name := range []string{"FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT"} {
		if first[name] != second[name] || first[name] == "" {
			t.Errorf("%s: %q, then %q", name, first[name], second[name])
		}
	}
}

func TestShellVariableWinsOverSetting(t *testing.T) {
	f := newFixture(t)
	f.function("Some", queueIn("some"))
	f.host.Settings["FROM_BOTH"] = "setting"
	f.host.Settings["FROM_SETTINGS"] = "setting"
	f.host.Environ = []string{"FROM_BOTH=shell", "FROM_SHELL=shell"}
	f.start()
	f.eventually("handler started", func() bool { return len(f.starts()) == 1 })
	env := f.starts()[0].Env
	for name, want := range map[string]string{"FROM_BOTH": "shell", "FROM_SETTINGS": "setting", "FROM_SHELL": "shell"} {
		if env[name] != want {
			t.Errorf("%s = %q, want %q", name, env[name], want)
		}
	}
}

func TestExitZeroCurrentRestarts(t *testing.T) {
	f := newFixture(t)
	f.function("Some", queueIn("some"))
	f.script.Responses = []response{exits(256)} // a list starts again with the handler
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("five tries on five handlers, then poison", func() bool { return f.count("some-poison") == 1 })
	if got := len(f.requests()); got != 5 {
		t.Errorf("requests = %d, want 5", got)
	}
	if !f.alive() {
		t.Error("exit code 0 was counted as a failure")
	}
}

func TestThirdFailureEndsTheHost(t *testing.T) {
	f := newFixture(t)
	f.function("Some", queueIn("some"))
	f.script.Responses = []response{exits(1)}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("the host gives up", func() bool { return !f.alive() })
	if err := f.running.Err(); !errors.Is(err, funchost.ErrGaveUp) ||
		!strings.Contains(err.Error(), "Exceeded http worker restart retry count") ||
		!strings.Contains(err.Error(), "exited with code 1") {
		t.Errorf("host's end: %v", err)
	}
	if got := len(f.starts()); got != 3 {
		t.Errorf("handler starts = %d, want 3", got)
	}
}

func TestFailuresFarApartDoNotEndTheHost(t *testing.T) {
	f := newFixture(t)
	f.host.Times.RestartWindow = time.Nanosecond
	f.function("Some", queueIn("some"))
	f.script.Responses = []response{exits(1)}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("five failures and poison", func() bool { return f.count("some-poison") == 1 })
	if !f.alive() {
		t.Errorf("host's end: %v", f.running.Err())
	}
}

func TestNeverReadyEndsTheHost(t *testing.T) {
	f := newFixture(t)
	f.handler["description"] = object{"defaultExecutablePath": "no-such-handler"}
	f.host.Times.Init = 100 * time.Millisecond
	f.function("Some", queueIn("some"))
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("the host gives up", func() bool { return !f.alive() })
	if err := f.running.Err(); !errors.Is(err, funchost.ErrGaveUp) ||
		!strings.Contains(err.Error(), "Initialization timed out") {
		t.Errorf("host's end: %v", err)
	}
	if f.count("some") != 1 {
		t.Error("the message is gone though no handler ever ran")
	}
}

func TestPingAnswersWhileHandlerStarts(t *testing.T) {
	f := newFixture(t)
	f.script.Never = true
	f.function("Some", queueIn("some"))
	f.start()
	f.eventually("handler process started", func() bool { return len(f.starts()) == 1 })
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if status, _, _ := f.do(method, "/admin/host/ping", ""); status != http.StatusOK {
			t.Errorf("%s ping: %d", method, status)
		}
	}
}

func TestKillEndsHandlerAndHost(t *testing.T) {
	f := newFixture(t)
	f.function("Some", queueIn("some"))
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	f.running.Kill()
	if err := f.running.Err(); !errors.Is(err, funchost.ErrKilled) {
		t.Errorf("host's end: %v", err)
	}
	f.eventuallyGone()
	if _, err := http.Get(f.running.URL() + "/admin/host/ping"); err == nil { //nolint:noctx // expected to fail
		t.Error("a killed host answers")
	}
}

func TestTwoHostsInOneProcess(t *testing.T) {
	f := newFixture(t)
	f.port = 0 // both run the same host.json
	f.function("Front", httpIn("front"), httpOut()).function("Engine", queueIn("some"))
	f.host.Settings["AzureWebJobs.Engine.Disabled"] = "true"
	f.start()
	engine := f.host
	engine.Settings = map[string]string{
		"AzureWebJobsStorage":         f.host.Settings["AzureWebJobsStorage"],
		handlerScript:                 f.host.Settings[handlerScript],
		"AzureWebJobs.Front.Disabled": "true",
	}
	other, err := engine.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(other.Kill)
	f.put("some", base64Of("m"))
	f.eventually("the engine's function ran", func() bool { return f.count("some") == 0 })
	if status, _, _ := f.do(http.MethodGet, "/api/front", ""); status != http.StatusNoContent {
		t.Errorf("front: %d", status)
	}
	resp, err := http.Get(other.URL() + "/api/front") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("front's route on the engine: %d, want 404", resp.StatusCode)
	}
}

func TestStartTellsATakenAddress(t *testing.T) {
	f := newFixture(t)
	f.start()
	taken := f.host
	taken.Addr = strings.TrimPrefix(f.running.URL(), "http://")
	if r, err := taken.Start(t.Context()); err == nil {
		r.Kill()
		t.Error("a second host got the same address")
	}
}

func TestBrokenFunctionIsLeftOut(t *testing.T) {
	f := newFixture(t)
	f.function("Good", queueIn("some"))
	f.function("Blob", object{"type": "blobTrigger", "direction": "in", "name": "b"})
	f.writeFile(filepath.Join("Broken", "function.json"), []byte("{"), 0o600)
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("the good one ran", func() bool { return f.count("some") == 0 })
	_, body, _ := f.do(http.MethodGet, "/admin/functions", "")
	var all []struct{ Name string }
	if err := json.Unmarshal([]byte(body), &all); err != nil || len(all) != 1 || all[0].Name != "Good" {
		t.Errorf("functions: %s, %v", body, err)
	}
	if log := f.log.String(); !strings.Contains(log, "blobTrigger") || !strings.Contains(log, "Broken") {
		t.Error("the log does not name the functions left out")
	}
}
