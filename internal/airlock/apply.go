package airlock

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// What can be wrong with what was asked.
var (
	ErrIllegal  = errors.New("not allowed in this status")
	ErrNotFound = errors.New("no such request")
	ErrConflict = errors.New("changed meanwhile")
	ErrChanged  = errors.New("file changed meanwhile")
	ErrRefused  = errors.New("not allowed")
	ErrInvalid  = errors.New("invalid")
)

// Move is somebody pulling a trigger.
type Move struct {
	On        Trigger
	By        access.Person // empty for the engine
	As        []Role        // the capacities the person has
	Function  string        // the engine's function, where no person acts
	At        time.Time
	Reason    string // for people: why
	Detail    string // for the audit trail: a digest, a count
	Operation string // id of the call, so that its repeat is recognised
}

// Change is what one commit writes, all or nothing, under the request's ETag.
type Change struct {
	Request  Request
	Lines    []audit.Line        // chained, in order
	Decision *Decision           // a new row; it must not exist yet
	Members  []access.Membership // rows that must still be as they were read
	Open     *Open               // the row of unfinished work; nil: nothing is left to do
	Orders   []Order             // to be sent after the commit
}

// MaxReason is the longest reason a person may give, in characters.
const MaxReason = 2000

// mustExplain lists the moves for which a person has to give a reason.
var mustExplain = []Trigger{Reject, Return, Stop, Revoke}

// Apply makes a move. It returns ErrIllegal when the table has no such move
// from the request's stage, ErrRefused when none of the capacities may make
// it, ErrInvalid without a reason where one is needed; then nothing changed.
func (r Request) Apply(m Move) (Change, error) {
	row, ok := Steps.Next(r.Stage, m.On)
	if !ok {
		return Change{}, r.illegal(m)
	}
	if !row.Admits(m.As...) {
		return Change{}, fmt.Errorf("%s needs %s: %w", m.On, among(row.By), ErrRefused)
	}
	if err := explained(m); err != nil {
		return Change{}, err
	}
	if m.On == Retired && r.Retired {
		return Change{}, r.illegal(m)
	}
	next := r.moved(row, m)
	line, head := r.Head.Append(audit.Line{
		Workspace: r.Workspace, Request: r.ID, At: m.At, Actor: m.actor(row), Action: string(m.On),
		From: string(r.Stage), To: string(row.To), Reason: m.Reason, Detail: m.Detail,
	})
	next.Head = head
	orders := slices.Clone(row.Then)
	if slices.Contains(orders, Notify) {
		next.Notices = append(slices.Clone(next.Notices), Notice{Event: EventOf(row.On, row.To), Seq: line.Seq, At: m.At.UTC()})
	}
	if len(next.Purges()) > 0 && !slices.Contains(orders, Purge) {
		orders = append(orders, Purge)
	}
	return Change{Request: next, Lines: []audit.Line{line}, Orders: orders}, nil
}

// moved is the request after the row's move.
func (r Request) moved(row Step, m Move) Request {
	next := r
	next.Stage, next.Operation, next.Message = row.To, m.Operation, m.Reason
	next.Marks = nil
	if row.From != row.To {
		next.Since, next.Warned = m.At.UTC(), false
	}
	if r.Stage.Status() != row.To.Status() {
		past := append(slices.Clone(r.History), History{Revision: r.Revision, At: r.UpdatedAt, By: r.UpdatedBy, From: r.Stage.Status()})
		next.History = past[max(0, len(past)-maxHistory):]
	}
	next.Revision++
	next.UpdatedAt = m.At.UTC()
	if m.By.OID != "" {
		next.UpdatedBy = m.By
	}
	switch m.On {
	case Submit:
		next.SubmittedBy = m.By
		next = next.Making(SealedFiles, r.Turn)
	case Unfit, Return:
		next.KeptFrom, next.Turn = r.Turn, r.Turn+1
		next = next.redrafted()
	case RetryDraft:
		next.Turn = r.Turn + 1
		next = next.redrafted()
	case Approve, RetryDeliver:
		next.Attempt = r.Attempt + 1
		next = next.Making(ReleasedFiles, next.Attempt)
	case Sealed:
		next.KeptFrom = 0
	case Retired:
		next.Retired = true
	}
	if row.To == Failed && m.On != Retired {
		next.FailedFrom = r.Stage
	} else if row.To != Failed {
		next.FailedFrom = ""
	}
	return next
}

// redrafted opens a new turn in draft: nothing is submitted yet.
func (r Request) redrafted() Request {
	r.Record, r.Manifest, r.Files, r.Bytes = "", "", 0, 0
	return r.Making(DraftFiles, r.Turn)
}

func explained(m Move) error {
	reason := strings.TrimSpace(m.Reason)
	if slices.Contains(mustExplain, m.On) && reason == "" {
		return fmt.Errorf("reason: required to %s: %w", m.On, ErrInvalid)
	}
	if n := len([]rune(reason)); m.By.OID != "" && n > MaxReason {
		return fmt.Errorf("reason: %d characters, at most %d: %w", n, MaxReason, ErrInvalid)
	}
	return nil
}

func (m Move) actor(row Step) audit.Actor {
	if m.By.OID == "" {
		return audit.Actor{Name: m.Function, Role: string(Engine)}
	}
	for _, role := range row.By {
		if slices.Contains(m.As, role) {
			return audit.Actor{OID: m.By.OID, Name: m.By.Name, Role: string(role)}
		}
	}
	return audit.Actor{OID: m.By.OID, Name: m.By.Name}
}

// illegal says what the status is and what is allowed in it.
func (r Request) illegal(m Move) error {
	allowed := "nothing"
	if on := Steps.Allowed(r.Stage, m.As...); len(on) > 0 {
		allowed = among(on)
	}
	return fmt.Errorf("request is %s, %s is not possible; allowed now: %s: %w", r.Stage.Status(), m.On, allowed, ErrIllegal)
}

func among[T ~string](all []T) string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = string(t)
	}
	return strings.Join(texts, ", ")
}

// Note is a change that moves nothing: progress, a purge seen, a notice sent.
func (r Request) Note(lines ...audit.Line) Change {
	c := Change{Request: r}
	for _, line := range lines {
		line.Workspace, line.Request = r.Workspace, r.ID
		chained, head := c.Request.Head.Append(line)
		c.Lines, c.Request.Head = append(c.Lines, chained), head
	}
	return c
}
