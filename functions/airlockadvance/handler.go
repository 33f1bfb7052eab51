// Package airlockadvance looks at a request and takes its next step, whatever
// that is: lists a draft, seals, judges at the gate, puts away, enforces
// deadlines. In: an order that names the request, and nothing else that is
// believed. Out: orders for what follows. Repeats and late orders find nothing
// to do.
package airlockadvance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Out names this function's output bindings.
type Out struct {
	Inspect []message.Inspect `json:"airlockinspect,omitempty"`
	Advance *message.Advance  `json:"airlockadvance,omitempty"`
	Deliver *message.Deliver  `json:"airlockdeliver,omitempty"`
	Purge   []message.Purge   `json:"airlockpurge,omitempty"`
	Notify  *message.Notify   `json:"notify,omitempty"`
}

// Function takes steps. The zero value of each number is ready to use.
type Function struct {
	Ledger    ledger.Ledger
	Files     airlock.Files
	Work      airlock.Work
	Desk      airlock.Desk
	Vault     airlock.Vault
	Manifests airlock.Manifests
	Orders    Orders
	Fresh     airlock.Workspaces // remembers nothing: whether a workspace is frozen is asked before a deadline ends something

	Page     int           // files sealed in one go; 0 means 100
	Parallel int           // copies under way at once; 0 means 8
	Changes  int           // times a file may be overwritten while it is being sealed; 0 means 3
	Looks    int           // inspections ordered in one look; 0 means 500
	Pause    time.Duration // least time between two listings of a draft; 0 means 30 s

	Gather     time.Duration // how long facts about single files are gathered before a look; 0 means 2 s
	GatherFrom int           // files from which on a request's are; 0 means 20
}

// maxSteps bounds the steps of one call: sealing, gating, in_review and a
// conflict or two.
const maxSteps = 6

// Handle takes the request's next steps until it waits for something.
func (f Function) Handle(ctx context.Context, m message.Advance) (Out, error) {
	if m.File {
		if gathered, err := f.gathered(ctx, m); err != nil || gathered {
			return Out{}, err
		}
	}
	if m.Gathered {
		if err := f.begin(ctx, m); err != nil {
			return Out{}, err
		}
	}
	c, err := f.Ledger.Load(ctx, m.Workspace, m.Request)
	if err != nil {
		return Out{}, err
	}
	return f.advance(ctx, c, m)
}

// advance takes the steps of a request.
func (f Function) advance(ctx context.Context, c ledger.Case, m message.Advance) (out Out, err error) {
	moved, listed := false, false
	for range maxSteps {
		s := step{f: f, c: c, out: &out, trace: m.Trace, facts: m.File || m.Gathered}
		moves, err := s.next(ctx)
		listed = listed || s.listed
		held := false
		if err == nil {
			held, err = s.held(ctx, moves)
		}
		if err == nil && (len(moves) == 0 || held) {
			s.order(ledger.Pending(s.c.Request)...)
			return out, s.wait(ctx, moved, listed)
		}
		if err == nil {
			c, err = s.take(ctx, moves)
			moved = err == nil
		}
		if errors.Is(err, airlock.ErrConflict) {
			c, err = f.Ledger.Load(ctx, m.Workspace, m.Request)
		}
		if err != nil {
			return out, err
		}
	}
	out.Advance = &message.Advance{Workspace: m.Workspace, Request: m.Request, Trace: m.Trace}
	return out, nil
}

// step is one look at a request.
type step struct {
	f     Function
	c     ledger.Case
	out   *Out
	trace string

	unwritten []airlock.File // rows of the record, to be written with the next ones
	listed    bool           // rows of the record were written
	facts     bool           // facts about files wait for this look
}

// next does the stage's work and returns the moves it leads to, to be committed
// together; none while the request waits.
func (s *step) next(ctx context.Context) ([]airlock.Move, error) {
	if s.c.Request.Stage == airlock.Sealing {
		return s.seal(ctx)
	}
	move, err := s.one(ctx)
	if move == nil {
		return nil, err
	}
	return []airlock.Move{*move}, err
}

