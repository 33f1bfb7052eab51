package issuer

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"

	"github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// keyring holds the signing keys; the last one signs.
type keyring struct {
	keyMu sync.Mutex
	keys  []signingKey
}

// signingKey implements [op.SigningKey].
type signingKey struct {
	id      string
	private *rsa.PrivateKey
}

func (k signingKey) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k signingKey) Key() any                                    { return k.private }
func (k signingKey) ID() string                                  { return k.id }

// publicKey implements [op.Key].
type publicKey struct{ of signingKey }

func (k publicKey) ID() string                         { return k.of.id }
func (k publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k publicKey) Use() string                        { return "sig" }
func (k publicKey) Key() any                           { return &k.of.private.PublicKey }

func (r *keyring) rotate() error {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return fmt.Errorf("signing key: %w", err)
	}
	r.keyMu.Lock()
	defer r.keyMu.Unlock()
	r.keys = append(r.keys, signingKey{id: rand.Text(), private: private})
	return nil
}

func (r *keyring) retire() {
	r.keyMu.Lock()
	defer r.keyMu.Unlock()
	r.keys = r.keys[len(r.keys)-1:]
}

// SigningKey implements [op.AuthStorage].
func (r *keyring) SigningKey(context.Context) (op.SigningKey, error) {
	r.keyMu.Lock()
	defer r.keyMu.Unlock()
	return r.keys[len(r.keys)-1], nil
}

// SignatureAlgorithms implements [op.AuthStorage].
func (r *keyring) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

// KeySet implements [op.AuthStorage].
func (r *keyring) KeySet(context.Context) ([]op.Key, error) {
	r.keyMu.Lock()
	defer r.keyMu.Unlock()
	keys := make([]op.Key, len(r.keys))
	for i, k := range r.keys {
		keys[i] = publicKey{of: k}
	}
	return keys, nil
}
