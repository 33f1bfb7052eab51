package airlockadvance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// draft looks at an open draft: what was dropped and not inspected, what was
// removed and is still there, whether it is past its limits, whether its time
// is over. The container is listed at most once a Pause, however many events
// ask for it; a look that fails is repeated after a Pause.
func (s *step) draft(ctx context.Context) (*airlock.Move, error) {
	if late := s.late(airlock.Expired, "the draft was not submitted in time"); late != nil {
		return late, nil
	}
	now, pause := s.now(), cmp.Or(s.f.Pause, 30*time.Second)
	open, err := s.f.Work.Open(ctx, s.c.Request.Key())
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return nil, fmt.Errorf("open work: %w", err)
	}
	if again := open.Looked.Add(pause); err == nil && now.Before(again) {
		open.Due = again
		return nil, s.putOff(ctx, open)
	}
	open.Key, open.Looked, open.Due = s.c.Request.Key(), now, now.Add(pause)
	if err := s.putOff(ctx, open); err != nil {
		return nil, err
	}
	move, ordered, err := s.lookAtDraft(ctx)
	if err != nil || move != nil {
		return move, err
	}
	if open.Due = now.Add(s.f.Ledger.Cadence.Draft); ordered { // see soon whether the orders arrived
		open.Due = now.Add(s.f.Ledger.Cadence.Hint)
	}
	if open.Stage, err = s.stillOpen(ctx); err != nil {
		return nil, err
	}
	return nil, s.putOff(ctx, open)
}

// stillOpen is the stage of the open work as it is now: a draft that is large
// may have been handed in while it was listed.
func (s *step) stillOpen(ctx context.Context) (airlock.Stage, error) {
	open, err := s.f.Work.Open(ctx, s.c.Request.Key())
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return "", fmt.Errorf("open work: %w", err)
	}
	return open.Stage, nil
}

// putOff says when to look at the draft again. What was handed in meanwhile is
// looked at as its own stage says, and nobody has its turn yet.
func (s *step) putOff(ctx context.Context, open airlock.Open) error {
	if open.Stage != airlock.Draft {
		return nil
	}
	if err := s.f.Work.Touch(ctx, open); err != nil {
		return fmt.Errorf("open work: %w", err)
	}
	return nil
}

// lookAtDraft lists the draft and says what to do about it; ordered tells that
// something has to be done with its files first.
func (s *step) lookAtDraft(ctx context.Context) (move *airlock.Move, ordered bool, err error) {
	p := s.c.Policy
	blobs, cut, err := s.listing(ctx, airlock.DraftFiles, 2*p.MaxFiles*max(p.CloseFactor, 1))
	if err != nil {
		return nil, false, err
	}
	known, err := s.known(ctx, blobs)
	if err != nil {
		return nil, false, fmt.Errorf("files: %w", err)
	}
	looks, files, bytes := cmp.Or(s.f.Looks, 500), 0, int64(0)
	var left []airlock.File // removed, but nobody has come to their bytes
	for _, b := range blobs {
		f := known[version{b.Name, b.ETag}]
		if f.Removal != nil {
			if s.remove(b, f.Removal.At, looks) {
				left = append(left, f)
			}
			ordered = true
			continue
		}
		files, bytes = files+1, bytes+b.Size
		if f.Inspection == nil && !b.Unread() {
			s.inspectOnce(f, b.Name, looks)
			ordered = true
		}
	}
	if cut {
		return overflowed(fmt.Sprintf("files: more than %d", len(blobs))), false, nil
	}
	if err := s.tellRemoved(ctx, left); err != nil {
		return nil, false, err
	}
	move, err = s.limits(ctx, files, bytes)
	return move, ordered, err
}

// version is a file's key.
type version struct{ name, etag string }

// known reads the rows of the versions that are listed, whatever else was
// uploaded under their names before.
func (s *step) known(ctx context.Context, blobs []airlock.Blob) (map[version]airlock.File, error) {
	known := make(map[version]airlock.File, len(blobs))
	for _, b := range blobs {
		known[version{b.Name, b.ETag}] = airlock.File{}
	}
	for page := (airlock.Page{}); ; {
		rows, next, err := s.f.Files.List(ctx, s.slot(), airlock.Selection{Which: airlock.Everything}, page)
		if err != nil {
			return nil, err
		}
		for _, f := range rows {
			if _, listed := known[version{f.Name, f.ETag}]; listed {
				known[version{f.Name, f.ETag}] = f
			}
		}
		if next == "" {
			return known, nil
		}
		page.After = next
	}
}

// listing lists a container of the turn, up to most blobs and a page; cut
// tells that there are more. 0 lists all.
func (s *step) listing(ctx context.Context, kind airlock.Kind, most int) (blobs []airlock.Blob, cut bool, err error) {
	place := s.c.Request.Place(kind, s.c.Request.Turn)
	for page := (airlock.Page{}); ; {
		some, next, err := s.f.Desk.List(ctx, place, page)
		if err != nil {
			return nil, false, fmt.Errorf("%s container: %w", kind, err)
		}
		blobs = append(blobs, some...)
		if next == "" || most > 0 && len(blobs) > most {
			return blobs, next != "", nil
		}
		page.After = next
	}
}

// inspectOnce orders an inspection unless one is under way, or as many as one
// look may order are ordered already; the next look orders the rest.
func (s *step) inspectOnce(f airlock.File, name string, most int) {
	underway := f.Progress != nil && s.now().Before(f.Progress.At.Add(s.f.Ledger.Cadence.Hint))
	if !underway && len(s.out.Inspect) < most {
		s.out.Inspect = append(s.out.Inspect, s.inspect(name, f.Listed()))
	}
}

func (s *step) inspect(name string, submitted bool) message.Inspect {
	r := s.c.Request
	return message.Inspect{Workspace: r.Workspace, Request: r.ID, Account: r.Place(airlock.DraftFiles, r.Turn).Account,
		Turn: r.Turn, Name: name, Submitted: submitted, Trace: s.trace}
}

// remove orders again what the order that came with the tombstone should have
// done; false where it may come yet.
func (s *step) remove(b airlock.Blob, at time.Time, most int) bool {
	r := s.c.Request
	if s.now().Sub(at) < s.f.Ledger.Cadence.Hint || len(s.out.Purge) >= most {
		return false
	}
	s.purge(message.Purge{Workspace: r.Workspace, Request: r.ID, Turn: r.Turn, Name: b.Name, ETag: b.ETag, Trace: s.trace})
	return true
}

// limits closes a draft that is far past its limits, and tells the owner of
// one that is past them, once.
func (s *step) limits(ctx context.Context, files int, bytes int64) (*airlock.Move, error) {
	far, err := airlock.Limits(s.c.Policy, files, bytes)
	switch {
	case far:
		return overflowed(err.Error()), nil
	case err == nil:
		return nil, nil
	}
	return nil, s.warn(ctx, airlock.ToldOverLimit, err.Error())
}

func overflowed(why string) *airlock.Move {
	return &airlock.Move{On: airlock.Overflowed, Reason: "the draft was closed, it is far past its limits: " + why}
}
