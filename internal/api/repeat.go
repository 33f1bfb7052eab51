package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// The headers by which a client says what its change stands on.
const (
	idempotencyKey = "Idempotency-Key"
	ifMatch        = "If-Match"
	etagHeader     = "ETag" // AzureTRE's name for If-Match
)

// maxKey is the longest idempotency key: a UUID has 36 characters.
const maxKey = 200

// errReused means that a key names another call already.
var errReused = fmt.Errorf("%s: used before for another call: choose a new one for each call: %w", idempotencyKey, airlock.ErrInvalid)

// askedKey is where the context keeps the headers of a change.
type askedKey struct{}

// named is the caller with what the call's headers say of it: the key that
// makes it a repeat of the call that used it first, and the version it changes.
func (a *api) named(ctx context.Context, c desk.Caller) (desk.Caller, error) {
	h, ok := ctx.Value(askedKey{}).(http.Header)
	if !ok {
		return c, nil
	}
	c.Match = h.Get(etagHeader)
	if match := h.Get(ifMatch); match != "" {
		c.Match = match
	}
	keys := h.Values(idempotencyKey)
	if len(keys) == 0 {
		return c, nil
	}
	name := strings.TrimSuffix(strings.TrimPrefix(keys[0], `"`), `"`)
	if len(keys) > 1 || name == "" || len(name) > maxKey || strings.ContainsFunc(name, func(r rune) bool { return r < '!' || r > '~' }) {
		return c, fmt.Errorf("%s: send one of 1 to %d visible ASCII characters: %w", idempotencyKey, maxKey, airlock.ErrInvalid)
	}
	return a.claimed(ctx, c, name)
}

// claimed keeps the key before anything is done, so that a call that dies
// half-way is found by its repeat. What the call makes has ids that derive
// from the key, see desk.Caller: the repeat makes them again and finds them.
func (a *api) claimed(ctx context.Context, c desk.Caller, name string) (desk.Caller, error) {
	print, err := fingerprint(ctx)
	if err != nil {
		return c, err
	}
	now := a.Now().UTC()
	kept, err := a.Keys.Claim(ctx, calls.Key{Owner: c.Person.OID, Name: name, Print: print, Since: now}, now.Add(-a.Limits.Key))
	if err != nil {
		return c, fmt.Errorf("idempotency key: %w", err)
	}
	if kept.Print != print {
		return c, errReused
	}
	c.Operation = fmt.Sprintf("key %s %s", name, kept.Since.Format(time.RFC3339Nano))
	return c, nil
}

// fingerprint tells calls apart: by address, with what stands behind its
// question mark, such as an action, and by what the body says, however they are
// laid out.
func fingerprint(ctx context.Context) (string, error) {
	body, _ := ctx.Value(bodyKey{}).([]byte)
	address, _ := ctx.Value(addressKey{}).(*url.URL)
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return "", fmt.Errorf("body: not valid JSON: %w", airlock.ErrInvalid)
	}
	text, err := json.Marshal(v) // names in order
	if err != nil || address == nil {
		return "", fmt.Errorf("call has no address: %w", err)
	}
	at := canonical(address.EscapedPath())
	if asked := address.Query().Encode(); asked != "" { // in order too
		at += "?" + asked
	}
	sum := sha256.Sum256([]byte(at + "\n" + string(text)))
	return hex.EncodeToString(sum[:]), nil
}

// stale says of a change to another version what the header asks for: 412 for
// If-Match (RFC 9110, 13.1.1), 409 for AzureTRE's etag.
func stale(ctx context.Context, err error) error {
	h, _ := ctx.Value(askedKey{}).(http.Header)
	if errors.Is(err, desk.ErrStale) && h.Get(ifMatch) == "" {
		return fmt.Errorf("%s: %w", desk.Text(err), airlock.ErrConflict)
	}
	return err
}
