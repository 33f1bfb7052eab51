package profile

import (
	"errors"
	"time"

	"github.com/zalando/go-keyring"
)

// Keyring keeps small secrets of the person at the machine.
type Keyring interface {
	// Get returns ErrNotInKeyring when there is no such secret.
	Get(service, user string) (string, error)
	Set(service, user, secret string) error
}

// What a keyring answers.
var (
	ErrNotInKeyring = errors.New("not in the keyring")
	errSlow         = errors.New("the keyring does not answer")
)

// System is the keyring of the system: Keychain, Credential Manager, or the
// Secret Service.
type System struct{}

// ringTime is how long a keyring may take: one that asks a person who is not
// there never answers.
const ringTime = 3 * time.Second

// Get implements Keyring.
func (System) Get(service, user string) (string, error) {
	secret, err := within(func() (string, error) { return keyring.Get(service, user) })
	if errors.Is(err, keyring.ErrNotFound) {
		return "", ErrNotInKeyring
	}
	return secret, err
}

// Set implements Keyring.
func (System) Set(service, user, secret string) error {
	_, err := within(func() (string, error) { return "", keyring.Set(service, user, secret) })
	return err
}

// within gives what takes longer than a keyring may an error.
func within(do func() (string, error)) (string, error) {
	type result struct {
		secret string
		err    error
	}
	done := make(chan result, 1)
	go func() {
		secret, err := do()
		done <- result{secret, err}
	}()
	select {
	case r := <-done:
		return r.secret, r.err
	case <-time.After(ringTime):
		return "", errSlow
	}
}
