package simulation

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// weather says how often each trouble strikes, as a probability a chance. Each
// seed has a weather of its own, in which some troubles are missing.
type weather struct {
	dieBefore, dieAfter   float64 // at a port call
	fail, failAfter       float64 // at a port call
	others, freeze        float64 // at a port call: others run first; it hangs for long
	slowCopy              float64 // a copy that takes long
	tornRead              float64 // a stream that breaks off
	dieAtEnd, partial     float64 // at a handler's end: nothing, or some of the outputs were sent
	repeat, delay, hide   float64 // of a message
	factLost, factLate    float64 // of an event
	factTwice, factBroken float64
	jump                  float64
	scanOdd, scanLost     float64
	scanLate              float64 // the scanner finds malware in what it found clean
	mailTemporary         float64
	mailLost              float64 // accepted, and then the connection broke
	roles                 float64 // somebody's role changes
}

func newWeather(r *rand.Rand) weather {
	kind := func(levels ...float64) float64 {
		if r.IntN(2) == 0 {
			return 0
		}
		return levels[r.IntN(len(levels))]
	}
	return weather{
		dieBefore: kind(0.002, 0.01, 0.03), dieAfter: kind(0.002, 0.01, 0.03),
		fail: kind(0.005, 0.02, 0.06), failAfter: kind(0.005, 0.02, 0.04),
		others: kind(0.05, 0.2, 0.5), freeze: kind(0.001, 0.005), slowCopy: kind(0.05, 0.2), tornRead: kind(0.02, 0.1),
		dieAtEnd: kind(0.02, 0.1), partial: kind(0.02, 0.1),
		repeat: kind(0.05, 0.2), delay: kind(0.05, 0.3), hide: kind(0.02, 0.1),
		factLost: kind(0.1, 0.5), factLate: kind(0.1, 0.5), factTwice: kind(0.1, 0.3), factBroken: kind(0.3, 1),
		jump: kind(0.001, 0.005), scanOdd: kind(0.2, 0.6), scanLost: kind(0.1, 0.5), scanLate: kind(0.05, 0.2),
		mailTemporary: kind(0.1, 0.3), mailLost: kind(0.1, 0.3), roles: kind(0.02, 0.1),
	}
}

// statusError is a storage service's answer that no adapter has a word for.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("storage answered %d", int(e)) }

var errTimeout = fmt.Errorf("storage: %w", context.DeadlineExceeded)

// trouble is the error of a call that failed.
func (w *World) trouble(port string) error {
	if (port == "requests.Commit" || port == "rows.Commit") && w.chance(0.4) {
		return fmt.Errorf("injected: %w", airlock.ErrConflict)
	}
	code := pick(w, []int{403, 409, 412, 429, 500, 503, 0})
	if code == 0 {
		return errTimeout
	}
	return statusError(code)
}

// exec makes one port call, with everything that can befall it. One to a
// deployment stack is made at once: Resource Manager takes it whatever was done
// meanwhile, so what is read too long before the call is read again, and what
// hangs on the way is for `tre admin drift` to find.
func exec[T any](ctx context.Context, w *World, port string, do func() (T, error)) (T, error) {
	p := procOf(ctx)
	if p.dead {
		runtime.Goexit()
	}
	var none T
	if !w.storm {
		if w.set.Others > 0 && w.chance(w.set.Others) {
			w.yield(p)
		}
		return do()
	}
	switch held := strings.HasPrefix(port, "stacks."); {
	case held:
	case w.chance(w.weather.freeze) || port == "vault.Copy" && w.chance(w.weather.slowCopy):
		p.until = w.now.Add(w.between(0, functionTimeout))
		w.tracef("%s#%d hangs in %s", p.name, p.id, port)
		w.yield(p)
	case w.chance(w.weather.others):
		w.yield(p)
	}
	if w.chance(w.weather.dieBefore) {
		w.tracef("%s#%d before %s:", p.name, p.id, port)
		w.kill(p)
	}
	if w.chance(w.weather.fail) {
		err := w.trouble(port)
		w.tracef("%s#%d %s fails: %v", p.name, p.id, port, err)
		return none, err
	}
	v, err := do()
	w.tracef("%s#%d %s: %v", p.name, p.id, port, errText(err))
	if w.chance(w.weather.dieAfter) {
		w.tracef("%s#%d after %s:", p.name, p.id, port)
		w.kill(p)
	}
	if err == nil && w.chance(w.weather.failAfter) {
		err := w.trouble(port)
		w.tracef("%s#%d %s fails although it was done: %v", p.name, p.id, port, err)
		return none, err
	}
	return v, err
}

func errText(err error) string {
	if err == nil {
		return "ok"
	}
	return err.Error()
}

// execute is exec for a call without a result.
func execute(ctx context.Context, w *World, port string, do func() error) error {
	_, err := exec(ctx, w, port, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// paged is exec for a list.
func paged[T any](ctx context.Context, w *World, port string, do func() ([]T, string, error)) ([]T, string, error) {
	type page struct {
		rows []T
		next string
	}
	p, err := exec(ctx, w, port, func() (page, error) {
		rows, next, err := do()
		return page{rows, next}, err
	})
	return p.rows, p.next, err
}

// isTrouble tells whether an error is of the world's making.
func isTrouble(err error) bool {
	var status statusError
	return errors.As(err, &status) || errors.Is(err, context.DeadlineExceeded)
}
