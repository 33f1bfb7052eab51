package funchost

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// farewell is how long clients get to read the answer to their last request.
const farewell = time.Second

// Running is a started host.
type Running struct {
	host     Host
	settings settings
	storage  *storage
	listener net.Listener
	server   *http.Server
	started  time.Time

	end           context.CancelCauseFunc // ends everything, now
	stopListening context.CancelFunc      // ends listeners, lets invocations finish
	group         sync.WaitGroup          // every goroutine but those of net/http
	listeners     sync.WaitGroup          // of those, listeners and what they run
	done          chan struct{}
	finish        sync.Once

	mu       sync.Mutex
	app      *app
	startErr error
	err      error
	draining bool
	running  int // invocations
	retrying int
	idle     *sync.Cond // running became 0
}

// app is the loaded content of the script root.
type app struct {
	config    config
	functions []*function
	routes    router
	worker    *worker // nil when there is nothing to run
}

func (a *app) function(name string) (*function, bool) {
	for _, f := range a.functions {
		if f.name == name {
			return f, true
		}
	}
	return nil, false
}

func newRunning(h Host, listener net.Listener) *Running {
	r := &Running{
		host: h, settings: newSettings(h.Settings, h.Environ), listener: listener,
		done: make(chan struct{}), started: h.Now(),
	}
	r.storage = newStorage(r.settings)
	r.idle = sync.NewCond(&r.mu)
	return r
}

// begin serves HTTP and starts the app; life ends with the host, listen with
// its listeners.
func (r *Running) begin(life, listen context.Context) {
	r.server = &http.Server{
		Handler:           r.handler(life),
		ReadHeaderTimeout: r.host.Times.Shutdown,
		ErrorLog:          slog.NewLogLogger(r.host.Log.Handler(), slog.LevelDebug),
	}
	r.group.Go(func() {
		_ = r.server.Serve(r.listener) // ends with the server
	})
	r.group.Go(func() { r.initialise(life, listen) })
}

// initialise loads the app, and tries again while it cannot be loaded.
func (r *Running) initialise(life, listen context.Context) {
	pause := r.host.Times.StartRetryMin
	for {
		a, err := r.load(life)
		if err == nil {
			r.launch(life, listen, a)
			return
		}
		r.host.Log.LogAttrs(life, slog.LevelError, "a host error has occurred during startup", slog.Any("error", err))
		r.mu.Lock()
		r.startErr = err
		r.mu.Unlock()
		if !sleep(listen, pause) {
			return
		}
		pause = min(2*pause, r.host.Times.StartRetryMax)
	}
}

func (r *Running) load(ctx context.Context) (*app, error) {
	c, err := r.host.loadConfig(r.settings)
	if err != nil {
		return nil, err
	}
	functions, err := loadFunctions(r.host.Root, r.settings)
	if err != nil { // the functions that could be read run
		r.host.Log.LogAttrs(ctx, slog.LevelError, "functions left out", slog.Any("error", err))
	}
	a := &app{config: c, functions: functions}
	if a.routes, err = newRouter(c.routePrefix, functions); err != nil {
		return nil, err
	}
	if !anyEnabled(functions) || c.handler == nil {
		return a, nil
	}
	a.worker = &worker{
		command: c.handler, settings: r.settings, root: r.host.Root,
		port: c.port, fixedPort: c.port != 0, init: c.init,
		times: r.host.Times, profile: r.host.Profile, log: r.host.Log, now: r.host.Now, giveUp: r.giveUp,
	}
	return a, nil
}

func anyEnabled(functions []*function) bool {
	for _, f := range functions {
		if !f.disabled {
			return true
		}
	}
	return false
}

