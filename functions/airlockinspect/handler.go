// Package airlockinspect reads one file of a draft, one slice at a time, and
// writes down what it found: size, SHA-256, type by content, findings. In: an
// order that names the file; the version read is the one that is there. Out:
// the next slice's order; or, when sealing waits for the file or the name is
// not found, an order to look at the request. An order about a workspace that
// does not exist is audited and refused.
package airlockinspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/inspect"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// Out names this function's output bindings.
type Out struct {
	Inspect *message.Inspect `json:"airlockinspect,omitempty"`
	Advance *message.Advance `json:"airlockadvance,omitempty"`
}

// Function inspects.
type Function struct {
	Ledger    ledger.Ledger
	Files     airlock.Files
	Vault     airlock.Vault
	Inspector inspect.Inspector
}

// unknownSize stands for a file whose size the first read tells.
const unknownSize = 1 << 62

// Handle does one slice.
func (f Function) Handle(ctx context.Context, m message.Inspect) (Out, error) {
	c := airlock.Container{Kind: airlock.DraftFiles, Number: m.Turn,
		Key: airlock.Key{Workspace: m.Workspace, Request: m.Request}}
	if _, err := airlock.ParseContainer(c.String()); err != nil || m.Name == "" {
		return Out{}, fault.Unreadable(fmt.Errorf("message names no file: %w", err))
	}
	w, err := f.Ledger.Workspaces.Workspace(ctx, m.Workspace)
	if errors.Is(err, airlock.ErrNotFound) {
		return Out{}, f.Ledger.Unknown(ctx, c.Key)
	}
	if err != nil {
		return Out{}, fmt.Errorf("workspace %s: %w", m.Workspace, err)
	}
	if m.Account != airlock.AirlockAccount && m.Account != w.StorageAccount {
		return Out{}, f.Ledger.Unknown(ctx, c.Key)
	}
	work := slice{f: f, m: m, slot: airlock.Slot{Key: c.Key, Turn: m.Turn}, policy: w.Policy.WithDefaults(),
		ref: airlock.Ref{Place: airlock.Place{Account: m.Account, Container: c.String()}, Name: m.Name, ETag: m.ETag}}
	return work.do(ctx)
}

// slice is one slice of one file.
type slice struct {
	f      Function
	m      message.Inspect
	slot   airlock.Slot
	policy airlock.Policy
	ref    airlock.Ref
}

func (s slice) do(ctx context.Context) (Out, error) {
	progress, done, err := s.resume(ctx)
	if err != nil || done {
		return s.looked(), err
	}
	from, count := s.f.Inspector.Range(unknownSize, progress)
	content, err := s.f.Vault.Open(ctx, s.ref, from, count)
	switch {
	case errors.Is(err, airlock.ErrNotFound), errors.Is(err, airlock.ErrUnread): // removed, never there by this name, or the listing's to refuse
		return s.look(), nil
	case errors.Is(err, airlock.ErrChanged): // overwritten between slices: the new version from its beginning
		return Out{Inspect: s.order("")}, nil
	case err != nil:
		return Out{}, fmt.Errorf("file: %w", err)
	}
	if done, err := s.known(ctx, content); err != nil || done {
		_ = content.Close() // only its headers were wanted
		return s.looked(), err
	}
	out, err := s.read(ctx, content, progress)
	if closed := content.Close(); err == nil && closed != nil {
		err = fmt.Errorf("file: %w", closed)
	}
	return out, err
}

// resume loads where an inspection in slices stands; done tells that nothing
// is left of it.
func (s slice) resume(ctx context.Context) (p *airlock.Progress, done bool, err error) {
	if s.m.ETag == "" {
		return nil, false, nil
	}
	row, err := s.f.Files.Get(ctx, s.slot, s.m.Name, s.m.ETag)
	if errors.Is(err, airlock.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("progress: %w", err)
	}
	if row.Progress != nil && row.Progress.Offset == 0 {
		row.Progress = nil
	}
	return row.Progress, row.Inspection != nil, nil
}

// worthAsking is the size from which a repeated order asks first whether the
// version was read before: a smaller file is read as soon as a row.
const worthAsking = 1 << 20

// known tells whether the version that is there was inspected before, by an
// order that named none either.
func (s slice) known(ctx context.Context, content airlock.Content) (bool, error) {
	if s.m.ETag != "" || content.Size < worthAsking {
		return false, nil
	}
	row, err := s.f.Files.Get(ctx, s.slot, s.m.Name, content.ETag)
	if errors.Is(err, airlock.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("inspection: %w", err)
	}
	return row.Inspection != nil, nil
}

func (s slice) read(ctx context.Context, content airlock.Content, p *airlock.Progress) (Out, error) {
	if _, count := s.f.Inspector.Range(content.Size, nil); s.m.ETag == "" && content.Size > count {
		return Out{Inspect: s.order(content.ETag)}, nil // several slices: first see whether somebody has begun
	}
	result, err := s.f.Inspector.Slice(ctx, content, inspect.Subject{Policy: s.policy,
		Blob: airlock.Blob{Name: s.m.Name, ETag: content.ETag, Size: content.Size, ContentType: content.Type}}, p)
	if errors.Is(err, inspect.ErrProgress) {
		result, err = inspect.Result{Progress: &airlock.Progress{}}, nil // begin again with the next slice
	}
	if err != nil {
		return Out{}, fmt.Errorf("file: %w", err)
	}
	if result.Progress != nil {
		result.Progress.At = s.f.Ledger.Now().UTC()
	}
	row := airlock.File{Name: s.m.Name, ETag: content.ETag, Stored: s.m.ETag != "" && p != nil,
		Progress: result.Progress, Inspection: result.Inspection}
	if err := s.f.Files.Put(ctx, s.slot, []airlock.File{row}); err != nil {
		return Out{}, fmt.Errorf("inspection: %w", err)
	}
	if result.Inspection == nil {
		return Out{Inspect: s.order(content.ETag)}, nil
	}
	return s.looked(), nil
}

// order is the order for the next slice of a version.
func (s slice) order(etag string) *message.Inspect {
	m := s.m
	m.ETag = etag
	return &m
}

// looked is what follows a finished inspection.
func (s slice) looked() Out {
	if !s.m.Submitted {
		return Out{}
	}
	return s.look()
}

func (s slice) look() Out {
	return Out{Advance: &message.Advance{Workspace: s.m.Workspace, Request: s.m.Request, File: s.m.Submitted, Trace: s.m.Trace}}
}
