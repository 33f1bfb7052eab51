package memstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Request returns ErrNotFound when the workspace has no such request.
func (s *Store) Request(_ context.Context, key airlock.Key) (airlock.Request, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.partition(key.Workspace).requests.get(key.Request)
	if !ok {
		return airlock.Request{}, fmt.Errorf("request %q: %w", key.Request, airlock.ErrNotFound)
	}
	return cloneRequest(r.row), nil
}

// Requests lists a workspace's requests in the order of their ids.
func (s *Store) Requests(_ context.Context, workspace string, page airlock.Page) ([]airlock.Request, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, last := list(&s.partition(workspace).requests, page, func(r *request) airlock.Request { return cloneRequest(r.row) })
	return found, last, nil
}

// Commit writes a change, all or nothing. See airlock.Requests.
func (s *Store) Commit(_ context.Context, c airlock.Change) (airlock.Request, error) {
	row := cloneRequest(c.Request)
	var err error
	if row.Properties, err = plain(row.Properties); err != nil {
		return airlock.Request{}, fmt.Errorf("request %q: %w", row.ID, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.makePartition(row.Workspace)
	stored, exists := p.requests.get(row.ID)
	if err := p.clash(c, stored); err != nil {
		if exists && same(stored.row, row) {
			return cloneRequest(stored.row), nil
		}
		return airlock.Request{}, fmt.Errorf("request %q: %w", row.ID, err)
	}
	if !exists {
		stored = &request{decisions: map[decision]bool{}}
		p.requests.put(row.ID, stored)
	}
	row.Version = s.nextVersion()
	stored.row = row
	stored.lines = append(stored.lines, c.Lines...)
	if d := c.Decision; d != nil {
		stored.decisions[decision{d.Turn, d.By.OID, d.Verb}] = true
	}
	for _, m := range c.Members { // to hold a row in a transaction is to write it
		held, _ := p.members.get(memberKey(m.Row(), m.Role))
		held.ETag = s.nextVersion()
		p.members.put(memberKey(m.Row(), m.Role), held)
	}
	p.setOpen(row.ID, c.Open)
	return cloneRequest(row), nil
}

// clash tells why the change cannot be written over what is stored, nil for a
// new request.
func (p *partition) clash(c airlock.Change, stored *request) error {
	switch {
	case stored == nil && c.Request.Version != "":
		return fmt.Errorf("gone: %w", airlock.ErrConflict)
	case stored != nil && stored.row.Version != c.Request.Version:
		return airlock.ErrConflict
	}
	var last int
	if stored != nil {
		if n := len(stored.lines); n > 0 {
			last = stored.lines[n-1].Seq
		}
		if d := c.Decision; d != nil && stored.decisions[decision{d.Turn, d.By.OID, d.Verb}] {
			return fmt.Errorf("decision of turn %d: %w", d.Turn, airlock.ErrConflict)
		}
	}
	for _, line := range c.Lines {
		if line.Seq <= last {
			return fmt.Errorf("audit line %d: %w", line.Seq, airlock.ErrConflict)
		}
		last = line.Seq
	}
	for _, m := range c.Members {
		if held, ok := p.members.get(memberKey(m.Row(), m.Role)); !ok || held.ETag != m.ETag {
			return fmt.Errorf("membership %s of %s: %w", m.Role, m.OID, airlock.ErrConflict)
		}
	}
	return nil
}

// same tells whether the stored request is what was to be written.
func same(stored, row airlock.Request) bool {
	a, errA := json.Marshal(stored)
	b, errB := json.Marshal(row)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}

// setOpen writes the open-work row, or removes it.
func (p *partition) setOpen(request string, open *airlock.Open) {
	if open == nil {
		p.open.remove(request)
		return
	}
	row := *open
	held, ok := p.open.get(request)
	if ok && row.Looked.IsZero() {
		row.Looked = held.Looked
	}
	row.Expected = held.Expected
	p.open.put(request, row)
}
