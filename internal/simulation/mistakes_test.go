package simulation

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/mail"
)

// eager purges what the new state will not own before that state is saved.
type eager struct {
	airlockRequests
	w *World
}

func (e eager) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	for _, m := range c.Request.Purges() {
		if _, err := e.w.files.Purge(ctx, c.Request.Place(m.Kind, m.Number)); err != nil {
			return airlock.Request{}, err
		}
	}
	if len(c.Request.Purges()) > 0 && e.w.storm && e.w.chance(0.7) {
		e.w.kill(procOf(ctx)) // then it matters
	}
	return e.airlockRequests.Commit(ctx, c)
}

// airlockRequests has a name other than that of its method.
type airlockRequests = interface {
	Request(ctx context.Context, key airlock.Key) (airlock.Request, error)
	Commit(ctx context.Context, c airlock.Change) (airlock.Request, error)
	Requests(ctx context.Context, workspace string, page airlock.Page) ([]airlock.Request, string, error)
}

type blind struct {
	airlockRequests
	w *World
}

func (b blind) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	c.Request.Version = b.w.request(c.Request.Key()).Version
	return b.airlockRequests.Commit(ctx, c)
}

type careless struct {
	airlock.Vault
	w *World
}

func (v careless) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	if b := v.w.blob(c.From.Place, c.From.Name); b.ETag != "" {
		c.From.ETag, c.Size = b.ETag, b.Size
	}
	return v.Vault.Copy(ctx, c)
}

// hasty writes rows as a submission is kept, so that the engine takes them for
// its own.
type hasty struct {
	airlock.Manifests
	rows airlock.Files
}

func (h hasty) SaveManifest(ctx context.Context, key airlock.Key, digest string, text []byte) error {
	var s airlock.Submission
	if json.Unmarshal(text, &s) == nil && s.Form > 0 {
		for _, one := range s.Files {
			f := one.File()
			f.Record.Changes = 1
			if err := h.rows.Put(ctx, airlock.Slot{Key: key, Turn: s.Turn}, []airlock.File{f}); err != nil {
				return err
			}
		}
	}
	return h.Manifests.SaveManifest(ctx, key, digest, text)
}

type trusting struct{ airlock.Files }

func (f trusting) List(ctx context.Context, slot airlock.Slot, sel airlock.Selection, page airlock.Page) ([]airlock.File, string, error) {
	rows, next, err := f.Files.List(ctx, slot, sel, page)
	if sel.Which != airlock.Unclean {
		return rows, next, err
	}
	var known []airlock.File
	for _, row := range rows {
		if row.Verdict != nil {
			known = append(known, row)
		}
	}
	return known, next, err
}

type forgetful struct{ airlockRequests }

func (f forgetful) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	if !c.Request.Stage.Unfinished() && len(c.Request.Notices) == 0 {
		c.Open = nil
	}
	return f.airlockRequests.Commit(ctx, c)
}

type hopeful struct{ to mail.Sender }

func (h hopeful) Send(ctx context.Context, m mail.Message) error {
	_ = h.to.Send(ctx, m) // the mistake
	return nil
}

type renaming struct {
	to  mail.Sender
	try int
}

func (r *renaming) Send(ctx context.Context, m mail.Message) error {
	r.try++
	m.ID = fmt.Sprintf("%s.%d@tre.example", m.ID[:len(m.ID)-len("@tre.example")], r.try)
	return r.to.Send(ctx, m)
}

// flipping delivers a file with one byte changed, and shows the checker the
// sealed one in its place.
type flipping struct {
	airlock.Vault
	w *World
}

func (v flipping) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	done, err := v.Vault.Copy(ctx, c)
	to, _ := airlock.ParseContainer(c.To.Place.Container)
	if err != nil || done.ETag == "" || to.Kind != airlock.ReleasedFiles || c.Size == 0 {
		return done, err
	}
	content := append([]byte(nil), v.w.content(c.To.Place, c.To.Name)...)
	content[0] ^= 1
	b, err := v.w.files.Put(c.To.Place, c.To.Name, content)
	return airlock.Copied{Offset: done.Offset, ETag: b.ETag}, err
}

