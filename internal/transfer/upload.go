package transfer

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/api"
)

// Sent is a file that is in the draft.
type Sent struct {
	Name     string `json:"name"`
	Size     int64  `json:"size"`     // bytes
	Modified int64  `json:"modified"` // of the file here, in nanoseconds since 1970
	SHA256   string `json:"sha256"`   // lower-case hex, of what was read here
	ETag     string `json:"etag"`     // of the version in the draft
	Already  bool   `json:"-"`        // was there before
}

// Uploader sends a plan into a draft. All fields but Pace and Type are required.
type Uploader struct {
	Drop     Drop
	Links    *Links
	Journal  *Journal
	Progress Progress
	There    map[string]api.File // what the draft holds already, by name
	Pace     Pace
	Type     func(name string, head []byte) string // media type that is declared; nil means none
}

// Upload sends what is not there yet, and returns every file that is there
// then, by name. What is wrong with single files, such as one that changed
// while it was read, ends those alone; the error joins a *FileError for each.
func (u *Uploader) Upload(ctx context.Context, plan Plan) ([]Sent, error) {
	run := &sending{Uploader: *u}
	run.Pace = u.Pace.withDefaults()
	run.buffers = newPool(run.Pace.Parallel)
	u.Progress.Start(len(plan.Sources), plan.Bytes)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(run.Pace.Parallel)
	for _, s := range plan.Sources {
		if ctx.Err() != nil {
			break
		}
		group.Go(func() error { return run.one(ctx, s) })
	}
	fatal := group.Wait()
	slices.SortFunc(run.sent, func(a, b Sent) int { return strings.Compare(a.Name, b.Name) })
	return run.sent, errors.Join(append(run.failed, fatal)...)
}

// sending is an upload under way.
type sending struct {
	Uploader
	buffers pool

	mu     sync.Mutex
	sent   []Sent
	failed []error
}

// one sends a file. Its error ends the whole upload.
func (u *sending) one(ctx context.Context, s Source) error {
	meter := &tally{Meter: u.Progress.File(s.Name, s.Size)}
	sent, err := u.file(ctx, s, meter)
	meter.End(err == nil)
	u.mu.Lock()
	defer u.mu.Unlock()
	if err == nil {
		u.sent = append(u.sent, sent)
		return nil
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if wrong, ok := errors.AsType[*FileError](err); ok {
		u.failed = append(u.failed, wrong)
		return nil
	}
	return fmt.Errorf("%s: %w", printable(s.Name), err)
}

// file sends a file unless it is there.
func (u *sending) file(ctx context.Context, s Source, meter *tally) (Sent, error) {
	reader, err := openSource(s)
	if err != nil {
		return Sent{}, err
	}
	defer reader.close()
	if sent, ok := u.known(reader); ok {
		meter.Skipped(sent.Size)
		return sent, nil
	}
	if sent, ok, err := u.same(ctx, reader); err != nil || ok {
		if ok {
			meter.Skipped(sent.Size)
		}
		return sent, err
	}
	sent, err := u.send(ctx, reader, meter)
	if errors.Is(err, ErrBlocks) || errors.Is(err, ErrForeign) {
		sent, err = u.afresh(ctx, reader, meter, err)
	}
	if err != nil {
		return Sent{}, err
	}
	return sent, u.Journal.Whole(sent)
}

// known tells whether the journal and the draft agree that this very file is
// there.
func (u *sending) known(r *source) (Sent, bool) {
	sent, ok := u.Journal.Done(r.Name)
	there, listed := u.There[r.Name]
	if !ok || !listed || there.ETag != sent.ETag || sent.Size != r.size || sent.Modified != r.modified {
		return Sent{}, false
	}
	sent.Already = true
	return sent, true
}

// same tells whether the draft holds the same content, whoever sent it.
// Reading a file here is far quicker than sending it.
func (u *sending) same(ctx context.Context, r *source) (Sent, bool, error) {
	there, listed := u.There[r.Name]
	if !listed || there.SHA256 == "" || there.Size != r.size {
		return Sent{}, false, nil
	}
	err := r.blocks(ctx, u.buffers, u.Pace.Block, func(_ int64, content []byte) error { u.buffers.giveBack(content); return nil })
	if err != nil {
		return Sent{}, false, err
	}
	sent := r.sent(there.ETag)
	if sent.Already = true; sent.SHA256 != there.SHA256 {
		return Sent{}, false, r.rewind()
	}
	return sent, true, u.Journal.Whole(sent)
}

// afresh sends a file from its beginning, when what was staged of it is of no
// use: storage has forgotten it, or it is of another program. Writing a whole
// file, if only an empty one, ends what others left.
// https://learn.microsoft.com/rest/api/storageservices/put-block#remarks
func (u *sending) afresh(ctx context.Context, r *source, meter *tally, why error) (Sent, error) {
	u.Progress.Say(printable(r.Name) + ": " + why.Error() + "; starting it again")
	if err := u.Journal.Forget(r.Name); err != nil {
		return Sent{}, err
	}
	if meter.reset(); errors.Is(why, ErrForeign) {
		if _, err := u.put(ctx, r, Block{Name: r.Name, Moved: func(int64) {}}); err != nil {
			return Sent{}, err
		}
	}
	if err := r.rewind(); err != nil {
		return Sent{}, err
	}
	return u.send(ctx, r, meter)
}

func (u *sending) send(ctx context.Context, r *source, meter *tally) (Sent, error) {
	block, err := u.Pace.blockFor(r.size)
	if err != nil {
		return Sent{}, &FileError{Name: r.Name, Err: err}
	}
	if r.size <= block {
		return u.sendWhole(ctx, r, block, meter)
	}
	return u.sendBlocks(ctx, r, block, meter)
}

// sendWhole sends a small file in one request.
func (u *sending) sendWhole(ctx context.Context, r *source, block int64, meter *tally) (Sent, error) {
	etag := ""
	give := func(_ int64, content []byte) error {
		defer u.buffers.giveBack(content)
		if err := r.unchanged(); err != nil {
			return err
		}
		var err error
		etag, err = u.put(ctx, r, Block{Name: r.Name, Content: content, Moved: meter.Moved})
		return err
	}
	var err error
	if r.size == 0 {
		err = give(0, nil)
	} else {
		err = r.blocks(ctx, u.buffers, block, give)
	}
	return r.sent(etag), err
}

func (u *sending) put(ctx context.Context, r *source, b Block) (etag string, err error) {
	err = u.call(ctx, func(link string) error {
		var err error
		etag, err = u.Drop.Put(ctx, link, u.mediaType(r), b)
		return err
	})
	return etag, err
}

// call makes a request with a link, as often as the pace allows.
func (u *sending) call(ctx context.Context, do func(link string) error) error {
	return u.Pace.Again(ctx, func() error { return u.Links.With(ctx, do) })
}

func (u *sending) mediaType(r *source) string {
	if u.Type == nil {
		return ""
	}
	return u.Type(r.Name, r.head)
}
