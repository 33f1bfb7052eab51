package api_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// late is a body of which nothing comes before something has happened.
type late struct {
	io.Reader
	meanwhile func()
}

func (l *late) Read(p []byte) (int, error) {
	if do := l.meanwhile; do != nil {
		l.meanwhile = nil
		do()
	}
	return l.Reader.Read(p)
}

// TestSlowBody: what is taken from somebody while the body of their call is
// still on its way does not count any more when it has come.
func TestSlowBody(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, who, body string
		path            func(*bench) string
		meanwhile       func(*bench) *httptest.ResponseRecorder
		want            int
		says            string
	}{
		{name: "a researcher is suspended before the draft's link is given", who: "ann", body: creation,
			path: func(*bench) string { return list(here) },
			meanwhile: func(b *bench) *httptest.ResponseRecorder {
				return b.call("POST", person+people["ann"].OID+"/suspend", "adam", because)
			},
			want: http.StatusForbidden, says: "suspended"},
		{name: "a researcher is removed", who: "ann", body: creation,
			path: func(*bench) string { return list(here) },
			meanwhile: func(b *bench) *httptest.ResponseRecorder {
				return b.call("DELETE", ws+"/users/assign?role_id=WorkspaceResearcher&user_id="+people["ann"].OID, "adam", "")
			},
			want: http.StatusNotFound, says: "does not exist"},
		{name: "the workspace is frozen before a decision", who: "mia", body: bodies["review"],
			path:      func(b *bench) string { return b.stage(airlock.InReview) + "/review" },
			meanwhile: func(b *bench) *httptest.ResponseRecorder { return b.call("POST", ws+"/freeze", "olga", because) },
			want:      http.StatusConflict, says: "frozen"},
		{name: "nothing happens", who: "ann", body: creation,
			path:      func(*bench) string { return list(here) },
			meanwhile: func(b *bench) *httptest.ResponseRecorder { return b.call("GET", "/api/ping", "", "") },
			want:      http.StatusCreated},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			path := tt.path(b)
			var seconds atomic.Int64
			started := b.settings.Now()
			b.settings.Now = func() time.Time { return started.Add(time.Duration(seconds.Load()) * time.Second) }
			b.handler = api.Reused(b.t, b.settings)
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, &late{strings.NewReader(tt.body), func() {
				if w := tt.meanwhile(b); w.Code/100 != 2 {
					t.Errorf("meanwhile: %d %s", w.Code, w.Body)
				}
				seconds.Add(60)
			}})
			r.Header.Set("Authorization", "Bearer "+tt.who)
			w := httptest.NewRecorder()
			b.handler.ServeHTTP(w, r)
			if w.Code != tt.want || !strings.Contains(w.Body.String(), tt.says) || w.Code != http.StatusCreated && strings.Contains(w.Body.String(), "containerUrl") {
				t.Errorf("%d %s, want %d", w.Code, w.Body, tt.want)
			}
		})
	}
}

// TestSlowAdministrator: the same where a call is about no workspace.
func TestSlowAdministrator(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var seconds atomic.Int64
	started := b.settings.Now()
	b.settings.Now = func() time.Time { return started.Add(time.Duration(seconds.Load()) * time.Second) }
	b.settings.Verifier = also{access.Person{OID: newcomer, Name: "Newcomer", Roles: []access.Role{access.TREAdmin}}}
	b.handler = api.Reused(b.t, b.settings)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, person+people["bob"].OID+"/suspend", &late{strings.NewReader(because), func() {
		if w := b.call("POST", person+newcomer+"/suspend", "adam", because); w.Code != http.StatusOK {
			t.Errorf("meanwhile: %d %s", w.Code, w.Body)
		}
		seconds.Add(60)
	}})
	r.Header.Set("Authorization", "Bearer other")
	w := httptest.NewRecorder()
	b.handler.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// also is the bench's verifier, with one person more.
type also struct{ person access.Person }

func (a also) Verify(ctx context.Context, token string) (access.Person, error) {
	if token == "other" {
		return a.person, nil
	}
	return tokens{}.Verify(ctx, token)
}

// hurried is a connection whose read deadline somebody sets.
type hurried struct {
	*httptest.ResponseRecorder
	deadlines []time.Time
}

// SetReadDeadline is what huma looks for.
func (h *hurried) SetReadDeadline(at time.Time) error {
	h.deadlines = append(h.deadlines, at)
	return nil
}

// TestNoDeadlineCutsACallAtWork: one that is left on the connection has net/http
// cancel a call that takes longer, such as one of a hundred for a workspace.
func TestNoDeadlineCutsACallAtWork(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, list(here), strings.NewReader(creation))
	r.Header.Set("Authorization", "Bearer ann")
	w := &hurried{ResponseRecorder: httptest.NewRecorder()}
	b.handler.ServeHTTP(w, r)
	if w.Code != http.StatusCreated {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, at := range w.deadlines {
		if !at.IsZero() {
			t.Errorf("what is read of the connection ends at %v", at)
		}
	}
}