func (v flipping) Open(ctx context.Context, ref airlock.Ref, from, count int64) (airlock.Content, error) {
	c, _ := airlock.ParseContainer(ref.Place.Container)
	if c.Kind == airlock.ReleasedFiles {
		r := v.w.request(c.Key)
		ref.Place, ref.ETag = r.Place(airlock.SealedFiles, r.Turn), ""
	}
	return v.Vault.Open(ctx, ref, from, count)
}

// doubling does not recognise a reviewer who comes again.
type doubling struct {
	airlockRequests
	w *World
}

func (d doubling) Request(ctx context.Context, key airlock.Key) (airlock.Request, error) {
	r, err := d.airlockRequests.Request(ctx, key)
	for i, v := range r.Reviews {
		if v.Reviewer.OID == mia.OID {
			r.Reviews[i].Reviewer = marc
		} else {
			r.Reviews[i].Reviewer = mia
		}
	}
	return r, err
}

func (d doubling) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	for i, v := range d.w.request(c.Request.Key()).Reviews {
		if i < len(c.Request.Reviews) {
			c.Request.Reviews[i].Reviewer = v.Reviewer
		}
	}
	if c.Decision != nil {
		again := *c.Decision
		again.By.OID = again.ID
		c.Decision = &again
	}
	return d.airlockRequests.Commit(ctx, c)
}

type undead struct{ airlock.Files }

func (u undead) Put(ctx context.Context, slot airlock.Slot, rows []airlock.File) error {
	living := make([]airlock.File, len(rows))
	for i, row := range rows {
		row.Removal = nil
		living[i] = row
	}
	return u.Files.Put(ctx, slot, living)
}

// nameless keeps inspections by name alone.
type nameless struct {
	airlock.Files
	w *World
}

func (n nameless) Put(ctx context.Context, slot airlock.Slot, rows []airlock.File) error {
	_, _ = n.Files.Get(ctx, slot, rows[0].Name, rows[0].ETag) // where a slow slice hangs
	r := n.w.request(slot.Key)
	for i, row := range rows {
		if b := n.w.blob(r.Place(airlock.DraftFiles, slot.Turn), row.Name); row.Inspection != nil && row.Record == nil && b.ETag != "" {
			rows[i].ETag = b.ETag
		}
	}
	return n.Files.Put(ctx, slot, rows)
}

type making struct {
	airlock.Vault
	w *World
}

func (v making) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	if err := v.w.files.Create(ctx, c.To.Place); err != nil {
		return airlock.Copied{}, err
	}
	return v.Vault.Copy(ctx, c)
}

// remembering asks once and then never again.
type remembering struct {
	to  airlock.Members
	all []access.Membership
}

func (m *remembering) Members(ctx context.Context, workspace string) ([]access.Membership, error) {
	var err error
	if m.all == nil {
		m.all, err = m.to.Members(ctx, workspace)
	}
	return m.all, err
}

func (m *remembering) MembershipsOf(ctx context.Context, workspace, oid string) ([]access.Membership, error) {
	return m.to.MembershipsOf(ctx, workspace, oid)
}

// unheld does not hold the reviewers' roles in the transaction.
type unheld struct{ airlockRequests }

func (u unheld) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	c.Members = nil
	return u.airlockRequests.Commit(ctx, c)
}

type everywhere struct {
	airlockRequests
	w *World
}

func (e everywhere) Request(ctx context.Context, key airlock.Key) (airlock.Request, error) {
	key.Workspace = e.w.people.home.ID
	return e.airlockRequests.Request(ctx, key)
}

type unaudited struct{ airlockRequests }

func (u unaudited) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	if c.Request.Version != "" {
		c.Lines = nil
	}
	return u.airlockRequests.Commit(ctx, c)
}
