package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/audit"
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
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&b)
	root.SetErr(&b)
	err := root.ExecuteContext(t.Context())
	return exitCode(err), b.String()
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
		{"--help", 0, "Available Commands"},
		{"local", 0, "azurite"},
		{"audit", 0, "verify"},
		{"fly", exitUsage, ""},
		{"local up --fast", exitUsage, ""},
		{"local up now", exitUsage, ""},
		{"local azurite", exitUsage, ""},
		{"audit verify one", exitUsage, ""},
		{"audit verify one two --api http://127.0.0.1:1 --token-env TREFOIL_NO_SUCH", exitUsage, ""},
		{"audit verify one two --api http://127.0.0.1:1 --token-file no-such-file", 1, ""},
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

func TestAuditVerify(t *testing.T) {
	t.Parallel()
	var head audit.Head
	var lines []audit.Line
	for _, action := range []string{"create", "submit", "sealed"} {
		var line audit.Line
		line, head = head.Append(audit.Line{Action: action, At: time.Unix(1, 0), Actor: audit.Actor{Name: "Ann"}})
		lines = append(lines, line)
	}
	changed := append([]audit.Line(nil), lines...)
	changed[1].Actor.Name = "Eve"
	for _, tc := range []struct {
		name  string
		trail api.Trail
		code  int
	}{
		{"unbroken", api.Trail{Lines: lines, Head: head, Verified: true}, 0},
		{"a line was changed", api.Trail{Lines: changed, Head: head, Verified: true}, 1},
		{"a line was taken out", api.Trail{Lines: lines[1:], Head: head, Verified: true}, 1},
		{"the end was cut off, whatever the API says", api.Trail{Lines: lines[:2], Head: head, Verified: true}, 1},
		{"the API found it broken", api.Trail{Lines: lines, Head: head, Verified: false}, 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "Bearer secret" || r.URL.Path != "/api/workspaces/w/requests/r/audit" {
					w.WriteHeader(http.StatusUnauthorized)
					return
				}
				_ = json.NewEncoder(w).Encode(tc.trail)
			}))
			defer server.Close()
			token := filepath.Join(t.TempDir(), "token")
			if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			if code, _ := run(t, "audit", "verify", "w", "r", "--api", server.URL+"/api", "--token-file", token); code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
		})
	}
}

func TestAReportSaysWhatIsBroken(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	line, _ := audit.Head{}.Append(audit.Line{Action: "create", To: "draft", Actor: audit.Actor{Name: "Ann"}})
	line.Hash = "other"
	if err := report(&console.Screen{Out: &out}, api.Trail{Lines: []audit.Line{line}, Verified: true}); err == nil || !strings.Contains(out.String(), "broken: line 1") {
		t.Errorf("%v: %s", err, out.String())
	}
	out.Reset()
	if err := report(&console.Screen{Out: &out}, api.Trail{Verified: true}); err != nil || !strings.Contains(out.String(), "unbroken: 0 lines") {
		t.Errorf("%v: %s", err, out.String())
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
