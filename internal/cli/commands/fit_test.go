package commands_test

import (
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/console"
)

func TestHelpFitsTheTerminal(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"login --help", "airlock show --help", "airlock upload --help", "help exit-codes", "help environment", "help formatting"} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t).person()
			got := w.must(strings.Fields(page)...).out
			text, _, _ := strings.Cut(got, "\nExamples:\n") // an example is one line, to be copied
			_, flags, _ := strings.Cut(got, "\nFlags:\n")
			for line := range strings.Lines(text + flags) {
				if n := console.Width(strings.TrimRight(line, "\n")); n > 80 && !strings.HasPrefix(line, "  tre ") {
					t.Errorf("%d columns: %s", n, line)
				}
			}
			w.terminal.Out = false
			if piped := w.must(strings.Fields(page)...).out; strings.Join(strings.Fields(piped), " ") != strings.Join(strings.Fields(got), " ") {
				t.Errorf("a terminal is told something else:\n%s\na pipe:\n%s", got, piped)
			}
		})
	}
}
