package azgraph_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/azgraph"
	"github.com/trefoil-tre/trefoil/internal/local/directory"
	"github.com/trefoil-tre/trefoil/internal/people"
)

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault func(*directory.Server) http.HandlerFunc
		asked int // questions that reach Graph; 0 for any number
		says  string
	}{
		{name: "throttled, told to wait longer than anybody would", asked: 1, fault: func(*directory.Server) http.HandlerFunc { return directory.Throttled(time.Hour) }, says: "429"},
		{name: "throttled all the time", asked: 3, fault: func(*directory.Server) http.HandlerFunc { return directory.Throttled(0) }, says: "TooManyRequests"},
		{name: "away", asked: 3, fault: func(*directory.Server) http.HandlerFunc {
			return directory.Status(http.StatusServiceUnavailable, "ServiceNotAvailable")
		}, says: "503"},
		{name: "not allowed", asked: 1, fault: func(*directory.Server) http.HandlerFunc {
			return directory.Status(http.StatusForbidden, "Authorization_RequestDenied")
		}, says: "needs User.Read.All and GroupMember.Read.All"},
		{name: "a redirect", asked: 1, fault: func(*directory.Server) http.HandlerFunc {
			return http.RedirectHandler("https://evil.example/", http.StatusFound).ServeHTTP
		}, says: "302"},
		{name: "no JSON", fault: func(*directory.Server) http.HandlerFunc { return directory.Broken }, says: "not readable"},
		{name: "too much", fault: func(*directory.Server) http.HandlerFunc { return directory.Huge }, says: "longer than"},
		{name: "pages without end", asked: 50, fault: func(s *directory.Server) http.HandlerFunc { return s.Endless }, says: "more than 50 pages"},
		{name: "the next page at another host", asked: 1, fault: func(*directory.Server) http.HandlerFunc {
			return directory.Elsewhere("https://evil.example/v1.0/users")
		}, says: "another address"},
		{name: "the next page on another port", asked: 1, fault: func(*directory.Server) http.HandlerFunc { return directory.Elsewhere("http://127.0.0.1:1/v1.0/users") }, says: "another address"},
		{name: "the next page below another path", asked: 1, fault: func(s *directory.Server) http.HandlerFunc { return directory.Elsewhere(s.URL() + "/beta/users") }, says: "another address"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			g := open(t, s, func(c *azgraph.Config) { c.Retries = 2 })
			s.Fail(tt.fault(s))
			_, err := g.Search(t.Context(), "heart", 10)
			if !errors.Is(err, people.ErrUnavailable) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
			if tt.asked != 0 && s.Asked() != tt.asked {
				t.Errorf("asked %d times, want %d", s.Asked(), tt.asked)
			}
			s.Fail(nil)
			if found, err := g.Search(t.Context(), "heart", 10); err != nil || len(found) != 2 {
				t.Errorf("afterwards: %d, error %v", len(found), err)
			}
		})
	}
}

// TestSilence: a question ends when its time is over, and when its caller goes.
func TestSilence(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.Fail(directory.Silent)
	g := open(t, s, func(c *azgraph.Config) { c.Timeout = 50 * time.Millisecond })
	if _, err := g.Groups(t.Context(), oid(1)); !errors.Is(err, people.ErrUnavailable) {
		t.Errorf("its time over: error %v", err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := open(t, s, nil).Entry(gone, oid(1)); !errors.Is(err, context.Canceled) || errors.Is(err, people.ErrUnavailable) {
		t.Errorf("caller gone: error %v", err)
	}
}

func TestWrongToken(t *testing.T) {
	t.Parallel()
	s := start(t)
	g := open(t, s, func(c *azgraph.Config) { c.Credential = identity{wrong: "guess"} })
	if _, err := g.Entry(t.Context(), oid(1)); !errors.Is(err, people.ErrUnavailable) || !strings.Contains(err.Error(), "InvalidAuthenticationToken") {
		t.Errorf("error %v", err)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"", "graph.microsoft.com", "http://graph.microsoft.com", "https://graph.microsoft.com/v1.0", "https://u:p@graph.microsoft.com", "https://graph.microsoft.com?x=1"} {
		if _, err := azgraph.New(azgraph.Config{Endpoint: endpoint, Credential: identity{wrong: "x"}}); err == nil {
			t.Errorf("%q: accepted", endpoint)
		}
	}
}
