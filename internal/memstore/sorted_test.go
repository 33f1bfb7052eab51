package memstore

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// TestSortedIsAMapInOrder holds sorted against a plain map, with enough keys to
// split and empty chunks.
func TestSortedIsAMapInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s sorted[int]
		model := map[string]int{}
		keys := rapid.SliceOfN(rapid.StringMatching(`[a-d]{1,5}`), 0, 2000).Draw(t, "keys")
		drop := rapid.IntRange(0, 4).Draw(t, "drop")
		for i, key := range keys {
			s.set(key, i, drop == 0 || i%5 >= drop)
			if drop == 0 || i%5 >= drop {
				model[key] = i
			} else {
				delete(model, key)
			}
		}
		from := rapid.StringMatching(`[a-e]{0,3}`).Draw(t, "from")
		want := slices.DeleteFunc(slices.Sorted(maps.Keys(model)), func(k string) bool { return k <= from })
		var got []string
		s.after(from, func(key string, value int) bool {
			if stored, ok := s.get(key); !ok || stored != value || value != model[key] {
				t.Fatalf("%s = %d, stored %d, want %d", key, value, stored, model[key])
			}
			got = append(got, key)
			return true
		})
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("keys behind %q (-want +got):\n%s", from, diff)
		}
	})
}

func TestZeroStoreListsNothing(t *testing.T) {
	t.Parallel()
	var s Store
	rows, next, err := s.Requests(t.Context(), "w", airlock.Page{After: "x"})
	if len(rows) != 0 || next != "" || err != nil {
		t.Errorf("requests = %v, %q, %v", rows, next, err)
	}
}
