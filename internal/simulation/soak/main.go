// Command soak plays many seeds of the simulation, on all processors, until one
// ends badly or all are played.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/trefoil-tre/trefoil/internal/simulation"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout)
	stop()
	os.Exit(code)
}

const help = `soak plays many seeds of the simulation, of the airlock's stories and of those of
workspaces: the real functions on ports in memory, killed, delayed, repeated and lied to, and then held against the
invariants. It ends with 1 at the first seed that ends badly, and says how to
see that seed's story.

  soak [-seeds N] [-from N]

`

// run is main with everything that it touches given to it.
func run(ctx context.Context, args []string, out io.Writer) int {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() {
		_, _ = fmt.Fprint(out, help)
		flags.PrintDefaults()
	}
	seeds := flags.Uint64("seeds", 10_000, "how many `seeds` to play")
	from := flags.Uint64("from", 1, "the first `seed`")
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp: //nolint:errorlint // Parse returns it as it is
		return 0
	case err != nil || flags.NArg() > 0:
		return 2
	}
	s := soak{next: *from, end: *from + *seeds, ends: map[string]int{}}
	began := time.Now()
	s.play(ctx, out)
	return s.tell(out, time.Since(began))
}

// soak is a number of seeds being played.
type soak struct {
	end    uint64
	mu     sync.Mutex
	next   uint64
	played uint64
	steps  int
	ends   map[string]int
	bad    *simulation.Report
}

// play plays until the end, a bad seed, or an interrupt.
func (s *soak) play(ctx context.Context, out io.Writer) {
	progress := mpb.NewWithContext(ctx, mpb.WithOutput(out), mpb.WithWidth(60))
	bar := progress.AddBar(int64(s.end-s.next), //nolint:gosec // a count of seeds
		mpb.PrependDecorators(decor.CountersNoUnit("%d of %d seeds ")),
		mpb.AppendDecorators(decor.Percentage(), decor.AverageSpeed(0, " %.0f/s"), decor.AverageETA(decor.ET_STYLE_GO)))
	var wait sync.WaitGroup
	var over atomic.Bool
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for ctx.Err() == nil && !over.Load() {
				seed, ok := s.take()
				if !ok {
					return
				}
				for _, story := range simulation.Stories {
					if !s.note(simulation.Run(simulation.Config{Seed: seed, Story: story})) {
						over.Store(true)
					}
				}
				bar.Increment()
			}
		})
	}
	wait.Wait()
	bar.Abort(false)
	progress.Wait()
}

// take is the next seed; false when there is none.
func (s *soak) take() (uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next >= s.end {
		return 0, false
	}
	s.next++
	s.played++
	return s.next - 1, true
}

// note counts a seed; false when it ended badly.
func (s *soak) note(r simulation.Report) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps += r.Steps
	for end, n := range r.Ends {
		s.ends[end] += n
	}
	if len(r.Violations) == 0 {
		return true
	}
	if s.bad == nil || r.Seed < s.bad.Seed {
		s.bad = &r
	}
	return false
}

// tell says what came of it, and returns the exit code.
func (s *soak) tell(out io.Writer, took time.Duration) int {
	_, _ = fmt.Fprintf(out, "%d seeds, %d steps in %v; requests and operations ended as %v\n", s.played, s.steps, took.Round(time.Millisecond), s.ends)
	if s.bad == nil {
		return 0
	}
	_, _ = fmt.Fprintf(out, "%v\nto see its story: go test ./internal/simulation -run %s -seed=%d -v\n", *s.bad, s.bad.Story.Test(), s.bad.Seed)
	return 1
}
