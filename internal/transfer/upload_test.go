package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
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

// TestTroublesPass lets each operation fail in every passing way, and sees the
// content whole at the end.
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
					if c.Operation == operation && c.Number%2 == 1 {
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

func TestALinkThatEndsIsRenewedOnceForAll(t *testing.T) {
	t.Parallel()
	var r *rig
	r = newRig(t, func(c sink.Call) sink.Fault {
		if c.Operation == "Stage" && c.Number == 10 {
			r.sink.End()
		}
		return sink.Fault{}
	})
	content := random(1, 40*block)
	if _, err := r.upload(t.Context(), write(t, filepath.Join(t.TempDir(), "a"), content)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.content("a"), content) || r.asked.Load() != 2 {
		t.Errorf("%d links were asked for, want 2", r.asked.Load())
	}
}

func TestAnInterruptedUploadGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	content := random(1, 100*block+1)
	path := write(t, filepath.Join(t.TempDir(), "a"), content)
	_, err := r.upload(r.meter.interruptAfter(t.Context(), 50*block), path)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if _, there := r.sink.Blob("a"); there {
		t.Fatal("half a file was put together")
	}
	r.meter.stop = nil
	if _, err = r.upload(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if again := r.sink.Taken() - int64(len(content)); again > 5*block || !bytes.Equal(r.content("a"), content) {
		t.Errorf("%d bytes were sent twice", again)
	}
}

func TestAChangedFileStartsAgainWhereItChanged(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	content := random(1, 100*block)
	path := write(t, filepath.Join(t.TempDir(), "a"), content)
	_, err := r.upload(r.meter.interruptAfter(t.Context(), 80*block), path)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r.meter.stop = nil
	before := r.sink.Taken()
	content[20*block]++
	if _, err = r.upload(t.Context(), write(t, path, content)); err != nil || !bytes.Equal(r.content("a"), content) {
		t.Fatalf("not what the file is now: %v", err)
	}
	if sent := r.sink.Taken() - before; sent < 80*block || sent > 84*block { // a block of each request under way may not have been noted
		t.Errorf("%d bytes sent, want those from the change on", sent)
	}
}

func TestAFileThatChangesWhileItIsReadIsNotTaken(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"small": 10, "large": 20 * block} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, filepath.Join(t.TempDir(), "a"), random(1, size))
			other := write(t, filepath.Join(t.TempDir(), "b"), random(1, 5))
			r := newRig(t, nil)
			r.pace.Parallel = 1
			r.sink.Fault = withCall(func(c sink.Call) sink.Fault {
				if c.Name == "a" && c.Number == 1 {
					write(t, path, random(2, size+1))
				}
				return sink.Fault{}
			})
			sent, err := r.upload(t.Context(), path, other)
			if size > block {
				wrong, ok := errors.AsType[*transfer.FileError](err)
				if !ok || wrong.Name != "a" || !strings.Contains(err.Error(), "changed while it was read") {
					t.Errorf("no word of the change: %v", err)
				}
				if _, there := r.sink.Blob("a"); there || len(sent) != 1 {
					t.Errorf("a mixture of two versions was put together; %d files sent", len(sent))
				}
				return
			}
			if err != nil || !bytes.Equal(r.content("a"), random(1, size)) { // read whole before
				t.Error(err)
			}
		})
	}
}

func TestBlocksThatAreGoneAreSentAgain(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*sink.Sink){
		"storage forgot them":                (*sink.Sink).Forget,
		"another program's blocks are there": func(s *sink.Sink) { s.Forget(); s.Stage("a", "MDAwMDAw") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			content := random(1, 10*block)
			path := write(t, filepath.Join(t.TempDir(), "a"), content)
			if _, err := r.upload(r.meter.interruptAfter(t.Context(), 5*block), path); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			r.meter.stop = nil
			lose(r.sink)
			if _, err := r.upload(t.Context(), path); err != nil || !bytes.Equal(r.content("a"), content) {
				t.Fatal(err)
			}
			if len(r.meter.said) != 1 {
				t.Errorf("said %q", r.meter.said)
			}
		})
	}
}

func TestWhatIsThereIsNotSentAgain(t *testing.T) {
	t.Parallel()
	content := random(1, 10*block)
	for _, tc := range []struct {
		name          string
		there         api.File
		forgotten, is bool // the journal; taken for there
	}{
		{"the journal and the draft agree", api.File{ETag: "E"}, false, true},
		{"it was replaced there", api.File{ETag: "other"}, false, false},
		{"no journal, but inspection recorded the same content", api.File{ETag: "other", Size: 10 * block, SHA256: sum(content)}, true, true},
		{"no journal, and other content of the same size", api.File{ETag: "other", Size: 10 * block, SHA256: sum(nil)}, true, false},
		{"no journal, not inspected yet", api.File{ETag: "E", Size: 10 * block}, true, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			path := write(t, filepath.Join(t.TempDir(), "a"), content)
			sent, err := r.upload(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			if tc.there.ETag == "E" {
				tc.there.ETag = sent[0].ETag
			}
			if tc.forgotten {
				r.journal = t.TempDir()
			}
			r.there = map[string]api.File{"a": tc.there}
			before := r.sink.Taken()
			sent, err = r.upload(t.Context(), path)
			if err != nil || sent[0].Already != tc.is || (r.sink.Taken() == before) != tc.is || sent[0].SHA256 != sum(content) {
				t.Errorf("sent %d bytes, %+v, %v", r.sink.Taken()-before, sent, err)
			}
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
