package sweep

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/doorman"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// again orders a poisoned verdict again, for when what kept it from being
// recorded is over: a look finds no trace of it. Other orders are hints. It is
// never given up, for it may say that a file is malware; the mark that it leaves
// on its request says that it is not recorded.
func (f Function) again(ctx context.Context, queue string, p Poisoned) error {
	if queue != message.QueueVerdict {
		return nil
	}
	var m message.Verdict
	if json.Unmarshal([]byte(p.Text), &m) != nil {
		return nil // it would be poisoned again
	}
	c := airlock.Container{Kind: airlock.Kind(m.Kind), Number: m.Turn, Key: airlock.Key{Workspace: m.Workspace, Request: m.Request}}
	if _, err := airlock.ParseContainer(c.String()); err != nil {
		return nil //nolint:nilerr // and so would this
	}
	pause := f.pause(m.Again)
	m.Again++
	if err := f.Orders.Send(ctx, queue, m, pause); err != nil {
		return fmt.Errorf("poisoned verdict: %w", err)
	}
	return nil
}

// pause is how long an order rests that was poisoned and ordered again so often:
// what does not pass by itself is tried once an hour, until somebody mends it.
func (f Function) pause(again int) time.Duration {
	pause := f.Ledger.Cadence.Hint
	for range min(max(again, 0), 10) {
		pause *= 2
	}
	return min(pause, time.Hour)
}

// aboutPeople tells whether a poisoned message is about a workspace, a person or
// a request for a workspace of whom somebody is still to be told, or an operation that is stuck. There is no request to mark; the row
// of their open work has it ordered again.
func (f Function) aboutPeople(ctx context.Context, queue string, about message.Notify) (bool, error) {
	key := airlock.Key{Workspace: about.Workspace, Request: about.Request}
	if queue == message.QueueNotify && isID(about.Resource) && isID(about.Request) {
		return true, nil
	}
	if queue != message.QueueNotify || key.Workspace == "" || key.Workspace != people.Partition && key.Workspace != workspace.System && key.Workspace != key.Request {
		return false, nil
	}
	_, err := f.Work.Open(ctx, key)
	if errors.Is(err, airlock.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("open work of people: %w", err)
	}
	cmp.Or(f.Log, slog.Default()).WarnContext(ctx, "poisoned message about people", slog.String("workspace", key.Workspace))
	return true, nil
}

// dead orders a look at the requests whose facts were not delivered: facts are
// hints, so a look finds what they would have said. What a scanner said no look
// finds, so that is ordered as if it had been delivered.
func (f Function) dead(ctx context.Context, out *Out, seen map[string]int64) error {
	letters, err := f.Dead.Letters(ctx, cmp.Or(f.Batch, 100))
	if err != nil {
		return fmt.Errorf("dead letters: %w", err)
	}
	var failed []error
	seen[health.CountDead] = 0
	for _, l := range letters {
		seen[health.CountDead] += max(1, int64(len(l.Events)))
		if err := f.open(ctx, l, out); err != nil {
			failed = append(failed, err)
			continue // stays, and is read again
		}
		failed = append(failed, l.Drop(ctx))
	}
	return errors.Join(failed...)
}

func (f Function) open(ctx context.Context, l Letter, out *Out) error {
	var failed []error
	for _, ev := range l.Events {
		if key, ok := about(ev); ok {
			out.Advance = append(out.Advance, message.Advance{Workspace: key.Workspace, Request: key.Request, Trace: ev.ID})
		}
		if ev.EventType == doorman.ScanType {
			failed = append(failed, f.scanned(ctx, ev))
		}
		if ev.EventType == message.TypeWorkspaceRequested {
			failed = append(failed, f.requested(ctx, ev))
		}
	}
	return errors.Join(failed...)
}

// scanned orders that a dead-lettered verdict is recorded, if blobscanned would
// have let it in: whoever can write a letter is not believed for that.
func (f Function) scanned(ctx context.Context, ev azfunc.Event) error {
	m, err := f.Door.Verdict(ctx, ev)
	if err != nil {
		if err = f.Door.Refuse(ctx, ev, err); settled(err) {
			return nil // and audited
		}
		return fmt.Errorf("dead letter: %w", err)
	}
	if m == nil {
		return nil
	}
	if err := f.Orders.Send(ctx, message.QueueVerdict, *m, 0); err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	return nil
}

// about finds the request that an event is about: by the container of ours that
// its subject names, or, of an event of our own, by its data. It is only a
// hint, so nothing of it is checked.
func about(ev azfunc.Event) (airlock.Key, bool) {
	for part := range strings.SplitSeq(ev.Subject, "/") {
		if c, err := airlock.ParseContainer(part); err == nil {
			return c.Key, true
		}
	}
	var changed message.StatusChanged
	if ev.EventType != message.TypeStatusChanged || json.Unmarshal(ev.Data, &changed) != nil {
		return airlock.Key{}, false
	}
	for _, id := range []string{changed.WorkspaceID, changed.RequestID} {
		if u, err := uuid.Parse(id); err != nil || u.String() != id {
			return airlock.Key{}, false
		}
	}
	return airlock.Key{Workspace: changed.WorkspaceID, Request: changed.RequestID}, true
}
