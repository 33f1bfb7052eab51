package memstore

import (
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Register adds a version of a template. See workspace.Templates.
func (s *Store) Register(_ context.Context, r workspace.Registered, line audit.Line) (workspace.Registered, error) {
	becomes := r.Current
	r.Current = false // the row of the current version says that
	added, err := newRow(r)
	if err != nil {
		return r, fmt.Errorf("template %s %s: %w", r.Name, r.Version, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := &s.makePartition(workspace.System).rows
	key, pointer := templateKey(r.Kind, r.Parent, r.Name, r.Version), currentKey(r.Kind, r.Parent, r.Name)
	stored, exists := rows.get(key)
	if exists {
		digest := r.Digest
		if r, err = decoded(stored, unversioned[workspace.Registered]); err != nil {
			return r, err
		}
		if r.Digest != digest {
			return r, fmt.Errorf("template %s %s: it is registered with another content: %w", r.Name, r.Version, airlock.ErrConflict)
		}
	}
	current, known := rows.get(pointer)
	is := string(current.text) == r.Version
	r.Current = becomes || !known || is
	if exists && (is || !r.Current) {
		return r, nil
	}
	if !exists {
		rows.put(key, added)
	}
	if r.Current {
		rows.put(pointer, row{text: []byte(r.Version)})
	}
	s.restate(fmt.Sprintf("%s%+v", key, line), line) // one for each thing told
	return r, nil
}

// Template returns a version, the current one for "".
func (s *Store) Template(_ context.Context, kind workspace.Kind, parent, name, version string) (workspace.Registered, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := &s.partition(workspace.System).rows
	current, _ := rows.get(currentKey(kind, parent, name))
	if version == "" {
		version = string(current.text)
	}
	stored, ok := rows.get(templateKey(kind, parent, name, version))
	if !ok {
		return workspace.Registered{}, fmt.Errorf("template %q of version %q: %w", name, version, airlock.ErrNotFound)
	}
	r, err := decoded(stored, unversioned[workspace.Registered])
	r.Current = version == string(current.text)
	return r, err
}

// Templates lists all versions of a kind.
func (s *Store) Templates(_ context.Context, kind workspace.Kind, page airlock.Page) ([]workspace.Registered, string, error) {
	all, next, err := listRows(s, workspace.System, rowPrefix(kindTemplate, string(kind)), page, unversioned[workspace.Registered])
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := &s.partition(workspace.System).rows
	for i, r := range all {
		current, _ := rows.get(currentKey(kind, r.Parent, r.Name))
		all[i].Current = r.Version == string(current.text)
	}
	return all, next, err
}

func templateKey(kind workspace.Kind, parent, name, version string) string {
	return rowPrefix(kindTemplate, string(kind), parent, name, version)
}

func currentKey(kind workspace.Kind, parent, name string) string {
	return rowPrefix(kindCurrent, string(kind), parent, name)
}

// SavePackage keeps a package under its digest. ErrInvalid: it has another one.
func (s *Store) SavePackage(_ context.Context, digest string, files map[string][]byte) error {
	if got := template.Sum(files); got != digest {
		return fmt.Errorf("template package %q: the files have the digest %s: %w", digest, got, airlock.ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.packages == nil {
		s.packages = map[string]map[string][]byte{}
	}
	s.packages[digest] = cloneFiles(files)
	return nil
}

// LoadPackage returns ErrNotFound when there is none of that digest.
func (s *Store) LoadPackage(_ context.Context, digest string) (map[string][]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	files, ok := s.packages[digest]
	if !ok {
		return nil, fmt.Errorf("template package %q: %w", digest, airlock.ErrNotFound)
	}
	return cloneFiles(files), nil
}
