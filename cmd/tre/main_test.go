package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// mainEnv makes this test binary be the program itself.
const mainEnv = "TREFOIL_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		main()
	}
	os.Exit(m.Run())
}

// run runs a command line and returns its exit code and what it prints.
func run(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var b bytes.Buffer
	screen := &console.Screen{Out: &b}
	c := &cli.Context{In: strings.NewReader(""), Out: &b, Err: &b, Screen: screen, Page: screen, Version: "dev",
		Now: time.Now, Zone: time.UTC, Getenv: func(string) string { return "" }, HTTP: http.DefaultClient}
	root := newRoot(c)
	root.SetArgs(commands.Arrange(root, args))
	return int(cli.Explain(&b, root.ExecuteContext(t.Context()))), b.String()
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		line string
		code int
		want string
	}{
		{"--version", 0, "tre dev"},
		{"", 0, "tre local up"},
		{"audit verify one two", int(cli.SignedOut), "tre login"},
		{"--help", 0, "This machine:"},
		{"local", 0, "azurite"},
		{"audit", 0, "verify"},
		{"fly", int(cli.Usage), ""},
		{"local up --fast", int(cli.Usage), ""},
		{"local up now", int(cli.Usage), ""},
		{"local azurite", int(cli.Usage), ""},
		{"audit verify one", int(cli.Usage), ""},
	} {
		t.Run(tc.line, func(t *testing.T) {
			t.Parallel()
			code, out := run(t, strings.Fields(tc.line)...)
			if code != tc.code || !strings.Contains(out, tc.want) {
				t.Errorf("exit code %d, want %d; printed %s", code, tc.code, out)
			}
		})
	}
}

func TestAzuriteRunsACommandAndEndsAsItDoes(t *testing.T) {
	t.Parallel()
	code, out := run(t, "local", "azurite", "--", "sh", "-c", `echo "$TREFOIL_AZURITE"; exit 3`)
	if code != 3 || !strings.Contains(out, `"blob":"http://127.0.0.1:`) {
		t.Errorf("exit code %d, printed %d bytes", code, len(out))
	}
	if code, _ := run(t, "local", "azurite", "--", "true"); code != 0 {
		t.Errorf("exit code %d of a command that succeeds", code)
	}
}

func TestTheJournalKeepsTrouble(t *testing.T) {
	t.Parallel()
	j, err := openJournal(filepath.Join(t.TempDir(), "local", "log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	log := j.Logger()
	log.InfoContext(t.Context(), "all is well")
	log.InfoContext(t.Context(), "handler output", slog.String("line", `{"level":"ERROR","msg":"inner trouble"}`))
	for range keptTrouble + 2 {
		log.WarnContext(t.Context(), "long", slog.String("line", strings.Repeat("w", 2*troubleLine)))
	}
	log.ErrorContext(t.Context(), "handler output", slog.String("line", `{"level":"ERROR","msg":"last"}`))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	trouble := j.Trouble()
	if len(trouble) != keptTrouble || !strings.Contains(trouble[keptTrouble-1], "last") || len(trouble[0]) > troubleLine+3 {
		t.Errorf("%d lines of trouble, the last is %s", len(trouble), trouble[len(trouble)-1])
	}
	text, err := os.ReadFile(j.path)
	if err != nil || !bytes.Contains(text, []byte("all is well")) || !bytes.Contains(text, []byte("inner trouble")) {
		t.Errorf("log of %d bytes, %v", len(text), err)
	}
}

func TestWhatNodeBringsIsLookedFor(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	write := func(path string, at time.Time) {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	if _, err := installed(root); err == nil {
		t.Error("a folder without a lock file is no repository")
	}
	write("package-lock.json", noon)
	if fresh, err := installed(root); fresh || err != nil {
		t.Errorf("nothing installed: %v, %v", fresh, err)
	}
	write("node_modules/.package-lock.json", noon.Add(-time.Hour))
	if fresh, err := installed(root); fresh || err != nil {
		t.Errorf("older than the lock file: %v, %v", fresh, err)
	}
	write("node_modules/.package-lock.json", noon.Add(time.Hour))
	if fresh, err := installed(root); !fresh || err != nil {
		t.Errorf("newer than the lock file: %v, %v", fresh, err)
	}
}