// one is next for the stages whose work leads to one move.
func (s *step) one(ctx context.Context) (*airlock.Move, error) {
	r := s.c.Request
	switch r.Stage {
	case airlock.InReview, airlock.Approving, airlock.Approved:
		if infected, err := airlock.FindMalware(ctx, s.f.Files, r); err != nil || infected != nil {
			return infected, errors.Join(err, s.showKept(ctx))
		}
	case airlock.Blocking:
		if err := s.showKept(ctx); err != nil {
			return nil, err
		}
	default: // the gate looks itself, and elsewhere nothing can cross any more
	}
	switch r.Stage {
	case airlock.Draft:
		return s.draft(ctx)
	case airlock.Gating:
		return s.gate(ctx)
	case airlock.InReview:
		if late := s.late(airlock.Expired, "nobody decided in time"); late != nil {
			return late, nil
		}
		return nil, s.remind(ctx)
	case airlock.Approving:
		if late := s.late(airlock.Broke, "the delivery took too long; retry it"); late != nil {
			return late, nil
		}
		s.order(airlock.Deliver)
		return nil, nil
	case airlock.Rejecting, airlock.Blocking:
		return &airlock.Move{On: airlock.Withheld, Reason: r.Message}, nil
	case airlock.Approved, airlock.Rejected, airlock.Blocked, airlock.Cancelled, airlock.Failed, airlock.Revoked:
		if over := r.Retention(s.c.Policy); !over.IsZero() && !s.now().Before(over) {
			return &airlock.Move{On: airlock.Retired, Reason: "retention is over"}, nil
		}
		return nil, nil
	case airlock.Sealing: // next's
	}
	return nil, fmt.Errorf("request %s: stage %q is unknown", r.ID, r.Stage)
}

// take makes moves and turns their orders into output.
func (s *step) take(ctx context.Context, moves []airlock.Move) (ledger.Case, error) {
	c, orders, err := s.f.Ledger.Move(ctx, s.c, moves...)
	if err != nil {
		return s.c, err
	}
	s.c = c
	s.order(orders...)
	s.out.Advance = nil // the loop goes on by itself
	return c, nil
}

// wait is what is done before a request waits. moved tells that this call
// committed where it waits, which said when to look again; listed that it made
// the rows of what was handed in. A fact about a file that was being written
// meanwhile found no such row, or one not listed, and had no reason to order a
// look: one is ordered for it.
func (s *step) wait(ctx context.Context, moved, listed bool) error {
	if listed && waitsForFiles(s.c.Request) && s.out.Advance == nil {
		return s.f.expect(ctx, s.c.Request.Key(), s.trace)
	}
	if moved {
		return nil
	}
	return s.rest(ctx)
}

// rest puts off the next look at a request that waits: without that, one whose
// time to be looked at is past would be looked at with every sweep. It is put
// off by Cadence.Draft at most, because another call may just have moved the
// request to where it has to be looked at soon.
func (s *step) rest(ctx context.Context) error {
	stage, now, cadence := s.c.Request.Stage, s.now(), s.f.Ledger.Cadence
	if stage == airlock.Draft || stage == airlock.Sealing { // they put it off themselves
		return nil
	}
	open, err := s.f.Work.Open(ctx, s.c.Request.Key())
	if errors.Is(err, airlock.ErrNotFound) || err == nil && open.Due.After(now) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("open work: %w", err)
	}
	want, _ := s.c.Request.OpenWork(s.c.Policy, cadence)
	open.Due = now.Add(cadence.Hint)
	if later := now.Add(cadence.Draft); want.Due.After(later) {
		open.Due = later
	} else if want.Due.After(now) {
		open.Due = want.Due
	}
	if err := s.f.Work.Touch(ctx, open); err != nil {
		return fmt.Errorf("open work: %w", err)
	}
	return nil
}

// order puts orders into the output.
func (s *step) order(orders ...airlock.Order) {
	r := s.c.Request
	for _, o := range orders {
		switch o {
		case airlock.Advance:
			s.out.Advance = &message.Advance{Workspace: r.Workspace, Request: r.ID, Trace: s.trace}
		case airlock.Deliver:
			s.out.Deliver = &message.Deliver{Workspace: r.Workspace, Request: r.ID, Attempt: r.Attempt, Trace: s.trace}
		case airlock.Purge:
			s.purge(message.Purge{Workspace: r.Workspace, Request: r.ID, Trace: s.trace})
		case airlock.Notify:
			s.out.Notify = &message.Notify{Workspace: r.Workspace, Request: r.ID, Trace: s.trace}
		}
	}
}

// purge orders a purge, each once.
func (s *step) purge(m message.Purge) {
	if !slices.Contains(s.out.Purge, m) {
		s.out.Purge = append(s.out.Purge, m)
	}
}

// late is the move for a stage whose deadline has passed; nil before it.
func (s *step) late(on airlock.Trigger, why string) *airlock.Move {
	deadline := s.c.Request.Waits(s.c.Policy).Deadline
	if deadline.IsZero() || s.now().Before(deadline) {
		return nil
	}
	return &airlock.Move{On: on, Reason: why}
}

func (s *step) now() time.Time { return s.f.Ledger.Now() }

// slot addresses the file rows of the request's turn.
func (s *step) slot() airlock.Slot {
	return airlock.Slot{Key: s.c.Request.Key(), Turn: s.c.Request.Turn}
}

// all reads every row of a selection.
func (s *step) all(ctx context.Context, which airlock.Which) ([]airlock.File, error) {
	return airlock.Collect(func(p airlock.Page) ([]airlock.File, string, error) {
		return s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: which}, p)
	})
}
