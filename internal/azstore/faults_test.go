package azstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

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

func TestUnreadRowKeepsItsSchema(t *testing.T) {
	t.Parallel()
	s, _ := openOn(t, 0)
	slot := airlock.Slot{Key: draft().Key(), Turn: 1}
	f := airlock.File{Name: "f", ETag: "1"}
	put := func() error { return s.Put(t.Context(), slot, []airlock.File{f}) }
	if err := put(); err != nil {
		t.Fatal(err)
	}
	page, err := s.Table.NewListEntitiesPager(nil).NextPage(t.Context())
	if err != nil || len(page.Entities) != 1 {
		t.Fatalf("%d rows, %v; want 1", len(page.Entities), err)
	}
	newer := bytes.Replace(page.Entities[0], []byte(`"schema":1`), []byte(`"schema":2`), 1)
	if _, err := s.Table.UpdateEntity(t.Context(), newer, nil); err != nil {
		t.Fatal(err)
	}
	if err := put(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), slot, "f", "1"); err == nil || !strings.Contains(err.Error(), "schema 2") {
		t.Errorf("get: %v, want an error that names schema 2", err)
	}
}
