package people

import (
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Freeze holds a workspace: an owner or an administrator, with a reason.
// ErrConflict: it is frozen already.
func (s State) Freeze(a Act) (Change, error) {
	switch {
	case !access.May(access.Freeze, a.Roles...):
		return Change{}, fmt.Errorf("only owners and administrators freeze a workspace: %w", airlock.ErrRefused)
	case s.Roll.Freeze != nil:
		return Change{}, fmt.Errorf("%s: %w", s.Roll.Freeze.Text(), airlock.ErrConflict)
	}
	if err := reasoned(a); err != nil {
		return Change{}, err
	}
	c := s.begin(a)
	c.Roll.Freeze = &airlock.Freeze{By: person(a.By), Role: a.role(), At: a.At.UTC(), Reason: a.Reason}
	c.note(a, "freeze", "", "frozen", "", "")
	c.tell(a, Notice{Event: Frozen})
	return c, nil
}

// Unfreeze lifts it: an administrator, or an owner where an owner froze it. All
// deadlines of the workspace's requests begin anew. ErrConflict: it is not
// frozen.
func (s State) Unfreeze(a Act) (Change, error) {
	f := s.Roll.Freeze
	switch {
	case !access.May(access.Freeze, a.Roles...):
		return Change{}, fmt.Errorf("only owners and administrators unfreeze a workspace: %w", airlock.ErrRefused)
	case f == nil:
		return Change{}, fmt.Errorf("the workspace is not frozen: %w", airlock.ErrConflict)
	case f.Role != access.WorkspaceOwner && !slices.Contains(a.Roles, access.TREAdmin):
		return Change{}, fmt.Errorf("an administrator froze the workspace, an administrator has to lift it: %w", airlock.ErrRefused)
	}
	if err := reasoned(a); err != nil {
		return Change{}, err
	}
	c := s.begin(a)
	c.Roll.Freeze, c.Roll.Resumed = nil, a.At.UTC()
	c.note(a, "unfreeze", "frozen", "", "", "")
	c.tell(a, Notice{Event: Unfrozen})
	return c, nil
}
