package funchost_test

import (
	"encoding/json"
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
