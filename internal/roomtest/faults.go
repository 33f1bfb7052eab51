package roomtest

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// ErrAway is what a port answers that was told to fail.
var ErrAway = errors.New("storage is away")

// Faults lets port calls fail.
type Faults struct {
	mu      sync.Mutex
	calls   int
	at      int  // the call that fails; 0: none
	did     bool // it fails after its work was done
	commits int  // commits to come until one meets somebody faster; 0: none does
	names   []string
	hooks   map[string]func()
}

// Fail lets the n-th call from now fail, before its work or after it. 0: none.
func (f *Faults) Fail(n int, did bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.at, f.did, f.names = 0, n, did, nil
}

// Conflict lets the n-th commit from now meet somebody who was faster.
func (f *Faults) Conflict(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.commits = n
}

// Before has do called before each call of a port, such as "Vault.Copy".
func (f *Faults) Before(port string, do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hooks == nil {
		f.hooks = map[string]func(){}
	}
	f.hooks[port] = do
}

// Calls are the ports called since Fail, in order.
func (f *Faults) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.names...)
}

// isCommit tells ports that write under a version.
func isCommit(port string) bool { return strings.Contains(port, ".Commit") }

// call makes one port call.
func call[T any](f *Faults, port string, do func() (T, error)) (T, error) {
	f.mu.Lock()
	f.calls++
	f.names = append(f.names, port)
	hit, did, hook := f.calls == f.at, f.did, f.hooks[port]
	lost := false
	if isCommit(port) && f.commits > 0 {
		f.commits--
		lost = f.commits == 0
	}
	f.mu.Unlock()
	if hook != nil {
		hook()
	}
	var none T
	switch {
	case lost:
		return none, fmt.Errorf("%s: %w", port, airlock.ErrConflict)
	case hit && !did:
		return none, fmt.Errorf("%s: %w", port, ErrAway)
	}
	v, err := do()
	if hit && err == nil {
		return none, fmt.Errorf("%s, done all the same: %w", port, ErrAway)
	}
	return v, err
}

// only is call for what returns nothing but an error.
func only(f *Faults, port string, do func() error) error {
	_, err := call(f, port, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// paged is call for a list.
func paged[T any](f *Faults, port string, do func() ([]T, string, error)) ([]T, string, error) {
	type page struct {
		rows []T
		next string
	}
	p, err := call(f, port, func() (page, error) {
		rows, next, err := do()
		return page{rows, next}, err
	})
	return p.rows, p.next, err
}
