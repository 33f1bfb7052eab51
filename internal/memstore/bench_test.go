package memstore_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memstore"
)

// sizes are the numbers of rows between which the cost of one must not grow.
var sizes = []int{100, 10_000}

// perRow runs work on n rows again and again and reports what one row costs.
func perRow(b *testing.B, work func(b *testing.B, n int)) {
	b.Helper()
	for _, n := range sizes {
		b.Run(fmt.Sprintf("rows=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				work(b, n)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/row")
		})
	}
}

func ok(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func listed(n int) []airlock.File {
	files := make([]airlock.File, n)
	for i := range files {
		files[i] = airlock.File{Name: fmt.Sprint("dir/", i), ETag: "1", Record: &airlock.Record{Listed: true}}
	}
	return files
}

func put(b *testing.B, s *memstore.Store, slot airlock.Slot, files []airlock.File) {
	b.Helper()
	for page := range slices.Chunk(files, airlock.MaxPut) {
		ok(b, s.Put(b.Context(), slot, page))
	}
}

// BenchmarkFiles writes the files of a request, then seals them page by page,
// each page the next of those that are not sealed: a request's whole way.
func BenchmarkFiles(b *testing.B) {
	slot := airlock.Slot{Key: airlock.Key{Workspace: "w", Request: "r"}, Turn: 1}
	perRow(b, func(b *testing.B, n int) {
		b.Helper()
		var s memstore.Store
		put(b, &s, slot, listed(n))
		for sealed := 0; ; {
			page, _, err := s.List(b.Context(), slot, airlock.Selection{Which: airlock.Unsealed}, airlock.Page{Limit: airlock.MaxPut})
			ok(b, err)
			if len(page) == 0 {
				if sealed != n {
					b.Fatalf("sealed %d of %d", sealed, n)
				}
				return
			}
			for i := range page {
				page[i].Seal = &airlock.Seal{ETag: "s"}
			}
			ok(b, s.Put(b.Context(), slot, page))
			sealed += len(page)
		}
	})
}

// BenchmarkRequests creates requests, moves each on once and lists them all.
func BenchmarkRequests(b *testing.B) {
	perRow(b, func(b *testing.B, n int) {
		b.Helper()
		var s memstore.Store
		for i := range n {
			r := airlock.Request{ID: fmt.Sprintf("%08d", i*7919%n), Workspace: "w", Stage: airlock.Draft, Turn: 1}
			for range 2 {
				c := r.Note(audit.Line{Action: "note"})
				c.Open = &airlock.Open{Key: r.Key(), Due: time.Unix(int64(i), 0)}
				var err error
				r, err = s.Commit(b.Context(), c)
				ok(b, err)
			}
		}
		for page := (airlock.Page{}); ; {
			_, next, err := s.Requests(b.Context(), "w", page)
			ok(b, err)
			if page.After = next; next == "" {
				return
			}
		}
	})
}
