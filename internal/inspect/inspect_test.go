package inspect_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/inspect"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func now() time.Time { return at }

func subject(name string, content []byte) inspect.Subject {
	return inspect.Subject{Blob: airlock.Blob{Name: name, Size: int64(len(content)), BlobType: "BlockBlob", Tier: "Hot"}}
}

// read inspects content in as many slices as it takes.
func read(t testing.TB, i inspect.Inspector, s inspect.Subject, content []byte) (airlock.Inspection, int) {
	t.Helper()
	var p *airlock.Progress
	for slices := 1; ; slices++ {
		from, count := i.Range(s.Blob.Size, p)
		got, err := i.Slice(t.Context(), bytes.NewReader(content[from:from+count]), s, p)
		if err != nil {
			t.Fatalf("slice at %d: %v", from, err)
		}
		if got.Inspection != nil {
			return *got.Inspection, slices
		}
		if got.Progress.Offset <= from {
			t.Fatalf("slice at %d went to %d", from, got.Progress.Offset)
		}
		p = got.Progress
	}
}

// archive is a zip of these entries; encrypt sets the flag of the last one.
func archive(t testing.TB, encrypt bool, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, name := range names {
		h := &zip.FileHeader{Name: name, Method: zip.Store}
		if encrypt && i == len(names)-1 {
			h.Flags |= 1
		}
		body := bytes.Repeat([]byte{byte(i), 'P', 'K', 1}, 3000)
		h.CompressedSize64, h.UncompressedSize64 = uint64(len(body)), uint64(len(body))
		e, err := w.CreateRaw(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func codes(found []airlock.Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, string(f.Severity)+" "+f.Code)
	}
	return strings.Join(all, ", ")
}

func TestFindings(t *testing.T) {
	t.Parallel()
	table := []byte("id,age,dose\n1,34,0.5\n2,61,0.75\n")
	program := append([]byte("MZ\x90\x00\x03\x00"), make([]byte, 300)...)
	elf := append([]byte("\x7fELF\x02\x01\x01\x00"), make([]byte, 300)...)
	elf[16] = 2 // an executable, which the detector names by a type of its own
	tests := []struct {
		name    string
		content []byte
		policy  airlock.Policy
		media   string
		want    string
	}{
		{name: "empty.csv", media: "text/plain", want: ""},
		{name: "table.csv", content: table, media: "text/csv", want: ""},
		{name: "notes.txt", content: table, media: "text/csv", want: ""},
		{name: "no-extension", content: program[:2], media: "text/plain; charset=utf-8", want: ""},
		{name: "page.csv", content: []byte("<!DOCTYPE html><html><body>x</body></html>"), media: "text/html; charset=utf-8", want: "note type_mismatch"},
		{name: "table.csv", content: archive(t, false, "a.txt"), media: "application/zip", want: "note type_mismatch"},
		{name: "report.docx", content: archive(t, false, "a.txt"), media: "application/zip", want: ""},
		{name: "picture.png", content: table, media: "text/csv", want: "note type_mismatch"},
		{name: "picture.pdf", content: make([]byte, 9000), media: "application/octet-stream", want: "note type_mismatch"},
		{name: "setup.exe", content: program, media: "application/vnd.microsoft.portable-executable", want: "refuse type_refused"},
		{name: "table.csv", content: program, media: "application/vnd.microsoft.portable-executable", want: "refuse type_refused, note type_mismatch"},
		{name: "spectra.csv", content: []byte("MZ,intensity\n100.1,5\n100.2,9\n"), media: "text/csv", want: ""},
		{name: "tool", content: elf, media: "application/x-executable", want: "refuse type_refused"},
		{name: "scan.pdf", content: []byte("%PDF-1.7\n"), policy: airlock.Policy{RefuseTypes: []string{"application/pdf"}}, media: "application/pdf", want: "refuse type_refused"},
		{name: "all.zip", content: archive(t, false, "a.csv", "b/c.Tar.GZ"), media: "application/zip", want: "note zip_nested"},
		{name: "all.zip", content: archive(t, true, "a.csv", "b.csv"), media: "application/zip", want: "refuse zip_encrypted"},
		{name: "big.csv", content: table, policy: airlock.Policy{MaxFileBytes: 4}, media: "text/csv", want: "refuse size_large"},
		{name: "bad\\name.csv", content: table, media: "text/csv", want: "refuse name_backslash"},
	}
	for _, tt := range tests {
		t.Run(tt.name+" "+tt.want, func(t *testing.T) {
			t.Parallel()
			s := subject(tt.name, tt.content)
			s.Policy = tt.policy
			got, _ := read(t, inspect.Inspector{Now: now}, s, tt.content)
			sum := sha256.Sum256(tt.content)
			if c := codes(got.Findings); c != tt.want || got.SHA256 != hex.EncodeToString(sum[:]) || got.Size != int64(len(tt.content)) || !got.At.Equal(at) {
				t.Errorf("findings %q, want %q; %+v", c, tt.want, got)
			}
			if !strings.HasPrefix(got.Type, tt.media) {
				t.Errorf("type %q, want %q", got.Type, tt.media)
			}
			for _, f := range got.Findings {
				if f.Text == "" || len(f.Text) > 300 {
					t.Errorf("text of %s has %d bytes", f.Code, len(f.Text))
				}
			}
		})
	}
}

// TestAnyCut cuts files anywhere and finds what one read finds.
func TestAnyCut(t *testing.T) {
	t.Parallel()
	samples := [][]byte{
		archive(t, true, "a.csv", strings.Repeat("long/", 60)+"b.csv"),
		archive(t, false, "one.zip", "two.txt"),
		bytes.Repeat([]byte("id;value\n7;8\n"), 2000),
		random(70_000),
	}
	rapid.Check(t, func(rt *rapid.T) {
		content := rapid.SampledFrom(samples).Draw(rt, "sample")
		content = content[:rapid.IntRange(0, len(content)).Draw(rt, "length")]
		s := subject("file.csv", content)
		want, _ := read(t, inspect.Inspector{Now: now}, s, content)
		cut := inspect.Inspector{
			Now:         now,
			SliceBytes:  int64(rapid.IntRange(1, 30_000).Draw(rt, "slice")),
			BufferBytes: rapid.IntRange(1, 30_000).Draw(rt, "buffer"),
		}
		got, _ := read(t, cut, s, content)
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Error(diff)
		}
	})
}

