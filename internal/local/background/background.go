// Package background runs work beside requests and ends it in an orderly way: the stand-ins' events and deliveries.
package background

import (
	"context"
	"sync"
)

// Group runs jobs until Close.
type Group struct {
	jobs    chan func(context.Context)
	cancel  context.CancelFunc
	stopped chan struct{}
}

// New starts a group without jobs.
func New() *Group {
	ctx, cancel := context.WithCancel(context.Background())
	g := &Group{jobs: make(chan func(context.Context)), cancel: cancel, stopped: make(chan struct{})}
	go g.run(ctx)
	return g
}

// Go runs the job in a goroutine of its own; the job's context ends with Close. After Close it does nothing.
func (g *Group) Go(job func(context.Context)) {
	select {
	case g.jobs <- job:
	case <-g.stopped:
	}
}

// Close ends the context of all jobs and returns when the last has ended. Further calls do nothing.
func (g *Group) Close() {
	g.cancel()
	<-g.stopped
}

func (g *Group) run(ctx context.Context) {
	var running sync.WaitGroup
	defer close(g.stopped)
	defer running.Wait()
	for {
		select {
		case job := <-g.jobs:
			running.Go(func() { job(ctx) })
		case <-ctx.Done():
			return
		}
	}
}
