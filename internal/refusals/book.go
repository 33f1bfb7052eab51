// Package refusals keeps an audit line about everything that is refused or
// foreign, so many a minute, and counts the rest: a flood fills no table, and
// nothing of it is passed over in silence.
package refusals

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Book keeps refusals. What has a line of its own is stored when Keep returns.
// The count of the others is in memory for Every at most, so a crash loses as
// much of it and nothing else: no call depends on what another one left there.
// A Book is safe for concurrent use.
type Book struct {
	Store     airlock.Refusals
	Now       func() time.Time
	PerMinute int                              // lines of a kind a minute; 0 means 5,000
	Every     time.Duration                    // between two writes of a count; 0 means 5 s
	Log       *slog.Logger                     // nil means slog.Default
	After     func(d time.Duration, do func()) // calls do after d; nil means time.AfterFunc

	once     sync.Once
	instance string // no two processes write the same count

	writing sync.Mutex // one writes at a time: a slow write must not come after a newer one
	mu      sync.Mutex
	counts  map[string]*count // by id of the line
	waiting bool              // a write is to come
}

// count is how many refusals of a minute have no line of their own.
type count struct {
	line    audit.Line // to be written, but for the number
	n       int
	written int
}

// writeTime bounds one write of counts.
const writeTime = 30 * time.Second

// Keep keeps a line about a refusal of this kind; what names it, so that the
// same refusal again is no second line.
func (b *Book) Keep(ctx context.Context, kind string, line audit.Line, what ...string) error {
	id := airlock.StrangeID(kind, line.At, b.PerMinute, what...)
	fresh, err := b.Store.Refused(ctx, id, line)
	if err != nil {
		return fmt.Errorf("refusal not kept: %w", err)
	}
	if !fresh {
		b.add(ctx, kind, line)
	}
	return nil
}

// add counts one refusal and sees to it that the number is written soon.
func (b *Book) add(ctx context.Context, kind string, line audit.Line) {
	b.once.Do(func() { b.instance = strings.ReplaceAll(uuid.NewString(), "-", "") })
	minute := line.At.UTC().Truncate(time.Minute)
	id := fmt.Sprintf("%s.%s.more.%s.%s", kind, minute.Format("200601021504"), line.Actor.Name, b.instance)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.counts == nil {
		b.counts = map[string]*count{}
	}
	c, ok := b.counts[id]
	if !ok {
		c = &count{line: audit.Line{Workspace: line.Workspace, At: minute, Action: line.Action, Actor: line.Actor, Detail: "instance " + b.instance}}
		b.counts[id] = c
	}
	c.n++
	b.wait(ctx)
}

// wait has the counts written after a while, once however many ask for it.
func (b *Book) wait(ctx context.Context) {
	if b.waiting {
		return
	}
	b.waiting = true
	after := b.After
	if after == nil {
		after = func(d time.Duration, do func()) { time.AfterFunc(d, do) }
	}
	after(cmp.Or(b.Every, 5*time.Second), func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime) // the call it began in is over
		defer cancel()
		if err := b.Flush(ctx); err != nil {
			cmp.Or(b.Log, slog.Default()).WarnContext(ctx, "count of refusals not written, tried again", slog.Any("error", err))
		}
	})
}

// remembered is for how long a count that was written stays in memory: calls
// under way may still add to their minute.
const remembered = 5 * time.Minute

// Flush writes what was counted and not yet written. What fails is tried again.
func (b *Book) Flush(ctx context.Context) error {
	b.writing.Lock()
	defer b.writing.Unlock()
	var failed []error
	for id, c := range b.due() {
		line := c.line
		line.Reason = more(c.n)
		if err := b.Store.Restate(ctx, id, line); err != nil {
			failed = append(failed, err)
			continue
		}
		b.mu.Lock()
		b.counts[id].written = max(b.counts[id].written, c.n)
		b.mu.Unlock()
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(failed) > 0 {
		b.wait(ctx)
	}
	return errors.Join(failed...)
}

func more(n int) string {
	if n == 1 {
		return "1 more was refused in this minute"
	}
	return fmt.Sprintf("%d more were refused in this minute", n)
}

// due takes the counts that are to be written, and forgets old ones that were.
func (b *Book) due() map[string]count {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = false
	due, now := map[string]count{}, b.Now()
	for id, c := range b.counts {
		switch {
		case c.n > c.written:
			due[id] = *c
		case now.Sub(c.line.At) > remembered:
			delete(b.counts, id)
		}
	}
	return due
}
