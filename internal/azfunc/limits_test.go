package azfunc_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azfunc"
)

func TestDeadlines(t *testing.T) {
	t.Parallel()
	left := make(chan time.Duration, 1)
	a := azfunc.App{Timeout: time.Minute, Margin: 20 * time.Second, HTTPTimeout: 10 * time.Second}
	measure := func(ctx context.Context) {
		at, _ := ctx.Deadline()
		left <- time.Until(at)
	}
	azfunc.Add(&a, "f", "order", func(ctx context.Context, _ job) (none, error) {
		measure(ctx)
		return none{}, nil
	})
	a.HTTP("api", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		measure(r.Context())
	}))
	s := serve(t, &a)
	for path, want := range map[string]time.Duration{"/f": 40 * time.Second, "/api/x": 10 * time.Second} {
		s.post(t, path, message(`{}`))
		if got := <-left; got > want || got < want-5*time.Second {
			t.Errorf("%s: %v left, want %v", path, got, want)
		}
	}
}

func TestBodyLimit(t *testing.T) {
	t.Parallel()
	a := azfunc.App{MaxBody: 1000}
	azfunc.Add(&a, "f", "order", does[job, none])
	a.HTTP("api", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	}))
	s := serve(t, &a)
	big := message(`{"request":"` + strings.Repeat("x", 1000) + `"}`)
	if status, _ := s.post(t, "/f", big); status != http.StatusInternalServerError {
		t.Errorf("status %d, want 500", status)
	}
	if !strings.Contains(s.log.String(), "outcome=poison") {
		t.Errorf("log %q lacks the outcome", s.log)
	}
	if status, _ := s.post(t, "/api/x", big); status != http.StatusRequestEntityTooLarge {
		t.Errorf("HTTP status %d, want 413", status)
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	s := serve(t, &azfunc.App{})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, body := do(t, req); status != http.StatusOK || body != "" {
		t.Errorf("GET / = %d %q, want 200 and nothing", status, body)
	}
}

func TestListenAndServeNeedsItsPort(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a := azfunc.App{Port: l.Addr().(*net.TCPAddr).Port}
	if err := a.ListenAndServe(t.Context()); err == nil {
		t.Error("a taken port gave no error")
	}
}
