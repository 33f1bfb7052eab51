package stack

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

// Supervised is a Functions host that the platform starts again when it gives
// up or is lost, as Azure does.
type Supervised struct {
	host  funchost.Host
	pause time.Duration // before a new instance
	mu    sync.Mutex
	now   *funchost.Running
	ended bool
	wait  sync.WaitGroup
}

// restartPause is the pause before a lost instance is replaced; in Azure it is
// seconds.
const restartPause = 200 * time.Millisecond

// supervise starts a host and keeps one running.
func supervise(ctx context.Context, host funchost.Host, pause time.Duration) (*Supervised, error) {
	running, err := host.Start(ctx)
	if err != nil {
		return nil, err
	}
	s := &Supervised{host: host, pause: pause, now: running}
	s.wait.Go(func() { s.watch(context.WithoutCancel(ctx)) })
	return s, nil
}

func (s *Supervised) watch(ctx context.Context) {
	for {
		<-s.running().Done()
		s.mu.Lock()
		ended := s.ended
		s.mu.Unlock()
		if ended {
			return
		}
		next := s.restart(ctx)
		if next == nil {
			return
		}
	}
}

// restart starts a new instance at the same address; the old one's socket may
// take a moment to close.
func (s *Supervised) restart(ctx context.Context) *funchost.Running {
	for {
		time.Sleep(s.pause)
		s.mu.Lock()
		if s.ended {
			s.mu.Unlock()
			return nil
		}
		running, err := s.host.Start(ctx)
		if err == nil {
			s.now = running
			s.mu.Unlock()
			return running
		}
		s.mu.Unlock()
	}
}

func (s *Supervised) running() *funchost.Running {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// URL is the host's address.
func (s *Supervised) URL() string { return s.running().URL() }

// Kill ends the host like a lost instance; a new one starts.
func (s *Supervised) Kill() { s.running().Kill() }

// Close stops the host for good.
func (s *Supervised) Close() error {
	s.mu.Lock()
	s.ended = true
	now := s.now
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	err := now.Stop(ctx)
	s.wait.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		now.Kill()
	}
	return err
}

// freePort returns the wanted port, or a free one.
func freePort(wanted int) (int, error) {
	if wanted != 0 {
		return wanted, nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
