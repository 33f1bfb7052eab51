package portal_test

import (
	"net/http"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func TestSmoke(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	if a := b.get("mia", at(k)); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := b.get("mia", "/"); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	t.Log(b.logs)
}
