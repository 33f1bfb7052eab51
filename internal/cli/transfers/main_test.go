package transfers_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// rig is the one stack of this test binary.
var rig *stacktest.Rig

// argsName is the variable that makes this binary the command line itself, in
// a process of its own that can be killed.
const argsName = "TREFOIL_TEST_ARGS"

func TestMain(m *testing.M) {
	if args := os.Getenv(argsName); args != "" {
		os.Exit(itself(args))
	}
	flag.Parse()
	os.Exit(stacktest.Run(m, &rig, "transfers", func(*stack.Config) {}, func() {}))
}

func itself(args string) int {
	var words []string
	if err := json.Unmarshal([]byte(args), &words); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	c := cli.New(os.Stdin, os.Stdout, os.Stderr, os.Getenv, time.Now)
	root := commands.Root(c)
	root.SetArgs(commands.Arrange(root, words))
	return int(cli.Explain(os.Stderr, root.ExecuteContext(ctx)))
}

const (
	researcher = "heart-researcher"
	manager    = "heart-manager"
)

// tester is one test with a workspace of its own.
type tester struct {
	*testing.T
	workspace string
	cache     string
	folder    string
}

func begin(t *testing.T, policy airlock.Policy) *tester {
	t.Helper()
	x := &tester{T: t, workspace: uuid.NewString(), cache: t.TempDir(), folder: t.TempDir()}
	x.must(rig.Workspace(t.Context(), x.workspace, rig.Account("ws1"), policy))
	return x
}

func (x *tester) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

func (x *tester) draft(kind airlock.Type) *stacktest.Request {
	x.Helper()
	q, err := rig.Create(x.Context(), researcher, x.workspace, kind)
	x.must(err)
	return q
}

// env is what the command line finds around it, for a person.
func (x *tester) env(key string) map[string]string {
	x.Helper()
	token, err := rig.Token(x.Context(), key)
	x.must(err)
	return map[string]string{"TRE_URL": rig.APIURL(), "TRE_TOKEN": token, "TRE_WORKSPACE": x.workspace,
		"TRE_CACHE_DIR": x.cache, "TRE_CONFIG_DIR": x.cache}
}

// seen is what a command left behind.
type seen struct {
	code     cli.Code
	out, err string
}

// safe is a buffer that may be read while it is written.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// tre runs one command line as a person, into said as it goes on.
func (x *tester) treInto(ctx context.Context, said *safe, key string, args ...string) seen {
	x.Helper()
	env := x.env(key)
	ctx, cancel := context.WithTimeout(ctx, 2*stacktest.Patience) // what hangs fails
	defer cancel()
	var out bytes.Buffer
	c := &cli.Context{In: strings.NewReader(""), Out: &out, Err: said, Screen: &console.Screen{Out: said}, Page: &console.Screen{Out: &out},
		Version: "test", Now: time.Now, Zone: time.UTC, Getenv: func(name string) string { return env[name] }, HTTP: &http.Client{Timeout: stacktest.Patience}}
	root := commands.Root(c)
	root.SetArgs(commands.Arrange(root, args))
	code := cli.Explain(said, root.ExecuteContext(ctx))
	if text := out.String() + said.String(); strings.Contains(text, "sig=") || strings.Contains(text, env["TRE_TOKEN"]) {
		x.Errorf("a link or token was shown: %s", text)
	}
	return seen{code: code, out: out.String(), err: said.String()}
}

func (x *tester) tre(key string, args ...string) seen {
	x.Helper()
	return x.treInto(x.Context(), &safe{}, key, args...)
}

// done is tre of what has to succeed.
func (x *tester) done(key string, args ...string) seen {
	x.Helper()
	got := x.tre(key, args...)
	if got.code != cli.Done {
		x.Fatalf("tre %s: exit code %d: %s%s", strings.Join(args, " "), got.code, got.out, got.err)
	}
	return got
}

// file writes a file and returns its path.
func (x *tester) file(name string, content []byte) string {
	x.Helper()
	path := filepath.Join(x.folder, filepath.FromSlash(name))
	x.must(os.MkdirAll(filepath.Dir(path), 0o755))
	x.must(os.WriteFile(path, content, 0o644))
	return path
}

func random(seed byte, n int) []byte {
	content := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(content) // never fails
	return content
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// result is what upload and download answer as JSON.
type result struct {
	Files []struct {
		Name, SHA256, Verdict string
		Already, Refused      bool
	}
	BytesSent, BytesFetched int64
}

func (x *tester) result(s seen) (r result) {
	x.Helper()
	x.must(json.Unmarshal([]byte(s.out), &r))
	return r
}
