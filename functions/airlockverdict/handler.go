// Package airlockverdict records a scanner's verdict with the version it is
// about. In: an order from blobscanned. Out: an order to look at the request,
// when it waits for the verdict. A verdict on a version nobody knows is kept,
// if the request exists: the inspection may come later. One about a request
// that does not exist is audited and refused.
package airlockverdict

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/telemetry"
)

// Out names this function's output bindings.
type Out struct {
	Advance *message.Advance `json:"airlockadvance,omitempty"`
}

// Function records verdicts.
type Function struct {
	Ledger ledger.Ledger
	Files  airlock.Files
	Desk   airlock.Desk     // to find a name that the event damaged
	Gather time.Duration    // airlockadvance's; 0 means 2 s
	Health *health.Recorder // is told of every verdict; may be nil
}

// Handle records one verdict.
func (f Function) Handle(ctx context.Context, m message.Verdict) (Out, error) {
	c := airlock.Container{Kind: airlock.Kind(m.Kind), Number: m.Turn,
		Key: airlock.Key{Workspace: m.Workspace, Request: m.Request}}
	if _, err := airlock.ParseContainer(c.String()); err != nil {
		return Out{}, fault.Unreadable(fmt.Errorf("message: %w", err))
	}
	slot, begun := airlock.Slot{Key: c.Key, Turn: c.Number}, f.Ledger.Now()
	file, err := f.find(ctx, slot, c, m)
	if errors.Is(err, airlock.ErrNotFound) && fault.KindOf(err) != fault.Refused {
		return Out{}, f.stray(ctx, c, m)
	}
	if err != nil {
		return Out{}, err
	}
	verdict := airlock.NewVerdict(m.Result, m.Detail, m.SHA256, m.At)
	put := file.Recorded(verdict, m.SHA256)
	if put.Verdict != nil && file.Outranked(*put.Verdict) {
		return f.look(file, put, m, begun), nil
	}
	if err := f.Files.Put(ctx, slot, []airlock.File{put}); err != nil {
		return Out{}, fmt.Errorf("verdict: %w", err)
	}
	f.Health.Well(ctx, health.Verdict, string(verdict.Class), nil)
	telemetry.Judged(ctx, string(verdict.Class))
	return f.look(file, put, m, begun), nil
}

// look orders a look at the request, if the file was submitted: else nobody
// waits. A repeat orders it again. The file may have been submitted since its
// row was read: who wrote that looks again after Gather while facts about files
// are waited for, but what took longer than that sees to itself. Malware counts
// longer than that, and is rare: it orders a look of its own in any case.
func (f Function) look(file, put airlock.File, m message.Verdict, begun time.Time) Out {
	malware := put.Malware != nil
	if !malware && file.Record == nil && f.Ledger.Now().Sub(begun) < cmp.Or(f.Gather, 2*time.Second) {
		return Out{}
	}
	return Out{Advance: &message.Advance{Workspace: m.Workspace, Request: m.Request, File: !malware, Trace: m.Trace}}
}

// find returns what is known of the version the verdict is about.
func (f Function) find(ctx context.Context, slot airlock.Slot, c airlock.Container, m message.Verdict) (airlock.File, error) {
	if c.Kind == airlock.RescanFiles {
		return f.rescanned(ctx, slot, m.Name)
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

// rescanned finds the file of which a rescan copy was made. Which try it was,
// and whether its row tells of it yet, is all the same: every copy is of the
// same sealed bytes.
func (f Function) rescanned(ctx context.Context, slot airlock.Slot, blob string) (airlock.File, error) {
	for page := (airlock.Page{}); ; {
		rows, next, err := f.Files.List(ctx, slot, airlock.Selection{Which: airlock.Listed}, page) // also the clean ones: this may be a repeat
		if err != nil {
			return airlock.File{}, fmt.Errorf("files: %w", err)
		}
		for _, file := range rows {
			if file.Seal != nil && file.Seal.ETag != "" && airlock.IsRescanOf(blob, file.Name) {
				return file, nil
			}
		}
		if page.After = next; next == "" {
			return airlock.File{}, fmt.Errorf("rescan copy: %w", airlock.ErrNotFound)
		}
	}
}

// undamaged finds the version by its ETag, among what is known and in the
// container, where the name that was damaged can be told by its undamaged
// parts. Where it can be two names', it is nobody's: a rescan will tell.
func (f Function) undamaged(ctx context.Context, slot airlock.Slot, c airlock.Container, m message.Verdict) (airlock.File, error) {
	found := map[string]airlock.File{}
	for page := (airlock.Page{}); ; {
		rows, next, err := f.Files.List(ctx, slot, airlock.Selection{}, page)
		if err != nil {
			return airlock.File{}, fmt.Errorf("files: %w", err)
		}
		for _, file := range rows {
			if file.ETag == m.ETag && resembles(file.Name, m.Name) {
				found[file.Name] = file
			}
		}
		if page.After = next; next == "" {
			break
		}
	}
	if err := f.inDraft(ctx, c, m, found); err != nil {
		return airlock.File{}, err
	}
	if len(found) != 1 {
		return airlock.File{}, fmt.Errorf("damaged name: %d files could be meant: %w", len(found), airlock.ErrNotFound)
	}
	for _, file := range found {
		return file, nil
	}
	return airlock.File{}, airlock.ErrNotFound
}

// inDraft adds what lies in the container and nobody knows yet. A container
// that is gone holds nothing.
func (f Function) inDraft(ctx context.Context, c airlock.Container, m message.Verdict, found map[string]airlock.File) error {
	for page := (airlock.Page{}); ; {
		blobs, next, err := f.Desk.List(ctx, airlock.Place{Account: m.Account, Container: c.String()}, page)
		if errors.Is(err, airlock.ErrNotFound) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("draft: %w", err)
		}
		for _, b := range blobs {
			if _, known := found[b.Name]; !known && b.ETag == m.ETag && resembles(b.Name, m.Name) {
				found[b.Name] = airlock.File{Name: b.Name, ETag: b.ETag}
			}
		}
		if page.After = next; next == "" {
			return nil
		}
	}
}

// resembles tells whether damaged may stand for name: what is undamaged of it
// stands in the name in the same order, at its beginning and end where they
// are undamaged.
func resembles(name, damaged string) bool {
	lost := func(r rune) bool { return r == '?' || r == '\uFFFD' }
	damaged = strings.ToValidUTF8(damaged, "\uFFFD")
	begin, rest := damaged, ""
	if i := strings.IndexFunc(damaged, lost); i >= 0 {
		begin, rest = damaged[:i], damaged[i:]
	}
	name, ok := strings.CutPrefix(name, begin)
	if !ok || rest == "" {
		return ok && name == ""
	}
	parts := strings.FieldsFunc(rest, lost)
	if last, _ := utf8.DecodeLastRuneInString(rest); !lost(last) {
		end := parts[len(parts)-1]
		if name, ok = strings.CutSuffix(name, end); !ok {
			return false
		}
		parts = parts[:len(parts)-1]
	}
	for _, part := range parts {
		i := strings.Index(name, part)
		if i < 0 {
			return false
		}
		name = name[i+len(part):]
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
