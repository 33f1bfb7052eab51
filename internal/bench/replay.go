package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// tape is the sequence of storage calls of one story, each as a function that
// makes the same call again elsewhere. Stories are played with one call after
// the other.
type tape struct {
	calls []func(ctx context.Context, r *replay) error
	ports int // calls that are the product's own; the others are uploads
}

// keep records a call of the product's. A call that failed may fail again.
func (t *tape) keep(failed error, again func(ctx context.Context, r *replay) error) {
	if t == nil {
		return
	}
	t.ports++
	t.calls = append(t.calls, func(ctx context.Context, r *replay) error {
		err := again(ctx, r)
		if failed != nil {
			return nil
		}
		return err
	})
}

// upload records what a client did.
func (t *tape) upload(place airlock.Place, name string, content []byte, etag string) {
	if t == nil {
		return
	}
	t.calls = append(t.calls, func(ctx context.Context, r *replay) error {
		from := time.Now()
		now, err := r.back.put(ctx, r.place(place), name, content)
		r.etags[etag] = now
		r.uploads += time.Since(from)
		return err
	})
}

// replay makes the calls of a tape against another backend, for another
// request, with nothing between them but putting in its names and ETags.
type replay struct {
	back    backend
	key     airlock.Key
	etags   map[string]string // as recorded → as they are here
	uploads time.Duration
}

// play makes the calls of a tape and returns the time they took, without that
// of the uploads.
func (t *tape) play(ctx context.Context, back backend) (time.Duration, error) {
	r := &replay{back: back, key: airlock.Key{Workspace: uuid.NewString(), Request: uuid.NewString()}, etags: map[string]string{}}
	if err := seed(ctx, back, r.key.Workspace); err != nil {
		return 0, err
	}
	from := time.Now()
	for i, call := range t.calls {
		if err := call(ctx, r); err != nil {
			return 0, fmt.Errorf("call %d of the replay: %w", i, err)
		}
	}
	took := time.Since(from) - r.uploads
	end, err := back.rows.Request(ctx, r.key)
	if err == nil && end.Stage != airlock.Approved {
		err = fmt.Errorf("the replay ended as %s", end.Stage)
	}
	return took, err
}

func (r *replay) etag(recorded string) string {
	if now, ok := r.etags[recorded]; ok {
		return now
	}
	return recorded
}

func (r *replay) slot(s airlock.Slot) airlock.Slot { return airlock.Slot{Key: r.key, Turn: s.Turn} }

func (r *replay) place(p airlock.Place) airlock.Place {
	c, err := airlock.ParseContainer(p.Container)
	if err == nil {
		c.Key = r.key
		p.Container = c.String()
	}
	return p
}

func (r *replay) ref(ref airlock.Ref) airlock.Ref {
	return airlock.Ref{Place: r.place(ref.Place), Name: ref.Name, ETag: r.etag(ref.ETag)}
}

func (r *replay) files(files []airlock.File) []airlock.File {
	all := slices.Clone(files)
	for i := range all {
		all[i].ETag = r.etag(all[i].ETag)
	}
	return all
}

func (r *replay) change(c airlock.Change) airlock.Change {
	c.Request.Workspace, c.Request.ID, c.Request.Version = r.key.Workspace, r.key.Request, r.etag(c.Request.Version)
	c.Lines = slices.Clone(c.Lines)
	for i := range c.Lines {
		c.Lines[i].Workspace, c.Lines[i].Request = r.key.Workspace, r.key.Request
	}
	c.Members = slices.Clone(c.Members)
	for i := range c.Members {
		c.Members[i].Workspace, c.Members[i].ETag = r.key.Workspace, r.etag(c.Members[i].ETag)
	}
	if c.Open != nil {
		open := *c.Open
		open.Key, c.Open = r.key, &open
	}
	return c
}
