package desk_test

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memfiles"
	"github.com/trefoil-tre/trefoil/internal/memstore"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
)

var errBoom = errors.New("storage is away")

// faults lets the n-th call of a port fail, before or after it did its work.
type faults struct {
	mu    sync.Mutex
	calls int
	at    int  // 0: never
	did   bool // fail after the work was done
	hit   string
	hook  func(name string)
}

func (f *faults) arm(at int, did bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls, f.at, f.did = 0, at, did
}

func (f *faults) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls
}

func (f *faults) do(name string, work func() error) error {
	f.mu.Lock()
	f.calls++
	hit, did, hook := f.calls == f.at, f.did, f.hook
	if hit {
		f.hit = name
	}
	f.mu.Unlock()
	if hook != nil {
		hook(name)
	}
	if hit && !did {
		return errBoom
	}
	err := work()
	if hit {
		return errBoom
	}
	return err
}

// flaky is the store behind faults.
type flaky struct {
	*memstore.Store
	files  *memfiles.Files
	orders *recorder
	faults *faults
}

func (p flaky) Request(ctx context.Context, key airlock.Key) (r airlock.Request, err error) {
	err = p.faults.do("Request", func() error { r, err = p.Store.Request(ctx, key); return err })
	return r, err
}

func (p flaky) Commit(ctx context.Context, c airlock.Change) (r airlock.Request, err error) {
	err = p.faults.do("Commit", func() error { r, err = p.Store.Commit(ctx, c); return err })
	return r, err
}

func (p flaky) Requests(ctx context.Context, w string, page airlock.Page) (r []airlock.Request, next string, err error) {
	err = p.faults.do("Requests", func() error { r, next, err = p.Store.Requests(ctx, w, page); return err })
	return r, next, err
}

func (p flaky) Lines(ctx context.Context, key airlock.Key, page airlock.Page) (l []audit.Line, next string, err error) {
	err = p.faults.do("Lines", func() error { l, next, err = p.Store.Lines(ctx, key, page); return err })
	return l, next, err
}

func (p flaky) Workspace(ctx context.Context, id string) (w airlock.Workspace, err error) {
	err = p.faults.do("Workspace", func() error { w, err = p.Store.Workspace(ctx, id); return err })
	return w, err
}

func (p flaky) Members(ctx context.Context, w string) (m []access.Membership, err error) {
	err = p.faults.do("Members", func() error { m, err = p.Store.Members(ctx, w); return err })
	return m, err
}

func (p flaky) MembershipsOf(ctx context.Context, w, oid string) (m []access.Membership, err error) {
	err = p.faults.do("MembershipsOf", func() error { m, err = p.Store.MembershipsOf(ctx, w, oid); return err })
	return m, err
}

func (p flaky) Record(ctx context.Context, oid string) (r people.Record, err error) {
	err = p.faults.do("Record", func() error { r, err = p.Store.Record(ctx, oid); return err })
	return r, err
}

func (p flaky) Send(ctx context.Context, queue string, message any, delay time.Duration) error {
	return p.faults.do("Send", func() error { return p.orders.Send(ctx, queue, message, delay) })
}

func (p flaky) Publish(ctx context.Context, f message.Fact) error {
	return p.faults.do("Publish", func() error { return p.orders.Publish(ctx, f) })
}

// flakyFiles are the file rows behind faults.
type flakyFiles struct{ flaky }

func (p flakyFiles) Put(ctx context.Context, slot airlock.Slot, files []airlock.File) error {
	return p.faults.do("Put", func() error { return p.Store.Put(ctx, slot, files) })
}

func (p flakyFiles) Get(ctx context.Context, slot airlock.Slot, name, etag string) (f airlock.File, err error) {
	err = p.faults.do("Get", func() error { f, err = p.Store.Get(ctx, slot, name, etag); return err })
	return f, err
}

func (p flakyFiles) List(ctx context.Context, slot airlock.Slot, sel airlock.Selection, page airlock.Page) (f []airlock.File, next string, err error) {
	err = p.faults.do("List", func() error { f, next, err = p.Store.List(ctx, slot, sel, page); return err })
	return f, next, err
}

// flakyContainers are the containers behind faults.
type flakyContainers struct{ flaky }

func (p flakyContainers) Create(ctx context.Context, place airlock.Place) error {
	return p.faults.do("Create", func() error { return p.files.Create(ctx, place) })
}

func (p flakyContainers) List(ctx context.Context, place airlock.Place, page airlock.Page) (b []airlock.Blob, next string, err error) {
	err = p.faults.do("ListBlobs", func() error { b, next, err = p.files.List(ctx, place, page); return err })
	return b, next, err
}

func (p flakyContainers) Sign(ctx context.Context, place airlock.Place, may airlock.Access, until time.Time) (url string, err error) {
	err = p.faults.do("Sign", func() error { url, err = p.files.Sign(ctx, place, may, until); return err })
	return url, err
}
