package scenario_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// elf begins as a program does.
var elf = []byte("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00 and more")

// refusedAs checks that a submit is refused with 400, that the answer names
// what it has to, and that the request is still a draft.
func (x tester) refusedAs(q *stacktest.Request, named ...string) {
	x.Helper()
	answer, err := rig.Call(x.Context(), q.By, http.MethodPost, q.Path()+"/submit", map[string]any{})
	x.must(err)
	if answer.Status != http.StatusBadRequest {
		x.Errorf("submit answers %v", answer)
	}
	for _, name := range named {
		if !strings.Contains(string(answer.Body), name) {
			x.Errorf("answer does not name %q: %s", name, answer.Body)
		}
	}
	if r := x.await(q, airlock.Draft); r.Turn != 1 && r.Stage != airlock.Draft {
		x.Errorf("request is %s", r.Stage)
	}
}

func TestFindingsWhileInDraft(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Export, some())
	x.must(q.Drop(t.Context(), "tool.csv", elf))
	x.must(q.Drop(t.Context(), "dots..txt.", []byte("x")))
	files, err := q.Looked(t.Context(), 4)
	x.must(err)
	for name, refused := range map[string]bool{"tool.csv": true, "dots..txt.": true, "notes.txt": false} {
		if f := files[name]; f.Refused != refused || refused && len(f.Findings) == 0 {
			t.Errorf("%q: %+v", name, f)
		}
	}
	x.refusedAs(q, "tool.csv", "dots..txt.")
	for _, name := range []string{"tool.csv", "dots..txt."} {
		x.must(q.Do(t.Context(), researcher, "files/remove", map[string]any{"name": name}))
	}
	files, err = q.Files(t.Context())
	x.must(err)
	if _, there := files["tool.csv"]; there || len(files) != 2 {
		t.Errorf("after removal: %v", files)
	}
	x.must(q.Drop(t.Context(), "tool.csv", []byte("a,b\n1,2\n"))) // a later upload counts again
	x.must(q.Submit(t.Context()))
	x.await(q, airlock.InReview)
	want := some()
	want["tool.csv"] = []byte("a,b\n1,2\n")
	x.sees(q, manager, "sealed-link", want)
}

func TestNothingToSubmit(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.create(researcher, airlock.Import)
	x.refusedAs(q, "none")
	x.must(q.Drop(t.Context(), "gone.txt", []byte("x")))
	x.must(q.Do(t.Context(), researcher, "files/remove", map[string]any{"name": "gone.txt"}))
	x.refusedAs(q, "none")
}

func TestDraftPastItsLimits(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{MaxFiles: 2, CloseFactor: 3})
	q := x.create(researcher, airlock.Import)
	for i := range 4 {
		x.must(q.Drop(t.Context(), fmt.Sprintf("%d.txt", i), []byte("x")))
	}
	x.refusedAs(q, "4", "at most 2")
	_, err := q.Told(t.Context(), "researcher@heart.example", 1)
	x.must(err)
	for i := range 4 {
		x.must(q.Drop(t.Context(), fmt.Sprintf("more-%d.txt", i), []byte("x")))
	}
	x.await(q, airlock.Failed) // far past them it is closed
	x.closed(q)
	x.must(q.Do(t.Context(), owner, "retry", nil))
	x.await(q, airlock.Draft)
}

// closed waits until the draft takes no files any more.
func (x tester) closed(q *stacktest.Request) {
	x.Helper()
	x.must(stacktest.Until(x.Context(), func(ctx context.Context) error {
		status, err := q.Put(ctx, "late.txt", []byte("x"))
		if err == nil && status < 300 {
			return fmt.Errorf("the draft still takes files: %d", status)
		}
		return err
	}))
}

func TestNobodyActs(t *testing.T) {
	t.Parallel()
	short := airlock.Duration(3 * time.Second)
	t.Run("draft", func(t *testing.T) {
		t.Parallel()
		x := begin(t, airlock.Policy{DraftLife: short})
		q := x.dropped(researcher, airlock.Import, some())
		x.await(q, airlock.Cancelled)
		x.empty(q)
	})
	t.Run("review", func(t *testing.T) {
		t.Parallel()
		x := begin(t, airlock.Policy{ReviewLife: short})
		q := x.reviewed(researcher, airlock.Export, some())
		x.await(q, airlock.Cancelled)
		x.empty(q)
		_, err := q.Told(t.Context(), "researcher@heart.example", 1)
		x.must(err)
	})
}

// empty waits until no container of the request is left and none is waited
// for.
func (x tester) empty(q *stacktest.Request) {
	x.Helper()
	x.must(stacktest.Until(x.Context(), func(ctx context.Context) error {
		there, err := q.Containers(ctx)
		if err != nil {
			return err
		}
		r, err := q.Stored(ctx)
		if err == nil && len(there)+len(r.Containers) > 0 {
			return fmt.Errorf("%s request still has %v (row: %v)", r.Stage, there, r.Containers)
		}
		return err
	}))
}
