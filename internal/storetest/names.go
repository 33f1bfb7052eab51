package storetest

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var nameRules = []rule{
	{"a suffix leads to its resource, however often it is named", func(t *testing.T, s Store) {
		key := workspace.Key{Partition: workspace.System, ID: uuid.NewString()}
		suffix := workspace.Suffix("tre", key.ID, 1)
		for range 2 {
			check(t, s.Name(t.Context(), suffix, key))
		}
		if got, err := s.Named(t.Context(), suffix); err != nil || got != key {
			t.Errorf("it leads to %v, %v", got, err)
		}
	}},
	{"a suffix of nobody", func(t *testing.T, s Store) {
		for _, suffix := range []string{workspace.Suffix("tre", "other", 1), "", "a/b", "..."} {
			if _, err := s.Named(t.Context(), suffix); !errors.Is(err, airlock.ErrNotFound) {
				t.Errorf("%q: %v", suffix, err)
			}
		}
	}},
}
