// Package calls is what is kept about calls of the API between them: the keys
// by which clients name a call so that they may repeat it, and how many calls
// a person has left. It knows neither HTTP nor storage.
package calls

import (
	"context"
	"time"
)

// Key is one use of an idempotency key.
type Key struct {
	Owner string    // object id of the person
	Name  string    // the key, as the client chose it, with where it holds
	Print string    // of what was asked: a repeat has the same
	Since time.Time // when it was used first
}

// Keys remembers idempotency keys.
type Keys interface {
	// Claim keeps the key and returns it, or returns the one of the same owner
	// and name that is kept already. One that was kept before the given time is
	// as good as none. When several claim at once, all get the same.
	Claim(ctx context.Context, key Key, before time.Time) (Key, error)
	// Forget removes keys that were kept before the given time.
	Forget(ctx context.Context, before time.Time) error
}

// Bucket is how many calls a person has left.
type Bucket struct {
	Left    float64   // calls
	At      time.Time // when that was so; more have come since
	Version string    // of the row; "" for a new one
}

// Buckets keeps buckets, one a person.
type Buckets interface {
	// Bucket returns the zero Bucket for somebody who has none.
	Bucket(ctx context.Context, person string) (Bucket, error)
	// PutBucket writes a bucket. airlock.ErrConflict: the stored one is not the
	// version given.
	PutBucket(ctx context.Context, person string, b Bucket) error
}
