package transfers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// TestFoldersCross takes folders with names of every kind into a workspace and
// out of one, from upload to download.
func TestFoldersCross(t *testing.T) {
	t.Parallel()
	for _, kind := range []airlock.Type{airlock.Import, airlock.Export} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			x := begin(t, airlock.Policy{})
			q := x.draft(kind)
			want := map[string][]byte{
				"in/empty.csv": {}, "in/.hidden": []byte("h\n"), "in/deep/er/a b.csv": []byte("a,b\n1,2\n"), "in/100% #1.csv": []byte("x\n"),
				"in/%41.csv": []byte("y\n"), "in/u\u0308.csv": []byte("decomposed\n"), "in/\u00e9.csv": []byte("composed\n"), "in/漢字 💎.txt": []byte("z\n"), "in/+&=;@~!'().csv": []byte("signs\n"),
				"in/large.bin": random(1, 3<<20+1),
			}
			if runtime.GOOS != "windows" {
				want["in/what?.csv"] = []byte("?\n")
			}
			for name, content := range want {
				x.file(name, content)
			}
			up := x.done(researcher, "airlock", "upload", filepath.Join(x.folder, "in"), "--request", q.Key.Request, "--block-size", "1", "-o", "json")
			r := x.result(up)
			if len(r.Files) != len(want) || !strings.Contains(up.err, fmt.Sprintf("inspection has recorded %d of %d", len(want), len(want))) {
				t.Fatalf("%d files: %s", len(r.Files), up.err)
			}
			for _, f := range r.Files {
				if f.SHA256 != sum(want[f.Name]) || f.Already || f.Refused {
					t.Errorf("%+v", f)
				}
			}
			x.must(q.Submit(t.Context()))
			_, err := q.Await(t.Context(), airlock.InReview)
			x.must(err)
			sealed := x.fetched(manager, q, "sealed")
			x.must(q.Approve(t.Context(), manager))
			_, err = q.Await(t.Context(), airlock.Approved)
			x.must(err)
			released := x.fetched(researcher, q, "released")
			for name, content := range want {
				if sealed[name] != string(content) || released[name] != string(content) {
					t.Errorf("%q is not what was sent", name)
				}
			}
			if len(sealed) != len(want) || len(released) != len(want) {
				t.Errorf("%d sealed, %d released files, want %d", len(sealed), len(released), len(want))
			}
			again := x.done(researcher, "airlock", "download", filepath.Join(x.folder, "released"), "--request", q.Key.Request, "-o", "json")
			if x.result(again).BytesFetched != 0 {
				t.Errorf("fetched again what was here: %s", again.out)
			}
		})
	}
}

// fetched downloads the request's files as a person.
func (x *tester) fetched(key string, q *stacktest.Request, into string) map[string]string {
	x.Helper()
	folder := filepath.Join(x.folder, into)
	x.done(key, "airlock", "download", folder, "--request", q.Key.Request, "--block-size", "1")
	all := map[string]string{}
	x.must(filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		name, _ := filepath.Rel(folder, path)
		all[filepath.ToSlash(name)] = string(content)
		return err
	}))
	return all
}

// TestAKilledUploadGoesOn kills the program in the middle, more than once.
func TestAKilledUploadGoesOn(t *testing.T) {
	t.Parallel()
	const blocks = 48
	x := begin(t, airlock.Policy{})
	q := x.draft(airlock.Import)
	content := random(2, blocks<<20)
	path := x.file("large.bin", content)
	args := []string{"airlock", "upload", path, "--request", q.Key.Request, "--block-size", "1", "--parallel", "2", "-o", "json"}
	noted := 0
	for range 2 {
		noted = x.killAfter(noted+blocks/4, args...)
	}
	if files, err := q.Files(t.Context()); err != nil || len(files) != 0 {
		t.Fatalf("half a file is in the draft: %v, %v", files, err)
	}
	got := x.result(x.done(researcher, args...))
	if got.BytesSent > int64(blocks-noted)<<20 || got.BytesSent == 0 || got.Files[0].SHA256 != sum(content) {
		t.Errorf("%d MiB sent, though %d of %d were noted: %+v", got.BytesSent>>20, noted, blocks, got.Files)
	}
}

