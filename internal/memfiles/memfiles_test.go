package memfiles_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/filestest"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
)

var (
	_ airlock.Desk    = (*memfiles.Files)(nil)
	_ airlock.Vault   = (*memfiles.Files)(nil)
	_ airlock.Janitor = (*memfiles.Files)(nil)
)

// clock is a clock that tests set.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func newClock() *clock { return &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func TestConformance(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(*testing.T) filestest.Harness {
		c := newClock()
		f := &memfiles.Files{Now: c.now, HoldName: 30 * time.Second, SliceBytes: 4096}
		return filestest.Harness{
			Desk: f, Vault: f, Janitor: f, Account: airlock.AirlockAccount, Other: "stworkspace",
			Outside: outside{f}, Holder: holder{f}, Now: c.now, Large: 20_000,
			Settle: func() { c.pass(20 * time.Second) },
		}
	})
}

type outside struct{ files *memfiles.Files }

func (o outside) Put(_ context.Context, place airlock.Place, name string, content []byte, mediaType string) (string, error) {
	b, err := o.files.PutBlob(place, airlock.Blob{Name: name, ContentType: mediaType}, content)
	return b.ETag, err
}

func (o outside) Delete(_ context.Context, place airlock.Place, name string) error {
	return o.files.Delete(place, name)
}

func (o outside) Lease(_ context.Context, place airlock.Place, name string) error {
	if name == "" {
		return nil // memory knows no such leases
	}
	return o.files.Lease(place, name)
}

type holder struct{ files *memfiles.Files }

func (h holder) Try(_ context.Context, link string, d filestest.Deed) (a filestest.Answer, err error) {
	switch d.Verb {
	case filestest.PutFile, filestest.PutBlocks:
		_, err = h.files.Upload(link, d.Name, d.Content)
	case filestest.ReadFile:
		a.Content, err = h.files.Download(link, d.Name)
	case filestest.ListFiles:
		a.Names, err = h.files.Names(link)
	case filestest.DeleteFile:
		err = h.files.Erase(link, d.Name)
	}
	if errors.Is(err, memfiles.ErrDenied) {
		err = filestest.ErrDenied
	}
	return a, err
}

func TestHeldName(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := &memfiles.Files{Now: c.now, HoldName: 30 * time.Second}
	place := airlock.Place{Account: "st", Container: "draft"}
	steps := []struct {
		do   func() (bool, error)
		gone bool
		want error
	}{
		{do: func() (bool, error) { return false, f.Create(t.Context(), place) }},
		{do: func() (bool, error) { return f.Purge(t.Context(), place) }},
		{do: func() (bool, error) { return false, f.Create(t.Context(), place) }, want: memfiles.ErrBeingDeleted},
		{do: func() (bool, error) { return f.Purge(t.Context(), place) }},
		{do: func() (bool, error) { c.pass(30 * time.Second); return f.Purge(t.Context(), place) }, gone: true},
		{do: func() (bool, error) { return false, f.Create(t.Context(), place) }},
	}
	for i, s := range steps {
		if gone, err := s.do(); gone != s.gone || !errors.Is(err, s.want) {
			t.Errorf("step %d: gone %v, %v", i, gone, err)
		}
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	c := newClock()
	f := &memfiles.Files{Now: c.now}
	place := airlock.Place{Account: "st", Container: "draft"}
	if err := f.Create(t.Context(), place); err != nil {
		t.Fatal(err)
	}
	link, err := f.Sign(t.Context(), place, airlock.WriteOnly, c.now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Upload(link, "a", nil); err != nil {
		t.Errorf("fresh link: %v", err)
	}
	c.pass(time.Hour)
	if _, err := f.Upload(link, "a", nil); !errors.Is(err, memfiles.ErrDenied) {
		t.Errorf("link at its end: %v", err)
	}
	if _, err := f.Upload("mem://st/draft?sig=99", "a", nil); !errors.Is(err, memfiles.ErrDenied) {
		t.Errorf("made-up link: %v", err)
	}
}

func TestLeasedAndArchived(t *testing.T) {
	t.Parallel()
	f := &memfiles.Files{Now: newClock().now}
	place := airlock.Place{Account: "st", Container: "draft"}
	if err := f.Create(t.Context(), place); err != nil {
		t.Fatal(err)
	}
	link, err := f.Sign(t.Context(), place, airlock.WriteOnly, f.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	cold, err := f.PutBlob(place, airlock.Blob{Name: "cold", Tier: "Archive"}, []byte("ice"))
	if err != nil {
		t.Fatal(err)
	}
	ref := airlock.Ref{Place: place, Name: "cold", ETag: cold.ETag}
	if _, err := f.Open(t.Context(), ref, 0, 3); !errors.Is(err, memfiles.ErrArchived) {
		t.Errorf("open: %v", err)
	}
	if _, err := f.Copy(t.Context(), airlock.Copy{From: ref, To: airlock.Ref{Place: place, Name: "copy"}, Size: 3}); !errors.Is(err, memfiles.ErrArchived) {
		t.Errorf("copy: %v", err)
	}
	if err := f.Lease(place, "cold"); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Upload(link, "cold", nil); !errors.Is(err, memfiles.ErrDenied) {
		t.Errorf("upload over a lease: %v", err)
	}
}

func BenchmarkRequest(b *testing.B) {
	f := &memfiles.Files{Now: newClock().now}
	for i := 0; b.Loop(); i++ {
		draft := airlock.Place{Account: "st", Container: fmt.Sprint("draft", i)}
		sealed := airlock.Place{Account: "st", Container: fmt.Sprint("sealed", i)}
		if err := errors.Join(f.Create(b.Context(), draft), f.Create(b.Context(), sealed)); err != nil {
			b.Fatal(err)
		}
		for n := range 10 {
			blob, err := f.Put(draft, fmt.Sprint(n), []byte("content"))
			if err != nil {
				b.Fatal(err)
			}
			from := airlock.Ref{Place: draft, Name: blob.Name, ETag: blob.ETag}
			if _, err := f.Copy(b.Context(), airlock.Copy{From: from, To: airlock.Ref{Place: sealed, Name: blob.Name}, Size: blob.Size}); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := f.Purge(b.Context(), draft); err != nil {
			b.Fatal(err)
		}
	}
}
