// Package console writes for people at a terminal: colours where there is one
// that wants them, lines no wider than it is, and a sign of life while
// something takes time.
package console

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	plainWidth = 80  // of a pipe or a file
	minWidth   = 60  // narrower than this nothing is readable
	maxWidth   = 100 // longer lines are hard on the eye
)

// Style is how a text looks. Without colours it makes no difference.
type Style string

// The styles: ANSI's basic ones, which every theme adapts.
// https://ecma-international.org/publications-and-standards/standards/ecma-48/
const (
	Bold   Style = "1"
	Dim    Style = "2"
	Red    Style = "31"
	Green  Style = "32"
	Yellow Style = "33"
	Cyan   Style = "36"
)

// Screen is where text goes. The zero value of each field but Out is useful.
type Screen struct {
	Out    io.Writer
	Width  int  // columns; 0 means 80
	Colour bool // styles are shown
	Live   bool // a line may be written over

	mu sync.Mutex
}

// Open returns a screen on the file. getenv tells NO_COLOR (https://no-color.org)
// and TERM.
func Open(file *os.File, getenv func(string) string) *Screen {
	s := &Screen{Out: file, Width: plainWidth}
	if !term.IsTerminal(int(file.Fd())) {
		return s
	}
	if columns, _, err := term.GetSize(int(file.Fd())); err == nil && columns > 0 {
		s.Width = min(max(columns, minWidth), maxWidth)
	}
	s.Live = getenv("TERM") != "dumb"
	s.Colour = s.Live && getenv("NO_COLOR") == ""
	return s
}

// Columns is how wide a line may be.
func (s *Screen) Columns() int {
	if s.Width == 0 {
		return plainWidth
	}
	return s.Width
}

// Paint gives the text a style, where there are colours.
func (s *Screen) Paint(style Style, text string) string {
	if !s.Colour || style == "" || text == "" {
		return text
	}
	return "\x1b[" + string(style) + "m" + text + "\x1b[0m"
}

// Line writes one line.
func (s *Screen) Line(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = fmt.Fprintf(s.Out, format+"\n", args...) // nobody is left to tell
}

// Text writes a text in lines that fit, each after the indent; the first after
// first instead, which must be as wide.
func (s *Screen) Text(style Style, first, indent, text string) {
	for i, line := range Wrap(text, s.Columns()-Width(indent)) {
		before := indent
		if i == 0 {
			before = first
		}
		s.Line("%s%s", before, s.Paint(style, line))
	}
}

// spinner is drawn by the columns that every font has.
var spinner = []string{"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"}

const (
	spinEvery = 100 * time.Millisecond
	showAfter = 150 * time.Millisecond // what is quicker needs no sign of life
)

// Busy shows that something is going on until the function it returns is
// called. Where lines cannot be written over it shows nothing.
func (s *Screen) Busy(text string) (done func()) {
	if !s.Live {
		return func() {}
	}
	stop, gone := make(chan struct{}), make(chan struct{})
	go s.spin(text, stop, gone)
	return sync.OnceFunc(func() { close(stop); <-gone })
}

func (s *Screen) spin(text string, stop, gone chan struct{}) {
	defer close(gone)
	tick := time.NewTicker(spinEvery)
	defer tick.Stop()
	drawn := false
	for n := 0; ; n++ {
		select {
		case <-stop:
			if drawn {
				s.draw("")
			}
			return
		case <-tick.C:
		}
		waited := time.Duration(n+1) * spinEvery
		if waited < showAfter {
			continue
		}
		seconds := fmt.Sprintf(" %.1f s", waited.Seconds())
		line := spinner[n%len(spinner)] + " " + Cut(text, s.Columns()-len(seconds)-3)
		s.draw(s.Paint(Cyan, line) + s.Paint(Dim, seconds))
		drawn = true
	}
}

// draw writes over the line at the cursor.
func (s *Screen) draw(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, _ = io.WriteString(s.Out, "\r\x1b[2K"+text)
}

// Took is a duration for people: two or three digits and a unit.
func Took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	text := d.Round(time.Second).String()
	if whole, ok := strings.CutSuffix(text, "m0s"); ok {
		return whole + "m"
	}
	return text
}

// Size is so many bytes for people, in binary units.
func Size(bytes int64) string {
	const unit = 1024
	if bytes < unit {
		return fmt.Sprintf("%d B", bytes)
	}
	size, n := float64(bytes)/unit, 0
	for size >= unit && n < len("KMGTP")-1 {
		size, n = size/unit, n+1
	}
	return fmt.Sprintf("%.1f %ciB", size, "KMGTP"[n])
}
