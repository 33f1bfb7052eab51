package people

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Kind names what a person has to have and renew.
type Kind string

// The kinds.
const (
	Training  Kind = "training"  // in handling data, such as safe researcher training
	Agreement Kind = "agreement" // that the person, or their institution, signed
)

// Kinds lists them.
var Kinds = []Kind{Training, Agreement}

// Expiry is when a training or an agreement ends.
type Expiry struct {
	Kind   Kind      `json:"kind"`
	Ends   time.Time `json:"ends"`             // from then on it holds no more
	Warned []int     `json:"warned,omitempty"` // days before its end for which people were told
}

// Suspension says that a person is suspended everywhere.
type Suspension struct {
	By     access.Person `json:"by"`
	At     time.Time     `json:"at"`
	Reason string        `json:"reason"`
}

// Record is what is kept of a person, whatever workspaces they are in. The zero
// Record, with its OID, is that of somebody of whom nothing is kept.
type Record struct {
	OID           string      `json:"oid"`
	Name          string      `json:"name"` // as it was last known; the directory knows better
	Email         string      `json:"email"`
	PrincipalName string      `json:"principalName,omitempty"`
	Suspended     *Suspension `json:"suspended,omitempty"`
	Expiries      []Expiry    `json:"expiries,omitempty"` // each kind at most once
	Notices       []Notice    `json:"notices,omitempty"`  // to be sent
	Told          int         `json:"told,omitempty"`     // number of the notice made last
	Head          audit.Head  `json:"head"`               // end of the person's audit chain
	Operation     string      `json:"operation,omitempty"`

	Version string `json:"-"` // the stored row's ETag; "" where there is none
}

// Ends is when the kind ends, zero when it never does.
func (r Record) Ends(kind Kind) time.Time {
	for _, e := range r.Expiries {
		if e.Kind == kind {
			return e.Ends
		}
	}
	return time.Time{}
}

// Blocks says, for the person, why no membership of theirs counts now and what
// to do about it; "" when nothing is in the way. Why somebody was suspended is
// not told here.
func (r Record) Blocks(now time.Time) string {
	if r.Suspended != nil {
		return fmt.Sprintf("your access is suspended since %s; ask the administrators", day(r.Suspended.At))
	}
	for _, e := range r.Expiries {
		if !now.Before(e.Ends) {
			return fmt.Sprintf("your %s ended on %s; renew it and have an administrator enter the new date",
				e.Kind, day(e.Ends.Add(-time.Nanosecond)))
		}
	}
	return ""
}

// Standing is as Blocks, for those who manage members: whether, not why.
func (r Record) Standing(now time.Time) string {
	switch {
	case r.Suspended != nil:
		return "suspended since " + day(r.Suspended.At)
	case r.Blocks(now) == "":
		return ""
	}
	var over []string
	for _, e := range r.Expiries {
		if !now.Before(e.Ends) {
			over = append(over, string(e.Kind)+" ended on "+day(e.Ends.Add(-time.Nanosecond)))
		}
	}
	return strings.Join(over, ", ")
}

func day(at time.Time) string { return at.UTC().Format("2 January 2006") }

// Standing is what a person is in a workspace now.
type Standing struct {
	Roles []access.Role
	// Held says, for the person, why memberships that they have, or had, do not
	// count now; "" when every one does.
	Held string
}

// Stand tells what a person is: by their token TREAdmin and TREUser, by the
// memberships that are theirs, or their groups', the workspace's roles.
// Memberships that ended count for nothing; none does past a training or
// agreement; a suspended person has no role at all.
func Stand(p access.Person, all []access.Membership, r Record, now time.Time) Standing {
	var s Standing
	if r.Suspended == nil {
		for _, role := range []access.Role{access.TREAdmin, access.TREUser} {
			if p.Is(role) {
				s.Roles = append(s.Roles, role)
			}
		}
	}
	for _, m := range all {
		switch {
		case !m.Of(p) || !slices.Contains(access.WorkspaceRoles, m.Role):
		case r.Blocks(now) != "":
			s.Held = r.Blocks(now)
		case !m.Holds(now):
			if s.Held == "" {
				s.Held = fmt.Sprintf("your role %s ended on %s; ask an owner of the workspace for a new date", m.Role, day(m.Expires))
			}
		case !slices.Contains(s.Roles, m.Role):
			s.Roles = append(s.Roles, m.Role)
		}
	}
	return s
}

// Counting are the memberships that count now. Those of groups are in as they
// are: who is in a group, only that person's token says. records are those of
// the people among them, by object id; one that is missing blocks nothing.
func Counting(all []access.Membership, records map[string]Record, now time.Time) []access.Membership {
	return slices.DeleteFunc(slices.Clone(all), func(m access.Membership) bool {
		return !m.Holds(now) || !m.Group && records[m.OID].Blocks(now) != ""
	})
}

// As is the membership by which somebody of this object id has, through the
// group whose membership m is, the group's role.
func As(m access.Membership, p access.Person) access.Membership {
	m.Through, m.OID, m.Name, m.Email, m.Group = m.OID, p.OID, p.Name, p.Email, false
	return m
}
