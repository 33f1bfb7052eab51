package profile

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Session is what keeps somebody signed in. All of it is secret.
type Session struct {
	Access  string    `json:"accessToken"`
	Expiry  time.Time `json:"expiry"`
	Refresh string    `json:"refreshToken,omitempty"`
	Secret  string    `json:"clientSecret,omitempty"` // of a program that signs in as itself
	Issuer  string    `json:"issuer,omitempty"`       // that gave the token
}

// kept is a session's file: sealed with a key from the keyring, or open.
type kept struct {
	Sealed []byte   `json:"sealed,omitempty"`
	Open   *Session `json:"open,omitempty"`
}

// ErrNoSession means that there are no tokens for the profile.
var ErrNoSession = errors.New("no tokens are kept for this profile")

func (s Store) sessionPath(name string) string {
	return filepath.Join(s.Dir, "sessions", fileName(name)+".json")
}

// Session reads the tokens of a profile; ErrNoSession when there are none.
func (s Store) Session(name string) (Session, error) {
	text, err := os.ReadFile(s.sessionPath(name))
	if errors.Is(err, fs.ErrNotExist) {
		return Session{}, ErrNoSession
	}
	var k kept
	if err == nil {
		err = json.Unmarshal(text, &k)
	}
	switch {
	case err != nil:
		return Session{}, fmt.Errorf("tokens: %w", err)
	case k.Open != nil:
		return *k.Open, nil
	}
	key, err := s.key(false)
	if err != nil {
		return Session{}, fmt.Errorf("the key of the kept tokens cannot be had from the keyring: %w", err)
	}
	return open(key, name, k.Sealed)
}

// Sealed tells whether the tokens of a profile are kept sealed with a key in
// the keyring; false where there are none.
func (s Store) Sealed(name string) bool {
	text, err := os.ReadFile(s.sessionPath(name))
	var k kept
	return err == nil && json.Unmarshal(text, &k) == nil && k.Sealed != nil
}

// PutSession keeps the tokens of a profile: sealed with a key in the keyring,
// or in a file of mode 0600 where insecure says so or there is no keyring. It
// tells whether they are sealed.
func (s Store) PutSession(name string, session Session, insecure bool) (sealed bool, err error) {
	k := kept{Open: &session}
	if !insecure {
		if key, err := s.key(true); err == nil {
			if k.Sealed, err = seal(key, name, session); err != nil {
				return false, err
			}
			k.Open = nil
		}
	}
	return k.Open == nil, write(s.sessionPath(name), k)
}

// Forget removes the tokens of a profile.
func (s Store) Forget(name string) error {
	err := os.Remove(s.sessionPath(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("tokens: %w", err)
	}
	return nil
}

// A keyring takes small things only (on Windows 2560 bytes, less than a token),
// so it holds a key, and the tokens are in a file that only the key opens.
const (
	service  = "trefoil-tre"
	keyName  = "token-key"
	keyBytes = 32 // AES-256
)

// key is the key from the keyring, where fresh says so a new one.
func (s Store) key(fresh bool) ([]byte, error) {
	ring := s.Keyring
	if ring == nil {
		ring = System{}
	}
	text, err := ring.Get(service, keyName)
	if err == nil {
		key, err := base64.StdEncoding.DecodeString(text)
		if err == nil && len(key) == keyBytes {
			return key, nil
		}
	} else if !errors.Is(err, ErrNotInKeyring) {
		return nil, err
	}
	if !fresh {
		return nil, ErrNotInKeyring
	}
	key := make([]byte, keyBytes)
	_, _ = rand.Read(key) // never fails: https://pkg.go.dev/crypto/rand#Read
	return key, ring.Set(service, keyName, base64.StdEncoding.EncodeToString(key))
}

// seal encrypts a session, bound to its profile's name.
func seal(key []byte, name string, session Session) ([]byte, error) {
	text, err := json.Marshal(session)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	aead, err := cipherOf(key)
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, text, []byte(name)), nil
}

func open(key []byte, name string, sealed []byte) (Session, error) {
	aead, err := cipherOf(key)
	if err != nil {
		return Session{}, err
	}
	text, err := aead.Open(nil, nil, sealed, []byte(name))
	if err != nil {
		return Session{}, ErrNoSession // another key made it: as good as none
	}
	var session Session
	if err := json.Unmarshal(text, &session); err != nil {
		return Session{}, fmt.Errorf("tokens: %w", err)
	}
	return session, nil
}

func cipherOf(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return aead, nil
}
