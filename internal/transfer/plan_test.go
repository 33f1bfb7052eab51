package transfer_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

func names(p transfer.Plan) (all []string) {
	for _, s := range p.Sources {
		all = append(all, s.Name)
	}
	return all
}

func TestAPlanHoldsEveryFileUnderItsName(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"in/a.csv", "in/.hidden", "in/sub folder/100%.csv", "in/sub folder/e\u0301.csv", "in/\u00fc#?.csv", "other/b.csv"} {
		write(t, filepath.Join(folder, filepath.FromSlash(name)), []byte("1234"))
	}
	for link, to := range map[string]string{"in/to a file": "../other/b.csv", "in/to a folder": "../other", "in/round": "."} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.Join(folder, filepath.FromSlash(link))); err != nil {
			t.Fatal(err)
		}
	}
	plain := []string{"in/.hidden", "in/a.csv", "in/sub folder/100%.csv", "in/sub folder/e\u0301.csv", "in/\u00fc#?.csv"}
	below := make([]string, len(plain))
	for i, name := range plain {
		below[i] = strings.TrimPrefix(name, "in/")
	}
	for _, tc := range []struct {
		name   string
		paths  []string
		follow bool
		want   []string
		left   int
	}{
		{name: "a folder by its name", paths: []string{"in"}, want: plain, left: 3},
		{name: "with a slash at the end, as the shell completes it", paths: []string{"in/"}, want: plain, left: 3},
		{name: "what is in a folder", paths: []string{"in/."}, want: below, left: 3},
		{name: "a file and a folder", paths: []string{"in/a.csv", "other"}, want: []string{"a.csv", "other/b.csv"}},
		{name: "a file twice", paths: []string{"in/a.csv", "in/../in/a.csv"}, want: []string{"a.csv"}},
		{name: "a link that is given itself", paths: []string{"in/to a file"}, want: []string{"to a file"}},
		{name: "links that are followed, but not in a circle", paths: []string{"in"}, follow: true, left: 1,
			want: []string{"in/.hidden", "in/a.csv", "in/sub folder/100%.csv", "in/sub folder/e\u0301.csv", "in/to a file", "in/to a folder/b.csv", "in/\u00fc#?.csv"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var paths []string
			for _, p := range tc.paths {
				paths = append(paths, folder+string(filepath.Separator)+filepath.FromSlash(p))
			}
			plan, err := transfer.Make(paths, tc.follow)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, names(plan)); diff != "" || len(plan.Left) != tc.left {
				t.Errorf("%s; left out %q", diff, plan.Left)
			}
			if plan.Bytes != int64(4*len(plan.Sources)) {
				t.Errorf("%d bytes of %d files", plan.Bytes, len(plan.Sources))
			}
		})
	}
}

func TestAPlanNamesEverythingThatCannotGo(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		return // such names cannot be made there
	}
	folder := t.TempDir()
	bad := []string{"back\\slash", "line\nbreak", "dot.", "Case.csv", "case.csv", "not \xff UTF-8", "rtl\u202e"}
	for _, name := range append(bad, "fine.csv") {
		write(t, filepath.Join(folder, "in", name), []byte("x"))
	}
	_, err := transfer.Make([]string{filepath.Join(folder, "in"), filepath.Join(folder, "absent")}, false)
	refused, ok := errors.AsType[transfer.Refusals](err)
	if !ok || !strings.Contains(err.Error(), "because of 8 that cannot") {
		t.Fatalf("%d refusals: %v", len(refused), err)
	}
	for _, wrong := range []string{"\x1b", "\n  line\n", "\u202e", "\xff", "fine"} {
		if strings.Contains(err.Error(), wrong) {
			t.Errorf("the message holds %q", wrong)
		}
	}
	if _, err := transfer.Make([]string{t.TempDir()}, false); err == nil {
		t.Error("an empty folder is planned")
	}
	one, two := write(t, filepath.Join(folder, "1", "a"), nil), write(t, filepath.Join(folder, "2", "a"), nil)
	if _, err := transfer.Make([]string{one, two}, false); err == nil || !strings.Contains(err.Error(), "two files would have this name") {
		t.Errorf("two files of one name: %v", err)
	}
}

// FuzzNames takes names that the airlock lets through to this machine and
// back, on both kinds of system, without one ever leading out of the folder.
func FuzzNames(f *testing.F) {
	for _, seed := range []string{"a.csv", "a/b c/d", "CON", "con.txt", "lpt9 .x", "COM\u00b9", "100%", "%41", "%%41", "a:b", "a ", " a", "e\u0301", "\u00e9",
		`<>:"|?*`, "..", "../x", "/etc/passwd", "a//b", ".", "C:/x", "%2e%2e/x", "nul:", "..%2F", "aux/aux", "%2", "%2:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, system := range []transfer.System{{}, {Windows: true}} {
			local, err := system.Local(name)
			if err != nil {
				if len(airlock.CheckName(name)) == 0 {
					t.Errorf("%q goes through the airlock and not to this machine: %v", name, err)
				}
				continue
			}
			if back := system.Remote(local); back != name {
				t.Errorf("%q is kept as %q and comes back as %q", name, local, back)
			}
			for segment := range strings.SplitSeq(local, "/") {
				if segment == "" || segment == "." || segment == ".." {
					t.Errorf("%q is kept as %q", name, local)
				}
				if system.Windows && (strings.ContainsAny(segment, `<>:"|?*\`) || strings.HasSuffix(segment, ".") || strings.HasSuffix(segment, " ")) {
					t.Errorf("%q is kept as %q, which Windows does not take", name, local)
				}
			}
		}
	})
}

func TestNamesOfDevicesAreKeptAsFiles(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"CON": "%43ON", "nul.tar.gz": "%6Eul.tar.gz", "com1/x": "%63om1/x", "com10": "com10", "console": "console",
		"a:b": "a%3Ab", "ab\x20": "ab%20", "a.": "a%2E", "50%": "50%", "50%25": "50%2525", "COM\u00b2": "%43OM\u00b2"} {
		if got, err := (transfer.System{Windows: true}).Local(name); err != nil || got != want {
			t.Errorf("%s is kept as %s, want %s: %v", name, got, want, err)
		}
		if got, err := (transfer.System{}).Local(name); err != nil || got != name {
			t.Errorf("%s is kept as %s elsewhere: %v", name, got, err)
		}
	}
}
