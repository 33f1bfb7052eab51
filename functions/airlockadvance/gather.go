package airlockadvance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Orders puts orders on queues.
type Orders interface {
	// Send puts a message on a queue, to be seen after delay.
	Send(ctx context.Context, queue string, message any, delay time.Duration) error
}

// Facts about single files of a large request come by the thousand, and a look
// after each would read the list of files a thousand times. So the first orders
// one look a little later and notes that it is expected; those that find the
// note end after that one read. The look takes the note off before it reads
// anything: a fact was written before its message came, so either its message
// found the note, and the look finds the fact, or it finds none and orders
// another look. The order is sent before the note is written, so that a crash
// between loses nothing; an order that is lost all the same is made good by
// sweep, and the note believed no longer than that takes.

// gathered tells that a look will come for the fact of which this message
// tells.
func (f Function) gathered(ctx context.Context, m message.Advance) (bool, error) {
	key := airlock.Key{Workspace: m.Workspace, Request: m.Request}
	open, err := f.Work.Open(ctx, key)
	if errors.Is(err, airlock.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open work: %w", err)
	}
	if !open.Expected.IsZero() && f.Ledger.Now().Before(open.Expected.Add(f.Ledger.Cadence.Hint)) {
		return true, nil
	}
	c, err := f.Ledger.Load(ctx, m.Workspace, m.Request)
	if err != nil {
		return false, err
	}
	if !waitsForFiles(c.Request) || c.Request.Files < cmp.Or(f.GatherFrom, 20) {
		return false, nil
	}
	return true, f.expect(ctx, key, m.Trace)
}

// waitsForFiles tells whether facts about single files move the request on.
func waitsForFiles(r airlock.Request) bool {
	return r.Stage == airlock.Sealing || r.Stage == airlock.Gating
}

// expect orders a look a little later, and notes it.
func (f Function) expect(ctx context.Context, key airlock.Key, trace string) error {
	wait := cmp.Or(f.Gather, 2*time.Second)
	m := message.Advance{Workspace: key.Workspace, Request: key.Request, Gathered: true, Trace: trace}
	if err := f.Orders.Send(ctx, message.QueueAdvance, m, wait); err != nil {
		return fmt.Errorf("order: %w", err)
	}
	if err := f.Work.Expect(ctx, key, f.Ledger.Now().Add(wait)); err != nil {
		return fmt.Errorf("open work: %w", err)
	}
	return nil
}

// missed puts off a look for which facts about files wait, and which leaves the
// request to another worker: the page that one has read may lack them.
func (s *step) missed(ctx context.Context) error {
	if !s.facts {
		return nil
	}
	return s.f.expect(ctx, s.c.Request.Key(), s.trace)
}

// begin takes off the note that this look is expected.
func (f Function) begin(ctx context.Context, m message.Advance) error {
	if err := f.Work.Expect(ctx, airlock.Key{Workspace: m.Workspace, Request: m.Request}, time.Time{}); err != nil {
		return fmt.Errorf("open work: %w", err)
	}
	return nil
}
