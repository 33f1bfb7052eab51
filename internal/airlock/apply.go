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
	ErrUnread   = errors.New("file cannot be read as it is stored") // archived, or encrypted with a key of the uploader
	ErrRefused  = errors.New("not allowed")
	ErrInvalid  = errors.New("invalid")
	ErrFrozen   = errors.New("workspace is frozen")
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
	Call      string // id of the call as its answer names it; for the audit trail
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

// decisions are the moves that only Decide makes: it counts the reviewers and
// holds their word against the manifest.
var decisions = []Trigger{Endorse, Approve, Reject, Return}

// Apply makes a move. It returns ErrIllegal when the table has no such move
// from the request's stage, or the request's own story rules it out,
// ErrRefused when none of the capacities may make it, ErrInvalid without a
// reason where one is needed; then nothing changed. Decisions are made with
// Decide; here they are ErrRefused.
func (r Request) Apply(m Move) (Change, error) {
	if slices.Contains(decisions, m.On) && r.Stage == InReview {
		return Change{}, fmt.Errorf("%s is a decision on a manifest: %w", m.On, ErrRefused)
	}
	return r.apply(m)
}

func (r Request) apply(m Move) (Change, error) {
	row, ok := Steps.Next(r.Stage, m.On)
	if !ok || r.bars(m.On) {
		return Change{}, r.illegal(m)
	}
	if err := r.admits(row, m); err != nil {
		return Change{}, err
	}
	if err := explained(m); err != nil {
		return Change{}, err
	}
	next := r.moved(row, m)
	if next.Turn > MaxNumber || next.Attempt > MaxNumber {
		return Change{}, fmt.Errorf("%s: turns and attempts end at %d: %w", m.On, MaxNumber, ErrIllegal)
	}
	line, head := r.Head.Append(audit.Line{
		Workspace: r.Workspace, Request: r.ID, At: m.At, Actor: m.actor(row), Action: string(m.On),
		From: string(r.Stage), To: string(row.To), Reason: m.Reason, Detail: m.Detail, Call: m.Call,
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

// bars tells whether the request's story rules out what the table allows: a
// retry leads only to where the request failed, and retention ends once.
func (r Request) bars(on Trigger) bool {
	if on == Retired {
		return r.Retired
	}
	retry, ok := r.RetryOf()
	return r.Stage == Failed && (!ok || on != retry)
}

// admits returns ErrRefused unless somebody of this kind may make the move. No
// person acts as the engine, nor the engine as a person; and who made or
// submitted a request does not undo that its delivery was stopped.
func (r Request) admits(row Step, m Move) error {
	person := m.By.OID != ""
	switch {
	case !row.Admits(m.As...):
		return fmt.Errorf("%s needs %s: %w", m.On, among(row.By), ErrRefused)
	case person == slices.Contains(m.As, Engine):
		return fmt.Errorf("%s: a person and the engine are not the same: %w", m.On, ErrRefused)
	case person && m.On == RetryDeliver && r.Stopped && r.isRequester(m.By):
		return fmt.Errorf("%s: a reviewer stopped the delivery, somebody else has to retry it: %w", m.On, ErrRefused)
	}
	return nil
}

// isRequester tells whether the person made or submitted the request.
func (r Request) isRequester(p access.Person) bool {
	return p.OID != "" && (p.OID == r.CreatedBy.OID || p.OID == r.SubmittedBy.OID)
}

// moved is the request after the row's move.
func (r Request) moved(row Step, m Move) Request {
	next := r
	next.Stage, next.Marks = row.To, nil
	if row.From != row.To {
		next.Since, next.Warned, next.Message = m.At.UTC(), nil, m.Reason
	}
	if r.Stage.Status() != row.To.Status() {
		past := append(slices.Clone(r.History), History{Revision: r.Revision, At: r.UpdatedAt, By: r.UpdatedBy, From: r.Stage.Status()})
		next.History = past[max(0, len(past)-maxHistory):]
	}
	next.Revision++
	next.UpdatedAt = m.At.UTC()
	if m.By.OID != "" { // an engine's step in between must not hide a person's call from its repeat
		next.UpdatedBy, next.Operation = m.By, m.Operation
	}
	return turned(next, r, row, m)
}

// turned does what is particular to single moves; r is the request before.
func turned(next, r Request, row Step, m Move) Request {
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
	default: // what every move does is done
	}
	if row.To == Failed && m.On != Retired {
		next.FailedFrom, next.Stopped = r.Stage, m.On == Stop
	} else if row.To != Failed {
		next.FailedFrom, next.Stopped = "", false
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
	if on := r.Actions(m.As); len(on) > 0 {
		allowed = strings.Join(on, ", ")
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
