package people

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

func noMember(role access.Role) error {
	return fmt.Errorf("user_id: has no role %s in this workspace: %w", role, airlock.ErrNotFound)
}

// keepsOwner refuses what would leave the workspace without an owner.
func (s State) keepsOwner(after []access.Membership, now time.Time) error {
	was, wasLasting := s.owners(s.Members, now)
	is, isLasting := s.owners(after, now)
	if isLasting > 0 || is == was && isLasting == wasLasting || wasLasting == 0 && is > 0 || was == 0 {
		return nil
	}
	return fmt.Errorf("the workspace would be left without an owner: a person with the role, without an end date; name another first: %w", airlock.ErrConflict)
}

// owners counts who owns the workspace now, and how many of them go on to.
func (s State) owners(all []access.Membership, at time.Time) (now, lasting int) {
	for _, m := range all {
		if m.Role != access.WorkspaceOwner || m.Group || !m.Holds(at) || s.Records[m.OID].Blocks(at) != "" {
			continue
		}
		now++
		if m.Expires.IsZero() {
			lasting++
		}
	}
	return now, lasting
}

// errorsOf is the first thing wrong with a call.
func errorsOf(a Act, wrong ...error) error {
	for _, err := range wrong {
		if err != nil {
			return err
		}
	}
	return airlock.Prose("reason", a.Reason, airlock.MaxReason)
}

// reasoned is errorsOf for what has to be explained.
func reasoned(a Act) error {
	if strings.TrimSpace(a.Reason) == "" {
		return fmt.Errorf("reason: required: %w", airlock.ErrInvalid)
	}
	return errorsOf(a)
}

func checkEnd(at, now time.Time) error {
	switch {
	case at.IsZero():
		return nil
	case !at.After(now):
		return fmt.Errorf("expires: %s is past: %w", at.UTC().Format(time.RFC3339), airlock.ErrInvalid)
	case at.Year() > 9999:
		return fmt.Errorf("expires: at most the year 9999: %w", airlock.ErrInvalid)
	}
	return nil
}

func (s State) find(oid string, role access.Role) (access.Membership, bool) {
	i := slices.IndexFunc(s.Members, sameRow(oid, role))
	if i < 0 {
		return access.Membership{}, false
	}
	return s.Members[i], true
}

// sameRow tells which memberships are of this row.
func sameRow(oid string, role access.Role) func(access.Membership) bool {
	return func(m access.Membership) bool { return m.OID == oid && m.Role == role }
}

func without(all []access.Membership, m access.Membership) []access.Membership {
	return slices.DeleteFunc(slices.Clone(all), sameRow(m.OID, m.Role))
}

func put(all []access.Membership, m access.Membership) []access.Membership {
	return append(without(all, m), m)
}

// begin is a change that does nothing yet.
func (s State) begin(a Act) Change {
	c := Change{Workspace: s.Workspace, Roll: s.Roll}
	c.Roll.Notices, c.Roll.Operation = slices.Clone(s.Roll.Notices), a.Operation
	return c
}

// note adds an audit line.
func (c *Change) note(a Act, action, from, to, oid, detail string) {
	line, head := c.Roll.Head.Append(audit.Line{Workspace: c.Workspace, Request: c.Workspace, At: a.At, Actor: a.actor(),
		Action: action, From: from, To: to, Reason: a.Reason, Detail: detail, Person: oid, Call: a.Call})
	c.Lines, c.Roll.Head = append(c.Lines, line), head
}

// maxNotices bounds what waits to be told, so that mail that nobody takes
// cannot fill the row.
const maxNotices = 200

// maxSaid bounds their reasons together, in characters: a row holds 480,000, and
// JSON writes some of them as six.
const maxSaid = 40_000

// tell adds a notice.
func (c *Change) tell(a Act, n Notice) {
	c.Roll.Told++
	n.Seq, n.At, n.By, n.Reason = c.Roll.Told, a.At.UTC(), a.By.Name, a.Reason
	n.Member.ETag, n.Member.GrantedBy, n.Member.Reason = "", access.Person{}, ""
	c.Roll.Notices = waiting(append(c.Roll.Notices, n))
}

// waiting are the notices that are kept: the latest ones, the older of them
// without their reason where the reasons are too long together. So nobody can
// fill the row with words until nothing more is written to it, no freeze either.
func waiting(all []Notice) []Notice {
	all = all[max(0, len(all)-maxNotices):]
	said := 0
	for i := len(all) - 1; i >= 0; i-- {
		if said += utf8.RuneCountInString(all[i].Reason); said > maxSaid {
			all[i].Reason = ""
		}
	}
	return all
}

// WithOpen returns the change with the row of open work that it has: one while
// somebody is to be told, so that sweep sees to it.
func (c Change) WithOpen(due time.Time) Change {
	c.Open = nil
	if len(c.Roll.Notices) > 0 {
		c.Open = &airlock.Open{Key: RollKey(c.Workspace), Due: due.UTC()}
	}
	return c
}

// RollKey is what a workspace's own audit lines, mails and open work are kept
// under: its id stands where a request's would.
func RollKey(workspace string) airlock.Key {
	return airlock.Key{Workspace: workspace, Request: workspace}
}

// Tell takes notices that were told off the roll.
func (r Roll) Tell(told []Notice) Roll { r.Notices = untold(r.Notices, told); return r }

func untold(all, told []Notice) []Notice {
	return slices.DeleteFunc(slices.Clone(all), func(n Notice) bool {
		return slices.ContainsFunc(told, func(t Notice) bool { return t.Seq == n.Seq })
	})
}

// actor is the person as the audit trail names one, in the role that counts
// most.
func (a Act) actor() audit.Actor {
	return audit.Actor{OID: a.By.OID, Name: a.By.Name, Role: string(a.role())}
}

// role is the one that counts most.
func (a Act) role() access.Role {
	for _, role := range []access.Role{access.TREAdmin, access.WorkspaceOwner} {
		if slices.Contains(a.Roles, role) {
			return role
		}
	}
	return ""
}

// about says in the audit trail whether a membership is a person's or a
// group's, and until when.
func about(m access.Membership) string {
	what := "person"
	if m.Group {
		what = "group"
	}
	if m.Expires.IsZero() {
		return what
	}
	return what + " until " + m.Expires.UTC().Format(time.RFC3339)
}

// person is somebody as rows keep one.
func person(p access.Person) access.Person {
	return access.Person{OID: p.OID, Name: p.Name, Email: p.Email}
}

func utc(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Second)
}
