package azstore_test

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/google/go-cmp/cmp"
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

func TestCommitThatLostItsAnswerSucceeds(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 3)
	r := commit(t, s, note(draft(), "created"))
	fresh := note(draft(), "created")
	for name, c := range map[string]airlock.Change{"create": fresh, "replace": note(r, "replaced")} {
		w.losing(1)
		got := commit(t, s, c)
		stored, err := s.Request(t.Context(), c.Request.Key())
		if err != nil || got.Version != stored.Version || got.Message != c.Request.Message {
			t.Errorf("%s: got version %q of %q, stored %q, %v", name, got.Version, got.Message, stored.Version, err)
		}
		lines, _, err := s.Lines(t.Context(), c.Request.Key(), airlock.Page{})
		if err := errors.Join(err, audit.Verify(lines, got.Head)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLostAnswerIsNoSuccessOfSomebodyElse(t *testing.T) {
	t.Parallel()
	s, _ := openOn(t, 3)
	r := commit(t, s, note(draft(), "created"))
	mine := r.Note() // neither operation, nor revision, nor head tell these two apart
	mine.Request.Notices = []airlock.Notice{{Event: airlock.ToldStuck}}
	theirs := r.Note()
	theirs.Request.Marks = []airlock.Mark{{Queue: "q"}}
	commit(t, s, theirs)
	if _, err := s.Commit(t.Context(), mine); !errors.Is(err, airlock.ErrConflict) {
		t.Errorf("commit: %v, want ErrConflict", err)
	}
}

func TestErrorOfNoMeaningIsLeftToBeTriedAgain(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 0)
	r := commit(t, s, note(draft(), "created"))
	w.losing(1)
	c := note(r, "lost")
	_, err := s.Commit(t.Context(), c)
	if !errors.Is(err, errLost) || errors.Is(err, airlock.ErrConflict) || errors.Is(err, airlock.ErrNotFound) {
		t.Errorf("commit: %v, want the error itself", err)
	}
	if got := commit(t, s, c); got.Message != "lost" { // as the handler's repeat does
		t.Errorf("message = %q, want that of the repeat", got.Message)
	}
}

func TestPutThatLostItsAnswerSucceeds(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 3)
	slot := airlock.Slot{Key: draft().Key(), Turn: 1}
	files := make([]airlock.File, airlock.MaxPut)
	for i := range files {
		files[i] = airlock.File{Name: fmt.Sprint(i), ETag: "1", Record: &airlock.Record{Listed: true, Size: int64(i)}}
	}
	w.losing(1)
	if err := s.Put(t.Context(), slot, files); err != nil {
		t.Fatal(err)
	}
	rows, _, err := s.List(t.Context(), slot, airlock.Selection{Which: airlock.Unsealed}, airlock.Page{})
	if err != nil || len(rows) != len(files) {
		t.Errorf("%d rows, %v; want %d", len(rows), err, len(files))
	}
}

func TestStorageCalls(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 3)
	ctx := t.Context()
	r := draft()
	slot := airlock.Slot{Key: r.Key(), Turn: 1}
	file := func(stored bool) []airlock.File {
		files := make([]airlock.File, airlock.MaxPut)
		for i := range files {
			files[i] = airlock.File{Name: fmt.Sprint(i), ETag: "1", Seal: &airlock.Seal{ETag: "s"}, Stored: stored}
		}
		return files
	}
	closed := func(r airlock.Request) airlock.Change {
		c := r.Note()
		c.Request.Title += "."
		return c
	}
	batch := "POST $batch"
	for _, step := range []struct {
		name string
		do   func() error
		want []string
	}{
		{"read before anything is there", func() error { _, _, err := s.Requests(ctx, r.Workspace, airlock.Page{}); return err }, []string{"GET"}},
		{"first write of all", func() (err error) { r, err = s.Commit(ctx, note(r, "created")); return }, []string{batch, "POST Tables", batch}},
		{"commit", func() (err error) { r, err = s.Commit(ctx, note(r, "moved")); return }, []string{batch}},
		{"commit that ends open work", func() (err error) { r, err = s.Commit(ctx, closed(r)); return }, []string{batch}},
		{"commit without open work", func() (err error) { r, err = s.Commit(ctx, closed(r)); return }, []string{batch, batch}},
		{"new files", func() error { return s.Put(ctx, slot, file(false)) }, []string{batch}},
		{"stored files", func() error { return s.Put(ctx, slot, file(true)) }, []string{batch}},
		{"one stored file taken for new", func() error { return s.Put(ctx, slot, file(false)[:1]) }, []string{batch, batch}},
		{"a page", func() error { _, _, err := s.List(ctx, slot, airlock.Selection{}, airlock.Page{}); return err }, []string{"GET"}},
		{"touch", func() error { return s.Touch(ctx, airlock.Open{Key: r.Key()}) }, []string{"PATCH"}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.want, w.taken()); diff != "" {
			t.Errorf("%s: calls (-want +got):\n%s", step.name, diff)
		}
	}
	// 100 files wrongly taken for new: a lookup each, never a transaction each.
	if err := s.Put(ctx, slot, file(false)); err != nil {
		t.Fatal(err)
	}
	calls := w.taken()
	batches := slices.DeleteFunc(slices.Clone(calls), func(c string) bool { return c != batch })
	if len(batches) != 3 || len(calls) > airlock.MaxPut+3 {
		t.Errorf("%d calls, %d transactions; want at most %d and 3", len(calls), len(batches), airlock.MaxPut+3)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	s, w := openOn(t, 0)
	r := draft()
	r.Justification = strings.Repeat("é", 500_000)
	_, tooLarge := s.Commit(t.Context(), airlock.Change{Request: r})
	r.Justification = ""
	_, tooMany := s.Commit(t.Context(), r.Note(make([]audit.Line, airlock.MaxPut)...))
	finding := airlock.Finding{Text: strings.Repeat("x", 33_000)}
	group := s.Put(t.Context(), airlock.Slot{Key: r.Key(), Turn: 1}, []airlock.File{{Name: "f", Inspection: &airlock.Inspection{Findings: []airlock.Finding{finding}}}})
	for name, err := range map[string]error{"row": tooLarge, "transaction": tooMany, "group": group} {
		if !errors.Is(err, airlock.ErrInvalid) || !strings.Contains(fmt.Sprint(err), "at most") {
			t.Errorf("%s: %v, want ErrInvalid that names the limit", name, err)
		}
	}
	if calls := w.taken(); len(calls) != 0 {
		t.Errorf("calls = %v, want none", calls)
	}
}

func TestNewerSchemaIsLeftAlone(t *testing.T) {
	t.Parallel()
	s, _ := openOn(t, 0)
	r := commit(t, s, note(draft(), "created"))
	entity := fmt.Sprintf(`{"PartitionKey":%q,"RowKey":"request.%s","schema":2}`, r.Workspace, r.ID)
	if _, err := s.Table.UpdateEntity(t.Context(), []byte(entity), nil); err != nil {
		t.Fatal(err)
	}
	_, readErr := s.Request(t.Context(), r.Key())
	_, _, listErr := s.Requests(t.Context(), r.Workspace, airlock.Page{})
	for _, err := range []error{readErr, listErr} {
		if err == nil || !strings.Contains(err.Error(), "schema 2") {
			t.Errorf("error = %v, want one that names schema 2", err)
		}
	}
}
