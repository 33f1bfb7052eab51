package funchost

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/local/child"
)

// Ports for handlers are taken from below the range that operating systems
// give to outgoing connections, so that none of those sits on the port while
// the handler restarts.
const (
	firstPort = 10000
	lastPort  = 32000
)

// maxRedirects is SocketsHttpHandler's default MaxAutomaticRedirections.
const maxRedirects = 50

// process is one run of the handler.
type process struct {
	id      string // FUNCTIONS_CUSTOMHANDLER_WORKER_ID
	port    int
	cmd     *exec.Cmd
	console *console
	client  *http.Client  // JSON calls: follows redirects, as .NET's does
	direct  *http.Client  // forwarded and proxied calls: does not
	ready   chan struct{} // closed when it answered
	exited  chan struct{} // closed when it ended; code is then set
	restart chan struct{} // closed to have it killed and replaced
	code    int

	once     sync.Once
	mu       sync.Mutex
	inFlight map[string]time.Time // invocation id -> its deadline
}

// startProcess starts the handler without waiting for it to listen.
func (w *worker) startProcess(ctx context.Context) (*process, error) {
	if err := w.choosePort(ctx); err != nil {
		return nil, err
	}
	id := uuid.NewString()
	port := strconv.Itoa(w.port)
	cmd := exec.Command(w.command.path, w.command.args...)
	cmd.Dir = w.command.dir
	cmd.Env = append(w.settings.environ(),
		"FUNCTIONS_CUSTOMHANDLER_PORT="+port,
		"FUNCTIONS_HTTPWORKER_PORT="+port,
		"FUNCTIONS_CUSTOMHANDLER_WORKER_ID="+id,
		"FUNCTIONS_HTTPWORKER_ID="+id,
		"FUNCTIONS_APP_ROOT_PATH="+w.root,
	)
	// A grandchild may hold the console open after the handler is gone.
	cmd.WaitDelay = time.Second
	child.Tie(cmd)
	p := &process{
		id: id, port: w.port, cmd: cmd, console: newConsole(w.log),
		ready: make(chan struct{}), exited: make(chan struct{}), restart: make(chan struct{}),
		inFlight: map[string]time.Time{},
	}
	p.client, p.direct = newClients()
	cmd.Stdout, cmd.Stderr = p.console.stdout(), p.console.stderr()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start worker: %w", err)
	}
	go func() {
		_ = cmd.Wait() // the exit code says it all
		p.console.close()
		p.code = cmd.ProcessState.ExitCode()
		close(p.exited)
		p.client.CloseIdleConnections()
	}()
	return p, nil
}

// choosePort keeps the port from start to start, as the host does, unless
// somebody else took it.
func (w *worker) choosePort(ctx context.Context) error {
	if w.port != 0 && (w.fixedPort || bindable(ctx, w.port)) {
		return nil
	}
	port, err := freePort(ctx)
	w.port = port
	return err
}

// newClients makes clients that send nothing of their own accord: no
// Accept-Encoding, no proxy from the environment.
func newClients() (follow, direct *http.Client) {
	transport := &http.Transport{
		DisableCompression:  true,
		MaxIdleConnsPerHost: maxBatchSize,
		DialContext:         (&net.Dialer{}).DialContext,
	}
	direct = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}
	follow = &http.Client{Transport: transport, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		req.Header.Del("Referer") // .NET sends none
		if len(via) > maxRedirects {
			return errors.New("too many redirects")
		}
		return nil
	}}
	return follow, direct
}

// kill ends the process as the host does: at once, without a word (SIGKILL).
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // already gone is fine
	<-p.exited
}

// replace asks the worker to kill this process and start another.
func (p *process) replace() { p.once.Do(func() { close(p.restart) }) }

func (p *process) url(path string) string {
	return "http://127.0.0.1:" + strconv.Itoa(p.port) + path
}

// awaitReady asks GET / until anything answers HTTP: 404 and 500 are as good.
func (p *process) awaitReady(ctx context.Context, poll time.Duration) error {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	for {
		if p.answers(ctx) {
			close(p.ready)
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

func (p *process) answers(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url("/"), nil)
	if err != nil {
		return false
	}
	req.Header["User-Agent"] = nil
	resp, err := p.direct.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return true
}

// begin notes an invocation, end forgets it.
func (p *process) begin(id string, deadline time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.inFlight[id] = deadline
}

func (p *process) end(id string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.inFlight, id)
}

// othersDue reports whether another invocation's deadline is that close to
// this one's.
func (p *process) othersDue(id string, within time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for other, deadline := range p.inFlight {
		if other != id && deadline.Sub(p.inFlight[id]).Abs() <= within {
			return true
		}
	}
	return false
}

// freePort finds a TCP port that nothing listens on.
func freePort(ctx context.Context) (int, error) {
	const tries = 100
	for range tries {
		if port := firstPort + rand.IntN(lastPort-firstPort); bindable(ctx, port) { //nolint:gosec // no secret
			return port, nil
		}
	}
	return 0, fmt.Errorf("handler port: none free after %d tries", tries)
}

func bindable(ctx context.Context, port int) bool {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return false
	}
	_ = l.Close() // it was never used
	return true
}
