// Package people is the rulebook of who belongs to a workspace: who may give
// which role to whom and until when, when an owner cannot go, who is suspended,
// and what a frozen workspace allows. It is pure; the directory that people are
// looked up in is a port.
package people

import (
	"context"
	"errors"
)

// Entry is a person as the directory knows them.
type Entry struct {
	OID           string // Entra object id, a UUID in lower case
	Name          string // display name
	PrincipalName string // what the person signs in with, such as an address
	Email         string // may be empty
	Enabled       bool   // the account can sign in
}

// What a Directory says when it has no answer. Anything else it returns is
// trouble of the moment.
var (
	// ErrNotFound: the directory has no such person.
	ErrNotFound = errors.New("not in the directory")
	// ErrUnavailable: the directory cannot be reached, or does not answer now.
	ErrUnavailable = errors.New("the directory cannot be reached")
	// ErrNoDirectory: none is set up.
	ErrNoDirectory = errors.New("no directory is set up")
)

// Directory looks people up: Microsoft Graph in Azure, the local provider's
// people on one machine. It is safe for concurrent use and keeps no promise
// that two calls see the same people.
type Directory interface {
	// Search returns up to limit people whose display name, principal name or
	// email begins with prefix, whatever the case, in the order of their names.
	// An empty prefix picks everybody. Disabled accounts are left out. The
	// prefix is any text a person typed: the implementation escapes it.
	// Errors wrap ErrUnavailable when nobody answered.
	Search(ctx context.Context, prefix string, limit int) ([]Entry, error)
	// Entry returns the person of an object id. Errors wrap ErrNotFound when
	// there is none (also when oid is no UUID), ErrUnavailable when nobody
	// answered. A disabled account is returned, with Enabled false.
	Entry(ctx context.Context, oid string) (Entry, error)
}
