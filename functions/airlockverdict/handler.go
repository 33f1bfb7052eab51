// Package airlockverdict records a scanner's verdict with the version it is
// about. In: an order from blobscanned. Out: an order to look at the request,
// when it waits for the verdict. A verdict on a version nobody knows is kept,
// if the request exists: the inspection may come later. One about a request
// that does not exist is audited and refused.
package airlockverdict

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Out names this function's output bindings.
type Out struct {
	Advance *message.Advance `json:"airlockadvance,omitempty"`
}

// Function records verdicts.
type Function struct {
	Ledger ledger.Ledger
	Files  airlock.Files
	Desk   airlock.Desk // to find a name that the event damaged
}

// Handle records one verdict.
func (f Function) Handle(ctx context.Context, m message.Verdict) (Out, error) {
	c := airlock.Container{Kind: airlock.Kind(m.Kind), Number: m.Turn,
		Key: airlock.Key{Workspace: m.Workspace, Request: m.Request}}
	if _, err := airlock.ParseContainer(c.String()); err != nil {
		return Out{}, fault.Unreadable(fmt.Errorf("message: %w", err))
	}
	slot := airlock.Slot{Key: c.Key, Turn: c.Number}
	file, err := f.find(ctx, slot, c, m)
	if errors.Is(err, airlock.ErrNotFound) && fault.KindOf(err) != fault.Refused {
		return Out{}, f.stray(ctx, c, m)
	}
	if err != nil {
		return Out{}, err
	}
	verdict := airlock.NewVerdict(m.Result, m.Detail, m.SHA256, m.At)
	if outranked(file.Verdict, verdict) {
		return Out{}, nil
	}
	put := airlock.File{Name: file.Name, ETag: file.ETag, Stored: file.Stored, Verdict: &verdict}
	if err := f.Files.Put(ctx, slot, []airlock.File{put}); err != nil {
		return Out{}, fmt.Errorf("verdict: %w", err)
	}
	if file.Record == nil {
		return Out{}, nil // not submitted yet: nobody waits
	}
	return Out{Advance: &message.Advance{Workspace: m.Workspace, Request: m.Request, Trace: m.Trace}}, nil
}

// outranked tells whether a stored verdict stands against a new one on the
// same bytes: malware stays malware whoever says otherwise later, and a real
// verdict is not undone by one that says the scanner did not look.
func outranked(old *airlock.Verdict, v airlock.Verdict) bool {
	if old == nil {
		return false
	}
	switch old.Class {
	case airlock.Malicious:
		return v.Class != airlock.Malicious
	case airlock.Clean:
		return v.Class != airlock.Malicious
	case airlock.Unscannable:
		return v.Class != airlock.Malicious && v.Class != airlock.Clean
	case airlock.Transient, airlock.Operator, airlock.Stale:
		return false
	}
	return false
}

// find returns what is known of the version the verdict is about.
func (f Function) find(ctx context.Context, slot airlock.Slot, c airlock.Container, m message.Verdict) (airlock.File, error) {
	if c.Kind == airlock.RescanFiles {
		return f.rescanned(ctx, slot, m.ETag)
	}
	if !airlock.Damaged(m.Name) {
		file, err := f.Files.Get(ctx, slot, m.Name, m.ETag)
		if err == nil {
			return file, nil
		}
		if !errors.Is(err, airlock.ErrNotFound) {
			return airlock.File{}, fmt.Errorf("file: %w", err)
		}
	}
	if err := f.exists(ctx, c, m); err != nil {
		return airlock.File{}, err
	}
	if !airlock.Damaged(m.Name) {
		return airlock.File{Name: m.Name, ETag: m.ETag}, nil
	}
	return f.undamaged(ctx, slot, c, m)
}

// exists checks that the request is there and that its draft is in the account
// that the event came from.
func (f Function) exists(ctx context.Context, c airlock.Container, m message.Verdict) error {
	known, err := f.Ledger.Load(ctx, c.Key.Workspace, c.Key.Request)
	if err != nil {
		return err
	}
	if known.Request.Place(c.Kind, c.Number).Account != m.Account {
		return f.Ledger.Unknown(ctx, c.Key)
	}
	return nil
}

// rescanned finds the file whose rescan copy has this ETag.
func (f Function) rescanned(ctx context.Context, slot airlock.Slot, etag string) (airlock.File, error) {
	rows, err := airlock.Collect(func(p airlock.Page) ([]airlock.File, string, error) {
		return f.Files.List(ctx, slot, airlock.Selection{Which: airlock.Unclean}, p)
	})
	if err != nil {
		return airlock.File{}, fmt.Errorf("files: %w", err)
	}
	for _, file := range rows {
		if file.Rescan != nil && file.Rescan.ETag == etag {
			return file, nil
		}
	}
	return airlock.File{}, fmt.Errorf("rescan copy: %w", airlock.ErrNotFound)
}

// undamaged finds the version by its ETag, among what is known and then in the
// container, where the name that was damaged can be told by its undamaged
// parts.
func (f Function) undamaged(ctx context.Context, slot airlock.Slot, c airlock.Container, m message.Verdict) (airlock.File, error) {
	rows, err := airlock.Collect(func(p airlock.Page) ([]airlock.File, string, error) {
		return f.Files.List(ctx, slot, airlock.Selection{}, p)
	})
	if err != nil {
		return airlock.File{}, fmt.Errorf("files: %w", err)
	}
	for _, file := range rows {
		if file.ETag == m.ETag && resembles(file.Name, m.Name) {
			return file, nil
		}
	}
	blobs, err := airlock.Collect(func(p airlock.Page) ([]airlock.Blob, string, error) {
		return f.Desk.List(ctx, airlock.Place{Account: m.Account, Container: c.String()}, p)
	})
	if err != nil {
		return airlock.File{}, fmt.Errorf("draft: %w", err)
	}
	for _, b := range blobs {
		if b.ETag == m.ETag && resembles(b.Name, m.Name) {
			return airlock.File{Name: b.Name, ETag: b.ETag}, nil
		}
	}
	return airlock.File{}, fmt.Errorf("damaged name: %w", airlock.ErrNotFound)
}

// resembles tells whether damaged may stand for name: their undamaged parts
// appear in the same order, from the first character to the last.
func resembles(name, damaged string) bool {
	parts := strings.FieldsFunc(strings.ToValidUTF8(damaged, "\uFFFD"), func(r rune) bool { return r == '?' || r == '\uFFFD' })
	if len(parts) == 0 {
		return true
	}
	rest := name
	for _, part := range parts {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return true
}

// stray ends a verdict about a version that is gone, or refuses one about a
// request that never was.
func (f Function) stray(ctx context.Context, c airlock.Container, m message.Verdict) error {
	if err := f.exists(ctx, c, m); err != nil {
		return err
	}
	return fault.Refuse(fmt.Errorf("verdict on a version that is gone: %w", airlock.ErrNotFound))
}
