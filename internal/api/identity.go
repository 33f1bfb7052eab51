package api

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/identity"
)

// Identity makes a Verifier of package identity's.
func Identity(v *identity.Verifier) Verifier { return identified{v} }

type identified struct{ verifier *identity.Verifier }

// Verify implements Verifier.
func (i identified) Verify(ctx context.Context, token string) (access.Person, error) {
	p, err := i.verifier.Verify(ctx, token)
	switch {
	case errors.Is(err, identity.ErrToken), errors.Is(err, identity.ErrMissing):
		return access.Person{}, ErrToken // why it was refused is nobody's business
	case err != nil:
		return access.Person{}, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return PersonOf(p), nil
}

// PersonOf is whom a checked token speaks for, as the rest of Trefoil knows
// people.
func PersonOf(p identity.Person) access.Person {
	person := access.Person{OID: p.OID, Name: p.Name, Email: p.Email, App: p.AppOnly}
	for _, role := range p.Roles {
		person.Roles = append(person.Roles, access.Role(role))
	}
	return person
}
