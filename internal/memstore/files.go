package memstore

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// files holds the rows of one turn, and for every selection the rows in it, so
// that a page costs the same however many rows there are.
type files struct {
	keys        map[version]string // to the row's key
	selected    map[airlock.Which]*sorted[*airlock.File]
	undelivered map[int]*sorted[*airlock.File] // by attempt; made when first asked for
}

// version is what a row is about.
type version struct{ name, etag string }

// rowKey orders rows by hash, so that nothing can come to rely on names.
func (v version) rowKey() string {
	sum := sha256.Sum256([]byte(v.name + "\x00" + v.etag))
	return string(sum[:])
}

// selections tell which rows are in the ones that do not depend on an attempt.
var selections = map[airlock.Which]func(*airlock.File) bool{
	airlock.Everything: func(*airlock.File) bool { return true },
	airlock.Listed:     listed,
	airlock.Ready:      func(f *airlock.File) bool { return listed(f) && f.Inspection != nil && !sealed(f) },
	airlock.Unsealed:   func(f *airlock.File) bool { return listed(f) && !sealed(f) },
	airlock.Troubled: func(f *airlock.File) bool {
		return listed(f) && (f.Refused() || f.Malware != nil || f.Verdict != nil && f.Verdict.Class == airlock.Malicious)
	},
	airlock.Unclean: func(f *airlock.File) bool { return listed(f) && !clean(f) },
}

func listed(f *airlock.File) bool { return f.Listed() }

func sealed(f *airlock.File) bool { return f.Sealed() }

// clean leaves verdicts that name a SHA-256, and malware, to the gate, which
// compares it.
func clean(f *airlock.File) bool {
	return f.Malware == nil && f.Verdict != nil && f.Verdict.Class == airlock.Clean && f.Verdict.SHA256 == ""
}

func undelivered(f *airlock.File, attempt int) bool {
	return listed(f) && (f.Release == nil || f.Release.Attempt != attempt || !f.Release.Verified)
}

// Put merges the groups that are not nil into at most airlock.MaxPut rows.
func (s *Store) Put(_ context.Context, at airlock.Slot, rows []airlock.File) error {
	if err := airlock.CheckPut(rows); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.makePartition(at.Key.Workspace)
	key := slot{at.Key.Request, at.Turn}
	all, ok := p.files[key]
	if !ok {
		all = newFiles()
		p.files[key] = all
	}
	for _, f := range rows {
		all.put(cloneFile(f))
	}
	return nil
}

// Get returns ErrNotFound when nothing is known of this version.
func (s *Store) Get(_ context.Context, at airlock.Slot, name, etag string) (airlock.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if all, ok := s.partition(at.Key.Workspace).files[slot{at.Key.Request, at.Turn}]; ok {
		if key, ok := all.keys[version{name, etag}]; ok {
			f, _ := all.selected[airlock.Everything].get(key)
			return cloneFile(*f), nil
		}
	}
	return airlock.File{}, fmt.Errorf("file of request %q: %w", at.Key.Request, airlock.ErrNotFound)
}

// List returns the rows of a selection, in the order of a hash.
func (s *Store) List(_ context.Context, at airlock.Slot, sel airlock.Selection, page airlock.Page) ([]airlock.File, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, ok := s.partition(at.Key.Workspace).files[slot{at.Key.Request, at.Turn}]
	if !ok {
		all = newFiles()
	}
	rows, err := all.of(sel)
	if err != nil {
		return nil, "", err
	}
	found, last := list(rows, page, func(f *airlock.File) airlock.File { return cloneFile(*f) })
	return found, last, nil
}

func newFiles() *files {
	f := &files{
		keys: map[version]string{}, selected: map[airlock.Which]*sorted[*airlock.File]{},
		undelivered: map[int]*sorted[*airlock.File]{},
	}
	for which := range selections {
		f.selected[which] = &sorted[*airlock.File]{}
	}
	return f
}

// of returns the rows of a selection.
func (s *files) of(sel airlock.Selection) (*sorted[*airlock.File], error) {
	if rows, ok := s.selected[sel.Which]; ok {
		return rows, nil
	}
	if sel.Which != airlock.Undelivered {
		return nil, fmt.Errorf("selection %q: %w", sel.Which, airlock.ErrInvalid)
	}
	rows, ok := s.undelivered[sel.Attempt]
	if !ok {
		rows = &sorted[*airlock.File]{}
		s.undelivered[sel.Attempt] = rows
		s.selected[airlock.Listed].after("", func(key string, f *airlock.File) bool {
			rows.set(key, f, undelivered(f, sel.Attempt))
			return true
		})
	}
	return rows, nil
}

// put merges f, which nobody else holds, into its row.
func (s *files) put(f airlock.File) {
	v := version{f.Name, f.ETag}
	key, known := s.keys[v]
	if !known {
		key = v.rowKey()
		s.keys[v] = key
	}
	row, ok := s.selected[airlock.Everything].get(key)
	if !ok {
		row = &airlock.File{Name: f.Name, ETag: f.ETag, Stored: true}
	}
	merge(row, f)
	for which, in := range selections {
		s.selected[which].set(key, row, in(row))
	}
	for attempt, rows := range s.undelivered {
		rows.set(key, row, undelivered(row, attempt))
	}
}

// merge writes the groups of f that are not nil.
func merge(row *airlock.File, f airlock.File) {
	over(&row.Record, f.Record)
	over(&row.Inspection, f.Inspection)
	over(&row.Progress, f.Progress)
	over(&row.Verdict, f.Verdict)
	over(&row.Malware, f.Malware)
	over(&row.Removal, f.Removal)
	over(&row.Unlisted, f.Unlisted)
	over(&row.Partial, f.Partial)
	over(&row.Seal, f.Seal)
	over(&row.Rescan, f.Rescan)
	over(&row.Release, f.Release)
}

func over[T any](old **T, group *T) {
	if group != nil {
		*old = group
	}
}
