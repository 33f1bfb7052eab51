package funchost_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

// patience is how long a test waits for something that must happen.
const patience = 20 * time.Second

// object is free JSON.
type object = map[string]any

// fixture is a script root, the host that runs it and the handler's record.
type fixture struct {
	t        *testing.T
	root     string
	prefix   string // of every queue of this test
	azurite  azurite.Endpoints
	script   script
	port     int64  // of the handler; 0: the host chooses
	handler  object // customHandler; its description defaults to the recorder
	hostJSON object
	host     funchost.Host
	running  *funchost.Running
	log      *logBook

	mu          sync.Mutex
	invocations []funchost.Invocation
}

// nextPort gives every handler of this test binary a port of its own: two
// hosts that look for a free one at the same moment may find the same.
var nextPort atomic.Int64

func freePort(t *testing.T) int64 {
	t.Helper()
	nextPort.CompareAndSwap(0, 10000+rand.Int64N(20000))
	for range 1000 {
		port := nextPort.Add(1)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.FormatInt(port, 10)))
		if err == nil {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	t.Parallel()
	e := azuritetest.Start(t)
	f := &fixture{
		t: t, root: t.TempDir(), prefix: azuritetest.QueuePrefix(t), azurite: e,
		handler: object{}, port: freePort(t),
		hostJSON: object{"version": "2.0"},
		log:      &logBook{},
	}
	f.script = script{Record: filepath.Join(t.TempDir(), "record"), Scale: 1}
	f.host = funchost.Host{
		Root: f.root, ID: strings.TrimSuffix(f.prefix, "-"),
		Log: slog.New(slog.NewJSONHandler(f.log, nil)),
		Settings: map[string]string{
			"AzureWebJobsStorage":      e.ConnectionString(azurite.DefaultAccounts()[0]),
			"FUNCTIONS_WORKER_RUNTIME": "custom",
			"GORACE":                   "atexit_sleep_ms=0", // the race detector delays exits by a second
		},
		Processors: 2,
		Times: funchost.Times{
			PollMin: 10 * time.Millisecond, PollMax: 100 * time.Millisecond,
			ReadyPoll: 5 * time.Millisecond, LockRecovery: 100 * time.Millisecond,
			StartRetryMin: 20 * time.Millisecond,
		},
		OnInvocation: func(i funchost.Invocation) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.invocations = append(f.invocations, i)
		},
	}
	t.Cleanup(f.dropQueues)
	return f
}

// function adds a function; the names of its queues get the test's prefix.
func (f *fixture) function(name string, bindings ...object) *fixture {
	f.functionFile(name, object{"bindings": bindings})
	return f
}

func (f *fixture) functionFile(name string, file object) {
	f.t.Helper()
	if list, ok := file["bindings"].([]object); ok {
		for i, b := range list {
			if q, ok := b["queueName"].(string); ok && !strings.HasPrefix(q, "%") {
				list[i] = maps.Clone(b)
				list[i]["queueName"] = f.prefix + q
			}
		}
	}
	f.write(filepath.Join(name, "function.json"), file)
}

func (f *fixture) write(name string, v any) {
	f.t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		f.t.Fatal(err)
	}
	f.writeFile(name, raw, 0o600)
}

func (f *fixture) writeFile(name string, raw []byte, mode os.FileMode) {
	f.t.Helper()
	path := filepath.Join(f.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, raw, mode); err != nil {
		f.t.Fatal(err)
	}
}

// queues sets extensions.queues.
func (f *fixture) queues(options object) *fixture {
	f.hostJSON["extensions"] = object{"queues": options}
	return f
}

// start writes everything down and starts the host.
func (f *fixture) start() *fixture {
	f.t.Helper()
	f.prepare()
	f.restart()
	return f
}

