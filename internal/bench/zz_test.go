package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"sync"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
	"log/slog"
)

var seen = map[string]int{}
var mu sync.Mutex

func TestZZ(t *testing.T) {
	s, err := azurite.Start(context.Background(), azurite.Config{Accounts: []string{"state", "airlock", "ws1"}})
	if err != nil { t.Fatal(err) }
	defer s.Stop()
	up, _ := storageproxy.New(s.Table, slog.New(slog.DiscardHandler))
	srv, _ := storageproxy.Serve("127.0.0.1:0", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		k := "T " + r.Method + " " + r.URL.Path
		k, _, _ = strings.Cut(k, "(")
		rec := &rec{ResponseWriter: w}
		up.ServeHTTP(rec, r)
		mu.Lock()
		seen[fmt.Sprint(k, " ", rec.code)]++
		mu.Unlock()
	}))
	defer srv.Close()
	e := s.Endpoints
	e.Table = srv.URL
	a, err := newAzure(e)
	if err != nil { t.Fatal(err) }
	defer a.close()
	p, _ := newPipeline(t.Context(), a.backend)
	b := a.blobs.n.Load()
	if err := p.story(t.Context(), 100); err != nil { t.Fatal(err) }
	fmt.Println("blobs", a.blobs.n.Load()-b-100, "tables", a.table.n.Load())
	for k, n := range seen { if n > 2 { fmt.Println(n, k) } }
}

type rec struct { http.ResponseWriter; code int }
func (r *rec) WriteHeader(c int) { r.code = c; r.ResponseWriter.WriteHeader(c) }
