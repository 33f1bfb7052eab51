package memstore

import (
	"slices"
	"sort"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// chunkSize bounds how many keys one insert may have to shift.
const chunkSize = 256

// sorted is a map in the order of its keys, which are cut into chunks so that
// the cost of a write hardly depends on how many rows there are. The zero value
// is empty.
type sorted[V any] struct {
	rows   map[string]V
	chunks [][]string // the keys in order; no chunk is empty
}

// chunk is the index of the chunk that holds key, or would.
func (s *sorted[V]) chunk(key string) int {
	i := sort.Search(len(s.chunks), func(i int) bool {
		c := s.chunks[i]
		return c[len(c)-1] >= key
	})
	return min(i, max(0, len(s.chunks)-1))
}

func (s *sorted[V]) get(key string) (V, bool) {
	value, ok := s.rows[key]
	return value, ok
}

func (s *sorted[V]) put(key string, value V) {
	if s.rows == nil {
		s.rows = map[string]V{}
	}
	_, known := s.rows[key]
	s.rows[key] = value
	switch {
	case known:
		return
	case len(s.chunks) == 0:
		s.chunks = [][]string{{key}}
		return
	}
	i := s.chunk(key)
	at, _ := slices.BinarySearch(s.chunks[i], key)
	c := slices.Insert(s.chunks[i], at, key)
	if s.chunks[i] = c; len(c) < chunkSize {
		return
	}
	half := len(c) / 2
	s.chunks[i] = slices.Clone(c[:half])
	s.chunks = slices.Insert(s.chunks, i+1, slices.Clone(c[half:]))
}

func (s *sorted[V]) remove(key string) {
	if _, known := s.rows[key]; !known {
		return
	}
	delete(s.rows, key)
	i := s.chunk(key)
	at, _ := slices.BinarySearch(s.chunks[i], key)
	if s.chunks[i] = slices.Delete(s.chunks[i], at, at+1); len(s.chunks[i]) == 0 {
		s.chunks = slices.Delete(s.chunks, i, i+1)
	}
}

// set puts or removes the row.
func (s *sorted[V]) set(key string, value V, in bool) {
	if in {
		s.put(key, value)
	} else {
		s.remove(key)
	}
}

// after visits the rows behind key in order until visit returns false.
func (s *sorted[V]) after(key string, visit func(key string, value V) bool) {
	if len(s.chunks) == 0 {
		return
	}
	first := s.chunk(key)
	for i := first; i < len(s.chunks); i++ {
		for _, k := range s.chunks[i] {
			if (i > first || k > key) && !visit(k, s.rows[k]) {
				return
			}
		}
	}
}

// list is a page of the rows, each as copy makes it.
func list[V, T any](s *sorted[V], page airlock.Page, copy func(V) T) ([]T, string) {
	return pick(s, page, func(v V) (T, bool) { return copy(v), true })
}

// pick is a page of the rows that choose takes.
func pick[V, T any](s *sorted[V], page airlock.Page, choose func(V) (T, bool)) ([]T, string) {
	var rows []T
	last, more, most := "", false, limit(page)
	s.after(page.After, func(key string, value V) bool {
		row, ok := choose(value)
		if !ok {
			return true
		}
		if len(rows) == most {
			more = true
			return false
		}
		rows, last = append(rows, row), key
		return true
	})
	if !more {
		last = ""
	}
	return rows, last
}
