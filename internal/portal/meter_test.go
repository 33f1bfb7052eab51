package portal_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// meter has calls left for everybody but those who spent theirs. What it keeps
// of somebody may be out of reach, which is nobody's fault.
type meter struct{ spent *sync.Map }

func (m meter) Take(_ context.Context, person string) (time.Duration, error) {
	switch how, _ := m.spent.Load(person); how {
	case "spent":
		return 1500 * time.Millisecond, nil
	case "away":
		return 0, errors.New("storage is away")
	}
	return 0, nil
}

// TestCallsOfThePortalCount: the portal is no way around the limit of the API.
func TestCallsOfThePortalCount(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	page, mia := at(k), people["mia"].OID
	if got := b.get("mia", page); got.status != http.StatusOK {
		t.Fatalf("before: %d", got.status)
	}
	form := url.Values{"token": {b.token("mia")}, "reason": {"all fine & safe"}, "manifest": {b.digest(k)}}
	b.spent.Store(mia, "spent")
	for what, got := range map[string]answer{
		"a page": b.get("mia", page),
		"a form": b.do(b.as("mia"), http.MethodPost, b.url+page+"/approve", form),
	} {
		if got.status != http.StatusTooManyRequests || got.header.Get("Retry-After") != "2" {
			t.Errorf("%s: %d, %v", what, got.status, got.header)
		}
		if what == "a form" && !strings.Contains(got.body, "all fine &amp; safe") {
			t.Error("what was written is lost")
		}
	}
	if r := b.request(k); r.Stage != airlock.InReview || len(r.Reviews) != 0 {
		t.Errorf("it was decided all the same: %s", r.Stage)
	}
	if got := b.get("ann", page); got.status != http.StatusOK {
		t.Errorf("somebody else: %d", got.status)
	}
	b.spent.Store(mia, "away")
	if got := b.get("mia", page); got.status != http.StatusOK {
		t.Errorf("nobody can count: %d", got.status)
	}
}
