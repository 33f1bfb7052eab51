package desk_test

import (
	"slices"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// What was removed in a draft stays removed when that draft is closed and
// opened again: it is nobody's wish that a kept file comes back.
func TestRemovedFilesStayRemovedAfterARetry(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	key := b.inReview(airlock.Import)
	r := b.request(key)
	names := func() (all []string) {
		page, err := b.Files(t.Context(), as(ann, ""), key, airlock.Page{})
		b.must(err)
		for _, f := range page.Files {
			all = append(all, f.Name)
		}
		return all
	}
	_, err := b.Decide(t.Context(), as(mia, "return"), key, desk.Word{Verb: airlock.VerbReturn, Reason: "one too many"})
	b.must(err)
	kept := names()
	if len(kept) == 0 {
		t.Fatal("nothing was kept")
	}
	b.must(b.RemoveFile(t.Context(), as(ann, "remove"), key, kept[0]))
	for range 2 {
		b.engine(key, airlock.Overflowed)
		_, err = b.Retry(t.Context(), as(mia, ""), key)
		b.must(err)
		if got := names(); slices.Contains(got, kept[0]) || len(got) != len(kept)-1 {
			t.Fatalf("turn %d holds %q, removed was %q", b.request(key).Turn, got, kept[0])
		}
	}
	if now := b.request(key); now.Turn != r.Turn+3 || now.KeptFrom != r.Turn {
		t.Errorf("turn %d, kept from %d", now.Turn, now.KeptFrom)
	}
}
