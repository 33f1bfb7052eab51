package funchost_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/google/go-cmp/cmp"
)

// shiftedClock is the real clock moved, so that a full minute is always near.
type shiftedClock struct{ offset atomic.Int64 }

func (c *shiftedClock) now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// before sets the clock to lead before the next full period.
func (c *shiftedClock) before(period, lead time.Duration) {
	now := c.now()
	next := now.Truncate(period).Add(period)
	c.offset.Add(int64(next.Sub(now) - lead))
}

// timerFixture runs the recorded timer on a shifted clock. The handler takes
// 0.3 s, time enough to move the clock while a run is under way.
func timerFixture(t *testing.T, g golden) (*fixture, *shiftedClock) {
	t.Helper()
	f := goldenFixture(t, g)
	clock := &shiftedClock{}
	f.host.Now = clock.now
	f.function(g.functionName(), g.bindings()...)
	slow := ok("{}")
	slow.Delay = 0.3 / goldenScale
	f.script.Responses = []response{slow}
	return f, clock
}

func goldenTimerPlain(t *testing.T, g golden)     { goldenTimerTwice(t, g, 10*time.Second) }
func goldenTimerMonitored(t *testing.T, g golden) { goldenTimerTwice(t, g, time.Minute) }

// goldenTimerTwice watches two occurrences. The recording began while the
// timer had a status already, so the one before the first is not compared.
func goldenTimerTwice(t *testing.T, g golden, period time.Duration) {
	f, clock := timerFixture(t, g)
	clock.before(period, 700*time.Millisecond)
	f.start()
	for n := 1; n <= 3; n++ {
		f.eventually("a run", func() bool { return len(f.requests()) == n })
		clock.before(period, 700*time.Millisecond) // the next one is near again
	}
	for i, r := range f.requests()[1:3] {
		if diff := cmp.Diff(g.Requests[i].request.normal(t), r.normal(t)); diff != "" {
			t.Errorf("run %d (-recorded +got):\n%s", i, diff)
		}
	}
}

// goldenTimerPastDue: a minute passes while no host runs.
func goldenTimerPastDue(t *testing.T, g golden) {
	f, clock := timerFixture(t, g)
	clock.before(time.Minute, 700*time.Millisecond)
	f.start()
	f.eventually("a run", func() bool { return f.answered() == 1 })
	if err := f.running.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	clock.before(time.Minute, -15*time.Second) // a quarter past the next minute
	f.restart()
	f.eventually("the missed run", func() bool { return f.answered() == 2 })
	if diff := cmp.Diff(g.Requests[0].request.normal(t), f.requests()[1].normal(t)); diff != "" {
		t.Errorf("missed run (-recorded +got):\n%s", diff)
	}
	f.throughout(500*time.Millisecond, "one run for what was missed", func() bool { return len(f.requests()) == 2 })
}

// goldenTimerStartup: runOnStartup, before the timer ever ran.
func goldenTimerStartup(t *testing.T, g golden) {
	f, _ := timerFixture(t, g)
	f.start()
	f.eventually("the run at start", func() bool { return f.answered() == 1 })
	g.compareRequests(f)
}

// goldenRunTimer: a run by hand, after the one at start.
func goldenRunTimer(t *testing.T, g golden) {
	f, _ := timerFixture(t, g)
	f.start()
	f.eventually("the run at start, and its record", func() bool {
		status := f.statusBlob(g.functionName())
		return status != "" && !strings.Contains(status, `"Last":"0001`)
	})
	status, body, _ := f.do(http.MethodPost, g.Given.HTTP.Path, g.Given.HTTP.Body, "x-functions-key", "mkey")
	if status != http.StatusAccepted || body != "" {
		t.Errorf("answer %d %q", status, body)
	}
	f.eventually("the run by hand", func() bool { return f.answered() == 2 })
	if diff := cmp.Diff(g.Requests[0].request.normal(t), f.requests()[1].normal(t)); diff != "" {
		t.Errorf("run (-recorded +got):\n%s", diff)
	}
}

// statusBlob is the timer's status as stored, "" if there is none yet.
func (f *fixture) statusBlob(function string) string {
	f.t.Helper()
	client, err := azblob.NewClientFromConnectionString(f.host.Settings["AzureWebJobsStorage"], nil)
	if err != nil {
		f.t.Fatal(err)
	}
	name := "timers/" + f.host.ID + "/Host.Functions." + function + "/status"
	resp, err := client.DownloadStream(f.t.Context(), "azure-webjobs-hosts", name, nil)
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(raw)
}
