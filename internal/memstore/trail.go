package memstore

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Lines lists the audit lines of a request, or of another object of the
// partition, in order.
func (s *Store) Lines(_ context.Context, key airlock.Key, page airlock.Page) ([]audit.Line, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines []audit.Line
	if r, ok := s.partition(key.Workspace).requests.get(key.Request); ok {
		lines = r.lines
	} else if chain, ok := s.partition(key.Workspace).trails.get(key.Request); ok {
		lines = chain
	} else if key.Workspace == people.Partition || key.Workspace == key.Request {
		lines = s.ownLines(key)
	}
	from := 0
	if page.After != "" {
		var err error
		if from, err = strconv.Atoi(page.After); err != nil || from < 0 {
			return nil, "", fmt.Errorf("cursor %q: %w", page.After, airlock.ErrInvalid)
		}
	}
	from = min(from, len(lines))
	to := min(from+limit(page), len(lines))
	next := ""
	if to < len(lines) {
		next = strconv.Itoa(to)
	}
	return slices.Clone(lines[from:to]), next, nil
}

// Strange keeps a line about something refused or foreign; id makes a repeat
// harmless.
func (s *Store) Strange(ctx context.Context, id string, line audit.Line) error {
	_, err := s.Refused(ctx, id, line)
	return err
}

// Refused is Strange, and tells whether the line was kept.
func (s *Store) Refused(_ context.Context, id string, line audit.Line) (kept bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.strange[id]; ok {
		return false, nil
	}
	s.restate(id, line)
	return true, nil
}

// Restate keeps a line in place of the one of that id.
func (s *Store) Restate(_ context.Context, id string, line audit.Line) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.restate(id, line)
	return nil
}

func (s *Store) restate(id string, line audit.Line) {
	if s.strange == nil {
		s.strange = map[string]audit.Line{}
	}
	s.strange[id] = line
}

// StrangeLines lists what Strange kept, in the order of the ids.
func (s *Store) StrangeLines(context.Context) ([]audit.Line, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ids := make([]string, 0, len(s.strange))
	for id := range s.strange {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	all := make([]audit.Line, len(ids))
	for i, id := range ids {
		all[i] = s.strange[id]
	}
	return all, nil
}

// SaveManifest keeps a manifest under its digest. What is there already stays:
// the digest says that it is the same.
func (s *Store) SaveManifest(_ context.Context, key airlock.Key, digest string, text []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	manifests, at := s.makePartition(key.Workspace).manifests, manifest{key.Request, digest}
	if _, ok := manifests[at]; !ok {
		manifests[at] = string(text)
	}
	return nil
}

// LoadManifest returns ErrNotFound when there is none of that digest.
func (s *Store) LoadManifest(_ context.Context, key airlock.Key, digest string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, ok := s.partition(key.Workspace).manifests[manifest{key.Request, digest}]
	if !ok {
		return nil, fmt.Errorf("manifest %q of request %q: %w", digest, key.Request, airlock.ErrNotFound)
	}
	return []byte(text), nil
}

// Sent tells whether the mail of this id was recorded as sent.
func (s *Store) Sent(_ context.Context, key airlock.Key, id string) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.partition(key.Workspace).letters[letter{key.Request, id}]
	return ok, nil
}

// MarkSent records a mail as sent; repeating is harmless.
func (s *Store) MarkSent(_ context.Context, key airlock.Key, id string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.makePartition(key.Workspace).letters[letter{key.Request, id}] = at
	return nil
}
