// Package seal encrypts what a browser keeps for us: cookies that nobody else
// can read, change, use for another purpose, or use after they have ended.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrForged says that a value was not sealed here for this purpose, or was
	// changed, or its key has been retired.
	ErrForged = errors.New("sealed value not ours")
	// ErrExpired says that a value was ours and has ended.
	ErrExpired = errors.New("sealed value expired")
	// ErrTooLarge says that a sealed value would not fit a cookie.
	ErrTooLarge = errors.New("sealed value too large")
)

const (
	version = 1 // first byte; also the first thing authenticated
	idSize  = 4 // bytes that name a key, so that opening tries one key only
	header  = 1 + idSize
	expiry  = 8  // bytes of Unix seconds, encrypted before the value
	keySize = 32 // bytes: AES-256

	// MaxSealed is the longest sealed value, in bytes: browsers keep 4096 a
	// cookie with its name and attributes (RFC 6265, 6.1).
	MaxSealed = 3800
)

// Codec seals and opens. It is safe for concurrent use.
type Codec struct {
	now  func() time.Time
	keys []key // the first one seals, all open
}

type key struct {
	id   [idSize]byte
	aead cipher.AEAD
}

// New returns a codec for keys as the setting holds them: 32 random bytes in
// standard base64 each (openssl rand -base64 32), separated by commas or
// spaces. The first key seals; the others still open, so that a key is rotated
// by putting a new one in front and dropping the old one when its values have
// ended. A key may seal 2^32 values. Errors never show a key.
func New(setting string, now func() time.Time) (*Codec, error) {
	c := &Codec{now: now}
	fields := strings.FieldsFunc(setting, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	if len(fields) == 0 {
		return nil, errors.New("seal keys: none")
	}
	for i, field := range fields {
		k, err := newKey(field)
		if err != nil {
			return nil, fmt.Errorf("seal key %d: %w", i+1, err)
		}
		c.keys = append(c.keys, k)
	}
	return c, nil
}

// Keys makes the keys of a setting, which are any 32 or more random characters
// each, as long as the cipher needs them, as New takes them. info names what
// they are for: other keys come of the same characters for something else.
func Keys(secrets []string, info string) (string, error) {
	keys := make([]string, 0, len(secrets))
	for _, secret := range secrets {
		key, err := hkdf.Key(sha256.New, []byte(secret), nil, info, keySize)
		if err != nil {
			return "", errors.New("no key can be made of it")
		}
		keys = append(keys, base64.StdEncoding.EncodeToString(key))
	}
	return strings.Join(keys, ","), nil
}

func newKey(text string) (key, error) {
	secret, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return key{}, errors.New("not base64")
	}
	if len(secret) != keySize {
		return key{}, fmt.Errorf("%d bytes, want %d", len(secret), keySize)
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return key{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return key{}, err
	}
	k := key{aead: aead}
	sum := sha256.Sum256(append([]byte("trefoil seal key id\x00"), secret...))
	copy(k.id[:], sum[:])
	return k, nil
}

// Seal encrypts value for one purpose (the cookie's name is a good one) until
// life has passed. The result is safe in a cookie. The error is ErrTooLarge.
func (c *Codec) Seal(purpose string, value []byte, life time.Duration) (string, error) {
	k := c.keys[0]
	head := append([]byte{version}, k.id[:]...)
	plain := binary.BigEndian.AppendUint64(make([]byte, 0, expiry+len(value)), uint64(c.now().Add(life).Unix()))
	sealed := k.aead.Seal(head, nil, append(plain, value...), bound(head, purpose))
	text := base64.RawURLEncoding.EncodeToString(sealed)
	if len(text) > MaxSealed {
		return "", fmt.Errorf("%d bytes of %d: %w", len(text), MaxSealed, ErrTooLarge)
	}
	return text, nil
}

// Open returns the value sealed for purpose. Errors wrap ErrForged or
// ErrExpired.
func (c *Codec) Open(purpose, text string) ([]byte, error) {
	if len(text) > MaxSealed {
		return nil, fmt.Errorf("%d bytes: %w", len(text), ErrForged)
	}
	// Strict: one value has one spelling.
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(sealed) < header || sealed[0] != version {
		return nil, ErrForged
	}
	head, body := sealed[:header:header], sealed[header:]
	for _, k := range c.keys {
		if string(k.id[:]) != string(head[1:]) {
			continue
		}
		plain, err := k.aead.Open(nil, nil, body, bound(head, purpose))
		if err != nil || len(plain) < expiry {
			return nil, ErrForged
		}
		if end := time.Unix(int64(binary.BigEndian.Uint64(plain)), 0); !c.now().Before(end) {
			return nil, fmt.Errorf("ended %s: %w", end.UTC().Format(time.RFC3339), ErrExpired)
		}
		return plain[expiry:], nil
	}
	return nil, ErrForged
}

// bound is what a sealed value is authenticated with beside its content.
func bound(head []byte, purpose string) []byte {
	return append(append([]byte("trefoil seal\x00"), head...), purpose...)
}
