package funchost_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

func TestInvocationIDIsUniquePerAttempt(t *testing.T) {
	f := newFixture(t)
	f.function("Some", queueIn("some"))
	f.script.Responses = []response{failing()}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("poisoned", func() bool { return f.count("some-poison") == 1 && f.count("some") == 0 })
	ids := map[string]bool{}
	for _, r := range f.requests() {
		for _, h := range r.Headers {
			if strings.EqualFold(h[0], "X-Azure-Functions-InvocationId") {
				ids[h[1]] = true
			}
		}
	}
	if len(ids) != 5 {
		t.Errorf("invocation ids of five tries: %v", ids)
	}
	for i, inv := range f.ran() {
		if inv.Err == nil || inv.Dequeues != int64(i+1) || !ids[inv.ID] || inv.Function != "Some" {
			t.Errorf("OnInvocation %d: %+v", i, inv)
		}
	}
}

func TestVisibilityIsRenewedWhileRunning(t *testing.T) {
	f := newFixture(t)
	f.host.Times.ReceiveVisibility = 2 * time.Second
	f.function("Some", queueIn("some"))
	slow := ok("{}")
	slow.Delay = 3.5
	f.script.Responses = []response{slow}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("deleted", func() bool { return f.count("some") == 0 })
	if got := len(f.requests()); got != 1 {
		t.Errorf("requests = %d: the message came back while it ran", got)
	}
}

func TestPoisonQueueHasNoPoisonQueue(t *testing.T) {
	f := newFixture(t)
	f.host.Times.ReceiveVisibility = time.Second
	f.function("Last", queueIn("some-poison"))
	f.script.Responses = []response{failing()}
	f.put("some-poison", base64Of("m"))
	f.start()
	f.eventually("a failure", func() bool { return len(f.ran()) == 1 })
	if got := f.visible("some-poison"); len(got) != 0 {
		t.Errorf("visible at once after the failure: %q", got)
	}
	f.eventually("redelivered when its visibility ended", func() bool { return len(f.ran()) == 2 })
	if f.count("some-poison-poison") != -1 {
		t.Error("a poison queue of the poison queue exists")
	}
}

func TestKilledHostLeavesMessageHidden(t *testing.T) {
	f := newFixture(t)
	f.host.Times.ReceiveVisibility = 2 * time.Second
	f.function("Some", queueIn("some"))
	slow := ok("{}")
	slow.Delay = 30
	f.script.Responses = []response{slow}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("a request", func() bool { return len(f.requests()) == 1 })
	f.running.Kill()
	if f.count("some") != 1 || len(f.visible("some")) != 0 {
		t.Errorf("after the host was lost: %d messages, visible %q; want one, hidden", f.count("some"), f.visible("some"))
	}
	f.script.Responses = nil
	f.prepare()
	f.restart()
	f.eventually("redelivered", func() bool { return f.count("some") == 0 })
	if last := f.requests()[len(f.requests())-1]; !strings.Contains(last.Body, `"DequeueCount":"2"`) {
		t.Errorf("redelivered as %s", last.Body)
	}
}

func TestStaleReceiptIsNoFailure(t *testing.T) {
	f := newFixture(t)
	f.function("Some", queueIn("some"))
	slow := ok("{}")
	slow.Delay = 0.3
	f.script.Responses = []response{slow}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("a request", func() bool { return len(f.requests()) == 1 })
	if _, err := f.queue("some").ClearMessages(t.Context(), nil); err != nil { // somebody else was faster
		t.Fatal(err)
	}
	f.eventually("it succeeds", func() bool { return len(f.ran()) == 1 && f.ran()[0].Err == nil })
	f.put("some", base64Of("next"))
	f.eventually("the listener goes on", func() bool { return f.count("some") == 0 })
	if strings.Contains(f.log.String(), `"level":"ERROR"`) {
		t.Errorf("an error was logged:\n%s", f.log)
	}
}

