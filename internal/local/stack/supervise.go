package stack

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

// instance is one run of a Functions host.
type instance interface {
	Done() <-chan struct{}           // closed when it has ended
	Ready(ctx context.Context) error // waits until its handler listens
	Stop(ctx context.Context) error  // lets running invocations finish, at most until ctx ends
	Kill()                           // like an instance that is lost
}

// Supervised is a Functions host that the platform starts again when it gives
// up or is lost, as Azure does.
type Supervised struct {
	start func(ctx context.Context) (instance, error)
	log   *slog.Logger
	ended chan struct{} // closed by Close: no new instance
	admin string        // address by which functions are run by hand
	key   string        // which that takes; Core Tools ask for none
	once  sync.Once
	wait  sync.WaitGroup

	mu  sync.Mutex
	now instance
}

const (
	// restartPause is the pause before a lost instance is replaced; in Azure it
	// is seconds.
	restartPause = 200 * time.Millisecond
	// readyTime is how long a handler may take to listen; it needs well under a
	// second on a machine that does nothing else.
	readyTime = time.Minute
	// stopTime is how long running invocations may take to end.
	stopTime = 10 * time.Second
)

// supervise starts a host and keeps one running. It returns when the handler
// listens; a handler that never does is an error, and nothing is left running.
func supervise(ctx context.Context, log *slog.Logger, start func(context.Context) (instance, error)) (*Supervised, error) {
	running, err := start(ctx)
	if err != nil {
		return nil, err
	}
	ready, cancel := context.WithTimeout(ctx, readyTime)
	defer cancel()
	if err := running.Ready(ready); err != nil {
		running.Kill()
		return nil, fmt.Errorf("handler does not start: %w", err)
	}
	s := &Supervised{start: start, log: log, ended: make(chan struct{}), now: running}
	s.wait.Go(func() { s.watch(context.WithoutCancel(ctx)) })
	return s, nil
}

// watch replaces every instance that ends, until Close.
func (s *Supervised) watch(ctx context.Context) {
	for {
		select {
		case <-s.running().Done():
		case <-s.ended:
			return
		}
		for !s.replace(ctx) {
			select {
			case <-s.ended:
				return
			case <-time.After(restartPause):
			}
		}
	}
}

// replace starts a new instance at the same address, unless Close was called;
// false when it could not: the old one's socket may take a moment to close.
func (s *Supervised) replace(ctx context.Context) bool {
	select {
	case <-s.ended:
		return true
	case <-time.After(restartPause):
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.ended:
		return true
	default:
	}
	running, err := s.start(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "host could not be started again", slog.Any("error", err))
		return false
	}
	s.now = running
	return true
}

func (s *Supervised) running() instance {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// Kill ends the host like a lost instance; a new one starts.
func (s *Supervised) Kill() { s.running().Kill() }

// KillHandler kills the handler alone; its host starts another. Core Tools do
// not tell which process it is: there the whole host is killed.
func (s *Supervised) KillHandler() {
	now := s.running()
	if host, ok := now.(*funchost.Running); ok {
		host.KillHandler()
		return
	}
	now.Kill()
}

// Close stops the host for good: running invocations finish, then the handler
// ends.
func (s *Supervised) Close() error {
	s.once.Do(func() {
		s.mu.Lock()
		close(s.ended)
		s.mu.Unlock()
	})
	now := s.running()
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	err := now.Stop(ctx)
	s.wait.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		return nil // the handler was killed: it has to bear that at any time
	}
	return err
}

// freePort returns the wanted port, or a free one.
func freePort(wanted int) (int, error) {
	if wanted != 0 {
		return wanted, nil
	}
	l, err := net.Listen("tcp", loopback(0))
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
