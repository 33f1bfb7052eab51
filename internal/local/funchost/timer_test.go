package funchost_test

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

func TestTimerNeverOverlaps(t *testing.T) {
	f := newFixture(t)
	f.function("Tick", timerIn("* * * * * *"))
	slow := ok("{}")
	slow.Delay = 1.3
	f.script.Responses = []response{slow}
	f.start()
	f.eventually("two runs", func() bool { return len(f.ran()) >= 2 })
	if peak := f.peak(); peak != 1 {
		t.Errorf("at once = %d, want 1", peak)
	}
	if pause := f.ran()[1].Start.Sub(f.ran()[0].Start); pause < 1900*time.Millisecond {
		t.Errorf("runs %s apart: the occurrence in between was not swallowed", pause)
	}
}

// twoHosts starts two instances of one app, each with a record of its own.
func twoHosts(t *testing.T) (first, second *fixture) {
	t.Helper()
	first = newFixture(t)
	first.port = 0 // both run the same host.json
	first.function("Tick", timerIn("* * * * * *"))
	first.start()
	first.eventually("the first leads", func() bool { return len(first.requests()) > 0 })
	second = &fixture{t: t, root: first.root, prefix: first.prefix, azurite: first.azurite,
		handler: first.handler, hostJSON: first.hostJSON, host: first.host, log: &logBook{}}
	second.script = first.script
	second.script.Record = filepath.Join(t.TempDir(), "record")
	second.host.Settings = map[string]string{"AzureWebJobsStorage": first.host.Settings["AzureWebJobsStorage"]}
	second.start()
	second.eventually("the second is up", func() bool { return len(second.pings()) > 0 })
	first.eventually("two more runs of the first", func() bool { return len(first.requests()) >= 3 })
	if n := len(second.requests()); n != 0 {
		t.Fatalf("the second host ran the timer %d times beside the first", n)
	}
	return first, second
}

func TestOneOfTwoHostsRunsTheTimer(t *testing.T) {
	first, second := twoHosts(t)
	if err := first.running.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	runs := len(first.requests())
	second.eventually("the second takes over", func() bool { return len(second.requests()) >= 2 })
	if len(first.requests()) != runs {
		t.Error("a stopped host runs its timer")
	}
}

// TestLostHostsTimerMovesWithItsLease takes as long as the shortest lease
// that blob storage knows, 15 s.
func TestLostHostsTimerMovesWithItsLease(t *testing.T) {
	first, second := twoHosts(t)
	lost := time.Now()
	first.running.Kill()
	second.eventually("the second takes over", func() bool { return len(second.requests()) > 0 })
	if after := time.Since(lost); after < 5*time.Second {
		t.Errorf("taken over after %s: the lease was given back by a lost host", after)
	}
}

func TestFailedTimerWaitsForItsNextTick(t *testing.T) {
	f := newFixture(t)
	f.function("Tick", timerIn("* * * * * *"))
	f.script.Responses = []response{failing()}
	f.start()
	f.eventually("three runs", func() bool { return len(f.requests()) >= 3 })
	f.eventually("three ends", func() bool { return len(f.ran()) >= 3 })
	if pause := f.ran()[2].Start.Sub(f.ran()[1].Start); pause < 800*time.Millisecond {
		t.Errorf("a failed run was repeated after %s", pause)
	}
}

func TestAdminRunsFunctions(t *testing.T) {
	f := newFixture(t)
	f.function("Some", queueIn("some")).function("Tick", timerIn("0 0 3 1 1 *")).function("Off", queueIn("off"))
	f.host.Settings["AzureWebJobs.Off.Disabled"] = "true"
	f.start()
	f.eventually("app loaded", func() bool { return len(f.pings()) > 0 })
	for _, test := range []struct {
		path, body string
		want       int
	}{
		{"Some", `{"input":"{\"id\":\"r-1\"}"}`, http.StatusAccepted},
		{"tick", `{}`, http.StatusAccepted},
		{"Off", `{"input":""}`, http.StatusNotFound},
		{"Nope", `{"input":""}`, http.StatusNotFound},
		{"Some", `{`, http.StatusBadRequest},
		{"Some/more", `{}`, http.StatusNotFound},
	} {
		if status, _, _ := f.do(http.MethodPost, "/admin/functions/"+test.path, test.body); status != test.want {
			t.Errorf("POST %s %s: %d, want %d", test.path, test.body, status, test.want)
		}
	}
	f.eventually("two calls", func() bool { return f.answered() == 2 })
	bodies := f.requests()[0].Body + f.requests()[1].Body
	for _, want := range []string{`"Data":{"msg":"\"{\\\"id\\\":\\\"r-1\\\"}\""}`, `"id":"\"r-1\""`, `"IsPastDue":false`} {
		if !strings.Contains(bodies, want) {
			t.Errorf("no %s in %s", want, bodies)
		}
	}
	for method, want := range map[string]int{http.MethodGet: http.StatusOK, http.MethodDelete: http.StatusMethodNotAllowed} {
		if status, _, _ := f.do(method, "/admin/functions/Off", ""); status != want {
			t.Errorf("%s: %d, want %d", method, status, want)
		}
	}
	_, body, _ := f.do(http.MethodGet, "/admin/host/status", "")
	if !strings.Contains(body, `"state":"Running"`) || !strings.Contains(body, f.host.ID) {
		t.Errorf("status %s", body)
	}
}

func TestStopGivesUpOnWhatNeverEnds(t *testing.T) {
	f := newFixture(t)
	f.host.Times.Shutdown = 200 * time.Millisecond
	f.function("Some", queueIn("some"))
	slow := ok("{}")
	slow.Delay = 60
	f.script.Responses = []response{slow}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("a request", func() bool { return len(f.requests()) == 1 })
	if err := f.running.Stop(context.Background()); err == nil {
		t.Error("Stop says that all invocations finished")
	}
	if f.count("some") != 1 {
		t.Error("the message of an unfinished invocation is gone")
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	f := newFixture(t)
	f.prepare()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.host.Run(ctx) }()
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	f.host.Root = filepath.Join(f.root, "missing") // no host.json: an error that is tried again
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := f.host.Run(ctx); err != nil {
		t.Errorf("Run without host.json: %v", err)
	}
	f.host.Addr = "not an address"
	if err := (funchost.Host)(f.host).Run(t.Context()); err == nil {
		t.Error("Run took an impossible address")
	}
}
