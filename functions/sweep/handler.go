// Package sweep closes every gap. In: a timer, every minute. It hints at all
// open work that is due, ends requests for workspaces that nobody decided on,
// marks requests and operations whose messages were poisoned, and turns
// dead-lettered facts into orders. Out: orders to look, and the verdicts
// that were put aside, which nobody would tell again. It changes nothing that a
// repeat would change again.
package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// Out names this function's output bindings.
type Out struct {
	Advance []message.Advance `json:"airlockadvance,omitempty"`
	Notify  []message.Notify  `json:"notify,omitempty"`
	Step    []message.Step    `json:"resourcestep,omitempty"`
}

// Poisoned is one message that no function could handle.
type Poisoned struct {
	ID   string // names it
	Text string // as it was sent
	Drop func(context.Context) error
}

// Poison reads the queues that poisoned messages end in.
type Poison interface {
	// Take returns up to limit messages of a queue's poison queue and hides
	// them for a while; a queue that does not exist has none.
	Take(ctx context.Context, queue string, limit int) ([]Poisoned, error)
}

// Letter is a blob of events that Event Grid could not deliver. It is dropped
// as a whole.
type Letter struct {
	Events []azfunc.Event
	Drop   func(context.Context) error
}

// Orders puts orders on queues at once. An output binding sends only after the
// call, and by then what it was made of is dropped.
type Orders interface {
	Send(ctx context.Context, queue string, message any, delay time.Duration) error
}

// Dead reads the events that Event Grid could not deliver.
type Dead interface {
	// Letters returns up to limit of them.
	Letters(ctx context.Context, limit int) ([]Letter, error)
}

// Function sweeps. The zero value of each number is ready to use.
type Function struct {
	Ledger ledger.Ledger
	Work   airlock.Work
	Poison Poison
	Dead   Dead
	Orders Orders
	Estate Estate
	Door   *doorman.Doorman // checks dead-lettered scan results, and requests for workspaces, as their doormen do
	Log    *slog.Logger     // nil means slog.Default()
	Queues []string         // whose poison is read
	Marks  int              // marks on a request after which administrators are told; 0 means 3
	Most   int              // hints given in one sweep; 0 means 5,000
	Batch  int              // poisoned messages, and dead letters, taken in one sweep; 0 means 100

	Health  *health.Recorder // is told of every sweep; may be nil
	Overdue time.Duration    // by how much work is past its time before it counts as overdue; 0 means 15 min
	// Look tells what a queue holds, for whoever measures; nil: nobody does.
	Look func(ctx context.Context, queue string) (health.Queue, error)
}

// Handle sweeps once. What fails does not keep the rest from being done.
func (f Function) Handle(ctx context.Context, _ azfunc.Tick) (Out, error) {
	out, seen := Out{}, map[string]int64{}
	err := errors.Join(f.hint(ctx, &out, seen), f.poisoned(ctx, &out, seen), f.dead(ctx, &out, seen))
	f.tell(ctx, seen, err)
	f.measure(ctx)
	if err != nil && len(out.Advance)+len(out.Notify)+len(out.Step) > 0 { // the host drops the outputs of a failed call; what failed is tried in a minute
		cmp.Or(f.Log, slog.Default()).ErrorContext(ctx, "sweep was not complete", slog.Any("error", err))
		err = nil
	}
	return out, err
}

// hint orders a look at everything that is due, and the mails about people
// whose order was lost.
func (f Function) hint(ctx context.Context, out *Out, seen map[string]int64) error {
	workspaces, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) {
		return f.Ledger.Workspaces.Workspaces(ctx, p)
	})
	if err != nil {
		return fmt.Errorf("workspaces: %w", err)
	}
	var failed []error
	failed = append(failed, f.hintWorkspace(ctx, people.Partition, out, seen), f.hintWorkspace(ctx, workspace.System, out, seen))
	for i := range workspaces { // another one is first every minute, so that Most starves none
		first := int(f.Ledger.Now().Unix()/60) % len(workspaces)
		failed = append(failed, f.hintWorkspace(ctx, workspaces[(first+i)%len(workspaces)].ID, out, seen))
	}
	return errors.Join(failed...)
}

func (f Function) hintWorkspace(ctx context.Context, workspace string, out *Out, seen map[string]int64) error {
	now := f.Ledger.Now()
	var failed []error
	for page := (airlock.Page{}); ; {
		open, next, err := f.Work.Due(ctx, workspace, now, page)
		if err != nil {
			return fmt.Errorf("open work of workspace %s: %w", workspace, err)
		}
		for _, o := range open {
			if !o.Rests && now.Sub(o.Due) >= cmp.Or(f.Overdue, 15*time.Minute) {
				seen[health.CountOverdue]++
			}
			failed = append(failed, f.give(ctx, o, out, seen))
		}
		if next == "" {
			return errors.Join(failed...)
		}
		page.After = next
	}
}

// poisoned marks the requests whose messages were poisoned and hints at them.
func (f Function) poisoned(ctx context.Context, out *Out, seen map[string]int64) error {
	var failed []error
	for _, queue := range f.Queues {
		messages, err := f.Poison.Take(ctx, queue, cmp.Or(f.Batch, 100))
		failed = append(failed, err)
		seen[health.CountPoison] += int64(len(messages))
		for _, p := range messages {
			if err := f.mark(ctx, queue, p, out); err != nil {
				failed = append(failed, err)
				continue // stays, and is taken again
			}
			failed = append(failed, p.Drop(ctx))
		}
	}
	return errors.Join(failed...)
}

// mark writes the mark of one poisoned message. A message that names no
// request of ours is audited.
func (f Function) mark(ctx context.Context, queue string, p Poisoned, out *Out) error {
	switch queue {
	case message.QueueStep:
		return f.markStep(ctx, p, out)
	case message.QueueRequest:
		return f.askAgain(ctx, p)
	}
	var about message.Notify // the fields all our messages have
	if err := json.Unmarshal([]byte(p.Text), &about); err != nil {
		return f.odd(ctx, queue, p)
	}
	if awaited, err := f.aboutPeople(ctx, queue, about); err != nil || awaited {
		return err
	}
	c, err := f.Ledger.Load(ctx, about.Workspace, about.Request)
	if settled(err) {
		return f.odd(ctx, queue, p)
	}
	if err != nil {
		return err
	}
	if !f.known(c.Request, queue) {
		marked, news := c.Request.Marked(airlock.Mark{Queue: queue, Message: p.ID, At: f.Ledger.Now()}, cmp.Or(f.Marks, 3))
		if c.Request = marked; news {
			if _, err := f.Ledger.Note(ctx, c, "poisoned", queue); err != nil {
				return err
			}
		}
	}
	if err := f.again(ctx, queue, p); err != nil {
		return err
	}
	out.Advance = append(out.Advance, message.Advance{Workspace: about.Workspace, Request: about.Request})
	if len(c.Request.Notices) > 0 { // a look that fails again would never order it
		out.Notify = append(out.Notify, message.Notify{Workspace: about.Workspace, Request: about.Request})
	}
	return nil
}

// known tells that the administrators were told, and that there is nothing new
// in another mark within the hour: what fails every minute for a night would
// fill the audit trail.
func (f Function) known(r airlock.Request, queue string) bool {
	if len(r.Marks) < cmp.Or(f.Marks, 3) {
		return false
	}
	return slices.ContainsFunc(r.Marks, func(m airlock.Mark) bool {
		return m.Queue == queue && f.Ledger.Now().Sub(m.At) < time.Hour
	})
}
