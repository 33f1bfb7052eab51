package memstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// writing is a row to be written over the one of its version, or as a new one.
type writing struct {
	key string
	row row
}

// CommitChange writes a change, all or nothing. See workspace.Store.
func (s *Store) CommitChange(_ context.Context, c workspace.Change) (workspace.Change, error) {
	if err := c.Check(); err != nil {
		return c, err
	}
	rows, err := changed(c)
	if err != nil {
		return c, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.makePartition(c.Partition)
	if err := p.refuses(rows, c.Lines); err != nil {
		if !p.happened(rows, c.Lines) {
			return c, err
		}
		return p.asStored(c)
	}
	for _, w := range rows {
		w.row.version = s.nextVersion()
		p.rows.put(w.key, w.row)
	}
	for _, line := range c.Lines {
		lines, _ := p.trails.get(line.Request)
		p.trails.put(line.Request, append(lines, line))
	}
	if c.Card != nil {
		s.putWorkspace(*c.Card)
	}
	for _, o := range c.Open {
		p.setOpen(o.Key.Request, &o)
	}
	for _, id := range c.Closed {
		p.open.remove(id)
	}
	return p.asStored(c)
}

// changed are the rows of a change that have a version, and its history.
func changed(c workspace.Change) (rows []writing, err error) {
	add := func(key, version string, v any) {
		r, problem := newRow(v)
		if r.version = version; problem != nil && err == nil {
			err = fmt.Errorf("%s: %w", key, problem)
		}
		rows = append(rows, writing{key, r})
	}
	for _, r := range c.Resources {
		add(resourceKey(r), r.Version, r)
	}
	for _, o := range c.Operations {
		add(operationKey(o), o.Version, o)
	}
	for _, r := range c.Requests {
		add(wantedKey(r), r.Version, r)
	}
	for _, a := range c.Approvals {
		add(standingKey(a), a.Version, a)
	}
	for _, b := range c.Blocks {
		add(blockKey(b), b.Version, b.Block)
	}
	for _, f := range c.Fleets {
		add(fleetKey(f), f.Version, f)
	}
	for _, h := range c.History {
		add(historyKey(h), "", h)
	}
	return rows, err
}

// refuses tells why the rows and lines cannot be written over what is stored.
func (p *partition) refuses(rows []writing, lines []audit.Line) error {
	for _, w := range rows {
		if stored, _ := p.rows.get(w.key); stored.version != w.row.version {
			return fmt.Errorf("%s: %w", w.key, airlock.ErrConflict)
		}
	}
	for _, line := range lines {
		if _, ok := p.line(line); ok {
			return fmt.Errorf("audit line %d of %q: %w", line.Seq, line.Request, airlock.ErrConflict)
		}
	}
	return nil
}

// happened tells that a refused change was written before, and only the answer
// was lost: its first row is stored as it is here, under a new version, and so
// are its audit lines.
func (p *partition) happened(rows []writing, lines []audit.Line) bool {
	if len(rows) == 0 {
		return false
	}
	first := rows[0]
	stored, ok := p.rows.get(first.key)
	if !ok || stored.version == first.row.version || !bytes.Equal(stored.text, first.row.text) {
		return false
	}
	for _, line := range lines {
		if kept, ok := p.line(line); !ok || kept.Hash != line.Hash {
			return false
		}
	}
	return true
}

// line is the stored line of the same object and number.
func (p *partition) line(like audit.Line) (audit.Line, bool) {
	lines, _ := p.trails.get(like.Request)
	for i := len(lines) - 1; i >= 0; i-- { // the newest are asked for
		if lines[i].Seq == like.Seq {
			return lines[i], true
		}
	}
	return audit.Line{}, false
}

// asStored is the change with its rows as they are stored.
func (p *partition) asStored(c workspace.Change) (workspace.Change, error) {
	var errs [6]error
	c.Resources, errs[0] = stored(p, c.Resources, resourceKey, resourceVersion)
	c.Operations, errs[1] = stored(p, c.Operations, operationKey, operationVersion)
	c.Requests, errs[2] = stored(p, c.Requests, wantedKey, requestVersion)
	c.Approvals, errs[3] = stored(p, c.Approvals, standingKey, approvalVersion)
	c.Blocks, errs[4] = stored(p, c.Blocks, blockKey, blockVersion)
	c.Fleets, errs[5] = stored(p, c.Fleets, fleetKey, fleetVersion)
	return c, errors.Join(errs[:]...)
}

// stored are rows as they are stored now.
func stored[T any](p *partition, given []T, key func(T) string, versioned func(*T, string)) ([]T, error) {
	rows := make([]T, len(given))
	for i, v := range given {
		r, ok := p.rows.get(key(v))
		if !ok {
			return given, fmt.Errorf("%s: %w", key(v), airlock.ErrConflict)
		}
		var err error
		if rows[i], err = decoded(r, versioned); err != nil {
			return given, err
		}
	}
	return rows, nil
}

func resourceKey(r workspace.Resource) string { return rowPrefix(kindResource, r.ID) }

func operationKey(o workspace.Operation) string {
	return rowPrefix(kindOperation, o.Resource.ID, o.ID)
}

func wantedKey(r workspace.Request) string { return rowPrefix(kindWanted, r.ID) }

func standingKey(a workspace.Approval) string { return rowPrefix(kindStanding, a.ID) }

func fleetKey(f workspace.Fleet) string { return rowPrefix(kindFleet, f.Workspace) }

// blockKey orders blocks by their addresses.
func blockKey(b workspace.Block) string {
	return fmt.Sprintf("%s%x.%03d", rowPrefix(kindBlock), b.Net.Addr().As16(), b.Net.Bits())
}

func historyKey(h workspace.Snapshot) string {
	return rowPrefix(kindHistory, h.Resource.ID, fmt.Sprintf("%08d", h.Revision))
}
