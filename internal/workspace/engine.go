package workspace

import (
	"cmp"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Do is what the engine does next for an operation.
type Do int

// What the engine can do.
const (
	Rest   Do = iota // the operation ended
	Take             // the step's target is to be taken: see Operation.Take
	Hold             // another operation holds the target: look again later
	Start            // the job is to be started in the cloud
	Look             // the cloud is to be asked how the job stands
	Settle           // the step ended: see Operation.Settle
	Refuse           // the step cannot be done at all: see Operation.Refuse
)

// Next is what to do for the current step of an operation, going by how its
// target is stored. Whoever calls it with what is stored, however often, does
// the same: a message is only a hint to look here.
func (o Operation) Next(target Resource) (Do, int) {
	i, ok := o.Current()
	if o.Ended() || !ok {
		return Rest, i
	}
	run := o.RunOf(o.Steps[i])
	_, known := target.Result(run)
	switch {
	case known:
		return Settle, i
	case target.Job != nil && target.Job.Run == run && target.Job.Begun.IsZero() && o.Cancel == nil:
		return Start, i
	case target.Job != nil && target.Job.Run == run:
		return Look, i
	case o.Cancel != nil:
		return Refuse, i
	case target.Gone() && o.Steps[i].Action == Uninstall: // as a bundle that is not there (AzureTRE's runner.py)
		return Settle, i
	case target.Job != nil || target.Operation != "" && target.Operation != o.ID:
		return Hold, i
	}
	return Take, i
}

// Cadence is how often the engine looks at the cloud.
type Cadence struct {
	First    time.Duration // after a job began
	Most     time.Duration // the longest pause between two looks; it doubles until then
	Hint     time.Duration // after which sweep hints when a look did not come
	Tries    int           // how often one job is started anew; looks that fail are no tries
	Patience time.Duration // how long a step waits for a target that one other operation holds
}

// DefaultCadence is in force where settings say nothing: looks of a quarter of a
// minute while a person watches, of two minutes while a vault is made.
var DefaultCadence = Cadence{First: 15 * time.Second, Most: 2 * time.Minute, Hint: time.Minute, Tries: 5, Patience: 6 * time.Hour}

// pause is the time until the n-th look, counted from 0.
func (c Cadence) pause(n int) time.Duration {
	pause := c.First
	for range min(n, 10) {
		pause *= 2
	}
	return min(pause, c.Most)
}

// Take has the current step begin: its target is held by the operation and has
// a job that is still to be started. properties are the target's as the pipeline
// changes them; nil leaves them. The target's status says so before anything
// happens in the cloud.
func (o Operation) Take(i int, target Resource, properties map[string]any, at time.Time) (Operation, Resource, error) {
	s := o.Steps[i]
	target = target.clone()
	var err error
	if target.Status != s.Action.Status(Waiting) { // a target that is not the operation's own was not waiting for it
		row, ok := Steps.Next(target.Status, s.Action.Asks())
		if !ok {
			return o, target, fmt.Errorf("%s is not possible while %s is %s: %w", s.Action, target.Name(), target.Status, airlock.ErrIllegal)
		}
		target.Status = row.To
	}
	if target, err = target.move(Starts); err != nil {
		return o, target, err
	}
	if properties != nil {
		target.Properties = properties
		target.Revision++
	}
	target = target.called(o)
	target.Operation, target.Message = o.ID, ""
	target.Job = &Job{Run: o.RunOf(s), Operation: o.Key(), Action: s.Action, Since: at.UTC(), Deadline: at.Add(s.Limit).UTC(), Next: at.UTC()}
	if s.Action == Install || !target.Installed && s.Action == Upgrade {
		target.Generation = max(target.Generation, 1)
	}
	return o.Advance(i, s.Action.Status(Running), "", at), target, nil
}

// Settle takes over the result of the current step into the operation, and
// releases what it holds. own is the operation's own resource, which is the
// target where the step is its own; a failure of any step is its failure.
func (o Operation) Settle(i int, target, own Resource, at time.Time) (Operation, Resource, Resource) {
	result, known := target.Result(o.RunOf(o.Steps[i]))
	if !known && target.Gone() && o.Steps[i].Action == Uninstall {
		result = Result{Good: true, Message: "it was deleted before"}
	}
	if o.Cancel != nil && result.Message == stopped {
		if result.Message = o.Cancel.text(); target.Message == stopped {
			target.Message = result.Message
		}
	}
	p := Failed
	if result.Good {
		p = Succeeded
	}
	o = o.Advance(i, o.Steps[i].Action.Status(p), result.Message, at)
	return o.release(target, own, at)
}

// Refuse ends the operation at its current step, which was not begun: somebody
// cancelled it, or the step cannot be done.
func (o Operation) Refuse(i int, why string, target, own Resource, at time.Time) (Operation, Resource, Resource) {
	if o.Cancel != nil {
		why = o.Cancel.text()
	}
	o = o.Advance(i, o.Steps[i].Action.Status(Failed), why, at)
	return o.release(target, own, at)
}

func (c Cancel) text() string {
	text := "cancelled by " + cmp.Or(c.By.Name, c.By.OID)
	if c.Reason != "" {
		text += ": " + c.Reason
	}
	return text
}

// release lets go of a target that is not the operation's own, and, at the end,
// of its own; there the failure is told.
func (o Operation) release(target, own Resource, at time.Time) (Operation, Resource, Resource) {
	same := target.Key() == own.Key()
	if !same {
		target = target.leave(o)
	}
	if !same && target.Operation == o.ID && target.Job == nil {
		target.Operation = ""
	}
	if same {
		own = target
	}
	if o.Ended() && own.Operation == o.ID {
		own = own.clone()
		own.Operation, own.UpdatedAt = "", at.UTC()
		own = own.end(o)
	}
	if same {
		target = own
	}
	return o, target, own
}

// Free lets go of a target that an operation which is over holds still; false
// where it holds none. A job of it never began: the cloud is asked for nothing
// before the operation says that its step runs, and then nothing but the job's
// own end ends the step.
func (o Operation) Free(target Resource, at time.Time) (Resource, bool) {
	if !o.Ended() || target.Operation != o.ID || target.Job != nil && target.Job.Operation != o.Key() {
		return target, false
	}
	if target.Job != nil {
		target = target.Finish(Seen{Progress: Stopped}, at)
	}
	target.Operation = ""
	return target, true
}

// end gives the operation's own resource the operation's end: its failure,
// whichever step it was.
func (r Resource) end(o Operation) Resource {
	if r.Status == o.Status || r.Gone() {
		return r
	}
	for _, on := range []Trigger{Drops, Spoils, Completes} {
		if row, ok := Steps.Next(r.Status, on); ok && row.To == o.Status {
			r.Status, r.Message = row.To, o.Message
		}
	}
	return r
}
