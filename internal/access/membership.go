package access

import (
	"cmp"
	"slices"
	"time"
)

// Membership is one role of one person, or of one Entra group, in one
// workspace.
type Membership struct {
	Workspace     string    `json:"workspaceId"`
	OID           string    `json:"oid"` // of the person, or of the group
	Name          string    `json:"name"`
	Email         string    `json:"email"`
	PrincipalName string    `json:"principalName,omitempty"` // what the person signs in with, where it is known
	Role          Role      `json:"role"`
	Group         bool      `json:"group,omitempty"`    // OID names a group, whose members have the role
	Expires       time.Time `json:"expires,omitzero"`   // from then on it counts for nothing; zero: never
	GrantedBy     Person    `json:"grantedBy,omitzero"` // who gave it, or changed it last
	GrantedAt     time.Time `json:"grantedAt,omitzero"`
	Reason        string    `json:"reason,omitempty"` // why, as who gave it said
	Warned        []int     `json:"warned,omitempty"` // days before its end for which people were told

	// Through is the group that gives a person the role; empty in rows. It is
	// the group's row then that a decision holds.
	Through string `json:"-"`
	ETag    string `json:"-"` // the row's version; a decision commits only while it stands
}

// Row is the object id that the membership's row is keyed by.
func (m Membership) Row() string { return cmp.Or(m.Through, m.OID) }

// Holds tells whether the membership counts at a moment.
func (m Membership) Holds(at time.Time) bool { return m.Expires.IsZero() || at.Before(m.Expires) }

// Of tells whether the membership is the person's: by name, or by a group that
// the person's token says they are in.
func (m Membership) Of(p Person) bool {
	if m.Group {
		return slices.Contains(p.Groups, m.OID)
	}
	return p.OID != "" && m.OID == p.OID
}
