package funchost_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

// goldenFixture sets up what most recordings share.
func goldenFixture(t *testing.T, g golden) *fixture {
	t.Helper()
	f := newFixture(t)
	f.script.Scale = goldenScale
	f.host.Keys = funchost.Keys{Master: "mkey", EventGrid: "egkey"}
	f.host.Profile = funchost.Profile{
		Queue: funchost.Queue4, EventGrid: funchost.EventGrid330, ExitZero: funchost.ExitZeroLegacy,
	}
	options := object{"maxPollingInterval": "00:00:00.1"}
	if g.folder == "queue-ext5" {
		f.host.Profile.Queue = funchost.Queue5
		for name, value := range g.Given.Queues {
			options[name] = value
		}
	}
	f.queues(options)
	f.handler["enableForwardingHttpRequest"] = g.folder == "http-forward"
	f.handler["enableProxyingHttpRequest"] = g.folder == "http-proxy"
	if g.Given.Timeout != "" {
		f.hostJSON["functionTimeout"] = "00:00:01" // all recordings say 10 s
	}
	for _, r := range g.Requests {
		f.script.Responses = append(f.script.Responses, r.Response)
	}
	return f
}

// functionName is told by the request it led to, or by the input.
func (g golden) functionName() string {
	if g.Given.HTTP != nil {
		if _, name, ok := strings.Cut(g.Given.HTTP.Path, "functionName="); ok {
			name, _, _ = strings.Cut(name, "&")
			return name
		}
		if name, ok := strings.CutPrefix(g.Given.HTTP.Path, "/admin/functions/"); ok {
			return name
		}
	}
	for _, r := range g.Requests {
		if name := strings.TrimPrefix(r.Path, "/"); r.Method == "POST" && !strings.ContainsAny(name, "/?") {
			return name
		}
	}
	return "Some"
}

func (g golden) bindings() []object { return slices.Clone(g.Given.Function.Bindings) }

func (g golden) inputQueue() string {
	for _, b := range g.Given.Function.Bindings {
		if b["type"] == "queueTrigger" {
			return b["queueName"].(string)
		}
	}
	return ""
}

// goldenQueue replays one message.
func goldenQueue(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.function(g.functionName(), g.bindings()...)
	f.start()
	wire := ""
	if g.Given.Wire != nil {
		wire = *g.Given.Wire
	} else {
		wire = base64Of(*g.Given.Text)
	}
	f.put(g.inputQueue(), wire)
	f.eventually("the recorded number of requests, and the queue as recorded", func() bool {
		return len(f.requests()) >= g.Observed.Invocations &&
			(g.Observed.HostAlive != nil && !*g.Observed.HostAlive || f.count(g.inputQueue()) == *g.Observed.InputCount)
	})
	if alive := g.Observed.HostAlive; alive != nil {
		f.eventually("host as alive as recorded", func() bool { return f.alive() == *alive })
	}
	g.compareRequests(f)
	g.compareQueues(f)
	if n := len(g.Observed.Starts); n > 0 {
		f.eventually("the recorded number of starts", func() bool { return len(f.starts()) >= n })
		if got := len(f.starts()); got != n {
			t.Errorf("handler starts = %d, recorded %d", got, n)
		}
	}
}

func (g golden) compareQueues(f *fixture) {
	f.t.Helper()
	if g.Observed.InputCount != nil {
		if got := f.count(g.inputQueue()); got != *g.Observed.InputCount {
			f.t.Errorf("input queue holds %d, recorded %d", got, *g.Observed.InputCount)
		}
	}
	if q := g.inputQueue(); q != "" {
		compareQueue(f, q+"-poison", g.Observed.Poison)
	}
	for name, want := range g.Observed.Outputs {
		compareQueue(f, name, want)
	}
}

// compareQueue takes a recorded null (no such queue) at its word, and a
// recorded empty queue for one that may not exist here: the recordings shared
// their queues with earlier ones.
func compareQueue(f *fixture, name string, want []queueEntry) {
	f.t.Helper()
	if want == nil && f.count(name) >= 0 {
		f.t.Errorf("queue %s exists, recorded: it does not", name)
	}
	got := f.visible(name)
	wires := []string{}
	for _, m := range want {
		wires = append(wires, m.Wire)
	}
	if got == nil {
		got = []string{}
	}
	if diff := cmp.Diff(wires, got); diff != "" {
		f.t.Errorf("queue %s (-recorded +got):\n%s", name, diff)
	}
}

// goldenHTTP replays one request on a raw socket.
func goldenHTTP(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	if len(g.Given.Function.Bindings) > 0 {
		f.function(g.functionName(), g.bindings()...)
	} else {
		f.function("Other", eventIn())
	}
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	begun := time.Now()
	got := g.Given.HTTP.send(t, strings.TrimPrefix(f.running.URL(), "http://"))
	if delay := g.firstDelay(); delay > 0 && time.Since(begun) < delay {
		t.Errorf("answered after %s, before the handler did (%s)", time.Since(begun), delay)
	}
	g.Observed.HTTP.compare(t, got)
	f.eventually("the recorded number of requests", func() bool { return len(f.requests()) >= g.Observed.Invocations })
	g.compareRequests(f)
	for name, want := range g.Observed.Outputs {
		compareQueue(f, name, want)
	}
}

func (g golden) firstDelay() time.Duration {
	if len(g.Requests) == 0 {
		return 0
	}
	return time.Duration(g.Requests[0].Response.Delay * goldenScale * float64(time.Second))
}
