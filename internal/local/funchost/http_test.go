package funchost_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

func proxyFixture(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t)
	f.handler["enableProxyingHttpRequest"] = true
	f.handler["enableForwardingHttpRequest"] = true
	return f.function("Orders", httpIn("orders/{id}"), httpOut())
}

func TestProxyStreamsTheAnswer(t *testing.T) {
	f := proxyFixture(t)
	var answer response
	answer.Status = http.StatusOK
	answer.Headers = [][2]string{{"Content-Type", "text/event-stream"}}
	answer.Chunked = append(answer.Chunked, struct {
		Data  string  `json:"data"`
		Delay float64 `json:"delay"`
	}{"one\n", 2}, struct {
		Data  string  `json:"data"`
		Delay float64 `json:"delay"`
	}{"two\n", 0})
	f.script.Responses = []response{answer}
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	resp, err := http.Get(f.running.URL() + "/api/orders/1") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	first := make([]byte, 4)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	if f.answered() != 0 {
		t.Error("the first bytes came only after the handler had finished")
	}
	rest, err := io.ReadAll(resp.Body)
	if err != nil || string(first)+string(rest) != "one\ntwo\n" {
		t.Errorf("body %q%q, %v", first, rest, err)
	}
}

func TestProxySendsAShortBodyAgain(t *testing.T) {
	f := proxyFixture(t)
	f.script.Responses = []response{exits(200)}
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	status := make(chan int)
	go func() {
		resp, err := http.Post(f.running.URL()+"/api/orders/1", "application/json", strings.NewReader(`{"a":1}`)) //nolint:noctx // a test
		if err != nil {
			status <- 0
			return
		}
		_ = resp.Body.Close()
		status <- resp.StatusCode
	}()
	f.eventually("the same request three times", func() bool { return len(f.requests()) >= 3 })
	f.running.Kill()
	<-status
	ids := map[string]bool{}
	for _, r := range f.requests() {
		if r.Body != `{"a":1}` {
			t.Errorf("body %q", r.Body)
		}
		for _, h := range r.Headers {
			if h[0] == "X-Azure-Functions-Invocationid" || h[0] == "X-Azure-Functions-InvocationId" {
				ids[h[1]] = true
			}
		}
	}
	if len(ids) != 1 {
		t.Errorf("invocation ids: %v, want one", ids)
	}
}

func TestProxySendsALongBodyOnce(t *testing.T) {
	f := proxyFixture(t)
	f.script.Responses = []response{exits(200)}
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	long := bytes.Repeat([]byte("x"), 1<<20)
	status, _, _ := f.do(http.MethodPost, "/api/orders/1", string(long))
	if status != http.StatusInternalServerError {
		t.Errorf("answer %d, want 500", status)
	}
	if got := len(f.requests()); got != 1 {
		t.Errorf("requests = %d, want 1", got)
	}
}

func TestProxyPassesALongBody(t *testing.T) {
	f := proxyFixture(t)
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	long := strings.Repeat("x", 1<<20)
	if status, _, _ := f.do(http.MethodPut, "/api/orders/1", long); status != http.StatusOK {
		t.Errorf("answer %d", status)
	}
	if f.requests()[0].Body != long {
		t.Error("the body changed on its way")
	}
}

func TestBrokenStreamBreaksTheAnswer(t *testing.T) {
	f := proxyFixture(t)
	f.hostJSON["functionTimeout"] = "00:00:00.5"
	var answer response
	answer.Status = http.StatusOK
	answer.Chunked = append(answer.Chunked, struct {
		Data  string  `json:"data"`
		Delay float64 `json:"delay"`
	}{"one\n", 60})
	f.script.Responses = []response{answer}
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	resp, err := http.Get(f.running.URL() + "/api/orders/1") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("an answer cut short looks complete")
	}
	f.eventually("the handler was killed and restarted", func() bool { return len(f.starts()) == 2 })
}

func TestRoutesAsAspNetReadsThem(t *testing.T) {
	f := newFixture(t)
	f.handler["enableProxyingHttpRequest"] = true
	f.hostJSON["extensions"] = object{"http": object{"routePrefix": ""}}
	f.function("Api", httpIn("api/{*path}"), httpOut()).
		function("Portal", httpIn("{*path}"), httpOut()).
		function("Number", httpIn("n/{id:int}"), httpOut()).
		function("Word", httpIn("n/{id:alpha}"), httpOut())
	unrouted := httpIn("")
	delete(unrouted, "route")
	f.function("Bare", unrouted, httpOut())
	posts := httpIn("only/posts")
	posts["methods"] = []string{"post"}
	f.function("Posts", posts, httpOut())
	f.start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	want := map[string]string{
		"/": "Portal", "/portal/x": "Portal", "/api": "Api", "/API/a/b": "Api", "/n/12": "Number", "/n/ab": "Word",
		"/n/a1": "Portal", "/bare": "Bare", "/only/posts": "Portal",
	}
	for path, name := range want {
		f.do(http.MethodGet, path, "")
		f.eventually("an invocation", func() bool { return len(f.ran()) > 0 })
		f.mu.Lock()
		got := f.invocations[0].Function
		f.invocations = nil
		f.mu.Unlock()
		if got != name {
			t.Errorf("GET %s: %s, want %s", path, got, name)
		}
	}
}

func TestHTTPTimeoutAnswers500(t *testing.T) {
	f := newFixture(t)
	f.hostJSON["functionTimeout"] = "00:00:00.3"
	slow := ok("{}")
	slow.Delay = 60
	f.script.Responses = []response{slow}
	f.function("Orders", httpIn("orders"), httpOut()).start()
	f.eventually("handler ready", func() bool { return len(f.pings()) > 0 })
	begun := time.Now()
	if status, body, _ := f.do(http.MethodGet, "/api/orders", ""); status != http.StatusInternalServerError || body != "" {
		t.Errorf("answer %d %q", status, body)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	f.eventually("handler restarted", func() bool { return len(f.starts()) == 2 })
}
