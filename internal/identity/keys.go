package identity

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// maxKeys bounds a key set document, in bytes: Entra's has about 20 KB.
const maxKeys = 1 << 20

// maxKeyID bounds a key's name, in bytes: Entra's have 27 characters.
const maxKeyID = 256

// minRSA is the shortest RSA key accepted, in bits (RFC 7518, 3.3).
const minRSA = 2048

// keySet holds one issuer's public keys: fetched when first needed, again when
// they are old, and again when a token names a key it does not hold, but never
// more often than settings.Refetch (settings.Retry after a failure), so that made-up key names cost nothing.
type keySet struct {
	settings Settings
	address  func(context.Context) (string, error)

	mu      sync.Mutex
	keys    map[string]jose.JSONWebKey
	fetched time.Time     // when keys were had
	tried   time.Time     // when they were last asked for
	failure error         // of the last try
	flight  chan struct{} // closed when the fetch under way has ended; nil if none
}

func newKeySet(s Settings, address func(context.Context) (string, error)) *keySet {
	return &keySet{settings: s, address: address}
}

// key returns the key called id. Errors wrap ErrToken if the issuer has no such
// key and ErrUnavailable if nobody can tell, or are the context's.
func (k *keySet) key(ctx context.Context, id string) (jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.settings.Now()
	found, known := k.keys[id]
	if known && now.Sub(k.fetched) < k.settings.Fresh {
		return found, nil
	}
	if k.flight == nil && k.due(now) {
		k.tried, k.flight = now, make(chan struct{})
		// The fetch outlives the caller who needed it first: others wait for it too.
		go k.fetch(context.WithoutCancel(ctx), k.flight)
	}
	if flight := k.flight; flight != nil && !k.holds(id) {
		k.mu.Unlock()
		err := wait(ctx, flight)
		k.mu.Lock()
		if err != nil {
			return jose.JSONWebKey{}, err
		}
	}
	return k.settle(id)
}

// wait returns when a fetch has ended, or the context's error.
func wait(ctx context.Context, flight <-chan struct{}) error {
	select {
	case <-flight:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// due reports whether the issuer may be asked again.
func (k *keySet) due(now time.Time) bool {
	pause := k.settings.Refetch
	if k.failure != nil {
		pause = k.settings.Retry
	}
	return k.tried.IsZero() || now.Sub(k.tried).Abs() >= pause
}

// holds reports whether the key called id is there and young enough to trust.
func (k *keySet) holds(id string) bool {
	_, ok := k.keys[id]
	return ok && k.settings.Now().Sub(k.fetched) < k.settings.Stale
}

// settle answers from what is there.
func (k *keySet) settle(id string) (jose.JSONWebKey, error) {
	switch {
	case k.holds(id):
		return k.keys[id], nil
	case k.failure != nil:
		return jose.JSONWebKey{}, fmt.Errorf("%w: %w", ErrUnavailable, k.failure)
	}
	return jose.JSONWebKey{}, refused("key unknown to issuer")
}

// fetch asks the issuer once and ends the flight.
func (k *keySet) fetch(ctx context.Context, flight chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, k.settings.Timeout)
	defer cancel()
	keys, err := k.download(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.failure = err
	if err == nil {
		k.keys, k.fetched = keys, k.tried
	}
	k.flight = nil
	close(flight)
}

// download reads the issuer's key set, leaving out what cannot verify a
// signature.
func (k *keySet) download(ctx context.Context) (map[string]jose.JSONWebKey, error) {
	url, err := k.address(ctx)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	resp, err := k.settings.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("keys: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("keys %q: status %d", url, resp.StatusCode)
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxKeys)).Decode(&set); err != nil {
		return nil, fmt.Errorf("keys %q: %w", url, err)
	}
	return usable(set.Keys)
}

// usable keeps named public RSA signature keys; others are no reason to
// refuse the rest (RFC 7517, 5). A name with two keys proves nothing.
func usable(raw []json.RawMessage) (map[string]jose.JSONWebKey, error) {
	keys := make(map[string]jose.JSONWebKey, len(raw))
	torn := map[string]bool{} // names that stand for more than one key
	for _, r := range raw {
		var key jose.JSONWebKey
		if json.Unmarshal(r, &key) != nil || !verifies(key) {
			continue
		}
		if other, ok := keys[key.KeyID]; ok && !key.Key.(*rsa.PublicKey).Equal(other.Key) {
			torn[key.KeyID] = true
		}
		keys[key.KeyID] = key
	}
	maps.DeleteFunc(keys, func(id string, _ jose.JSONWebKey) bool { return torn[id] })
	if len(keys) == 0 {
		return nil, errors.New("keys: none usable")
	}
	return keys, nil
}

// proof lets go-oidc verify with a key set and remembers why it could not.
type proof struct {
	keys *keySet
	err  error
}

// VerifySignature implements [oidc.KeySet]. go-oidc has checked the algorithm.
func (p *proof) VerifySignature(ctx context.Context, raw string) ([]byte, error) {
	signed, err := jose.ParseSignedCompact(raw, []jose.SignatureAlgorithm{algorithm})
	if err != nil {
		return nil, err
	}
	header := signed.Signatures[0].Header
	if _, odd := header.ExtraHeaders["b64"]; odd { // forbidden in tokens: RFC 7797, 7
		return nil, errors.New("payload not encoded")
	}
	id := header.KeyID
	if id == "" || len(id) > maxKeyID {
		return nil, errors.New("key not named, or by too long a name")
	}
	key, err := p.keys.key(ctx, id)
	if err != nil {
		p.err = err
		return nil, err
	}
	return signed.Verify(&key)
}

// verifies reports whether a key may prove a token: named, RSA, public, and
// not meant for anything else.
func verifies(key jose.JSONWebKey) bool {
	rsaKey, ok := key.Key.(*rsa.PublicKey)
	return ok && key.KeyID != "" && len(key.KeyID) <= maxKeyID && rsaKey.N.BitLen() >= minRSA &&
		(key.Use == "" || key.Use == "sig") &&
		(key.Algorithm == "" || key.Algorithm == algorithm)
}
