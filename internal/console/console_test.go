package console_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/console"
)

func TestWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"": 0, "plain": 5, "Übersicht": 9, "U\u0308ber": 4, "心電図": 6, "🫀 a": 4, "ｱ": 1, "…": 1,
	} {
		if got := console.Width(text); got != want {
			t.Errorf("Width(%q) = %d, want %d", text, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text    string
		columns int
		want    string
	}{
		{"short", 8, "short   "}, {"exactly", 7, "exactly"}, {"too long", 5, "too …"}, {"心電図", 5, "心電…"}, {"心電図", 4, "心… "},
	} {
		if got := console.Fit(tc.text, tc.columns); got != tc.want {
			t.Errorf("Fit(%q, %d) = %q, want %q", tc.text, tc.columns, got, tc.want)
		}
	}
}

func TestWrapKeepsEveryWordWithinItsWidth(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff([]string{"waits for", "心電図の結", "果 and a", "veryverylo", "ngword"}, console.Wrap("waits for 心電図の結果 and a veryverylongword", 10)); diff != "" {
		t.Error(diff)
	}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.RuneFrom([]rune("ab c 心ü🫀\t"))).Draw(t, "text")
		columns := rapid.IntRange(2, 20).Draw(t, "columns")
		lines := console.Wrap(text, columns)
		for _, line := range lines {
			if console.Width(line) > columns {
				t.Fatalf("%q is %d wide, at most %d", line, console.Width(line), columns)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if squeeze(strings.Join(lines, "")) != squeeze(text) {
			t.Fatalf("%q became %q", text, lines)
		}
	})
}

func TestCleanLeavesNothingThatSteersATerminal(t *testing.T) {
	t.Parallel()
	if got := console.Clean("a\x1b[31mb\u202ec\nd"); strings.ContainsAny(got, "\x1b\u202e\n") || !strings.Contains(got, "d") {
		t.Errorf("cleaned: %q", got)
	}
}

func TestPlainScreensGetPlainText(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := &console.Screen{Out: &out}
	done := s.Busy("working")
	s.Text(console.Red, "- ", "  ", strings.Repeat("word ", 20))
	done()
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("escape in %q", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if console.Width(strings.TrimSuffix(line, "\n")) > 80 {
			t.Errorf("%q is too wide", line)
		}
	}
	s.Colour = true
	if got := s.Paint("", "x"); got != "x" {
		t.Errorf("a text without a style is %q", got)
	}
	if got := s.Paint(console.Bold, "x"); got != "\x1b[1mx\x1b[0m" {
		t.Errorf("painted: %q", got)
	}
}

func TestForPeople(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		12 * time.Millisecond: "12 ms", 1240 * time.Millisecond: "1.2 s", 42 * time.Second: "42 s", 61 * time.Second: "1m1s", 2 * time.Minute: "2m", 100 * time.Second: "1m40s", time.Hour: "1h0m",
	} {
		if got := console.Took(d); got != want {
			t.Errorf("Took(%v) = %q, want %q", d, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1536: "1.5 KiB", 5 << 40: "5.0 TiB"} {
		if got := console.Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}