func (f *fixture) prepare() {
	f.t.Helper()
	raw, err := json.Marshal(f.script)
	if err != nil {
		f.t.Fatal(err)
	}
	scriptPath := filepath.Join(filepath.Dir(f.script.Record), "script")
	if err := os.WriteFile(scriptPath, raw, 0o600); err != nil {
		f.t.Fatal(err)
	}
	f.host.Settings[handlerScript] = scriptPath
	if f.handler != nil {
		if _, ok := f.handler["description"]; !ok {
			f.handler["description"] = object{"defaultExecutablePath": executable(f.t)}
		}
		if f.handler["port"] == nil && f.port != 0 {
			f.handler["port"] = f.port
		}
		f.hostJSON["customHandler"] = f.handler
	}
	f.write("host.json", f.hostJSON)
}

// restart starts the host on what is already written.
func (f *fixture) restart() {
	f.t.Helper()
	running, err := f.host.Start(f.t.Context())
	if err != nil {
		f.t.Fatal(err)
	}
	f.running = running
	f.t.Cleanup(running.Kill)
}

func executable(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// record reads what the handler has seen so far.
func (f *fixture) record() (starts []start, requests, pings []request, done []string) {
	f.t.Helper()
	raw, err := os.ReadFile(f.script.Record)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var s seen
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			break // the last line is still being written
		}
		switch {
		case s.Start != nil:
			starts = append(starts, *s.Start)
		case s.Signal != "":
			f.t.Errorf("the handler got the signal %q: the host sends none", s.Signal)
		case s.Done != "":
			done = append(done, s.Done)
		case s.Request.Path == "/" && s.Request.Method == http.MethodGet:
			pings = append(pings, *s.Request)
		default:
			requests = append(requests, *s.Request)
		}
	}
	return starts, requests, pings, done
}

func (f *fixture) starts() []start     { s, _, _, _ := f.record(); return s }
func (f *fixture) requests() []request { _, r, _, _ := f.record(); return r }
func (f *fixture) pings() []request    { _, _, p, _ := f.record(); return p }
func (f *fixture) answered() int       { _, _, _, d := f.record(); return len(d) }

func (f *fixture) ran() []funchost.Invocation {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]funchost.Invocation(nil), f.invocations...)
}

// eventually waits for a condition.
func (f *fixture) eventually(what string, ok func() bool) {
	f.t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			f.t.Fatalf("not within %s: %s\nhost log:\n%s", patience, what, f.log)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// throughout watches that something stays true for a while.
func (f *fixture) throughout(d time.Duration, what string, ok func() bool) {
	f.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		if !ok() {
			f.t.Fatalf("no longer: %s\nhost log:\n%s", what, f.log)
		}
	}
}

