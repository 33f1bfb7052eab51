package memstore

import (
	"context"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/calls"
)

// keyID is what tells idempotency keys apart.
type keyID struct{ owner, name string }

// Claim keeps an idempotency key, or returns the one that is kept.
func (s *Store) Claim(_ context.Context, key calls.Key, before time.Time) (calls.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := keyID{key.Owner, key.Name}
	if kept, ok := s.keys[id]; ok && !kept.Since.Before(before) {
		return kept, nil
	}
	if s.keys == nil {
		s.keys = map[keyID]calls.Key{}
	}
	s.keys[id] = key
	return key, nil
}

// Forget removes the idempotency keys from before the given time.
func (s *Store) Forget(_ context.Context, before time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, key := range s.keys {
		if key.Since.Before(before) {
			delete(s.keys, id)
		}
	}
	return nil
}

// Bucket returns the zero Bucket for somebody who has none.
func (s *Store) Bucket(_ context.Context, person string) (calls.Bucket, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buckets[person], nil
}

// PutBucket writes a bucket under its version.
func (s *Store) PutBucket(_ context.Context, person string, b calls.Bucket) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets[person].Version != b.Version {
		return airlock.ErrConflict
	}
	if s.buckets == nil {
		s.buckets = map[string]calls.Bucket{}
	}
	b.Version = s.nextVersion()
	s.buckets[person] = b
	return nil
}