// launch starts the handler and every listener of the app.
func (r *Running) launch(life, listen context.Context, a *app) {
	r.mu.Lock()
	r.app, r.startErr = a, nil
	r.mu.Unlock()
	if a.worker == nil {
		r.host.Log.LogAttrs(life, slog.LevelInfo, "no functions found", slog.String("root", r.host.Root))
		return
	}
	r.group.Go(func() { a.worker.run(life) })
	for _, f := range a.functions {
		if f.disabled {
			continue
		}
		switch {
		case f.trigger.is(queueTrigger):
			r.goListen(func() { r.listenQueue(life, listen, f) })
		case f.trigger.is(timerTrigger):
			r.goListen(func() { r.listenTimer(life, listen, f) })
		}
	}
}

// URL is the base of the host's address, without a slash at its end.
func (r *Running) URL() string { return "http://" + r.listener.Addr().String() }

// Done is closed when the host has ended, for whatever reason.
func (r *Running) Done() <-chan struct{} { return r.done }

// Err tells why the host ended: nil after Stop, ErrKilled or ErrGaveUp. It is
// nil as long as the host runs.
func (r *Running) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Stop ends the host as SIGTERM does: nothing new is fetched, running
// invocations finish (at most until ctx ends or Times.Shutdown has passed),
// then the handler is killed without a signal it could see.
func (r *Running) Stop(ctx context.Context) error {
	r.stopListening()
	ctx, cancel := context.WithTimeout(ctx, r.host.Times.Shutdown)
	defer cancel()
	err := r.awaitIdle(ctx)
	r.shutDown(nil)
	<-r.done
	return err
}

// goListen runs a listener, or the message it received, to its end: Stop waits.
func (r *Running) goListen(f func()) {
	r.listeners.Add(1)
	r.group.Go(func() {
		defer r.listeners.Done()
		f()
	})
}

// Kill ends the host at once, like an instance that is lost: running messages
// stay hidden until their visibility ends, leases until they run out.
func (r *Running) Kill() {
	r.shutDown(ErrKilled)
	<-r.done
}

// giveUp ends the host from within.
func (r *Running) giveUp(err error) {
	r.host.Log.LogAttrs(context.Background(), slog.LevelError, "host is shutting down", slog.Any("error", err))
	r.shutDown(err)
}

// shutDown cancels everything and closes Done once all goroutines are gone.
func (r *Running) shutDown(cause error) {
	r.finish.Do(func() {
		r.mu.Lock()
		r.err = cause
		r.mu.Unlock()
		r.stopListening()
		if cause == nil {
			cause = context.Canceled
		}
		r.end(cause)
		go func() {
			r.closeServer(!errors.Is(cause, ErrKilled))
			r.group.Wait()
			close(r.done)
		}()
	})
}

// closeServer lets clients that wait hear of the end, unless the host is lost.
func (r *Running) closeServer(polite bool) {
	if polite {
		ctx, cancel := context.WithTimeout(context.Background(), farewell)
		defer cancel()
		_ = r.server.Shutdown(ctx)
	}
	_ = r.server.Close()
}

// awaitIdle waits for listeners and invocations to finish.
func (r *Running) awaitIdle(ctx context.Context) error {
	listeners := make(chan struct{})
	go func() {
		r.listeners.Wait()
		close(listeners)
	}()
	select {
	case <-listeners:
	case <-ctx.Done():
	}
	stop := context.AfterFunc(ctx, func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.idle.Broadcast()
	})
	defer stop()
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.running > 0 && ctx.Err() == nil {
		r.idle.Wait()
	}
	if r.running > 0 {
		return fmt.Errorf("%d invocations still running: %w", r.running, ctx.Err())
	}
	return nil
}

// loaded returns the app, or an error while there is none.
func (r *Running) loaded() (*app, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.startErr != nil:
		return nil, r.startErr
	case r.app == nil:
		return nil, errors.New("host is starting")
	}
	return r.app, nil
}

// hostID is derived from the script root, so that a restart finds its own
// timer status again.
func hostID(root string) string {
	sum := sha256.Sum256([]byte(root))
	return hex.EncodeToString(sum[:8])
}

// sleep waits; it reports false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
