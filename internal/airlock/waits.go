package airlock

import (
	"fmt"
	"slices"
	"time"
)

// Wait says who has to act on a request, until when, and what it waits for.
type Wait struct {
	Owner    Role      // who acts next; "" when nobody has to
	Deadline time.Time // zero when there is none
	For      string    // a sentence for people
}

// Waits tells what the request waits for. In a frozen workspace it says so, and
// has no deadline.
func (r Request) Waits(p Policy) Wait {
	w := r.waits(p.WithDefaults())
	if f := p.Hold.Freeze; f != nil && !r.Retired {
		w.Deadline, w.For = time.Time{}, f.Text()+"; then it "+w.For
	}
	return w
}

func (r Request) waits(p Policy) Wait {
	until := func(d Duration) time.Time { return p.Hold.since(r.Since).Add(time.Duration(d)) }
	switch r.Stage {
	case Draft:
		return Wait{Creator, until(p.DraftLife), "waits for the requester to add files and submit"}
	case Sealing:
		return Wait{Engine, until(p.WorkLife), "waits for the submitted files to be inspected and sealed"}
	case Gating:
		return Wait{Engine, until(p.VerdictLife), "waits for the malware scanner's verdicts"}
	case InReview:
		return Wait{Manager, until(p.ReviewLife), r.waitsForReview(p)}
	case Approving:
		return Wait{Engine, until(p.WorkLife), "waits for the approved files to be copied across and verified"}
	case Rejecting, Blocking:
		return Wait{Engine, until(p.WorkLife), "waits for the files to be put away"}
	case Failed:
		if _, ok := r.RetryOf(); ok {
			return Wait{Manager, until(p.RetainFiles), "waits for an airlock manager, owner or administrator to retry"}
		}
		return Wait{For: r.atEnd("it cannot be retried")}
	case Approved:
		return Wait{For: r.atEnd("the files can be fetched")}
	case Rejected, Blocked, Cancelled, Revoked:
		return Wait{For: r.atEnd("nothing crosses any more")}
	}
	return Wait{}
}

// Reminder is when people are told once that a review still waits: half of
// its time is over then.
func (r Request) Reminder(p Policy) time.Time {
	return p.Hold.since(r.Since).Add(time.Duration(p.WithDefaults().ReviewLife) / 2)
}

// atEnd is the sentence of a request that waits for nobody.
func (r Request) atEnd(what string) string {
	if r.Retired {
		what = "retention is over, its files are gone"
	}
	return "is at its end; " + what
}

func (r Request) waitsForReview(p Policy) string {
	given := 0
	for _, v := range r.Reviews {
		if v.Turn == r.Turn && v.Decision == "approved" {
			given++
		}
	}
	if p.Reviewers > 1 {
		return fmt.Sprintf("waits for airlock managers to decide: %d of %d approvals given", given, p.Reviewers)
	}
	return "waits for an airlock manager to decide"
}

// Retention is when the request's files are purged, and a failed one can no
// longer be retried; zero while it is unfinished or nothing is left, and in a
// frozen workspace, whose files may have to be looked at.
func (r Request) Retention(p Policy) time.Time {
	if p.Hold.Freeze != nil || r.Stage.Unfinished() || r.Retired || r.Stage != Failed && len(r.Owns()) == 0 {
		return time.Time{}
	}
	p = p.WithDefaults()
	if r.Stage == Approved {
		return p.Hold.since(r.Since).Add(time.Duration(p.RetainShared))
	}
	return p.Hold.since(r.Since).Add(time.Duration(p.RetainFiles))
}

// Cadence is how often the sweep looks at what does not move by itself.
type Cadence struct {
	Hint   time.Duration // after which work that has not moved is hinted again
	Draft  time.Duration // between looks at an open draft
	Settle time.Duration // between the two times a purge has to see a container gone
}

// OpenWork is the request's row of unfinished work; false when there is
// nothing left to do. It is the same in a frozen workspace: whoever looks at it
// finds that it waits.
func (r Request) OpenWork(p Policy, c Cadence) (Open, bool) {
	p.Hold.Freeze = nil
	o := Open{Key: r.Key(), Stage: r.Stage}
	busy := len(r.Notices) > 0 || len(r.Purges()) > 0
	switch r.Stage {
	case Draft:
		o.Due = r.UpdatedAt.Add(c.Draft)
	case InReview:
		if o.Due = r.Waits(p).Deadline; !slices.Contains(r.Warned, ToldWaiting) {
			o.Due = r.Reminder(p)
		}
	case Sealing, Gating, Approving, Rejecting, Blocking:
		o.Due = r.UpdatedAt.Add(c.Hint)
	case Approved, Rejected, Blocked, Cancelled, Failed, Revoked:
		o.Due = r.Retention(p)
		o.Rests = true
		if o.Due.IsZero() && !busy {
			return Open{}, false
		}
	}
	if busy {
		if due := r.busyUntil(c); o.Due.IsZero() || due.Before(o.Due) {
			o.Due, o.Rests = due, false
		}
	}
	return o, true
}

// busyUntil is when notices and purges are to be looked at again: soon, or
// when the settling time of purges already seen gone is over.
func (r Request) busyUntil(c Cadence) time.Time {
	soon := r.UpdatedAt.Add(c.Hint)
	if len(r.Notices) > 0 {
		return soon
	}
	var due time.Time
	for _, m := range r.Purges() {
		if m.Absent.IsZero() {
			return soon
		}
		if settled := m.Absent.Add(c.Settle); due.IsZero() || settled.Before(due) {
			due = settled
		}
	}
	return due
}

// WithOpen returns the change with the row of unfinished work that its request
// has under the policy. Every change goes through it before it is committed.
func (c Change) WithOpen(p Policy, cad Cadence) Change {
	c.Open = nil
	if open, ok := c.Request.OpenWork(p, cad); ok {
		c.Open = &open
	}
	return c
}

// maxMarks bounds the kept marks, so that a message that comes again and again
// cannot fill the row.
const maxMarks = 20

// Marked notes that a message about the request was poisoned; a line is to be
// noted with it. When the marks reach enough, the administrators are told. news
// is false when this message, which has an id, has left its mark already.
func (r Request) Marked(m Mark, enough int) (marked Request, news bool) {
	m.At = m.At.UTC()
	if m.Message != "" && slices.ContainsFunc(r.Marks, func(o Mark) bool { return o.Queue == m.Queue && o.Message == m.Message }) {
		return r, false
	}
	r.Marks = append(slices.Clone(r.Marks), m)
	if len(r.Marks) == enough {
		r.Notices = append(slices.Clone(r.Notices), Notice{Event: ToldStuck, Seq: r.Head.Seq + 1, At: m.At}) // of the line that tells of the mark
	}
	r.Marks = r.Marks[max(0, len(r.Marks)-max(maxMarks, enough)):]
	return r, true
}

// Warn notes that people are told, once a stage, of something odd about it;
// news is false when they were told already.
func (r Request) Warn(event Event, why string, at time.Time) (warned Request, news bool) {
	if slices.Contains(r.Warned, event) {
		return r, false
	}
	r.Warned, r.Message = append(slices.Clone(r.Warned), event), why
	r.Notices = append(slices.Clone(r.Notices), Notice{Event: event, Seq: r.Head.Seq + 1, At: at.UTC()})
	return r, true
}