func TestSliceCounts(t *testing.T) {
	t.Parallel()
	content := random(50_000)
	i := inspect.Inspector{Now: now, SliceBytes: 10_000}
	if _, slices := read(t, i, subject("a.bin", content), content); slices != 5 {
		t.Errorf("%d slices, want 5", slices)
	}
	if from, count := i.Range(25_000, &airlock.Progress{Offset: 20_000}); from != 20_000 || count != 5_000 {
		t.Errorf("range %d+%d", from, count)
	}
}

func TestSliceFails(t *testing.T) {
	t.Parallel()
	content := random(20_000)
	s := subject("a.bin", content)
	i := inspect.Inspector{Now: now, SliceBytes: 8192}
	first, err := i.Slice(t.Context(), bytes.NewReader(content), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	with := func(change func(*airlock.Progress)) *airlock.Progress {
		p := *first.Progress
		p.Hash = bytes.Clone(p.Hash)
		change(&p)
		return &p
	}
	tests := []struct {
		name string
		ctx  context.Context
		r    io.Reader
		p    *airlock.Progress
		want error
	}{
		{name: "ends early", r: bytes.NewReader(content[:100]), want: io.ErrUnexpectedEOF},
		{name: "ends at once", r: bytes.NewReader(nil), want: io.ErrUnexpectedEOF},
		{name: "breaks", r: iotest.ErrReader(broken), p: first.Progress, want: broken},
		{name: "cancelled", ctx: cancelled, r: bytes.NewReader(content), want: context.Canceled},
		{name: "other offset", r: bytes.NewReader(content), p: with(func(p *airlock.Progress) { p.Offset++ }), want: inspect.ErrProgress},
		{name: "past the end", r: bytes.NewReader(content), p: with(func(p *airlock.Progress) { p.Offset = 1 << 40 }), want: inspect.ErrProgress},
		{name: "negative", r: bytes.NewReader(content), p: with(func(p *airlock.Progress) { p.Offset = -1 }), want: inspect.ErrProgress},
		{name: "no hash", r: bytes.NewReader(content), p: with(func(p *airlock.Progress) { p.Hash = nil }), want: inspect.ErrProgress},
		{name: "other hash", r: bytes.NewReader(content), p: with(func(p *airlock.Progress) { p.Hash[0]++ }), want: inspect.ErrProgress},
		{name: "more hash", r: bytes.NewReader(content), p: with(func(p *airlock.Progress) { p.Hash = append(p.Hash, 0) }), want: inspect.ErrProgress},
		{name: "no type", r: bytes.NewReader(content), p: with(func(p *airlock.Progress) { p.Type = "" }), want: inspect.ErrProgress},
		{name: "zip without scan", r: bytes.NewReader(content), p: with(func(p *airlock.Progress) { p.Type = "application/zip" }), want: inspect.ErrProgress},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := tt.ctx
			if ctx == nil {
				ctx = t.Context()
			}
			if got, err := i.Slice(ctx, tt.r, s, tt.p); !errors.Is(err, tt.want) || got != (inspect.Result{}) {
				t.Errorf("%v, %v; want %v", got, err, tt.want)
			}
		})
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	content := random(100_000)
	want := sha256.Sum256(content)
	var state []byte
	var sum string
	for from := 0; from < len(content); from += 30_000 {
		part := content[from:min(from+30_000, len(content))]
		var err error
		if state, sum, err = inspect.Digest(t.Context(), bytes.NewReader(part), state, int64(len(part))); err != nil {
			t.Fatal(err)
		}
	}
	if sum != hex.EncodeToString(want[:]) {
		t.Errorf("sum %s, want %x", sum, want)
	}
	if _, _, err := inspect.Digest(t.Context(), bytes.NewReader(content), []byte("garbage"), 5); !errors.Is(err, inspect.ErrProgress) {
		t.Errorf("garbage: %v", err)
	}
	if _, _, err := inspect.Digest(t.Context(), bytes.NewReader(content[:10]), nil, 11); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("short: %v", err)
	}
}