func TestOwnWritesWakeTheListener(t *testing.T) {
	f := newFixture(t)
	f.host.Times.PollMin, f.host.Times.PollMax = time.Minute, time.Minute
	f.function("First", eventIn(), queueOut("out", "next")).function("Second", queueIn("next"))
	f.script.ByFunction = map[string][]response{"First": {ok(`{"Outputs":{"out":{"n":1}}}`)}}
	f.createQueue("next")
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	f.throughout(200*time.Millisecond, "the first look is over", f.alive)
	if status, _, _ := f.do(http.MethodPost, "/runtime/webhooks/eventgrid?functionName=First",
		`[{"id":"1"}]`, "aeg-event-type", "Notification"); status != http.StatusAccepted {
		t.Fatalf("webhook: %d", status)
	}
	f.eventually("Second ran long before its next look", func() bool { return f.count("next") == 0 })
}

func TestSettingsInBindings(t *testing.T) {
	f := newFixture(t)
	f.host.Settings["MY_QUEUE"] = f.prefix + "named"
	f.host.Settings["AzureWebJobsOther"] = f.host.Settings["AzureWebJobsStorage"]
	in := queueIn("%my_queue%")
	in["connection"] = "Other"
	f.function("Some", in)
	f.put("named", base64Of("m"))
	f.start()
	f.eventually("it ran", func() bool { return f.count("named") == 0 })
}

func TestRetryPolicyTellsItsContext(t *testing.T) {
	f := newFixture(t)
	f.functionFile("Some", object{
		"bindings": []object{queueIn("some")},
		"retry":    object{"strategy": "fixedDelay", "maxRetryCount": 2, "delayInterval": "00:00:00.010"},
	})
	f.script.Responses = []response{failing(), failing(), ok("{}")}
	f.put("some", base64Of("m"))
	f.start()
	f.eventually("third time lucky", func() bool { return f.count("some") == 0 })
	for i, r := range f.requests() {
		want := `"RetryContext":{"RetryCount":` + string(rune('0'+i)) + `,"MaxRetryCount":2,"Exception":`
		if !strings.Contains(r.Body, want) || !strings.Contains(r.Body, `"DequeueCount":"1"`) {
			t.Errorf("try %d: %s, want %s", i, r.Body, want)
		}
		if first := strings.Contains(r.Body, `"Exception":null`); first != (i == 0) {
			t.Errorf("try %d: Exception null is %v", i, first)
		}
	}
	if got := len(f.requests()); got != 3 {
		t.Errorf("requests = %d, want 3", got)
	}
}

func TestBadQueueOptionsAreStartErrors(t *testing.T) {
	for name, options := range map[string]object{
		"batchSize":          {"batchSize": 33},
		"newBatchThreshold":  {"newBatchThreshold": -1},
		"maxDequeueCount":    {"maxDequeueCount": 0},
		"maxPollingInterval": {"maxPollingInterval": "00:00:00.050"},
		"visibilityTimeout":  {"visibilityTimeout": "soon"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.queues(options).function("Some", queueIn("some"))
			f.start()
			f.eventually("an error that names the option", func() bool {
				_, body, _ := f.do(http.MethodGet, "/admin/host/status", "")
				return strings.Contains(body, name)
			})
			if len(f.starts()) != 0 {
				t.Error("the handler was started all the same")
			}
		})
	}
}

func TestUndecodableMessageIn4xFailsFiveTimes(t *testing.T) {
	f := newFixture(t)
	f.host.Profile.Queue = funchost.Queue4
	f.function("Some", queueIn("some"))
	f.put("some", "not base64!")
	f.start()
	f.eventually("poisoned as it came", func() bool {
		got := f.visible("some-poison")
		return len(got) == 1 && got[0] == "not base64!"
	})
	if len(f.requests()) != 0 {
		t.Error("the handler was called")
	}
}

func TestSerialProcessing(t *testing.T) {
	f := newFixture(t)
	f.queues(object{"batchSize": 1, "newBatchThreshold": 0}).function("Some", queueIn("some"))
	slow := ok("{}")
	slow.Delay = 0.05
	f.script.Responses = []response{slow}
	f.put("some", base64Of("1"), base64Of("2"), base64Of("3"), base64Of("4"))
	f.start()
	f.eventually("all done", func() bool { return f.count("some") == 0 })
	if peak := f.peak(); peak != 1 {
		t.Errorf("at once = %d, want 1", peak)
	}
}
