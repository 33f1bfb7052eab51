package progress_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/progress"
)

// text is what was written, safe for several writers.
type text struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (t *text) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.Write(p)
}

func (t *text) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.b.String()
}

const mega = 1 << 20

func TestLinesSayHowItGoes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out text
		s := progress.New(progress.Config{Screen: &console.Screen{Out: &out}, Now: time.Now, Verb: "sent"})
		s.Start(3, 100*mega)
		done := s.File("a", 20*mega)
		done.Skipped(20 * mega)
		done.End(true)
		m := s.File("b", 80*mega)
		time.Sleep(time.Second / 2) // so that nothing moves at the moment of a line
		for range 11 {
			time.Sleep(time.Second)
			m.Moved(2 * mega)
		}
		m.Moved(-2 * mega) // a try that failed
		s.Say("b: starting again")
		m.End(false)
		s.Stop()
		s.Stop()
		want := []string{
			"1 of 3 files, 28.0 MiB of 100.0 MiB, 1.6 MiB/s, 0:45 left",
			"1 of 3 files, 38.0 MiB of 100.0 MiB, ",
			"b: starting again",
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		for i, w := range want {
			if i >= len(lines) || !strings.HasPrefix(lines[i], w) {
				t.Errorf("line %d: got %q, want %q", i, lines, w)
			}
		}
		if got, want := s.Summary(), "1 file, 20.0 MiB sent in 12 s, 1.7 MiB/s; 20.0 MiB were there already"; got != want {
			t.Errorf("summary %q, want %q", got, want)
		}
	})
}

func TestQuietIsQuiet(t *testing.T) {
	t.Parallel()
	var out text
	s := progress.New(progress.Config{Screen: &console.Screen{Out: &out, Live: true}, Now: time.Now, Quiet: true})
	s.Start(1, mega)
	s.Say("something")
	s.File("a", mega).End(true)
	s.Stop()
	if out.String() != "" {
		t.Errorf("said %q", out.String())
	}
}

func TestBarsFitEightyColumns(t *testing.T) {
	t.Parallel()
	var out text
	s := progress.New(progress.Config{Screen: &console.Screen{Out: &out, Live: true, Width: 80}, Now: time.Now, Verb: "sent"})
	s.Start(10_000, 5<<40)
	var meters []interface {
		Moved(int64)
		End(bool)
	}
	for range 8 {
		meters = append(meters, s.File("a folder/with a name that is far too long for a line, ü and 漢字\x1b[2J", 1<<40))
	}
	s.File("small", 10).End(true)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for range 1500 { // it draws by the clock
		if strings.Contains(out.String(), "of 10000 files") {
			break
		}
		for _, m := range meters {
			m.Moved(1 << 20)
		}
		<-tick.C
	}
	for _, m := range meters {
		m.End(true)
	}
	s.Say("a word in between")
	s.Stop()
	if !strings.Contains(out.String(), "of 10000 files") || !strings.Contains(out.String(), "a folder/with") || !strings.Contains(out.String(), "a word in between") {
		t.Fatalf("drawn: %q", out.String())
	}
	if strings.Contains(out.String(), "\x1b[2J") {
		t.Error("a name moved the terminal's cursor")
	}
	for line := range strings.SplitSeq(out.String(), "\n") {
		if i := strings.LastIndexByte(line, '\x1b'); i >= 0 { // cursor movement before the line
			_, line, _ = strings.Cut(line[i:], "J")
		}
		if console.Width(line) > 80 {
			t.Errorf("%d columns: %q", console.Width(line), line)
		}
	}
}
