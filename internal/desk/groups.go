package desk

import (
	"errors"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// ErrGroups says that a group could give the caller the role that is missing,
// and that nobody can tell now which groups they are in. To be refused is for
// good, and this is trouble that may pass.
var ErrGroups = errors.New("the directory cannot tell now which groups the user is in")

// inEvery is the person as a member of every group among the members.
func inEvery(p access.Person, members []access.Membership) access.Person {
	p.Groups = nil
	for _, m := range members {
		if m.Group {
			p.Groups = append(p.Groups, m.OID)
		}
	}
	return p
}

// asked is what sees says, but ErrGroups where the visitor would see the
// request as a member of the workspace's groups.
func (v visit) asked(action access.Action) error {
	err := v.sees(action)
	if err == nil || len(v.perhaps) == 0 {
		return err
	}
	maybe := v
	maybe.roles = v.perhaps
	maybe.as = v.request.Capacities(v.caller.Person, v.perhaps)
	if maybe.sees(action) == nil {
		return ErrGroups
	}
	return err
}
