package inspect_test

import (
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

// changed is a saved state that somebody else wrote to.
func changed(p airlock.Progress, change func(*airlock.Progress)) *airlock.Progress {
	p.Hash = bytes.Clone(p.Hash)
	change(&p)
	return &p
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
	cancelled, cancel := context.WithTimeout(t.Context(), 0)
	cancel()
	with := func(change func(*airlock.Progress)) *airlock.Progress { return changed(*first.Progress, change) }
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
		{name: "cancelled", ctx: cancelled, r: bytes.NewReader(content), want: context.DeadlineExceeded},
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
