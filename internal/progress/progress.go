// Package progress shows people how a transfer goes: bars where a terminal can
// draw them, else a line every few seconds, or nothing.
package progress

import (
	"cmp"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// defaultEvery is how often a line is written where bars cannot be drawn: often
// enough to see that it lives, seldom enough for a log.
const defaultEvery = 5 * time.Second

// Config says how to show. Screen and Now are required.
type Config struct {
	Screen *console.Screen
	Now    func() time.Time
	Quiet  bool          // show nothing
	Verb   string        // "sent" or "fetched"
	Every  time.Duration // between two lines; 0 means 5 s
}

// Show shows a transfer. It is a transfer.Progress. Stop ends it.
type Show struct {
	config Config
	stats  stats
	bars   *bars // nil where none are drawn
	stop   chan struct{}
	wait   sync.WaitGroup
	end    func()
}

// New returns a show that begins with the transfer.
func New(c Config) *Show {
	c.Every = cmp.Or(c.Every, defaultEvery)
	s := &Show{config: c, stop: make(chan struct{})}
	s.stats.now, s.stats.began = c.Now, c.Now()
	s.end = sync.OnceFunc(func() {
		close(s.stop)
		s.wait.Wait()
		if s.bars != nil {
			s.bars.end()
		}
	})
	return s
}

// Start implements transfer.Progress.
func (s *Show) Start(files int, bytes int64) {
	s.stats.files, s.stats.total, s.stats.began = files, bytes, s.config.Now()
	switch {
	case s.config.Quiet:
	case s.config.Screen.Live:
		s.bars = newBars(s.config.Screen, &s.stats)
	default:
		s.wait.Go(s.lines)
	}
}

// lines writes a line every now and then.
func (s *Show) lines() {
	tick := time.NewTicker(s.config.Every)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
			s.config.Screen.Line("%s, %s", s.stats.counts(), s.stats.pace())
		}
	}
}

// Say implements transfer.Progress.
func (s *Show) Say(text string) {
	switch {
	case s.config.Quiet:
	case s.bars != nil:
		s.bars.say(text)
	default:
		s.config.Screen.Line("%s", text)
	}
}

// File implements transfer.Progress.
func (s *Show) File(name string, size int64) transfer.Meter {
	m := &meter{show: s}
	if s.bars != nil {
		m.bar = s.bars.file(name, size)
	}
	return m
}

// Stop ends the bars or lines. It may be called more than once.
func (s *Show) Stop() { s.end() }

// Summary is one line about the whole transfer.
func (s *Show) Summary() string {
	took := max(s.config.Now().Sub(s.stats.began), time.Millisecond)
	moved, skipped := s.stats.moved.Load(), s.stats.skipped.Load()
	text := fmt.Sprintf("%s, %s %s in %s, %s", plural(int(s.stats.done.Load()), "file"), console.Size(moved), s.config.Verb, console.Took(took),
		speedText(float64(moved)/took.Seconds()))
	if skipped > 0 {
		text += "; " + console.Size(skipped) + " were there already"
	}
	return text
}

// Moved is how many bytes went over the line.
func (s *Show) Moved() int64 { return s.stats.moved.Load() }

// meter shows one file.
type meter struct {
	show *Show
	bar  *fileBar // nil: none
	here atomic.Int64
}

// Moved implements transfer.Meter.
func (m *meter) Moved(bytes int64) {
	m.show.stats.moved.Add(bytes)
	m.at(m.here.Add(bytes))
}

// Skipped implements transfer.Meter.
func (m *meter) Skipped(bytes int64) {
	m.show.stats.skipped.Add(bytes)
	m.at(m.here.Add(bytes))
}

func (m *meter) at(bytes int64) {
	if m.bar != nil {
		m.bar.at(bytes)
	}
	if m.show.bars != nil {
		m.show.bars.moved()
	}
}

// End implements transfer.Meter.
func (m *meter) End(done bool) {
	if done {
		m.show.stats.done.Add(1)
	}
	if m.bar != nil {
		m.bar.end()
	}
}

// plural is a number of things.
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
