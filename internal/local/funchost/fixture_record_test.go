package funchost_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/funchost"
)

// record reads what the handler has seen so far.
func (f *fixture) record() (starts []start, requests, pings []request, done []string) {
	f.t.Helper()
	raw, err := os.ReadFile(f.script.Record)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		f.t.Fatal(err)
	}
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var s seen
		if json.Unmarshal(lines.Bytes(), &s) != nil {
			break // the last line is still being written
		}
		switch {
		case s.Start != nil:
			starts = append(starts, *s.Start)
		case s.Signal != "":
			f.t.Errorf("the handler got the signal %q: the host sends none", s.Signal)
		case s.Done != "":
			done = append(done, s.Done)
		case s.Request.Path == "/" && s.Request.Method == http.MethodGet:
			pings = append(pings, *s.Request)
		default:
			requests = append(requests, *s.Request)
		}
	}
	return starts, requests, pings, done
}

func (f *fixture) starts() []start     { s, _, _, _ := f.record(); return s }
func (f *fixture) requests() []request { _, r, _, _ := f.record(); return r }
func (f *fixture) pings() []request    { _, _, p, _ := f.record(); return p }
func (f *fixture) answered() int       { _, _, _, d := f.record(); return len(d) }

func (f *fixture) ran() []funchost.Invocation {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]funchost.Invocation(nil), f.invocations...)
}

// eventually waits for a condition.
func (f *fixture) eventually(what string, ok func() bool) {
	f.t.Helper()
	deadline := time.Now().Add(patience)
	for !ok() {
		if time.Now().After(deadline) {
			f.t.Fatalf("not within %s: %s\nhost log:\n%s", patience, what, f.log)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// throughout watches that something stays true for a while.
func (f *fixture) throughout(d time.Duration, what string, ok func() bool) {
	f.t.Helper()
	for end := time.Now().Add(d); time.Now().Before(end); <-time.After(10 * time.Millisecond) {
		if !ok() {
			f.t.Fatalf("no longer: %s\nhost log:\n%s", what, f.log)
		}
	}
}
