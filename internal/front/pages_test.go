package front

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// What is built at the first call is built once, however many come first.
func TestAtFirstCall(t *testing.T) {
	t.Parallel()
	var built, called atomic.Int32
	h := atFirstCall(func() http.Handler {
		built.Add(1)
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { called.Add(1); w.WriteHeader(http.StatusNoContent) })
	})
	if built.Load() != 0 {
		t.Error("built before anybody called")
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/api/ping", nil))
			if w.Code != http.StatusNoContent {
				t.Errorf("answered %d", w.Code)
			}
		})
	}
	all.Wait()
	if built.Load() != 1 || called.Load() != 20 {
		t.Errorf("built %d times, called %d times", built.Load(), called.Load())
	}
}
