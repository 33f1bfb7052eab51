package airlock_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// listed are files as a store may return them, in no order, with some that
// are not part of the manifest.
func listed() []airlock.File {
	mk := func(name, etag, sha string, size int64, change func(*airlock.File)) airlock.File {
		f := airlock.File{Name: name, ETag: "draft-" + etag, Record: &airlock.Record{Listed: true, Size: size}, Seal: &airlock.Seal{ETag: etag},
			Inspection: &airlock.Inspection{Size: size, SHA256: sha, Type: "text/csv"}, Verdict: &airlock.Verdict{Class: airlock.Clean}}
		if change != nil {
			change(&f)
		}
		return f
	}
	return []airlock.File{
		mk("z.csv", "0x1", "aa", 1, nil),
		mk("a/<b> & \"c\".csv", "0x2", "bb", 0, func(f *airlock.File) { f.Inspection.Findings = []airlock.Finding{remark} }),
		mk("Ü.csv", "0x3", "cc", 1<<40, func(f *airlock.File) { f.Verdict = nil }),
		mk("Z.csv", "0x4", "dd", 2, nil),
		mk("overwritten", "0x5", "ee", 2, func(f *airlock.File) { f.Record.Listed = false }),
		mk("never listed", "0x6", "ee", 2, func(f *airlock.File) { f.Record = nil }),
		mk("not sealed", "0x7", "ee", 2, func(f *airlock.File) { f.Seal = nil }),
		mk("being sealed", "", "ee", 2, nil),
		mk("not inspected", "0x8", "ee", 2, func(f *airlock.File) { f.Inspection = nil }),
	}
}

func TestManifestGolden(t *testing.T) {
	t.Parallel()
	const path = "testdata/manifest.json"
	text, digest, err := airlock.NewManifest(in(t, airlock.Gating), listed()).Canonical()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(text)); diff != "" {
		t.Errorf("the canonical form is a promise to old digests (-want +got)\n%s", diff)
	}
	const digestOfGolden = "6e4255727379f08499377a10db9ed44a2b1d89c7d5e60ae0070b6ad66436dccb"
	if digest != digestOfGolden {
		t.Errorf("digest %s", digest)
	}
	m, err := airlock.ReadManifest(text, digest)
	if err != nil {
		t.Fatal(err)
	}
	if again, sum, err := m.Canonical(); err != nil || sum != digest || string(again) != string(text) {
		t.Errorf("read and written again: %s, %v", sum, err)
	}
}

func TestManifestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	want := must(t, airlock.NewManifest(fresh(), listed()))
	rapid.Check(t, func(t *rapid.T) {
		files := rapid.Permutation(listed()).Draw(t, "files")
		m := airlock.NewManifest(fresh(), files)
		if _, got, err := m.Canonical(); err != nil || got != want {
			t.Fatalf("digest %s, want %s, %v", got, want, err)
		}
		m.Files = rapid.Permutation(m.Files).Draw(t, "entries")
		before := slices.Clone(m.Files)
		if _, got, _ := m.Canonical(); got != want || cmp.Diff(before, m.Files) != "" {
			t.Fatalf("digest %s, want %s, or the entries were moved", got, want)
		}
	})
}

// Whatever a reviewer relies on changes the digest.
func TestManifestDigestTellsApart(t *testing.T) {
	t.Parallel()
	want := must(t, airlock.NewManifest(fresh(), listed()))
	changes := map[string]func(r *airlock.Request, files []airlock.File){
		"name": func(_ *airlock.Request, f []airlock.File) { f[0].Name = "y.csv" },
		"size": func(_ *airlock.Request, f []airlock.File) {
			f[0].Inspection = &airlock.Inspection{Size: 9, SHA256: "aa", Type: "text/csv"}
		},
		"hash": func(_ *airlock.Request, f []airlock.File) {
			f[0].Inspection = &airlock.Inspection{Size: 1, SHA256: "ab", Type: "text/csv"}
		},
		"type": func(_ *airlock.Request, f []airlock.File) {
			f[0].Inspection = &airlock.Inspection{Size: 1, SHA256: "aa", Type: "text/tsv"}
		},
		"sealed":  func(_ *airlock.Request, f []airlock.File) { f[0].Seal = &airlock.Seal{ETag: "0x9"} },
		"verdict": func(_ *airlock.Request, f []airlock.File) { f[0].Verdict = nil },
		"finding": func(_ *airlock.Request, f []airlock.File) {
			f[0].Inspection = &airlock.Inspection{Size: 1, SHA256: "aa", Type: "text/csv", Findings: []airlock.Finding{remark}}
		},
		"left out":  func(_ *airlock.Request, f []airlock.File) { f[0].Record = nil },
		"turn":      func(r *airlock.Request, _ []airlock.File) { r.Turn = 2 },
		"direction": func(r *airlock.Request, _ []airlock.File) { r.Type = airlock.Export },
		"request":   func(r *airlock.Request, _ []airlock.File) { r.ID = workspaceID },
		"workspace": func(r *airlock.Request, _ []airlock.File) { r.Workspace = requestID },
	}
	for name, change := range changes {
		r, files := fresh(), listed()
		change(&r, files)
		if got := must(t, airlock.NewManifest(r, files)); got == want {
			t.Errorf("%s: the digest is the same", name)
		}
	}
}

func must(t *testing.T, m airlock.Manifest) string {
	t.Helper()
	_, digest, err := m.Canonical()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func TestReadManifestRefuses(t *testing.T) {
	t.Parallel()
	text, digest, _ := airlock.NewManifest(fresh(), listed()).Canonical()
	tests := []struct{ name, text, digest string }{
		{"another digest", string(text), airlock.Digest(nil)},
		{"no digest", string(text), ""},
		{"digest in capitals", string(text), strings.ToUpper(digest)},
		{"a byte more", string(text) + "\n", digest},
		{"nothing", "", airlock.Digest(nil)},
		{"no JSON", "{", airlock.Digest([]byte("{"))},
		{"a list", "[]", airlock.Digest([]byte("[]"))},
		{"a schema of tomorrow", `{"schema":2}`, airlock.Digest([]byte(`{"schema":2}`))},
		{"no schema", `{}`, airlock.Digest([]byte(`{}`))},
		{"two", `{"schema":1}{}`, airlock.Digest([]byte(`{"schema":1}{}`))},
	}
	for _, tt := range tests {
		if m, err := airlock.ReadManifest([]byte(tt.text), tt.digest); !errors.Is(err, airlock.ErrInvalid) || cmp.Diff(airlock.Manifest{}, m) != "" {
			t.Errorf("%s: %+v, %v", tt.name, m, err)
		}
	}
}

func FuzzReadManifest(f *testing.F) {
	text, _, _ := airlock.NewManifest(fresh(), listed()).Canonical()
	f.Add(text)
	f.Add([]byte(`{"schema":1,"files":null}`))
	f.Add([]byte(`{"schema":1,"files":[{"name":"\ud800"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := airlock.ReadManifest(text, airlock.Digest(text))
		if err != nil {
			return
		}
		canonical, digest, err := m.Canonical()
		if err != nil {
			t.Fatal(err)
		}
		again, err := airlock.ReadManifest(canonical, digest)
		if err != nil {
			t.Fatalf("its own canonical form: %v", err)
		}
		if twice, sum, _ := again.Canonical(); sum != digest || string(twice) != string(canonical) {
			t.Errorf("canonical form of %s is not stable", canonical)
		}
	})
}
