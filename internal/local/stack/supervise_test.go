package stack

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fake is an instance that ends when it is told to.
type fake struct {
	done  chan struct{}
	once  sync.Once
	ready error
}

func (f *fake) Done() <-chan struct{}       { return f.done }
func (f *fake) Ready(context.Context) error { return f.ready }
func (f *fake) Kill()                       { f.once.Do(func() { close(f.done) }) }
func (f *fake) Stop(context.Context) error  { f.Kill(); return nil }

func TestALostHostIsReplacedUntilClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var all []*fake
		refuse := 0
		s, err := supervise(t.Context(), slog.New(slog.DiscardHandler), func(context.Context) (instance, error) {
			if refuse > 0 {
				refuse--
				return nil, errors.New("address in use")
			}
			all = append(all, &fake{done: make(chan struct{})})
			return all[len(all)-1], nil
		})
		if err != nil {
			t.Fatal(err)
		}
		refuse = 2 // the old one's socket takes a moment to close
		s.Kill()
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(all) != 2 || refuse != 0 {
			t.Fatalf("%d instances were started, %d refusals left", len(all), refuse)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if len(all) != 2 {
			t.Errorf("%d instances were started, the last after Close", len(all))
		}
		<-all[1].done
	})
}

func TestAHandlerThatNeverListensIsAnError(t *testing.T) {
	t.Parallel()
	lame := &fake{done: make(chan struct{}), ready: errors.New("exited with code 1")}
	_, err := supervise(t.Context(), slog.New(slog.DiscardHandler), func(context.Context) (instance, error) { return lame, nil })
	if !errors.Is(err, lame.ready) {
		t.Errorf("error %v", err)
	}
	<-lame.done // nothing is left running
}
