package azstore_test

import (
	"errors"
	"net/http"
	"path"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azstore"
)

// wire is the way to the service: it counts calls and can lose answers.
type wire struct {
	mu    sync.Mutex
	calls []string // "POST $batch", "GET" and so on
	lose  int      // answers of transactions that are lost from now on
}

var errLost = errors.New("the answer was lost")

// Do sends the request as a policy of the SDK, inside its retries.
func (w *wire) Do(req *policy.Request) (*http.Response, error) {
	call := req.Raw().Method
	if base := path.Base(req.Raw().URL.Path); base == "$batch" || base == "Tables" {
		call += " " + base
	}
	res, err := req.Next()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, call)
	if w.lose > 0 && err == nil && call == "POST $batch" {
		w.lose--
		return nil, errors.Join(errLost, res.Body.Close())
	}
	return res, err
}

// taken returns the calls since it was asked last.
func (w *wire) taken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	defer func() { w.calls = nil }()
	return w.calls
}

// losing makes the next n answers get lost.
func (w *wire) losing(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = n
}

// openOn returns a store on a wire whose SDK tries again this many times; 0
// means never.
func openOn(t testing.TB, retries int32) (*azstore.Store, *wire) {
	t.Helper()
	w := &wire{}
	if retries == 0 {
		retries = -1 // the SDK's word for none
	}
	options := &aztables.ClientOptions{ClientOptions: azcore.ClientOptions{
		PerRetryPolicies: []policy.Policy{w},
		Retry:            policy.RetryOptions{MaxRetries: retries, RetryDelay: time.Millisecond},
	}}
	return open(t, options), w
}

var now = time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)

func draft() airlock.Request {
	return airlock.Request{ID: uuid.NewString(), Workspace: uuid.NewString(), Stage: airlock.Draft, Turn: 1, UpdatedAt: now}
}

// note is a change with an audit line, a row of open work and a decision.
func note(r airlock.Request, detail string) airlock.Change {
	r.Message = detail
	c := r.Note(audit.Line{At: now, Action: "note", Detail: detail})
	c.Open = &airlock.Open{Key: r.Key(), Due: now}
	c.Decision = &airlock.Decision{By: access.Person{OID: uuid.NewString()}, Turn: 1}
	return c
}

func commit(t *testing.T, s *azstore.Store, c airlock.Change) airlock.Request {
	t.Helper()
	r, err := s.Commit(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
