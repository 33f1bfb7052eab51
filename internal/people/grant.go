package people

import (
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Who may give what to whom, in one place:
//
// An owner gives, changes and takes every role of their own workspace, an
// administrator those of every workspace; nobody else gives any. Nobody gives
// anything to themselves, or changes the end of what they have: that needs
// somebody else, so that no owner makes themself a reviewer and no
// administrator, who has no way to data, a researcher. Everybody who manages
// members may give a role of their own up. Roles of groups are an
// administrator's: who is in a group is decided elsewhere.
//
// A workspace keeps an owner: a person without an end date who is not
// suspended and whose training and agreement hold. What would take the last
// one away is refused, whoever asks. A suspension, and the end of a training,
// stand above that: then an administrator names another owner.

// MaxAtOnce is how many people one call gives a role: each takes a row and an
// audit line of the 100 rows of a transaction.
const MaxAtOnce = 40

// Act is one person's call.
type Act struct {
	By        access.Person
	Roles     []access.Role // of the person, now, in this workspace and the token
	At        time.Time
	Reason    string
	Operation string // id of the call, so that its repeat is recognised
	Call      string // id of the call as the audit trail names it
}

// Grant is what is to be given.
type Grant struct {
	Role    access.Role
	To      []Entry
	Groups  bool      // To are groups
	Expires time.Time // zero: never
}

// State is a workspace's people as they were read, the roll first.
type State struct {
	Workspace string
	Roll      Roll
	Members   []access.Membership
	Records   map[string]Record // of the owners, by object id
}

// Grant gives a role. Who has it already gets the new end date; where nothing
// changes, the change is Nothing. ErrRefused: not by this person, or not to
// these.
func (s State) Grant(a Act, g Grant) (Change, error) {
	if err := s.mayGrant(a, g); err != nil {
		return Change{}, err
	}
	c, after := s.begin(a), s.Members
	for _, to := range g.To {
		m := access.Membership{Workspace: s.Workspace, OID: to.OID, Name: to.Name, Email: to.Email, PrincipalName: to.PrincipalName,
			Role: g.Role, Group: g.Groups, Expires: utc(g.Expires), GrantedBy: person(a.By), GrantedAt: a.At.UTC(), Reason: a.Reason}
		old, has := s.find(to.OID, g.Role)
		if has && old.Group != m.Group {
			return Change{}, fmt.Errorf("user_ids: %s is a group in one place and a person in the other: %w", to.OID, airlock.ErrInvalid)
		}
		if has && old.Expires.Equal(m.Expires) || slices.ContainsFunc(c.Put, sameRow(m.OID, m.Role)) {
			continue
		}
		event := Granted
		if has {
			event = Changed
		}
		after = put(after, m)
		c.Put = append(c.Put, m)
		c.note(a, "grant", "", string(g.Role), m.OID, about(m))
		c.tell(a, Notice{Event: event, Member: m})
	}
	return c, s.keepsOwner(after, a.At)
}

func (s State) mayGrant(a Act, g Grant) error {
	switch {
	case !access.May(access.ManageMembers, a.Roles...):
		return fmt.Errorf("only owners and administrators give roles: %w", airlock.ErrRefused)
	case !slices.Contains(access.WorkspaceRoles, g.Role):
		return fmt.Errorf("role_id: %.60q is no role of a workspace: %w", g.Role, airlock.ErrInvalid)
	case g.Groups && !slices.Contains(a.Roles, access.TREAdmin):
		return fmt.Errorf("only an administrator gives a role to a group: %w", airlock.ErrRefused)
	case g.Groups && a.By.GroupsUnknown:
		return errUnknown
	case len(g.To) == 0 || len(g.To) > MaxAtOnce:
		return fmt.Errorf("user_ids: %d, from 1 to %d in one call: %w", len(g.To), MaxAtOnce, airlock.ErrInvalid)
	}
	for _, to := range g.To {
		if to.OID == a.By.OID || g.Groups && slices.Contains(a.By.Groups, to.OID) {
			return fmt.Errorf("nobody gives a role to themselves, ask another owner or an administrator: %w", airlock.ErrRefused)
		}
	}
	return errorsOf(a, checkEnd(g.Expires, a.At))
}

// errUnknown is the answer to an administrator who may be in the group.
var errUnknown = fmt.Errorf("nobody can tell now which groups you are in, and nobody gives a role to a group of their own; try again later: %w", airlock.ErrRefused)

// Amendment is what is to be changed of a membership.
type Amendment struct {
	Role    access.Role // instead of the one the person has; "" leaves it
	Expires *time.Time  // nil leaves it, a zero time means never
}

// Amend changes a membership's role or end. ErrNotFound: there is no such
// membership; ErrConflict: the person has the new role already.
func (s State) Amend(a Act, oid string, role access.Role, to Amendment) (Change, error) {
	old, has := s.find(oid, role)
	switch {
	case !access.May(access.ManageMembers, a.Roles...):
		return Change{}, fmt.Errorf("only owners and administrators change roles: %w", airlock.ErrRefused)
	case !has:
		return Change{}, noMember(role)
	case old.Of(a.By):
		return Change{}, fmt.Errorf("nobody changes their own role, ask another owner or an administrator: %w", airlock.ErrRefused)
	case old.Group && !slices.Contains(a.Roles, access.TREAdmin):
		return Change{}, fmt.Errorf("only an administrator changes the role of a group: %w", airlock.ErrRefused)
	case old.Group && a.By.GroupsUnknown:
		return Change{}, errUnknown
	}
	m := old
	m.Through, m.ETag, m.Warned = "", "", nil
	m.GrantedBy, m.GrantedAt, m.Reason = person(a.By), a.At.UTC(), a.Reason
	c := s.begin(a)
	if to.Expires != nil {
		m.Expires = utc(*to.Expires)
	}
	if err := errorsOf(a, checkEnd(m.Expires, a.At)); err != nil {
		return Change{}, err
	}
	after := s.Members
	if to.Role != "" && to.Role != role {
		if _, both := s.find(oid, to.Role); both {
			return Change{}, fmt.Errorf("the person is %s already, take %s away instead: %w", to.Role, role, airlock.ErrConflict)
		}
		m.Role = to.Role
		c.Remove, after = append(c.Remove, old), without(after, old)
	} else if m.Expires.Equal(old.Expires) {
		return c, nil
	}
	c.Put = append(c.Put, m)
	c.note(a, "change", string(role), string(m.Role), m.OID, about(m))
	c.tell(a, Notice{Event: Changed, Member: m})
	return c, s.keepsOwner(put(after, m), a.At)
}

// Remove takes a role away. ErrNotFound: there is no such membership.
func (s State) Remove(a Act, oid string, role access.Role) (Change, error) {
	old, has := s.find(oid, role)
	switch {
	case !access.May(access.ManageMembers, a.Roles...):
		return Change{}, fmt.Errorf("only owners and administrators take roles away: %w", airlock.ErrRefused)
	case !has:
		return Change{}, noMember(role)
	case old.Group && !slices.Contains(a.Roles, access.TREAdmin):
		return Change{}, fmt.Errorf("only an administrator takes a group's role away: %w", airlock.ErrRefused)
	}
	if err := errorsOf(a); err != nil {
		return Change{}, err
	}
	c := s.begin(a)
	c.Remove = append(c.Remove, old)
	c.note(a, "remove", string(role), "", old.OID, about(old))
	c.tell(a, Notice{Event: Removed, Member: old})
	return c, s.keepsOwner(without(s.Members, old), a.At)
}
