// Package cloudtest is what every implementation of the cloud's ports must do.
// Adapters run it against Azure's own shapes, the cloud in memory against
// itself.
package cloudtest

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// looks are enough for any work to end.
const looks = 1000

// until looks, and lets time pass, until the work has ended.
func until(t *testing.T, pass func(), look func() (workspace.Seen, error)) workspace.Seen {
	t.Helper()
	for range looks {
		seen, err := look()
		if err != nil {
			t.Fatal(err)
		}
		if seen.Progress != workspace.InProgress {
			return seen
		}
		pass()
	}
	t.Fatalf("still under way after %d looks", looks)
	return workspace.Seen{}
}

// classed fails the test unless err is the cloud's, of a class.
func classed(t *testing.T, err error, class workspace.Class) {
	t.Helper()
	_ = told(t, err, class)
}

// told is err as the cloud's, of a class.
func told(t *testing.T, err error, class workspace.Class) *workspace.CloudError {
	t.Helper()
	e, ok := errors.AsType[*workspace.CloudError](err)
	if !ok {
		t.Fatalf("error %v (%T), want one of the cloud", err, err)
	}
	if e.Class != class || e.Message == "" {
		t.Errorf("class %d, message %q, want class %d and a reason", e.Class, e.Message, class)
	}
	return e
}

// ended is a context that has ended.
func ended(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}

// rule is one subtest on a fresh cloud.
type rule[C any] struct {
	name string
	test func(*testing.T, C)
}

func run[C any](t *testing.T, open func(*testing.T) C, rules []rule[C]) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			r.test(t, open(t))
		})
	}
}

// Lower is a machine's id as [workspace.Machines].Powers tells it.
func Lower(m workspace.Machine) workspace.Machine {
	return workspace.Machine(strings.ToLower(string(m)))
}
