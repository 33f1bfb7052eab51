package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/local/sink"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

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
