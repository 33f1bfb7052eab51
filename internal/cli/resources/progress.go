package resources

import (
	"fmt"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// Progress shows how an operation goes on: on a terminal a line a step, drawn in
// place; elsewhere each change is a line. The zero value of each field but C is
// ready to use.
type Progress struct {
	C      *cli.Context
	Result bool // changes are the result, not something on the way to it

	drawn int               // lines that are on the terminal
	said  map[string]string // what was said of each step last, by id
}

// shownSteps is how many steps are drawn in place: more than a screen has lines
// could not be drawn over.
const shownSteps = 12

// Tell shows how the operation stands now.
func (p *Progress) Tell(o api.Operation) {
	if !p.C.Screen.Live {
		p.changes(o)
		return
	}
	lines := p.lines(o)
	if p.drawn > 0 {
		lines[0] = fmt.Sprintf("\x1b[%dA\x1b[J%s", p.drawn, lines[0])
	}
	for _, line := range lines {
		p.C.Screen.Line("%s", line)
	}
	p.drawn = len(lines)
}

// Anew leaves what is drawn where it is: something else was said below it.
func (p *Progress) Anew() { p.drawn = 0 }

// Drawn tells whether the steps are on the terminal.
func (p *Progress) Drawn() bool { return p.drawn > 0 }

// changes says what is new, a line each.
func (p *Progress) changes(o api.Operation) {
	if p.said == nil {
		p.said = map[string]string{}
	}
	for i, s := range o.Steps {
		text := string(s.Status)
		if s.Message != "" {
			text += ": " + s.Message
		}
		if p.said[s.ID] == text || s.UpdatedWhen == 0 && i > 0 {
			continue
		}
		p.said[s.ID] = text
		if long := spent(o, i, p.C.Now()); s.Status.Ended() && long > 0 {
			text += " (" + console.Took(long) + ")"
		}
		p.line(s.Title + ": " + text)
	}
	if o.Cancel != nil && p.said[o.ID] == "" {
		p.said[o.ID] = "asked to stop"
		p.line(o.Cancel.By.Name + " asked that it stops")
	}
}

func (p *Progress) line(text string) {
	text = p.C.Now().In(p.C.Zone).Format("15:04:05") + "  " + console.Clean(strings.Join(strings.Fields(text), " "))
	if p.Result && p.C.Plain() {
		p.C.Page.Line("%s", text)
		return
	}
	if p.C.Options.Output != "none" {
		p.C.Screen.Line("%s", text)
	}
}

// lines are what is drawn: the operation, and its steps around the one that is
// being done.
func (p *Progress) lines(o api.Operation) []string {
	screen := p.C.Screen
	head := fmt.Sprintf("%s, operation %s: %s", o.Action, cli.ID(o.ID).Text, o.Status)
	if o.Cancel != nil && !o.Status.Ended() {
		head += ", asked to stop"
	}
	lines := []string{screen.Paint(console.Bold, console.Cut(console.Clean(head), screen.Columns()))}
	at := slices.IndexFunc(o.Steps, func(s api.OperationStep) bool { return !s.Status.Ended() || s.Status.Failed() })
	if at < 0 {
		at = len(o.Steps) - 1
	}
	first := max(0, min(at-shownSteps/2, len(o.Steps)-shownSteps))
	last := min(len(o.Steps), first+shownSteps)
	if first > 0 {
		lines = append(lines, screen.Paint(console.Dim, fmt.Sprintf("  … %d before", first)))
	}
	for i := first; i < last; i++ {
		lines = append(lines, p.step(o, i))
	}
	if more := len(o.Steps) - last; more > 0 {
		lines = append(lines, screen.Paint(console.Dim, fmt.Sprintf("  … %d after", more)))
	}
	return lines
}

// statusWidth is that of the longest status.
const statusWidth = len("awaiting_deployment")

// timeWidth is that of the longest time that is told, such as 23h59m59s.
const timeWidth = 9

// step is the line of a step: a mark, what it does, how it stands, and for how
// long.
func (p *Progress) step(o api.Operation, i int) string {
	s, screen := o.Steps[i], p.C.Screen
	mark := "·"
	switch {
	case s.Status.Failed():
		mark = "✗"
	case s.Status.Ended():
		mark = "✓"
	case s.UpdatedWhen > 0:
		mark = "▸"
	}
	long := spent(o, i, p.C.Now())
	clock := took(long)
	room := screen.Columns() - len("  m ") - statusWidth - timeWidth - 4
	title := console.Fit(console.Clean(s.Title), room)
	return strings.TrimRight("  "+screen.Paint(styleOf(s.Status), mark+" "+title+"  "+console.Fit(string(s.Status), statusWidth))+"  "+
		screen.Paint(console.Dim, strings.Repeat(" ", max(0, timeWidth-len(clock)))+clock), " ")
}
