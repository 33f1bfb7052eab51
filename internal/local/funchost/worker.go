package funchost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// maxErrors is the number of handler failures within Times.RestartWindow that
// ends the host (HttpFunctionInvocationDispatcher.ErrorEventsThreshold).
const maxErrors = 3

// restartExit is the exit code of a handler that wants to be started again.
const restartExit = 200

// errInit marks a handler that did not listen in time.
var errInit = errors.New("Initializing HttpWorker timed out.") //nolint:revive,staticcheck // the host's own words

// worker keeps one handler process running.
type worker struct {
	command  *command
	settings settings
	root     string
	port     int // 0 until one is chosen
	// fixedPort is set when host.json names the port.
	fixedPort bool
	init      time.Duration
	times     Times
	profile   Profile
	log       *slog.Logger
	now       func() time.Time
	giveUp    func(error)

	mu      sync.Mutex
	current *process
	changed chan struct{} // closed when current changes
	errors  []time.Time
}

// run starts the handler, again and again, until ctx ends.
func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil {
		p, err := w.startProcess(ctx)
		if err != nil {
			// The real host counts nothing here and never tries again; calls wait.
			w.log.LogAttrs(ctx, slog.LevelError, "failed to start worker channel",
				slog.String("file", w.command.path), slog.Any("error", err))
			<-ctx.Done()
			return
		}
		w.set(p)
		err = w.watch(ctx, p)
		p.kill()
		if ctx.Err() != nil {
			return
		}
		if err != nil && w.tooMany(ctx, err) {
			w.giveUp(fmt.Errorf("%w: Exceeded http worker restart retry count. "+
				"Shutting down Functions Host: %w", ErrGaveUp, err))
			return
		}
	}
}

func (w *worker) set(p *process) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current = p
	if w.changed != nil {
		close(w.changed)
	}
	w.changed = make(chan struct{})
}

// replace has the running process killed and another started, uncounted.
func (w *worker) replace() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.current.replace()
}

// watch returns when the process is to be replaced: with an error if that
// counts, without if it does not.
func (w *worker) watch(ctx context.Context, p *process) error {
	starting, cancel := context.WithTimeoutCause(ctx, w.init, errInit)
	defer cancel()
	readiness := make(chan error, 1)
	go func() { readiness <- p.awaitReady(starting, w.times.ReadyPoll) }()
	exited := p.exited
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-p.restart:
			return nil
		case err := <-readiness:
			if err != nil {
				return err
			}
			w.log.LogAttrs(ctx, slog.LevelInfo, "worker process started and initialized",
				slog.String("worker", p.id))
		case <-exited:
			switch {
			case p.code == 0 && w.profile.ExitZero == ExitZeroLegacy:
				exited = nil // this host never notices: calls fail, or readiness times out
			case p.code == 0 || p.code == restartExit:
				return nil
			default:
				return fmt.Errorf("%s exited with code %d: %s", w.command.path, p.code, p.console.tail())
			}
		}
	}
}

// tooMany notes a failure and reports whether it is one too many.
func (w *worker) tooMany(ctx context.Context, err error) bool {
	w.log.LogAttrs(ctx, slog.LevelError, "worker error", slog.Any("error", err))
	now := w.now()
	if n := len(w.errors); n > 0 && now.Sub(w.errors[n-1]) > w.times.RestartWindow {
		w.errors = nil
	}
	w.errors = append(w.errors, now)
	return len(w.errors) >= maxErrors
}

// ready waits for a handler that listens. After four times the initialization
// timeout without one, the host gives up (WorkerFunctionInvoker).
func (w *worker) ready(ctx context.Context) (*process, error) {
	ceiling := time.NewTimer((maxErrors + 1) * w.init)
	defer ceiling.Stop()
	for {
		w.mu.Lock()
		p, changed := w.current, w.changed
		if changed == nil {
			w.changed = make(chan struct{})
			changed = w.changed
		}
		w.mu.Unlock()
		if p != nil && p.usable(w.profile) {
			return p, nil
		}
		var ready chan struct{}
		if p != nil && !p.gone() {
			ready = p.ready
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-ready:
		case <-changed:
		case <-ceiling.C:
			err := fmt.Errorf("%w: Initialization timed out and host is shutting down", ErrGaveUp)
			w.giveUp(err)
			return nil, err
		}
	}
}

func (p *process) gone() bool {
	select {
	case <-p.exited:
		return true
	case <-p.restart:
		return true
	default:
		return false
	}
}

// usable reports whether calls go to this process. A legacy host goes on
// calling a handler that left with code 0.
func (p *process) usable(profile Profile) bool {
	select {
	case <-p.ready:
	default:
		return false
	}
	if !p.gone() {
		return true
	}
	select {
	case <-p.exited:
		return p.code == 0 && profile.ExitZero == ExitZeroLegacy
	default:
		return false
	}
}

// settle waits a moment after a broken call, so that the death that broke it
// is known before the next call.
func (w *worker) settle(p *process) {
	timer := time.NewTimer(w.times.ExitNotice)
	defer timer.Stop()
	select {
	case <-p.exited:
	case <-p.restart:
	case <-timer.C:
	}
}
