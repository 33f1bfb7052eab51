package memstore

import (
	"context"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Due lists open work whose Due is not after at, in the order of the requests'
// ids.
func (s *Store) Due(_ context.Context, workspace string, at time.Time, page airlock.Page) ([]airlock.Open, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, last := pick(&s.partition(workspace).open, page, func(o airlock.Open) (airlock.Open, bool) {
		return o, !o.Due.After(at)
	})
	return rows, last, nil
}

// Open returns the row of one request; ErrNotFound when it has none.
func (s *Store) Open(_ context.Context, key airlock.Key) (airlock.Open, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.partition(key.Workspace).open.get(key.Request)
	if !ok {
		return airlock.Open{}, fmt.Errorf("open work of request %q: %w", key.Request, airlock.ErrNotFound)
	}
	return o, nil
}

// Touch writes Due and Looked of an existing row and nothing else.
func (s *Store) Touch(_ context.Context, open airlock.Open) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partition(open.Key.Workspace)
	if o, ok := p.open.get(open.Key.Request); ok {
		o.Due, o.Looked = open.Due, open.Looked
		p.open.put(open.Key.Request, o)
	}
	return nil
}

// Expect writes Expected of an existing row and nothing else.
func (s *Store) Expect(_ context.Context, key airlock.Key, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.partition(key.Workspace)
	if o, ok := p.open.get(key.Request); ok {
		o.Expected = at
		p.open.put(key.Request, o)
	}
	return nil
}
