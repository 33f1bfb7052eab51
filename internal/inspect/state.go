package inspect

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// lengthBytes is the size of the count of hashed bytes that ends the hash's
// marshalled state.
const lengthBytes = 8

// resume makes a run of a saved state. Progress.Hash is the SHA-256's own
// marshalled state; for a zip what the scan has to remember follows it.
func resume(p *airlock.Progress, size int64) (*run, error) {
	n := &run{hash: sha256.New()}
	if p == nil {
		return n, nil
	}
	if p.Offset <= 0 || p.Offset > size || p.Type == "" {
		return nil, fmt.Errorf("progress at byte %d of %d, type %.100q: %w", p.Offset, size, p.Type, ErrProgress)
	}
	n.offset, n.media = p.Offset, p.Type
	n.zip.on = isZip(p.Type)
	rest, err := unmarshal(n.hash, p.Hash)
	if err != nil {
		return nil, err
	}
	if hashed := binary.BigEndian.Uint64(p.Hash[len(p.Hash)-len(rest)-lengthBytes:]); hashed != uint64(p.Offset) {
		return nil, fmt.Errorf("progress at byte %d, hash at byte %d: %w", p.Offset, hashed, ErrProgress)
	}
	return n, n.zip.unmarshal(rest)
}

// save is the state for the next slice.
func (n *run) save() (*airlock.Progress, error) {
	state, err := marshal(n.hash)
	if err != nil {
		return nil, err
	}
	return &airlock.Progress{Offset: n.offset, Hash: n.zip.append(state), Type: n.media}, nil
}

// marshal is the hash's own state.
func marshal(h hash.Hash) ([]byte, error) {
	m, ok := h.(encoding.BinaryAppender)
	if !ok {
		return nil, fmt.Errorf("hash %T does not marshal: %w", h, ErrProgress)
	}
	return m.AppendBinary(make([]byte, 0, stateBytes(h)+1+maxRecord))
}

// unmarshal sets the hash to the state at the beginning of text, and returns
// what follows the state.
func unmarshal(h hash.Hash, text []byte) (rest []byte, err error) {
	own := stateBytes(h)
	m, ok := h.(encoding.BinaryUnmarshaler)
	if !ok || len(text) < own {
		return nil, fmt.Errorf("hash state of %d bytes: %w", len(text), ErrProgress)
	}
	if err := m.UnmarshalBinary(text[:own]); err != nil {
		return nil, fmt.Errorf("hash state: %w: %w", err, ErrProgress)
	}
	return text[own:], nil
}

// stateBytes is the length of the hash's marshalled state, which is the same
// for every state.
func stateBytes(h hash.Hash) int {
	m, ok := h.(encoding.BinaryMarshaler)
	if !ok {
		return 0
	}
	state, err := m.MarshalBinary()
	if err != nil {
		return 0
	}
	return len(state)
}

// Digest continues a SHA-256 over the next count bytes of r and returns its
// state for the next slice and the sum so far, lower-case hex. A nil state is
// the beginning. It returns ErrProgress for a state that is none, and
// io.ErrUnexpectedEOF when r ends early.
func Digest(ctx context.Context, r io.Reader, state []byte, count int64) (next []byte, sum string, err error) {
	h := sha256.New()
	if state != nil {
		rest, err := unmarshal(h, state)
		if err != nil {
			return nil, "", err
		}
		if len(rest) > 0 {
			return nil, "", fmt.Errorf("hash state with %d bytes more: %w", len(rest), ErrProgress)
		}
	}
	n := run{hash: h, media: "any"} // known, so that nothing is detected
	if err := n.read(ctx, r, count, make([]byte, defaultBuffer)); err != nil {
		return nil, "", fmt.Errorf("digest: %w", err)
	}
	next, err = marshal(h)
	return next, hex.EncodeToString(h.Sum(nil)), err
}
