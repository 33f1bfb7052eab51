package funchost_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

// goldenConcurrency: 60 messages, a slow handler, default options on two
// processors; never more than batchSize + newBatchThreshold at once.
func goldenConcurrency(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.function("QMany", g.bindings()...)
	const total = 60
	for i := range total {
		f.put("q-many", base64Of("m"+string(rune('0'+i%10))))
	}
	f.start()
	f.eventually("60 messages done", func() bool { return f.count("q-many") == 0 && f.answered() == total })
	if got := len(f.requests()); got != g.Observed.Invocations {
		t.Errorf("invocations = %d, recorded %d", got, g.Observed.Invocations)
	}
	if peak := f.peak(); peak <= 16 || peak > 32 {
		t.Errorf("at once = %d, want above one batch (16) and at most 16+16", peak)
	}
}

// goldenCreatedAfterStart: the queue appears only after the host looked for it.
func goldenCreatedAfterStart(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.function(g.functionName(), g.bindings()...)
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	f.throughout(300*time.Millisecond, "no queue, no error, no queue made", func() bool {
		return f.alive() && f.count("q-missing") == -1
	})
	f.put("q-missing", *g.Given.Wire)
	f.eventually("the message done", func() bool { return f.count("q-missing") == 0 && f.answered() == 1 })
	g.compareRequests(f)
	g.compareQueues(f)
}

// goldenDequeueCount6: a message received five times before goes to poison
// without a call.
func goldenDequeueCount6(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.function("QLate", g.bindings()...)
	wire := g.Observed.Poison[0].Wire
	f.put("q-late", wire)
	now := int32(0)
	for range 5 {
		resp, err := f.queue("q-late").DequeueMessage(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		m := resp.Messages[0]
		if _, err := f.queue("q-late").UpdateMessage(t.Context(), *m.MessageID, *m.PopReceipt, wire,
			&azqueue.UpdateMessageOptions{VisibilityTimeout: &now}); err != nil {
			t.Fatal(err)
		}
	}
	f.start()
	f.eventually("message in the poison queue", func() bool { return f.count("q-late-poison") == 1 && f.count("q-late") == 0 })
	g.compareRequests(f)
	g.compareQueues(f)
}

// goldenQueueOptions: the host answers ping whatever extensions.queues says.
func goldenQueueOptions(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.queues(g.Given.Queues)
	f.function("QSome", queueIn("q-some"))
	f.start()
	f.throughout(300*time.Millisecond, "ping answers", func() bool {
		status, _, _ := f.do(http.MethodGet, "/admin/host/ping", "")
		return status == http.StatusOK && f.alive()
	})
}

// goldenVisibility: visibilityTimeout 5 s is scaled to the least storage
// knows, 1 s; the second failure poisons.
func goldenVisibility(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.queues(object{"maxPollingInterval": "00:00:00.1", "visibilityTimeout": "00:00:01", "maxDequeueCount": 2})
	f.function(g.functionName(), g.bindings()...)
	f.start()
	f.put(g.inputQueue(), *g.Given.Wire)
	f.eventually("first failure", func() bool { return f.answered() == 1 })
	if got := f.visible(g.inputQueue()); len(got) != 0 {
		t.Errorf("visible after the failure: %q, want hidden for a second", got)
	}
	f.eventually("poisoned", func() bool { return f.count(g.inputQueue()+"-poison") == 1 && f.count(g.inputQueue()) == 0 })
	r := f.requests()
	if after := time.Since(r[1].Time); after > 900*time.Millisecond {
		t.Errorf("poisoned %s after the last failure: it was received once more before", after)
	}
	g.compareRequests(f)
	g.compareQueues(f)
	if pause := r[1].Time.Sub(r[0].Time); pause < 900*time.Millisecond {
		t.Errorf("second try after %s, want a second", pause)
	}
}

// goldenDrain: the running message finishes, the next one is not fetched.
func goldenDrain(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.script.Scale = 0.25 // six seconds become one and a half
	f.function(g.functionName(), g.bindings()...)
	f.start()
	state := func() (status struct {
		State                                      string
		OutstandingInvocations, OutstandingRetries int
	}) {
		_, body, _ := f.do(http.MethodGet, "/admin/host/drain/status", "", "x-functions-key", "mkey")
		if err := json.Unmarshal([]byte(body), &status); err != nil {
			t.Fatal(err)
		}
		return status
	}
	f.put(g.inputQueue(), base64Of("running"))
	f.eventually("a request", func() bool { return len(f.requests()) == 1 })
	if s := state(); s.State != "Disabled" || s.OutstandingInvocations != 1 {
		t.Errorf("before the drain: %+v", s)
	}
	if status, _, _ := f.do(http.MethodPost, "/admin/host/drain", "", "x-functions-key", "mkey"); status != http.StatusAccepted {
		t.Errorf("drain: %d", status)
	}
	if s := state(); s.State != "InProgress" || s.OutstandingInvocations != 1 {
		t.Errorf("while it runs: %+v", s)
	}
	f.put(g.inputQueue(), base64Of("after drain"))
	f.eventually("drained", func() bool { s := state(); return s.State == "Completed" && s.OutstandingInvocations == 0 })
	f.eventually("the running message deleted", func() bool { return f.count(g.inputQueue()) == 1 })
	g.compareRequests(f)
	compareQueue(f, g.inputQueue(), g.Observed.InputVisible)
}

// goldenSigterm: Stop is what SIGTERM does to the host.
func goldenSigterm(t *testing.T, g golden) {
	f := goldenFixture(t, g)
	f.function("QHang", g.bindings()...)
	f.start()
	f.put(g.inputQueue(), base64Of("running"))
	f.eventually("a request", func() bool { return len(f.requests()) == 1 })
	if err := f.running.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	// Not by the handler's own record: it may be killed between answer and note.
	if ran := f.ran(); len(ran) != 1 || ran[0].Err != nil {
		t.Errorf("invocations %+v: the host stopped before the running message was done", ran)
	}
	if err := f.running.Err(); err != nil {
		t.Errorf("host's end: %v, want none", err)
	}
	if got := f.count(g.inputQueue()); got != *g.Observed.InputCount {
		t.Errorf("input queue holds %d, recorded %d", got, *g.Observed.InputCount)
	}
	g.compareRequests(f)
	f.eventuallyGone()
}
