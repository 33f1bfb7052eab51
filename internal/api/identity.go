package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/identity"
)

// Groups knows which groups people are in.
type Groups interface {
	// Of returns the object ids of a person's groups.
	Of(ctx context.Context, oid string) ([]string, error)
}

// Identity makes a Verifier of package identity's. Whose groups do not fit into
// a token is looked up in groups; nil means that there is no directory.
func Identity(v *identity.Verifier, groups Groups, log *slog.Logger) Verifier {
	if log == nil {
		log = slog.Default()
	}
	return identified{v, groups, log}
}

type identified struct {
	verifier *identity.Verifier
	groups   Groups
	log      *slog.Logger
}

// Verify implements Verifier.
func (i identified) Verify(ctx context.Context, token string) (access.Person, error) {
	p, err := i.verifier.Verify(ctx, token)
	switch {
	case errors.Is(err, identity.ErrToken), errors.Is(err, identity.ErrMissing):
		return access.Person{}, ErrToken // why it was refused is nobody's business
	case err != nil:
		return access.Person{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	person := PersonOf(p)
	if p.MoreGroups {
		person = InGroups(ctx, person, i.groups, i.log)
	}
	return person, nil
}

// InGroups is the person with the groups that the directory knows. When it
// cannot tell, the person says so, and has none. Without a directory there are
// none either, which is for good and so is not said.
func InGroups(ctx context.Context, p access.Person, groups Groups, log *slog.Logger) access.Person {
	if groups == nil {
		log.WarnContext(ctx, "groups of a person do not fit into a token, and there is no directory to ask", slog.String("person", p.OID))
		return p
	}
	ids, err := groups.Of(ctx, p.OID)
	if err != nil {
		log.WarnContext(ctx, "groups of a person unknown", slog.String("person", p.OID), slog.Any("error", err))
	}
	p.Groups, p.GroupsUnknown = ids, err != nil
	return p
}

// PersonOf is whom a checked token speaks for, as the rest of Trefoil knows
// people.
func PersonOf(p identity.Person) access.Person {
	person := access.Person{OID: p.OID, Name: p.Name, Email: p.Email, App: p.AppOnly, Groups: p.Groups}
	for _, role := range p.Roles {
		person.Roles = append(person.Roles, access.Role(role))
	}
	return person
}
