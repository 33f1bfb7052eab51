package identity

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// GroupReader knows which groups a person is in.
type GroupReader interface {
	// Groups returns the object ids of the person's groups, also of those that
	// they are in through another one.
	Groups(ctx context.Context, oid string) ([]string, error)
}

// GroupSettings say how long an answer holds. All are required.
type GroupSettings struct {
	Life  time.Duration // of an answer: who leaves a group keeps its roles as long
	Pause time.Duration // after a failure, before the same person is asked about again
	Most  int           // people remembered at once
	Now   func() time.Time
}

// Groups remembers for a short time which groups people are in. What it does
// not know any more it does not tell: an answer too old is none. It is safe for
// concurrent use.
type Groups struct {
	settings GroupSettings
	reader   GroupReader
	flights  singleflight.Group

	mu    sync.Mutex
	known map[string]groupAnswer // by object id
}

// groupAnswer is what was said of one person.
type groupAnswer struct {
	groups []string
	err    error
	until  time.Time
}

// NewGroups returns a memory of what reader says.
func NewGroups(reader GroupReader, s GroupSettings) (*Groups, error) {
	if reader == nil || s.Life <= 0 || s.Pause <= 0 || s.Most <= 0 || s.Now == nil {
		return nil, errors.New("group settings: reader, times, number and clock are required")
	}
	return &Groups{settings: s, reader: reader, known: map[string]groupAnswer{}}, nil
}

// Of returns the object ids of a person's groups. Many callers of one person
// share one question, which outlives the first of them. Errors are the
// reader's, or the context's.
func (g *Groups) Of(ctx context.Context, oid string) ([]string, error) {
	if a, ok := g.recall(oid); ok {
		return slices.Clone(a.groups), a.err
	}
	flight := g.flights.DoChan(oid, func() (any, error) {
		if a, ok := g.recall(oid); ok { // another flight has landed meanwhile
			return a, nil
		}
		return g.ask(context.WithoutCancel(ctx), oid), nil
	})
	select {
	case landed := <-flight:
		a, _ := landed.Val.(groupAnswer)
		return slices.Clone(a.groups), a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (g *Groups) ask(ctx context.Context, oid string) groupAnswer {
	groups, err := g.reader.Groups(ctx, oid)
	a := groupAnswer{groups: groups, err: err, until: g.settings.Now().Add(g.settings.Life)}
	if err != nil {
		a.groups, a.until = nil, g.settings.Now().Add(g.settings.Pause)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.makeRoom()
	g.known[oid] = a
	return a
}

func (g *Groups) recall(oid string) (groupAnswer, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	a, ok := g.known[oid]
	return a, ok && g.settings.Now().Before(a.until)
}

// makeRoom forgets what has ended, and if that is not enough, somebody.
func (g *Groups) makeRoom() {
	if len(g.known) < g.settings.Most {
		return
	}
	now := g.settings.Now()
	for oid, a := range g.known {
		if !now.Before(a.until) {
			delete(g.known, oid)
		}
	}
	for oid := range g.known {
		if len(g.known) < g.settings.Most {
			return
		}
		delete(g.known, oid)
	}
}
