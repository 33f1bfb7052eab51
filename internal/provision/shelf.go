package provision

import (
	"context"
	"sync"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// maxShelf is how many packages a Shelf remembers: those of the workspaces and
// machines that are made at a time. Ours have a quarter of a megabyte, the largest
// that may be eight.
const maxShelf = 16

// Shelf remembers template packages, which never change under their digest: to
// hold one against its digest takes longer than all else that beginning a
// deployment does. It is not copied once it is used.
type Shelf struct {
	workspace.Packages // from which they are read

	kept memo[map[string][]byte]
}

// NewShelf returns a Shelf before packages.
func NewShelf(p workspace.Packages) *Shelf { return &Shelf{Packages: p} }

// LoadPackage is that of the packages behind it. Nobody changes the files.
func (s *Shelf) LoadPackage(ctx context.Context, digest string) (map[string][]byte, error) {
	return s.kept.get(ctx, digest, maxShelf, s.Packages.LoadPackage)
}

// memo remembers what never changes, by name. Whoever asks while it is read waits
// for that answer, so that a hundred calls that come at once read it once.
type memo[T any] struct {
	mu   sync.Mutex
	kept map[string]*remembered[T]
}

type remembered[T any] struct {
	mu    sync.Mutex
	known bool
	value T
}

// get is what is remembered under a name; read reads it. An error is not
// remembered. When more than most names are, all are forgotten.
func (m *memo[T]) get(ctx context.Context, name string, most int, read func(context.Context, string) (T, error)) (T, error) {
	r := m.place(name, most)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.known {
		return r.value, nil
	}
	value, err := read(ctx, name)
	if err == nil {
		r.value, r.known = value, true
	}
	return value, err
}

func (m *memo[T]) place(name string, most int) *remembered[T] {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.kept[name]
	if r == nil {
		if m.kept == nil || len(m.kept) >= most {
			m.kept = map[string]*remembered[T]{}
		}
		r = &remembered[T]{}
		m.kept[name] = r
	}
	return r
}
