package transfer_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/sink"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

func withCall(fault func(sink.Call) sink.Fault) func(*http.Request, sink.Call) sink.Fault {
	return func(_ *http.Request, c sink.Call) sink.Fault { return fault(c) }
}

func TestFilesArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	folder := t.TempDir()
	want := map[string][]byte{
		"in/empty.csv": {}, "in/one.csv": random(1, 1), "in/a block.csv": random(2, block), "in/a block and one.csv": random(3, block+1),
		"in/many blocks.bin": random(4, 20*block+7), "in/.hidden": random(5, 10), "in/ü/100 % #1?.csv": random(6, 3*block),
	}
	for name, content := range want {
		write(t, filepath.Join(folder, filepath.FromSlash(name)), content)
	}
	sent, err := r.upload(t.Context(), filepath.Join(folder, "in"))
	if err != nil || len(sent) != len(want) {
		t.Fatalf("%d files, %v", len(sent), err)
	}
	for _, s := range sent {
		if !bytes.Equal(r.content(s.Name), want[s.Name]) || s.SHA256 != sum(want[s.Name]) {
			t.Errorf("%s is not what was sent", s.Name)
		}
		b, _ := r.sink.Blob(s.Name)
		if b.ETag != `"`+s.ETag+`"` || b.Type != "text/csv" {
			t.Errorf("%s: ETag %s, type %s", s.Name, s.ETag, b.Type)
		}
	}
}

// TestTroublesPass lets the first try of each operation fail in every passing
// way, and sees the content whole at the end.
func TestTroublesPass(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sink.Fault{
		"the connection is cut":      {Drop: true},
		"storage is busy":            {Status: http.StatusServiceUnavailable, Code: "ServerBusy"},
		"too many requests":          {Status: http.StatusTooManyRequests, Code: "TooManyRequests"},
		"storage took too long":      {Status: http.StatusRequestTimeout, Code: "OperationTimedOut"},
		"an error of storage itself": {Status: http.StatusInternalServerError, Code: "InternalError"},
	} {
		for _, operation := range []string{"Put", "Stage", "Commit"} {
			t.Run(name+" at "+operation, func(t *testing.T) {
				t.Parallel()
				r := newRig(t, func(c sink.Call) sink.Fault {
					if c.Operation == operation && c.Try == 1 {
						return fault
					}
					return sink.Fault{}
				})
				folder := t.TempDir()
				small, large := random(1, 10), random(2, 9*block+1)
				_, err := r.upload(t.Context(), write(t, filepath.Join(folder, "small"), small), write(t, filepath.Join(folder, "large"), large))
				if err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(r.content("small"), small) || !bytes.Equal(r.content("large"), large) {
					t.Error("content differs")
				}
				if got := r.meter.moved.Load(); got != int64(len(small)+len(large)) {
					t.Errorf("%d bytes are said to have moved, want %d", got, len(small)+len(large))
				}
			})
		}
	}
}

func TestStorageIsAskedAgainWhenItSaysSo(t *testing.T) {
	t.Parallel()
	var first time.Time
	r := newRig(t, func(c sink.Call) sink.Fault {
		if c.Number == 1 {
			first = time.Now()
			return sink.Fault{Status: http.StatusServiceUnavailable, Code: "ServerBusy", After: 1}
		}
		return sink.Fault{}
	})
	if _, err := r.upload(t.Context(), write(t, filepath.Join(t.TempDir(), "a"), []byte("x"))); err != nil {
		t.Fatal(err)
	}
	if waited := time.Since(first); waited < time.Second {
		t.Errorf("asked again after %s, storage said 1 s", waited)
	}
}

func TestSomeAnswersAreFinal(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		fault sink.Fault
		calls int
		says  string
	}{
		{"a request that storage does not understand", sink.Fault{Status: 400, Code: "InvalidHeaderValue"}, 1, "InvalidHeaderValue"},
		{"a draft that was closed", sink.Fault{Status: 404, Code: "ContainerNotFound"}, 1, "not there any more"},
		{"a draft that is being deleted", sink.Fault{Status: 409, Code: "ContainerBeingDeleted"}, 1, "not there any more"},
		{"a link that is refused however fresh", sink.Fault{Status: 403, Code: "AuthorizationFailure"}, 4, "refuses a fresh link too"},
		{"trouble that does not pass", sink.Fault{Status: 503, Code: "ServerBusy"}, 5, "ServerBusy"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(sink.Call) sink.Fault { return tc.fault })
			_, err := r.upload(t.Context(), write(t, filepath.Join(t.TempDir(), "a"), []byte("x")))
			if err == nil || !strings.Contains(err.Error(), tc.says) || r.sink.Calls("Put") != tc.calls {
				t.Errorf("%d calls, want %d: %v", r.sink.Calls("Put"), tc.calls, err)
			}
			noSecret(t, err)
		})
	}
}

func TestAFileThatCannotBeReadDoesNotEndTheOthers(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	folder := t.TempDir()
	gone := write(t, filepath.Join(folder, "b"), []byte("b"))
	plan, err := transfer.Make([]string{write(t, filepath.Join(folder, "a"), []byte("a")), gone}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	u := transfer.Uploader{Drop: dropOf(r), Links: r.links(), Journal: r.open(), Progress: &r.meter, Pace: r.pace}
	sent, err := u.Upload(t.Context(), plan)
	wrong, ok := errors.AsType[*transfer.FileError](err)
	if !ok || wrong.Name != "b" || len(sent) != 1 || sent[0].Name != "a" {
		t.Errorf("sent %v, %v", sent, err)
	}
}
