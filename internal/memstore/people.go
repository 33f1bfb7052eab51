package memstore

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// chained is a row with an audit chain of its own.
type chained[T any] struct {
	row   T
	lines []audit.Line
}

// Roll returns the zero Roll of a workspace that has none.
func (s *Store) Roll(_ context.Context, workspace string) (people.Roll, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return copied(s.partition(workspace).roll.row)
}

// CommitRoll writes a change, all or nothing. See people.Rolls.
func (s *Store) CommitRoll(_ context.Context, c people.Change) (people.Roll, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.makePartition(c.Workspace)
	stored := &p.roll
	err := clash(stored.row.Version, c.Roll.Version, stored.lines, c.Lines)
	for _, m := range c.Remove {
		if _, ok := p.members.get(memberKey(m.OID, m.Role)); !ok && err == nil {
			err = fmt.Errorf("membership %s of %s: %w", m.Role, m.OID, airlock.ErrConflict)
		}
	}
	if err != nil {
		if stored.row.Version != "" && alike(stored.row, c.Roll) {
			return copied(stored.row)
		}
		return c.Roll, fmt.Errorf("roll of workspace %q: %w", c.Workspace, err)
	}
	row, err := copied(c.Roll)
	if err != nil {
		return c.Roll, err
	}
	row.Version = s.nextVersion()
	stored.row, stored.lines = row, append(stored.lines, c.Lines...)
	for _, m := range c.Remove {
		p.members.remove(memberKey(m.OID, m.Role))
	}
	for _, m := range c.Put {
		m = cloneMember(m)
		m.ETag = s.nextVersion()
		p.members.put(memberKey(m.OID, m.Role), m)
	}
	p.setOpen(c.Workspace, c.Open)
	return copied(row)
}

// Record returns a Record with nothing but its OID for somebody of whom nothing
// is kept.
func (s *Store) Record(_ context.Context, oid string) (people.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.people.get(oid)
	if !ok {
		return people.Record{OID: oid}, nil
	}
	return copied(r.row)
}

// CommitRecord writes a change, all or nothing. See people.Records.
func (s *Store) CommitRecord(_ context.Context, c people.RecordChange) (people.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	stored, ok := s.people.get(c.Record.OID)
	if !ok {
		stored = &chained[people.Record]{}
	}
	if err := clash(stored.row.Version, c.Record.Version, stored.lines, c.Lines); err != nil {
		if ok && alike(stored.row, c.Record) {
			return copied(stored.row)
		}
		return c.Record, fmt.Errorf("person %q: %w", c.Record.OID, err)
	}
	row, err := copied(c.Record)
	if err != nil {
		return c.Record, err
	}
	row.Version = s.nextVersion()
	stored.row, stored.lines = row, append(stored.lines, c.Lines...)
	s.people.put(row.OID, stored)
	s.makePartition(people.Partition).setOpen(row.OID, c.Open)
	return copied(row)
}

// Records lists everybody of whom something is kept, in the order of their
// object ids.
func (s *Store) Records(_ context.Context, page airlock.Page) ([]people.Record, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var failed error
	all, next := list(&s.people, page, func(c *chained[people.Record]) people.Record {
		r, err := copied(c.row)
		if err != nil {
			failed = err
		}
		return r
	})
	return all, next, failed
}

// clash tells why a row cannot be written over what is stored.
func clash(stored, given string, lines, more []audit.Line) error {
	if stored != given {
		return airlock.ErrConflict
	}
	last := 0
	if n := len(lines); n > 0 {
		last = lines[n-1].Seq
	}
	for _, line := range more {
		if line.Seq <= last {
			return fmt.Errorf("audit line %d: %w", line.Seq, airlock.ErrConflict)
		}
		last = line.Seq
	}
	return nil
}

// ownLines are the audit lines kept under a key that is no request's.
func (s *Store) ownLines(key airlock.Key) []audit.Line {
	if key.Workspace == people.Partition {
		if c, ok := s.people.get(key.Request); ok {
			return c.lines
		}
		return nil
	}
	return s.partition(key.Workspace).roll.lines
}

// copied is a row as it comes back from JSON, with its version.
func copied[T people.Roll | people.Record](row T) (T, error) {
	var c T
	text, err := json.Marshal(row)
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	switch to := any(&c).(type) {
	case *people.Roll:
		to.Version = any(row).(people.Roll).Version
	case *people.Record:
		to.Version = any(row).(people.Record).Version
	}
	return c, err
}

// alike tells whether the stored row is what was to be written.
func alike(stored, row any) bool {
	a, errA := json.Marshal(stored)
	b, errB := json.Marshal(row)
	return errA == nil && errB == nil && bytes.Equal(a, b)
}
