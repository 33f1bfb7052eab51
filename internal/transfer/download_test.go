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

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/azlink"
	"github.com/trefoil-tre/trefoil/internal/local/sink"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// hold puts a file on the server and returns what its manifest says.
func (r *rig) hold(name string, content []byte) api.File {
	r.sink.Hold(name, content)
	return api.File{Name: name, Size: int64(len(content)), SHA256: sum(content), ETag: "of the draft"}
}

func (r *rig) download(ctx context.Context, folder string, force bool, files ...api.File) ([]transfer.Got, error) {
	r.t.Helper()
	wanted, err := transfer.ThisSystem.Want(files)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	d := transfer.Downloader{Shelf: azlink.New(azlink.Config{}), Links: r.links(), Journal: r.open(), Progress: &r.meter,
		Folder: root, Pace: r.pace, Force: force}
	return d.Download(ctx, wanted)
}

// tree is what is in a folder.
func tree(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		all[filepath.ToSlash(name)] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestFilesComeAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]sink.Fault{
		"when all goes well":              {},
		"when connections are cut":        {Drop: true},
		"when answers end in the middle":  {Cut: 300},
		"when answers end before content": {Cut: -1},
		"when storage is busy":            {Status: http.StatusServiceUnavailable, Code: "ServerBusy"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(c sink.Call) sink.Fault {
				if c.Number%3 == 1 {
					return fault
				}
				return sink.Fault{}
			})
			r.pace.Tries = 20 // four at once may have the third call fall to the same one again and again
			want := map[string][]byte{"empty.csv": {}, "sub/one.csv": random(1, 1), "sub/a block": random(2, block),
				"sub/ü 100% #?/large.bin": random(3, 30*block+7), strings.Repeat("n", 255): random(4, 5)}
			var files []api.File
			for name, content := range want {
				files = append(files, r.hold(name, content))
			}
			folder := t.TempDir()
			got, err := r.download(t.Context(), folder, false, files...)
			if err != nil || len(got) != len(want) {
				t.Fatalf("%d files, %v", len(got), err)
			}
			is := tree(t, folder)
			for name, content := range want {
				if is[name] != string(content) {
					t.Errorf("%s is not what was there", name)
				}
			}
			if len(is) != len(want) {
				t.Errorf("more is left than the files: %d", len(is))
			}
			if again, err := r.download(t.Context(), folder, false, files...); err != nil || !again[0].Already {
				t.Errorf("fetched what was here: %+v, %v", again, err)
			}
		})
	}
}

func TestAnInterruptedDownloadGoesOn(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	content := random(1, 100*block+1)
	f := r.hold("a.bin", content)
	folder := t.TempDir()
	_, err := r.download(r.meter.interruptAfter(t.Context(), 50*block), folder, false, f)
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	for name := range tree(t, folder) {
		if !strings.HasSuffix(name, ".part") {
			t.Errorf("%s has its name before it is whole", name)
		}
	}
	r.meter.stop = nil
	before := r.sink.Calls("Read")
	if _, err := r.download(t.Context(), folder, false, f); err != nil || tree(t, folder)["a.bin"] != string(content) {
		t.Fatal(err)
	}
	if again := r.sink.Calls("Read") - before; again > 56 {
		t.Errorf("%d of 101 ranges were fetched the second time", again)
	}
}

// TestWhatWasNotedAndLostIsFetchedAgain takes a part whose content is not what
// the journal says, as after a power cut.
func TestWhatWasNotedAndLostIsFetchedAgain(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	content := random(1, 20*block)
	f := r.hold("a.bin", content)
	folder := t.TempDir()
	if _, err := r.download(r.meter.interruptAfter(t.Context(), 10*block), folder, false, f); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	r.meter.stop = nil
	for name := range tree(t, folder) {
		write(t, filepath.Join(folder, name), make([]byte, len(content)))
	}
	if _, err := r.download(t.Context(), folder, false, f); err != nil || tree(t, folder)["a.bin"] != string(content) {
		t.Fatal(err)
	}
}

