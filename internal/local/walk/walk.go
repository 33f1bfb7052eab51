// Package walk is the walk-through in the terminal: it drives the running
// system as people do (API, upload links, mails, the decision page in a browser
// of its own) and shows each step when it has happened, never before.
package walk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
)

// World is what happens beside what people do.
type World interface {
	// RunByHand has a function of the engine run now.
	RunByHand(ctx context.Context, function string) error
	// Orphan makes a resource group in Azure past the TRE, and returns its name.
	Orphan() string
}

// Config says what to walk through and where to show it. Info, World, Calls,
// Screen and Now are required.
type Config struct {
	Info     stack.Info
	World    World
	Calls    *Calls // to which the stack tells every function that ran
	Screen   *console.Screen
	Now      func() time.Time
	Patience time.Duration   // for one step; 0 means 60 s: a dozen hops of a second, with room for a slow machine
	Trouble  func() []string // what the log says of trouble, shown when a step fails; may be nil
}

// ErrStep means that a step did not end as it should; the screen says which.
var ErrStep = errors.New("the walk-through stopped")

// walk is a walk-through under way.
type walk struct {
	Config
	cast
	run   string // tells this walk-through from earlier ones on the same data
	steps int
	read  map[int]bool // mails, by number
	at    *request     // what the current step is about; may be nil
	err   error        // of the step that failed; nothing happens after it
}

// defaultPatience is Config.Patience's default.
const defaultPatience = time.Minute

// Run walks through everything. When a step fails it says what to look at, and
// returns ErrStep.
func Run(ctx context.Context, c Config) error {
	if c.Patience == 0 {
		c.Patience = defaultPatience
	}
	who, err := newCast(c.Info)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStep, err)
	}
	began := c.Now()
	w := &walk{Config: c, cast: who, run: began.UTC().Format("0102-150405"), read: map[int]bool{}}
	imported := w.imports(ctx)
	w.exports(ctx)
	w.infected(ctx)
	w.rejected(ctx)
	w.returned(ctx)
	w.cancelled(ctx)
	w.revoked(ctx, imported)
	w.trail(ctx, imported)
	w.provisions(ctx)
	if w.err != nil {
		return w.err
	}
	c.Screen.Line("")
	c.Screen.Text(console.Green, "", "", fmt.Sprintf("%d steps, each as it really happened, in %s.", w.steps, console.Took(c.Now().Sub(began))))
	return nil
}

// note is what a step has to show for itself.
type note struct {
	state string // of the request, as the API says it
	lines []line // more
}

// line is something to see under a step.
type line struct {
	style console.Style
	text  string
	fixed bool // laid out already; else it is broken into as many lines as it takes
}

// said are lines of plain text.
func said(texts ...string) []line {
	var lines []line
	for _, text := range texts {
		lines = append(lines, line{text: text})
	}
	return lines
}

// step does something in somebody's name and shows it once it is done. After a
// step that failed nothing is done any more.
func (w *walk) step(ctx context.Context, who, does string, do func(context.Context) (note, error)) {
	if w.err != nil {
		return
	}
	ctx, cancel := context.WithTimeoutCause(ctx, w.Patience, fmt.Errorf("no end after %s", console.Took(w.Patience)))
	defer cancel()
	w.steps++
	mark, began := w.Calls.mark(), w.Now()
	done := w.Screen.Busy(who + " " + does)
	n, err := do(ctx)
	took := w.Now().Sub(began)
	done()
	if err != nil {
		w.failed(ctx, who, does, err)
		return
	}
	w.show(ctx, who, does, n, took, mark)
}

// callGrace is how long the host may take to tell of a function whose answer
// is there already.
const callGrace = 30 * time.Millisecond

// show writes a step: who did what; then the state, how long it took, and which
// functions ran meanwhile; then what there is to see.
func (w *walk) show(ctx context.Context, who, does string, n note, took time.Duration, mark int) {
	_ = pause(ctx, callGrace)
	s := w.Screen
	const indent = "     "
	for i, line := range console.Wrap(who+" "+does, s.Columns()-len(indent)) {
		before := indent
		if i == 0 {
			before = s.Paint(console.Dim, fmt.Sprintf("%3d", w.steps)) + "  "
			if len(line) >= len(who) && line[:len(who)] == who {
				line = s.Paint(console.Bold, who) + line[len(who):]
			}
		}
		s.Line("%s%s", before, line)
	}
	facts := console.Took(took)
	if n.state != "" {
		facts = n.state + " · " + facts
	}
	if ran := w.Calls.since(mark); ran != "" {
		facts += " · " + ran
	}
	s.Text(console.Dim, indent+s.Paint(console.Green, "✓ "), indent+"  ", facts)
	for _, l := range n.lines {
		if l.fixed {
			s.Line("%s  %s", indent, s.Paint(l.style, console.Cut(l.text, s.Columns()-len(indent)-2)))
			continue
		}
		s.Text(l.style, indent+"  ", indent+"  ", l.text)
	}
}

// failed shows a step that did not end as it should, and what to look at.
func (w *walk) failed(ctx context.Context, who, does string, err error) {
	w.err = fmt.Errorf("%w at step %d", ErrStep, w.steps)
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", cause, err)
	}
	s := w.Screen
	s.Line("%s", s.Paint(console.Red, fmt.Sprintf("%3d  ✗ ", w.steps)+who+" "+does))
	s.Text(console.Red, "       ", "       ", console.Clean(err.Error()))
	if w.at != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTime)
		defer cancel()
		if err := w.at.refresh(ctx); err == nil {
			s.Text("", "       ", "       ", fmt.Sprintf("The request is %s and %s.", w.at.Status, w.at.WaitsFor))
		}
		s.Text("", "       ", "       ", "Look at it: "+w.page(w.at))
	}
	if w.Trouble == nil {
		return
	}
	for _, line := range w.Trouble() {
		s.Text(console.Dim, "       ", "       ", console.Clean(line))
	}
}

// askTime is how long the question may take how a request stands that failed.
const askTime = 5 * time.Second

// chapter writes a heading.
func (w *walk) chapter(title string) {
	if w.err != nil {
		return
	}
	w.Screen.Line("")
	w.Screen.Line("%s", w.Screen.Paint(console.Bold, title))
}

// until asks again and again until the answer is yes, or an error.
func until(ctx context.Context, ask func() (bool, error)) error {
	const every = 50 * time.Millisecond
	for {
		yes, err := ask()
		if err != nil || yes {
			return err
		}
		if err := pause(ctx, every); err != nil {
			return err
		}
	}
}

// pause waits, at most until the context ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