func (f *fixture) queue(name string) *azqueue.QueueClient {
	f.t.Helper()
	q, err := azqueue.NewQueueClientFromConnectionString(f.host.Settings["AzureWebJobsStorage"], f.prefix+name, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return q
}

func (f *fixture) createQueue(name string) {
	f.t.Helper()
	if _, err := f.queue(name).Create(f.t.Context(), nil); err != nil {
		f.t.Fatal(err)
	}
}

// put stores messages as they are on the wire, in a queue that may be new.
func (f *fixture) put(name string, wires ...string) {
	f.t.Helper()
	q := f.queue(name)
	if _, err := q.Create(f.t.Context(), nil); err != nil && !queueerror.HasCode(err, queueerror.QueueAlreadyExists) {
		f.t.Fatal(err)
	}
	for _, wire := range wires {
		if _, err := q.EnqueueMessage(f.t.Context(), wire, nil); err != nil {
			f.t.Fatal(err)
		}
	}
}

// count counts hidden messages too; -1 is no queue.
func (f *fixture) count(name string) int {
	f.t.Helper()
	p, err := f.queue(name).GetProperties(f.t.Context(), nil)
	if queueerror.HasCode(err, queueerror.QueueNotFound) {
		return -1
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return int(*p.ApproximateMessagesCount)
}

// visible lists the wire texts of the messages one could receive.
func (f *fixture) visible(name string) []string {
	f.t.Helper()
	most := int32(32)
	resp, err := f.queue(name).PeekMessages(f.t.Context(), &azqueue.PeekMessagesOptions{NumberOfMessages: &most})
	if queueerror.HasCode(err, queueerror.QueueNotFound) {
		return nil
	}
	if err != nil {
		f.t.Fatal(err)
	}
	wires := []string{}
	for _, m := range resp.Messages {
		if m.MessageText == nil {
			wires = append(wires, "")
			continue
		}
		wires = append(wires, *m.MessageText)
	}
	return wires
}

func (f *fixture) dropQueues() {
	ctx := context.Background() // the test's own has ended
	client, err := azqueue.NewServiceClientFromConnectionString(f.host.Settings["AzureWebJobsStorage"], nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	for pages := client.NewListQueuesPager(&azqueue.ListQueuesOptions{Prefix: &f.prefix}); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			f.t.Error(err)
			return
		}
		for _, q := range page.Queues {
			if _, err := client.DeleteQueue(ctx, *q.Name, nil); err != nil {
				f.t.Error(err)
			}
		}
	}
}

// do makes a request to the host; the body is read already.
func (f *fixture) do(method, path, body string, headers ...string) (int, string, http.Header) {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, f.running.URL()+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return resp.StatusCode, string(raw), resp.Header
}

func (f *fixture) alive() bool {
	select {
	case <-f.running.Done():
		return false
	default:
		return true
	}
}

// logBook keeps the host's log, which comes from many goroutines.
type logBook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines are the log's entries as maps.
func (l *logBook) lines() []object {
	var all []object
	for line := range strings.Lines(l.String()) {
		var entry object
		if json.Unmarshal([]byte(line), &entry) == nil {
			all = append(all, entry)
		}
	}
	return all
}

// The bindings most tests use.

func queueIn(queue string) object {
	return object{"type": "queueTrigger", "direction": "in", "name": "msg", "queueName": queue}
}

func queueOut(name, queue string) object {
	return object{"type": "queue", "direction": "out", "name": name, "queueName": queue}
}

func timerIn(schedule string) object {
	return object{"type": "timerTrigger", "direction": "in", "name": "tick", "schedule": schedule}
}

func eventIn() object {
	return object{"type": "eventGridTrigger", "direction": "in", "name": "evt"}
}

func httpIn(route string) object {
	return object{"type": "httpTrigger", "direction": "in", "name": "req", "authLevel": "anonymous", "route": route}
}

func httpOut() object { return object{"type": "http", "direction": "out", "name": "res"} }

func ok(body string) response {
	return response{Status: http.StatusOK, Headers: [][2]string{{"Content-Type", "application/json"}}, Body: body}
}

func failing() response { return response{Status: http.StatusInternalServerError, Body: "no"} }

func exits(code int) response { return response{Kill: &code} }

func span(d time.Duration) string {
	return fmt.Sprintf("%02d:%02d:%09.6f", int(d.Hours()), int(d.Minutes())%60, d.Seconds()-60*float64(int(d.Minutes())))
}

// peak is the largest number of requests that were open at once.
func (f *fixture) peak() int {
	f.t.Helper()
	raw, err := os.ReadFile(f.script.Record)
	if err != nil {
		f.t.Fatal(err)
	}
	open, peak := 0, 0
	for line := range bytes.Lines(raw) {
		var s seen
		if err := json.Unmarshal(line, &s); err != nil {
			f.t.Fatal(err)
		}
		switch {
		case s.Request != nil && s.Request.Path != "/":
			open++
		case s.Done != "":
			open--
		}
		peak = max(peak, open)
	}
	return peak
}

// eventuallyGone waits until nothing listens on the handler's port.
func (f *fixture) eventuallyGone() {
	f.t.Helper()
	port := f.starts()[0].Env["FUNCTIONS_CUSTOMHANDLER_PORT"]
	f.eventually("handler gone", func() bool {
		conn, err := net.Dial("tcp", "127.0.0.1:"+port)
		if err != nil {
			return true
		}
		_ = conn.Close()
		return false
	})
}
