package azstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// registerTries is how often a registration is tried: one that meets the same
// version, or the first one of the template, registered meanwhile finds that one
// the next time.
const registerTries = 3

// Register adds a version of a template. See workspace.Templates.
func (s *Store) Register(ctx context.Context, r workspace.Registered, line audit.Line) (workspace.Registered, error) {
	for try := 1; ; try++ {
		registered, err := s.register(ctx, r, line)
		if err == nil || !errors.Is(err, airlock.ErrConflict) || errors.Is(err, errOther) || try == registerTries {
			return registered, err
		}
	}
}

// errOther means that a version is registered with another content.
var errOther = errors.New("it is registered with another content")

// register writes the version's row, the row that says which version is the
// current one, and the audit line in one transaction, as far as they are not
// written yet.
func (s *Store) register(ctx context.Context, r workspace.Registered, line audit.Line) (workspace.Registered, error) {
	what := fmt.Sprintf("template %s %s", r.Name, r.Version)
	becomes := r.Current
	r.Current = false // another row says that
	stored, err := one(ctx, s, system, templateKey(r.Kind, r.Parent, r.Name, r.Version), unversioned[workspace.Registered])
	exists := err == nil
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return r, err
	}
	if exists && stored.Digest != r.Digest {
		return r, fmt.Errorf("%s: %w: %w", what, errOther, airlock.ErrConflict)
	}
	current, err := s.current(ctx, r.Kind, r.Parent, r.Name)
	if err != nil {
		return r, err
	}
	var w changing
	if exists {
		r = stored
	} else {
		w.add(system, templateKey(r.Kind, r.Parent, r.Name, r.Version), "", r)
	}
	pointer, err := newRow(system, kindCurrent+templateName(r.Kind, r.Parent, r.Name)).withData(r.Version)
	switch r.Current = becomes || current == "" || current == r.Version; {
	case becomes && current != r.Version:
		w.actions = append(w.actions, upsertWhole(pointer))
	case current == "": // unless another one becomes the first
		w.actions = append(w.actions, insert(pointer))
	}
	if err := errors.Join(err, w.err); err != nil {
		return r, fmt.Errorf("%s: %w", what, err)
	}
	if len(w.actions) == 0 {
		return r, nil
	}
	text, err := json.Marshal(line)
	if err != nil {
		return r, fmt.Errorf("%s: %w: %w", what, err, airlock.ErrInvalid)
	}
	told, err := auditRow(system, kindStrange+hash(templateKey(r.Kind, r.Parent, r.Name, r.Version)+string(text)), line)
	if err != nil {
		return r, fmt.Errorf("%s: %w", what, err)
	}
	_, err = s.transact(ctx, append(w.actions, upsertWhole(told)))
	return r, translateNil(what, err)
}

// current is the version of a template that is taken unless another one is
// asked for; "" for a template that is not registered.
func (s *Store) current(ctx context.Context, kind workspace.Kind, parent, name string) (string, error) {
	version, err := one(ctx, s, system, kindCurrent+templateName(kind, parent, name), unversioned[string])
	if errors.Is(err, airlock.ErrNotFound) {
		return "", nil
	}
	return version, err
}

// Template returns a version, the current one for "".
func (s *Store) Template(ctx context.Context, kind workspace.Kind, parent, name, version string) (workspace.Registered, error) {
	current, err := s.current(ctx, kind, parent, name)
	if err != nil {
		return workspace.Registered{}, err
	}
	if version == "" {
		version = current
	}
	r, err := one(ctx, s, system, templateKey(kind, parent, name, version), unversioned[workspace.Registered])
	r.Current = err == nil && version == current
	return r, err
}

// Templates lists all versions of a kind, in the order of parent, name and
// version text.
func (s *Store) Templates(ctx context.Context, kind workspace.Kind, page airlock.Page) ([]workspace.Registered, string, error) {
	of := part(string(kind)) + "!"
	all, next, err := some(ctx, s, span{workspace: system, prefix: kindTemplate + of}, page, unversioned[workspace.Registered])
	if err != nil || len(all) == 0 {
		return all, next, err
	}
	pointers, err := s.every(ctx, span{workspace: system, prefix: kindCurrent + of})
	if err != nil {
		return nil, "", translate("templates", err)
	}
	current := map[string]string{}
	for _, r := range pointers {
		if current[r.key()], err = versioned(r, unversioned[string]); err != nil {
			return nil, "", err
		}
	}
	for i, r := range all {
		all[i].Current = r.Version == current[kindCurrent+templateName(kind, r.Parent, r.Name)]
	}
	return all, next, nil
}