// killAfter kills the program when so many blocks are noted, and returns how
// many were then.
func (x *tester) killAfter(blocks int, args ...string) int {
	x.Helper()
	words, err := json.Marshal(args)
	x.must(err)
	self, err := os.Executable()
	x.must(err)
	cmd := exec.CommandContext(x.Context(), self)
	cmd.Env = append(os.Environ(), argsName+"="+string(words))
	for name, value := range x.env(researcher) {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var said safe
	cmd.Stderr = &said
	x.must(cmd.Start())
	err = stacktest.Within(x.Context(), stacktest.Patience, 2*time.Millisecond, func(context.Context) error {
		if n := x.noted(); n < blocks {
			return fmt.Errorf("%d of %d blocks are noted: %s", n, blocks, said.String())
		}
		return nil
	})
	_ = cmd.Process.Kill() // so that it ends also when it was too slow
	if end := cmd.Wait(); err == nil && end == nil {
		err = errors.New("it was done before it could be killed")
	}
	x.must(err)
	return x.noted()
}

// noted is how many lines the journal has.
func (x *tester) noted() int {
	found, _ := filepath.Glob(filepath.Join(x.cache, "transfers", "*.jsonl"))
	if len(found) != 1 {
		return 0
	}
	text, _ := os.ReadFile(found[0])
	return strings.Count(string(text), `"part"`)
}

// TestALinkThatEndsInTheMiddleIsRenewed holds storage busy until the first
// link has ended.
func TestALinkThatEndsInTheMiddleIsRenewed(t *testing.T) {
	t.Parallel()
	const life = 2 * time.Second
	x := begin(t, airlock.Policy{LinkLife: airlock.Duration(life)})
	q := x.draft(airlock.Export)
	box := airlock.Container{Kind: airlock.DraftFiles, Key: q.Key, Number: 1}.String()
	content := random(3, 6<<20)
	path := x.file("a.bin", content)
	free := rig.Troubles.Fail(storageproxy.ServerBusy, "PutBlock", box)
	defer free()
	var said safe
	end := make(chan seen, 1)
	go func() {
		end <- x.treInto(t.Context(), &said, researcher, "airlock", "upload", path, "--request", q.Key.Request, "--block-size", "1", "--parallel", "2", "--verbose", "-o", "json")
	}()
	var asked time.Time
	x.must(stacktest.Until(t.Context(), func(context.Context) error {
		if strings.Contains(said.String(), "/link 200") && asked.IsZero() {
			asked = time.Now()
		}
		if asked.IsZero() || time.Since(asked) < life+time.Second {
			return errors.New("the link has not ended yet")
		}
		return nil
	}))
	free()
	got := <-end
	if got.code != cli.Done || x.result(got).Files[0].SHA256 != sum(content) {
		t.Fatalf("exit code %d: %s", got.code, got.err)
	}
	if n := strings.Count(got.err, "/link 200"); n < 2 || n > 4 {
		t.Errorf("%d links were asked for", n)
	}
}

// TestOtherBytesThanSentAreSaid has inspection record another SHA-256.
func TestOtherBytesThanSentAreSaid(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.draft(airlock.Import)
	good, bad := x.file("good.csv", []byte("a\n")), x.file("bad.csv", []byte("b\n"))
	args := []string{"airlock", "upload", good, bad, "--request", q.Key.Request}
	x.done(researcher, append(args, "--no-wait")...)
	files, err := q.Looked(t.Context(), 2)
	x.must(err)
	x.must(rig.State.Put(t.Context(), airlock.Slot{Key: q.Key, Turn: 1}, []airlock.File{{Name: "bad.csv", ETag: files["bad.csv"].ETag, Stored: true,
		Inspection: &airlock.Inspection{Size: 2, SHA256: sum([]byte("other")), Type: "text/csv", At: time.Now()}}}))
	got := x.tre(researcher, args...)
	if got.code != cli.Failed || !strings.Contains(got.err, "bad.csv: what arrived is not what was sent") || strings.Contains(got.err, "good.csv") {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
}

// TestAnInterruptSaysHowToGoOn ends an upload as Ctrl-C does.
func TestAnInterruptSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.draft(airlock.Import)
	path := x.file("a.bin", random(4, 8<<20))
	box := airlock.Container{Kind: airlock.DraftFiles, Key: q.Key, Number: 1}.String()
	free := rig.Troubles.Fail(storageproxy.ServerBusy, "PutBlock", box)
	defer free()
	ctx, interrupt := context.WithCancel(t.Context())
	var said safe
	end := make(chan seen, 1)
	go func() {
		end <- x.treInto(ctx, &said, researcher, "airlock", "upload", path, "--request", q.Key.Request, "--block-size", "1", "--verbose")
	}()
	x.must(stacktest.Until(t.Context(), func(context.Context) error {
		if !strings.Contains(said.String(), "/link 200") {
			return errors.New("has not begun")
		}
		return nil
	}))
	interrupt()
	if got := <-end; got.code != cli.Interrupted || !strings.Contains(got.err, "run the same command again") {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	free()
	x.done(researcher, "airlock", "upload", path, "--request", q.Key.Request, "--block-size", "1")
}

func TestWrongInputsAreSaidBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.draft(airlock.Import)
	fine := x.file("fine.csv", []byte("x\n"))
	x.file("odd/dot.", nil)
	x.file("odd/back\\slash", nil)
	ended := x.draft(airlock.Import)
	x.must(ended.Do(t.Context(), researcher, "cancel", nil))
	for _, tc := range []struct {
		name, says string
		code       cli.Code
		args       []string
	}{
		{"no file", "arguments given: 0", cli.Usage, []string{"upload", "--request", q.Key.Request}},
		{"no request", `required flag(s) "request"`, cli.Usage, []string{"upload", fine}},
		{"a file that is not there", "no such file", cli.Usage, []string{"upload", fine, filepath.Join(x.folder, "absent"), "--request", q.Key.Request}},
		{"names that the airlock refuses", "because of 2 that cannot", cli.Usage, []string{"upload", x.folder, "--request", q.Key.Request}},
		{"too many at once", "--parallel: 65 is not between", cli.Usage, []string{"upload", fine, "--parallel", "65", "--request", q.Key.Request}},
		{"blocks of nothing", "--block-size: 0 is not between", cli.Usage, []string{"upload", fine, "--block-size", "0", "--request", q.Key.Request}},
		{"a request that is no draft", "files can only be put into a draft", cli.Conflict, []string{"upload", fine, "--request", ended.Key.Request}},
		{"a request that is not there", "", cli.NotAllowed, []string{"upload", fine, "--request", "00000000-0000-4000-8000-000000000000"}},
		{"reading from a draft", "nothing can be read back", cli.Conflict, []string{"download", x.folder, "--request", q.Key.Request}},
	} {
		got := x.tre(researcher, append([]string{"airlock"}, tc.args...)...)
		if got.code != tc.code || !strings.Contains(got.err, tc.says) {
			t.Errorf("%s: exit code %d, want %d: %s", tc.name, got.code, tc.code, got.err)
		}
	}
	if files, err := q.Files(t.Context()); err != nil || len(files) != 0 {
		t.Errorf("something was sent: %v, %v", files, err)
	}
}

func TestFindingsAreShown(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.draft(airlock.Import)
	program := x.file("tool.csv", append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 100)...))
	got := x.tre(researcher, "airlock", "upload", program, x.file("fine.csv", []byte("a,b\n")), "--request", q.Key.Request)
	if got.code != cli.Failed || !strings.Contains(got.out, "tool.csv") || !strings.Contains(got.out, "not allowed here") ||
		strings.Contains(got.out, "fine.csv") || !strings.Contains(got.err, "1 of the files cannot be submitted") {
		t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
	}
}
