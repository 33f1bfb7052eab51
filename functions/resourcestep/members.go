package resourcestep

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// grant gives the members of a new workspace their roles, owners first, and
// then takes them off the operation. Who has the role already keeps it, so a
// repeat changes nothing.
func (s *step) grant(ctx context.Context) (more bool, err error) {
	w := s.op.Resource.ID
	for _, role := range []access.Role{access.WorkspaceOwner, access.WorkspaceResearcher, access.AirlockManager} {
		var to []people.Entry
		for _, m := range s.op.Members {
			if m.Role == role {
				to = append(to, people.Entry{OID: m.OID, Name: m.Name, Email: m.Email, Enabled: true})
			}
		}
		for page := range slices.Chunk(to, people.MaxAtOnce) {
			err := s.grantRole(ctx, w, people.Grant{Role: role, To: page})
			if errors.Is(err, airlock.ErrInvalid) || errors.Is(err, airlock.ErrRefused) {
				return s.refuse(ctx, err.Error())
			}
			if err != nil {
				return false, err
			}
		}
	}
	op := s.op
	op.Members = nil
	c := workspace.Change{Partition: op.Resource.Partition}
	c.Operation(op, s.f.Cadence.Due(s.target, s.f.Now()), s.line(audit.Line{Action: "members", From: string(op.Status), To: string(op.Status),
		Detail: fmt.Sprintf("%d roles given", len(s.op.Members))}))
	return true, s.save(ctx, c)
}

// grantRole gives one role. The engine gives it, in the name of nobody: what
// the administrator, or the standing approval, granted is the request itself.
func (s *step) grantRole(ctx context.Context, w string, g people.Grant) error {
	roll, err := s.f.Ports.Rolls.Roll(ctx, w)
	if err != nil {
		return fmt.Errorf("people of workspace %s: %w", w, err)
	}
	members, err := s.f.Ports.Members.Members(ctx, w)
	if err != nil {
		return fmt.Errorf("people of workspace %s: %w", w, err)
	}
	state := people.State{Workspace: w, Roll: roll, Members: members}
	now := s.f.Now()
	g.To = slices.DeleteFunc(slices.Clone(g.To), func(e people.Entry) bool {
		return slices.ContainsFunc(members, func(m access.Membership) bool { return m.OID == e.OID && m.Role == g.Role })
	})
	if len(g.To) == 0 {
		return nil
	}
	change, err := state.Grant(people.Act{By: access.Person{Name: "the engine"}, Roles: []access.Role{access.TREAdmin}, At: now,
		Reason: "named when the workspace was asked for", Operation: s.op.ID, Call: s.op.Call}, g)
	if err != nil {
		return fmt.Errorf("members of workspace %s: %w", w, err)
	}
	if change.Nothing() {
		return nil
	}
	if _, err := s.f.Ports.Rolls.CommitRoll(ctx, change.WithOpen(now.Add(s.f.Cadence.Hint))); err != nil {
		return fmt.Errorf("members of workspace %s: %w", w, err)
	}
	return nil
}
