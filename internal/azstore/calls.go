package azstore

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/calls"
)

// The partitions of what is kept about calls, apart from everything that the
// airlock needs.
const (
	keysPartition = "keys" // key.<owner>.<hash of name>
	ratePartition = "rate" // bucket.<person>
	kindKey       = "key."
	kindBucket    = "bucket."
	colSince      = "since"
)

// Claim keeps an idempotency key, or returns the one that is kept.
func (s *Store) Claim(ctx context.Context, key calls.Key, before time.Time) (calls.Key, error) {
	r, err := newRow(keysPartition, kindKey+part(key.Owner)+"."+hash(key.Name)).withData(key)
	if err != nil {
		return calls.Key{}, err
	}
	r[colSince] = stamp(key.Since)
	_, err = s.transact(ctx, []action{insert(r)})
	if err == nil {
		return key, nil
	}
	if status(err) != http.StatusConflict {
		return calls.Key{}, translate("idempotency key", err)
	}
	stored, err := s.get(ctx, keysPartition, r.key())
	if err != nil { // forgotten between the two: the client asks again
		return calls.Key{}, translate("idempotency key", err)
	}
	var kept calls.Key
	if err := stored.read(&kept); err != nil {
		return calls.Key{}, err
	}
	if !kept.Since.Before(before) {
		return kept, nil
	}
	if _, err := s.transact(ctx, []action{replace(r, stored.etag())}); err != nil { // another claim was faster
		return calls.Key{}, translate("idempotency key", err)
	}
	return key, nil
}

// Forget removes the idempotency keys from before the given time.
func (s *Store) Forget(ctx context.Context, before time.Time) error {
	rows, err := s.every(ctx, span{workspace: keysPartition, prefix: kindKey, filter: colSince + " lt " + quote(stamp(before))})
	if err != nil {
		return translate("idempotency keys", err)
	}
	for _, r := range rows {
		_, err := s.Table.DeleteEntity(ctx, keysPartition, r.key(), &aztables.DeleteEntityOptions{IfMatch: entityTag(r.etag())})
		if err != nil && !absent(err) && status(err) != http.StatusPreconditionFailed { // gone, or claimed anew
			return translate("idempotency key", err)
		}
	}
	return nil
}

// Bucket returns the zero Bucket for somebody who has none.
func (s *Store) Bucket(ctx context.Context, person string) (calls.Bucket, error) {
	r, err := s.get(ctx, ratePartition, kindBucket+part(person))
	if absent(err) {
		return calls.Bucket{}, nil
	}
	if err != nil {
		return calls.Bucket{}, translate("calls left", err)
	}
	var b calls.Bucket
	err = r.read(&b)
	b.Version = r.etag()
	return b, err
}

// PutBucket writes a bucket under its version.
func (s *Store) PutBucket(ctx context.Context, person string, b calls.Bucket) error {
	version := b.Version
	b.Version = ""
	r, err := newRow(ratePartition, kindBucket+part(person)).withData(b)
	if err != nil {
		return err
	}
	write := insert(r)
	if version != "" {
		write = replace(r, version)
	}
	_, err = s.transact(ctx, []action{write})
	if absent(err) {
		err = errors.Join(airlock.ErrConflict, err)
	}
	if err != nil {
		return translate(fmt.Sprintf("calls left of %s", person), err)
	}
	return nil
}
