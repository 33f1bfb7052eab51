package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// taped is a store whose calls are recorded.
type taped struct {
	store
	t *tape
}

func (s taped) Request(ctx context.Context, key airlock.Key) (airlock.Request, error) {
	was, err := s.store.Request(ctx, key)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		now, err := r.back.rows.Request(ctx, r.key)
		r.etags[was.Version] = now.Version
		return err
	})
	return was, err
}

func (s taped) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	was, err := s.store.Commit(ctx, c)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		now, err := r.back.rows.Commit(ctx, r.change(c))
		r.etags[was.Version] = now.Version
		return err
	})
	return was, err
}

func (s taped) Put(ctx context.Context, slot airlock.Slot, files []airlock.File) error {
	kept := slices.Clone(files)
	err := s.store.Put(ctx, slot, files)
	s.t.keep(err, func(ctx context.Context, r *replay) error { return r.back.rows.Put(ctx, r.slot(slot), r.files(kept)) })
	return err
}

func (s taped) Get(ctx context.Context, slot airlock.Slot, name, etag string) (airlock.File, error) {
	f, err := s.store.Get(ctx, slot, name, etag)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		_, err := r.back.rows.Get(ctx, r.slot(slot), name, r.etag(etag))
		return err
	})
	return f, err
}

func (s taped) List(ctx context.Context, slot airlock.Slot, sel airlock.Selection, p airlock.Page) ([]airlock.File, string, error) {
	files, next, err := s.store.List(ctx, slot, sel, p)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		_, _, err := r.back.rows.List(ctx, r.slot(slot), sel, p)
		return err
	})
	return files, next, err
}

func (s taped) Open(ctx context.Context, key airlock.Key) (airlock.Open, error) {
	open, err := s.store.Open(ctx, key)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		_, err := r.back.rows.Open(ctx, r.key)
		return err
	})
	return open, err
}

func (s taped) Touch(ctx context.Context, open airlock.Open) error {
	err := s.store.Touch(ctx, open)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		again := open
		again.Key = r.key
		return r.back.rows.Touch(ctx, again)
	})
	return err
}

func (s taped) Expect(ctx context.Context, key airlock.Key, at time.Time) error {
	err := s.store.Expect(ctx, key, at)
	s.t.keep(err, func(ctx context.Context, r *replay) error { return r.back.rows.Expect(ctx, r.key, at) })
	return err
}

func (s taped) Strange(ctx context.Context, id string, line audit.Line) error {
	err := s.store.Strange(ctx, id, line)
	s.t.keep(err, func(ctx context.Context, r *replay) error { return r.back.rows.Strange(ctx, id, line) })
	return err
}

func (s taped) Workspace(ctx context.Context, id string) (airlock.Workspace, error) {
	w, err := s.store.Workspace(ctx, id)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		_, err := r.back.rows.Workspace(ctx, r.key.Workspace)
		return err
	})
	return w, err
}

func (s taped) Members(ctx context.Context, workspace string) ([]access.Membership, error) {
	was, err := s.store.Members(ctx, workspace)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		now, err := r.back.rows.Members(ctx, r.key.Workspace)
		for _, m := range now {
			if i := slices.IndexFunc(was, func(w access.Membership) bool { return w.OID == m.OID && w.Role == m.Role }); i >= 0 {
				r.etags[was[i].ETag] = m.ETag
			}
		}
		return err
	})
	return was, err
}

func (s taped) MembershipsOf(ctx context.Context, workspace, oid string) ([]access.Membership, error) {
	all, err := s.store.MembershipsOf(ctx, workspace, oid)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		_, err := r.back.rows.MembershipsOf(ctx, r.key.Workspace, oid)
		return err
	})
	return all, err
}

func (s taped) Record(ctx context.Context, oid string) (people.Record, error) {
	record, err := s.store.Record(ctx, oid)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		_, err := r.back.rows.Record(ctx, oid)
		return err
	})
	return record, err
}

func (s taped) SaveManifest(ctx context.Context, key airlock.Key, digest string, text []byte) error {
	err := s.store.SaveManifest(ctx, key, digest, text)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		return r.back.rows.SaveManifest(ctx, r.key, digest, text)
	})
	return err
}

func (s taped) LoadManifest(ctx context.Context, key airlock.Key, digest string) ([]byte, error) {
	text, err := s.store.LoadManifest(ctx, key, digest)
	s.t.keep(err, func(ctx context.Context, r *replay) error {
		_, err := r.back.rows.LoadManifest(ctx, r.key, digest)
		return err
	})
	return text, err
}

// tapedDesk and tapedVault do the same for files.
type tapedDesk struct {
	airlock.Desk
	t *tape
}

func (d tapedDesk) Create(ctx context.Context, place airlock.Place) error {
	err := d.Desk.Create(ctx, place)
	d.t.keep(err, func(ctx context.Context, r *replay) error { return r.back.boxes.Create(ctx, r.place(place)) })
	return err
}

func (d tapedDesk) List(ctx context.Context, place airlock.Place, p airlock.Page) ([]airlock.Blob, string, error) {
	blobs, next, err := d.Desk.List(ctx, place, p)
	d.t.keep(err, func(ctx context.Context, r *replay) error {
		_, _, err := r.back.boxes.List(ctx, r.place(place), p)
		return err
	})
	return blobs, next, err
}

type tapedVault struct {
	airlock.Vault
	t *tape
}

func (v tapedVault) Open(ctx context.Context, ref airlock.Ref, from, count int64) (airlock.Content, error) {
	content, err := v.Vault.Open(ctx, ref, from, count)
	v.t.keep(err, func(ctx context.Context, r *replay) error {
		now, err := r.back.vault.Open(ctx, r.ref(ref), from, count)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, now)
		return errors.Join(err, now.Close())
	})
	return content, err
}

func (v tapedVault) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	was, err := v.Vault.Copy(ctx, c)
	v.t.keep(err, func(ctx context.Context, r *replay) error {
		again := c
		again.From, again.To = r.ref(c.From), r.ref(c.To)
		now, err := r.back.vault.Copy(ctx, again)
		r.etags[was.ETag] = now.ETag
		return err
	})
	return was, err
}
