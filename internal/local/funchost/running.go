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
	ending   bool // no more runs by hand
	running  int  // invocations
	retrying int
	idle     *sync.Cond // running became 0
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
	r.goListen(func() { r.initialise(life, listen) })
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
	r.refuse()
	r.stopListening()
	ctx, cancel := context.WithTimeout(ctx, r.host.Times.Shutdown)
	defer cancel()
	err := r.awaitIdle(ctx)
	r.shutDown(nil)
	<-r.done
	return err
}

// goListen runs a listener, or what it received, to its end: Stop waits. Only
// begin, goManual and what goListen runs may call it, so that Stop never misses any.
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
		r.refuse()
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

// goManual runs what was asked for by hand, unless the host is about to end.
func (r *Running) goManual(f func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ending {
		r.goListen(f)
	}
	return !r.ending
}

func (r *Running) refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ending = true
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