// FuzzProgress gives any state to a slice: it goes on or says ErrProgress.
func FuzzProgress(f *testing.F) {
	content := archive(f, true, "a.txt", "b.txt")
	s := subject("a.zip", content)
	i := inspect.Inspector{Now: now, SliceBytes: 8192}
	first, err := i.Slice(f.Context(), bytes.NewReader(content), s, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(first.Progress.Offset, first.Progress.Hash, first.Progress.Type)
	f.Add(int64(64), first.Progress.Hash[:108], "text/plain; charset=utf-8")
	f.Add(int64(-1), []byte("sha\x03"), "application/zip")
	f.Fuzz(func(t *testing.T, offset int64, hash []byte, media string) {
		p := &airlock.Progress{Offset: offset, Hash: hash, Type: media}
		from := min(max(0, offset), s.Blob.Size)
		got, err := i.Slice(t.Context(), bytes.NewReader(content[from:]), s, p)
		switch {
		case err != nil && !errors.Is(err, inspect.ErrProgress):
			t.Errorf("offset %d, %d bytes of state: %v", offset, len(hash), err)
		case err == nil && (got.Progress == nil) == (got.Inspection == nil):
			t.Errorf("result %+v", got)
		}
	})
}

func random(n int) []byte {
	content := make([]byte, n)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(content) // never fails
	content[0] = 0
	return content
}
