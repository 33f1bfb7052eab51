package azfunc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/logctx"
)

const invocation = "8d1d4b70-8e0e-4e2e-b077-572f0b853fae"

// served is a running App and what it logged.
type served struct {
	url string
	log *bytes.Buffer
}

// serve runs a on a port of its own until the test ends. The log may be read once all requests are answered.
func serve(t *testing.T, a *azfunc.App) served {
	t.Helper()
	s := served{log: &bytes.Buffer{}}
	a.Log = slog.New(logctx.Handler{Handler: slog.NewTextHandler(s.log, nil)})
	a.Now = time.Now
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Serve = %v, want the context's end", err)
		}
	})
	return s
}

// post calls a function as the host does, with changes to the request.
func (s served) post(t *testing.T, path, body string, change ...func(*http.Request)) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+path, io.NopCloser(strings.NewReader(body)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Azure-Functions-HostVersion", "4.1037.0.0")
	req.Header.Set("X-Azure-Functions-InvocationId", invocation)
	req.Header.Set("User-Agent", "Azure-Functions-Host/4.1037.0.0")
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	for _, c := range change {
		c(req)
	}
	return do(t, req)
}

func do(t *testing.T, req *http.Request) (int, string) {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if req.Method == http.MethodPost && resp.StatusCode == http.StatusOK && resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("Content-Type %q, the host would not read it", resp.Header.Get("Content-Type"))
	}
	return resp.StatusCode, string(answer)
}

// message is the host's envelope of a queue message.
func message(text string) string {
	once, _ := json.Marshal(text)
	twice, _ := json.Marshal(string(once))
	return `{"Data":{"order":` + string(twice) + `},"Metadata":{"DequeueCount":"3"}}`
}

const empty = `{"Outputs":{},"Logs":[],"ReturnValue":null}`

var (
	errCause = errors.New("request \"r9\": illegal step")
	next     = outputs{Next: &job{"r1"}}
	sent     = `{"Outputs":{"next":["{\"request\":\"r1\"}"]},"Logs":[],"ReturnValue":null}`
)

// answers are what a function returned, and what the host and the log must get of it.
var answers = []struct {
	name   string
	out    outputs
	err    error
	status int
	body   string
	log    []string
}{
	{"done", next, nil, 200, sent, []string{"level=INFO", "outcome=none", "function=airlockadvance", "invocation=" + invocation}},
	{"silent", outputs{Notice: []job{}}, nil, 200, empty, []string{"level=INFO"}},
	{"many", outputs{Notice: []job{{"a<b"}, {"dGVzdA=="}}}, nil, 200,
		`{"Outputs":{"notice":["{\"request\":\"a<b\"}","{\"request\":\"dGVzdA==\"}"]},"Logs":[],"ReturnValue":null}`, nil},
	{"refused", outputs{}, fault.Refuse(errCause), 200, empty, []string{"level=WARN", "outcome=refused", "illegal step"}},
	{"refused, told", next, fault.Refuse(errCause), 200, sent, []string{"level=WARN"}},
	{"retry", next, errCause, 500, empty, []string{"level=ERROR", "outcome=retry"}},
	{"unreadable", next, fault.Unreadable(errCause), 500, empty, []string{"level=ERROR", "outcome=poison"}},
	{"too large a message", outputs{Next: &job{strings.Repeat("x", 49<<10)}}, nil, 500, empty, []string{"output \\\"next\\\"", "a queue takes 65536"}},
	{"too large a message, refused", outputs{Next: &job{strings.Repeat("x", 49<<10)}}, fault.Refuse(errCause), 500, empty, []string{"outcome=retry"}},
	{"long error", outputs{}, errors.New(strings.Repeat("y", 5000)), 500, empty, []string{strings.Repeat("y", 500)}},
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, test := range answers {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var a azfunc.App
			azfunc.Add(&a, "airlockadvance", "order", func(ctx context.Context, in job) (outputs, error) {
				want := azfunc.Call{Function: "airlockadvance", Invocation: invocation, Dequeue: 3}
				if call, _ := azfunc.CallFrom(ctx); call != want || in.Request != "r1" {
					return outputs{}, fmt.Errorf("call %+v with %+v", call, in)
				}
				return test.out, test.err
			})
			s := serve(t, &a)
			status, body := s.post(t, "/airlockadvance", message(`{"request":"r1"}`))
			if status != test.status {
				t.Errorf("status %d, want %d", status, test.status)
			}
			if diff := cmp.Diff(test.body, body); diff != "" {
				t.Errorf("body (-want +got):\n%s", diff)
			}
			for _, want := range test.log {
				if !strings.Contains(s.log.String(), want) {
					t.Errorf("log %q lacks %q", s.log, want)
				}
			}
			if s.log.Len() > 2000 {
				t.Errorf("log of %d bytes", s.log.Len())
			}
		})
	}
}

func TestPanicsAreAnsweredAndKeepThePayload(t *testing.T) {
	t.Parallel()
	var a azfunc.App
	azfunc.Add(&a, "f", "order", func(_ context.Context, in job) (none, error) { panic("no room for " + in.Request) })
	azfunc.Add(&a, "g", "order", func(_ context.Context, in job) (none, error) {
		var room map[string]int
		room[in.Request] = 1 //nolint:staticcheck // the panic is wanted
		return none{}, nil
	})
	a.HTTP("api", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { panic(r.URL.Path) }))
	s := serve(t, &a)
	for _, path := range []string{"/f", "/g", "/api/secretword"} {
		if status, _ := s.post(t, path, message(`{"request":"secretword"}`)); status != http.StatusInternalServerError {
			t.Errorf("%s: status %d, want 500", path, status)
		}
	}
	log := s.log.String()
	if strings.Contains(log, "secretword") {
		t.Errorf("the payload is in the log: %s", log)
	}
	for _, want := range []string{"panic with string", "assignment to entry in nil map", "serve_test.go"} {
		if !strings.Contains(log, want) {
			t.Errorf("log %q lacks %q", log, want)
		}
	}
}

func TestHalfAnAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	var a azfunc.App
	a.HTTP("api", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "half")
		_ = http.NewResponseController(w).Flush()
		panic("oops")
	}))
	s := serve(t, &a)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/api/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err == nil {
		t.Errorf("body %q looks whole", body)
	}
}
