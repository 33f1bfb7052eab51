package commands_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/cli/commands"
	"github.com/trefoil-tre/trefoil/internal/cli/profile"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// noon is the time of all tests that set their own.
var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// ring is a keyring of a test, or none when it is broken.
type ring struct {
	mu     sync.Mutex
	kept   map[string]string
	broken error
}

func (r *ring) Get(service, user string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return "", r.broken
	}
	secret, ok := r.kept[service+user]
	if !ok {
		return "", profile.ErrNotInKeyring
	}
	return secret, nil
}

func (r *ring) Set(service, user, secret string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return r.broken
	}
	if r.kept == nil {
		r.kept = map[string]string{}
	}
	r.kept[service+user] = secret
	return nil
}

// seen is what a command left behind.
type seen struct {
	code     cli.Code
	out, err string
}

// world is a person at a terminal, or a script.
type world struct {
	t        *testing.T
	env      map[string]string
	now      func() time.Time
	ring     *ring
	in       string
	terminal cli.Terminal
	width    int
	live     bool              // lines can be written over
	saw      func(line string) // told of what is said on the way; may be nil
}

func newWorld(t *testing.T) *world {
	return &world{t: t, now: func() time.Time { return noon }, ring: &ring{}, width: 80, env: map[string]string{"TRE_CONFIG_DIR": t.TempDir()}}
}

// at signs in with a token to a fake API.
func (w *world) at(server *httptest.Server) *world {
	w.env["TRE_URL"], w.env["TRE_TOKEN"] = server.URL+"/api", "token"
	return w
}

// person sits the world before a terminal and types.
func (w *world) person(types ...string) *world {
	w.terminal, w.in = cli.Terminal{In: true, Out: true, Err: true}, strings.Join(append(types, ""), "\n")
	return w
}

// teller is a writer that also tells of what it is given.
type teller struct {
	bytes.Buffer
	saw func(string)
}

func (w *teller) Write(p []byte) (int, error) {
	if w.saw != nil {
		w.saw(string(p))
	}
	return w.Buffer.Write(p)
}

// run runs one command line.
func (w *world) run(args ...string) seen {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	return w.within(ctx, args...)
}

// within is run until the context ends.
func (w *world) within(ctx context.Context, args ...string) seen {
	w.t.Helper()
	var out bytes.Buffer
	errs := &teller{saw: w.saw}
	c := &cli.Context{In: strings.NewReader(w.in), Out: &out, Err: errs, Terminal: w.terminal,
		Screen: &console.Screen{Out: errs, Width: w.width, Live: w.live}, Page: &console.Screen{Out: &out, Width: w.width},
		Version: "test", Now: w.now, Zone: time.UTC, Getenv: func(name string) string { return w.env[name] },
		HTTP: cli.HTTP(), Keyring: w.ring}
	root := commands.Root(c)
	root.SetArgs(commands.Arrange(root, args))
	code := cli.Explain(errs, root.ExecuteContext(ctx))
	return seen{code: code, out: out.String(), err: errs.String()}
}

// must is run of what has to succeed.
func (w *world) must(args ...string) seen {
	w.t.Helper()
	got := w.run(args...)
	if got.code != cli.Done {
		w.t.Fatalf("tre %s: exit code %d: %s%s", strings.Join(args, " "), got.code, got.out, got.err)
	}
	return got
}

// call is what a fake API was asked.
type call struct {
	line, body, token string
	header            http.Header
}

// fake is an API of fixed answers, by method and path with query. It remembers
// what it was asked.
type fake struct {
	*httptest.Server
	mu    sync.Mutex
	calls []call
	seen  map[string]int

	otherwise http.Handler // answers what answers do not; may be nil
}

// answer is one fixed answer.
type answer struct {
	status int
	body   string
	then   []string // bodies of the calls after the first; the last one stays
	header map[string]string
}

func newFake(t *testing.T, answers map[string]answer) *fake {
	f := &fake{seen: map[string]int{}}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		line := r.Method + " " + strings.TrimPrefix(r.URL.RequestURI(), "/api")
		body, _ := io.ReadAll(r.Body)
		f.mu.Lock()
		f.calls = append(f.calls, call{line, string(body), strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), r.Header})
		a, ok := answers[line]
		if n := f.seen[line]; n > 0 && len(a.then) > 0 {
			a.body = a.then[min(n, len(a.then))-1]
		}
		f.seen[line]++
		f.mu.Unlock()
		if !ok && f.otherwise != nil {
			f.otherwise.ServeHTTP(w, r)
			return
		}
		if !ok {
			http.Error(w, "no such route here: "+line, http.StatusNotFound)
			return
		}
		for name, value := range a.header {
			w.Header().Set(name, strings.ReplaceAll(value, "HERE", f.URL))
		}
		if a.status == 0 {
			a.status = http.StatusOK
		}
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	t.Cleanup(f.Close)
	return f
}

// asked is every call, one a line, with its body.
func (f *fake) asked() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var b strings.Builder
	for _, c := range f.calls {
		b.WriteString(strings.TrimSpace(c.line+" "+c.body) + "\n")
	}
	return b.String()
}

// last is the last call.
func (f *fake) last() call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[len(f.calls)-1]
}