func TestWhatIsWrongWithAFileIsSaid(t *testing.T) {
	t.Parallel()
	content := random(1, 3*block)
	for _, tc := range []struct {
		name  string
		spoil func(r *rig, f *api.File, folder string)
		says  string
	}{
		{"its content is not the manifest's", func(_ *rig, f *api.File, _ string) { f.SHA256 = sum(nil) }, "SHA-256 differs"},
		{"its size is not the manifest's", func(_ *rig, f *api.File, _ string) { f.Size++ }, "tell an administrator"},
		{"it is not there", func(_ *rig, f *api.File, _ string) { f.Name = "other" }, "not there any more"},
		{"it was replaced meanwhile", func(r *rig, _ *api.File, _ string) {
			r.sink.Fault = withCall(func(c sink.Call) sink.Fault {
				if c.Operation == "Read" && c.Number == 2 {
					r.sink.Hold("a", content)
				}
				return sink.Fault{}
			})
		}, "replaced meanwhile"},
		{"another file is here", func(r *rig, _ *api.File, folder string) { write(r.t, filepath.Join(folder, "a"), []byte("mine")) }, "--force"},
		{"another file of the same size is here", func(r *rig, _ *api.File, folder string) {
			write(r.t, filepath.Join(folder, "a"), random(2, len(content)))
		}, "--force"},
		{"a folder of its name is here", func(r *rig, _ *api.File, folder string) { write(r.t, filepath.Join(folder, "a", "b"), nil) }, "--force"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, nil)
			r.pace.Parallel = 1
			f, other := r.hold("a", content), r.hold("z", []byte("z"))
			folder := t.TempDir()
			tc.spoil(r, &f, folder)
			before := tree(t, folder)
			got, err := r.download(t.Context(), folder, false, f, other)
			wrong, ok := errors.AsType[*transfer.FileError](err)
			if !ok || wrong.Name != f.Name || !strings.Contains(err.Error(), tc.says) || len(got) != 1 {
				t.Errorf("got %d files, %v", len(got), err)
			}
			noSecret(t, err)
			for name, content := range before {
				if tree(t, folder)[name] != content {
					t.Errorf("%s was overwritten", name)
				}
			}
		})
	}
}

func TestForceReplacesAFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	f := r.hold("a", random(1, 10))
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a"), []byte("mine"))
	if _, err := r.download(t.Context(), folder, true, f); err != nil || tree(t, folder)["a"] != string(random(1, 10)) {
		t.Error(err)
	}
}

// TestNothingIsWrittenOutsideTheFolder gives names and links that lead out.
func TestNothingIsWrittenOutsideTheFolder(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	above := t.TempDir()
	folder := filepath.Join(above, "in")
	write(t, filepath.Join(folder, "keep"), nil)
	if err := os.Symlink("..", filepath.Join(folder, "up")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"../out", "/out", "a/../../out", "..", "up/out", "a//b"} {
		f := r.hold(name, []byte("x"))
		if _, err := r.download(t.Context(), folder, true, f); err == nil {
			t.Errorf("%s was fetched", name)
		}
	}
	for name := range tree(t, above) {
		if !strings.HasPrefix(name, "in/") {
			t.Errorf("%s was written", name)
		}
	}
	if _, err := r.download(t.Context(), folder, false, r.hold("a", nil), r.hold("A", nil)); err == nil {
		t.Error("two names that many systems take for one were fetched")
	}
}

func TestAFullDiskIsSaidClearly(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		return // there is no such thing on this system
	}
	defer func() { _ = full.Close() }()
	_, err = full.Write([]byte("x"))
	if said := transfer.Explain(err).Error(); !strings.Contains(said, "the disk is full") {
		t.Errorf("said: %s", said)
	}
}

func TestALinkThatEndsWhileFetchingIsRenewed(t *testing.T) {
	t.Parallel()
	var r *rig
	r = newRig(t, func(c sink.Call) sink.Fault {
		if c.Operation == "Read" && c.Number == 10 {
			r.sink.End()
		}
		return sink.Fault{}
	})
	content := random(1, 40*block)
	f := r.hold("a", content)
	folder := t.TempDir()
	if _, err := r.download(t.Context(), folder, false, f); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(folder, "a"))
	if err != nil || !bytes.Equal(got, content) || r.asked.Load() != 2 {
		t.Errorf("%d links asked for, %v", r.asked.Load(), err)
	}
}
