package api_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/calls"
)

const keyHeader = "Idempotency-Key"

// requests counts the requests of the workspace.
func (b *bench) requests() int {
	all, _, err := b.store.Requests(b.t.Context(), here, airlock.Page{})
	b.must(err)
	return len(all)
}

func TestOneKeyMakesOneRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := b.in(t) // another instance on the same store
	other.handler = api.Reused(t, b.settings)
	first := b.read(b.call("POST", list(here), "ann", creation, keyHeader, "k-1"), 201)
	laidOut := `{ "title":"Trial",  "businessJustification":"because", "type":"import" }`
	for _, tt := range []struct{ name, body, key string }{
		{"the same", creation, "k-1"}, {"laid out in another way", laidOut, "k-1"}, {"quoted", creation, `"k-1"`},
	} {
		again := other.read(other.call("POST", list(here), "ann", tt.body, keyHeader, tt.key), 201)
		if again.Request.ID != first.Request.ID || again.URL == "" {
			t.Errorf("%s: another request, or no link", tt.name)
		}
	}
	if b.requests() != 1 {
		t.Fatalf("%d requests", b.requests())
	}
	for name, tt := range map[string]struct {
		path, who, body, key string
		want                 int
	}{
		"another body":    {list(here), "ann", strings.Replace(creation, "Trial", "Error", 1), "k-1", 422},
		"another address": {list(here) + "/" + first.Request.ID + "/cancel", "ann", "", "k-1", 422},
		"no key":          {list(here), "ann", creation, " ", 422},
		"a long key":      {list(here), "ann", creation, strings.Repeat("k", 201), 422},
		"an odd key":      {list(here), "ann", creation, "k\u00fc", 422},
		"another person":  {list(here), "bob", creation, "k-1", 201},
		"another key":     {list(here), "ann", creation, "k-2", 201},
		"an invalid body": {list(here), "ann", `{"type":"import"}`, "k-3", 422},
	} {
		if w := b.call("POST", tt.path, tt.who, tt.body, keyHeader, tt.key); w.Code != tt.want {
			t.Errorf("%s: %d, want %d: %s", name, w.Code, tt.want, w.Body)
		}
	}
	b.read(b.call("POST", list(here), "ann", creation, keyHeader, "k-3"), 201) // an invalid body used up no key
	if b.requests() != 4 {
		t.Errorf("%d requests, want 4", b.requests())
	}
}

// TestAKeyAtOnce: two instances get the same call at the same time.
func TestAKeyAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var all sync.WaitGroup
	ids := make([]string, 8)
	for i := range ids {
		all.Go(func() {
			if w := b.call("POST", list(here), "ann", creation, keyHeader, "same"); w.Code == 201 {
				ids[i] = b.read(w, 201).Request.ID
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if id != ids[0] || id == "" {
			t.Errorf("%q", ids)
		}
	}
	if b.requests() != 1 {
		t.Errorf("%d requests", b.requests())
	}
}

// TestKeysOfMoves: what was done once with a key is not done twice, whatever
// became of the request since.
func TestKeysOfMoves(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := b.stage(airlock.InReview)
	b.read(b.call("POST", path+"/review", "mia", review, keyHeader, "r"), 200)
	again := b.read(b.call("POST", path+"/review", "mia", review, keyHeader, "r"), 200)
	if len(again.Request.Reviews) != 1 {
		t.Errorf("%d reviews", len(again.Request.Reviews))
	}
	if w := b.call("POST", path+"/review", "mia", review, keyHeader, "r2"); w.Code != 400 {
		t.Errorf("a second review: %d", w.Code)
	}
	if w := b.call("POST", path+"/review", "mia", `{"approval":false,"decisionExplanation":"no"}`, keyHeader, "r"); w.Code != 422 {
		t.Errorf("another decision with the key: %d", w.Code)
	}
}

func TestAKeyEnds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	b.settings.Now, b.settings.Limits.Key = func() time.Time { return now }, time.Hour
	b.handler = api.Reused(b.t, b.settings)
	first := b.read(b.call("POST", list(here), "ann", creation, keyHeader, "k"), 201).Request.ID
	now = now.Add(59 * time.Minute)
	if again := b.read(b.call("POST", list(here), "ann", creation, keyHeader, "k"), 201).Request.ID; again != first {
		t.Error("another request within the hour")
	}
	now = now.Add(2 * time.Minute)
	if anew := b.read(b.call("POST", list(here), "ann", strings.Replace(creation, "Trial", "New", 1), keyHeader, "k"), 201); anew.Request.ID == first {
		t.Error("an old key answers with what it made then")
	}
}

// brokenKeys cannot be reached.
type brokenKeys struct{ calls.Keys }

func (brokenKeys) Claim(context.Context, calls.Key, time.Time) (calls.Key, error) {
	return calls.Key{}, errors.New("storage is away")
}

func TestNothingHappensWithoutTheKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.settings.Keys = brokenKeys{}
	b.handler = api.Reused(b.t, b.settings)
	if w := b.call("POST", list(here), "ann", creation, keyHeader, "k"); w.Code != http.StatusServiceUnavailable || b.requests() != 0 {
		t.Errorf("%d, %d requests", w.Code, b.requests())
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := b.draft()
	tag := b.call("GET", path, "ann", "").Header().Get("ETag")
	for _, tt := range []struct {
		name, header, value string
		want                int
	}{
		{"another version", "If-Match", `"999"`, 412},
		{"another version, as AzureTRE", "ETag", `999`, 409},
		{"another version of both", "If-Match", `"998"`, 412},
	} {
		if w := b.call("POST", path+"/submit", "ann", "", tt.header, tt.value); w.Code != tt.want {
			t.Errorf("%s: %d, want %d: %s", tt.name, w.Code, tt.want, w.Body)
		}
		if w := b.call("POST", path+"/files/remove", "ann", bodies["remove"], tt.header, tt.value); w.Code != tt.want {
			t.Errorf("%s, of a file: %d, want %d: %s", tt.name, w.Code, tt.want, w.Body)
		}
	}
	submitted := b.call("POST", path+"/submit", "ann", "", "If-Match", tag, keyHeader, "s")
	b.read(submitted, 200)
	b.read(b.call("POST", path+"/submit", "ann", "", "If-Match", tag, keyHeader, "s"), 200) // the repeat names what was then
	b.read(b.call("POST", path+"/cancel", "ann", "", "If-Match", "*"), 200)
}

// slow is a meter that is empty for Ann.
type slow struct{ err error }

func (s slow) Take(_ context.Context, person string) (time.Duration, error) {
	if person == people["ann"].OID {
		return 1500 * time.Millisecond, s.err
	}
	return 0, s.err
}

func TestRate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.settings.Meter = slow{errors.New("storage is away")}
	b.handler = api.Reused(b.t, b.settings)
	w := b.call("GET", list(here), "ann", "")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "2" || !strings.Contains(w.Body.String(), "2 seconds") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if w := b.call("GET", list(here), "bob", ""); w.Code != 200 {
		t.Errorf("somebody else: %d", w.Code)
	}
	if w := b.call("GET", "/api/ping", "ann", ""); w.Code != 200 {
		t.Errorf("a probe: %d", w.Code)
	}
}
