package roomtest

import (
	"context"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// rows is the store behind faults; boxes are the containers.
type (
	rows  struct{ w *World }
	files struct{ w *World }
	boxes struct{ w *World }
)

func (p rows) Request(ctx context.Context, key airlock.Key) (airlock.Request, error) {
	return call(&p.w.Faults, "Requests.Request", func() (airlock.Request, error) { return p.w.Store.Request(ctx, key) })
}

func (p rows) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	return call(&p.w.Faults, "Requests.Commit", func() (airlock.Request, error) { return p.w.Store.Commit(ctx, c) })
}

func (p rows) Requests(ctx context.Context, workspace string, page airlock.Page) ([]airlock.Request, string, error) {
	return paged(&p.w.Faults, "Requests.Requests", func() ([]airlock.Request, string, error) {
		return p.w.Store.Requests(ctx, workspace, page)
	})
}

func (p rows) Due(ctx context.Context, workspace string, at time.Time, page airlock.Page) ([]airlock.Open, string, error) {
	return paged(&p.w.Faults, "Work.Due", func() ([]airlock.Open, string, error) { return p.w.Store.Due(ctx, workspace, at, p.w.small(page)) })
}

func (p rows) Open(ctx context.Context, key airlock.Key) (airlock.Open, error) {
	return call(&p.w.Faults, "Work.Open", func() (airlock.Open, error) { return p.w.Store.Open(ctx, key) })
}

func (p rows) Touch(ctx context.Context, open airlock.Open) error {
	return only(&p.w.Faults, "Work.Touch", func() error { return p.w.Store.Touch(ctx, open) })
}

func (p rows) Expect(ctx context.Context, key airlock.Key, at time.Time) error {
	return only(&p.w.Faults, "Work.Expect", func() error { return p.w.Store.Expect(ctx, key, at) })
}

func (p rows) Send(_ context.Context, _ string, message any, delay time.Duration) error {
	return only(&p.w.Faults, "Orders.Send", func() error {
		p.w.mu.Lock()
		defer p.w.mu.Unlock()
		p.w.sent = append(p.w.sent, Sent{Message: message, At: p.w.now.Add(delay)})
		return nil
	})
}

func (p rows) Lines(ctx context.Context, key airlock.Key, page airlock.Page) ([]audit.Line, string, error) {
	return paged(&p.w.Faults, "Trail.Lines", func() ([]audit.Line, string, error) { return p.w.Store.Lines(ctx, key, page) })
}

func (p rows) Strange(ctx context.Context, id string, line audit.Line) error {
	return only(&p.w.Faults, "Trail.Strange", func() error { return p.w.Store.Strange(ctx, id, line) })
}

func (p rows) Refused(ctx context.Context, id string, line audit.Line) (bool, error) {
	return call(&p.w.Faults, "Refusals.Refused", func() (bool, error) { return p.w.Store.Refused(ctx, id, line) })
}

func (p rows) Restate(ctx context.Context, id string, line audit.Line) error {
	return only(&p.w.Faults, "Refusals.Restate", func() error { return p.w.Store.Restate(ctx, id, line) })
}

func (p rows) Workspace(ctx context.Context, id string) (airlock.Workspace, error) {
	return call(&p.w.Faults, "Workspaces.Workspace", func() (airlock.Workspace, error) { return p.w.Store.Workspace(ctx, id) })
}

func (p rows) Workspaces(ctx context.Context, page airlock.Page) ([]airlock.Workspace, string, error) {
	return paged(&p.w.Faults, "Workspaces.Workspaces", func() ([]airlock.Workspace, string, error) {
		return p.w.Store.Workspaces(ctx, p.w.small(page))
	})
}

func (p rows) Members(ctx context.Context, workspace string) ([]access.Membership, error) {
	return call(&p.w.Faults, "Members.Members", func() ([]access.Membership, error) { return p.w.Store.Members(ctx, workspace) })
}

func (p rows) MembershipsOf(ctx context.Context, workspace, oid string) ([]access.Membership, error) {
	return call(&p.w.Faults, "Members.MembershipsOf", func() ([]access.Membership, error) { return p.w.Store.MembershipsOf(ctx, workspace, oid) })
}

func (p rows) SaveManifest(ctx context.Context, key airlock.Key, digest string, text []byte) error {
	return only(&p.w.Faults, "Manifests.SaveManifest", func() error { return p.w.Store.SaveManifest(ctx, key, digest, text) })
}

func (p rows) LoadManifest(ctx context.Context, key airlock.Key, digest string) ([]byte, error) {
	return call(&p.w.Faults, "Manifests.LoadManifest", func() ([]byte, error) { return p.w.Store.LoadManifest(ctx, key, digest) })
}

func (p rows) Sent(ctx context.Context, key airlock.Key, id string) (bool, error) {
	return call(&p.w.Faults, "Letters.Sent", func() (bool, error) { return p.w.Store.Sent(ctx, key, id) })
}

func (p rows) MarkSent(ctx context.Context, key airlock.Key, id string, at time.Time) error {
	return only(&p.w.Faults, "Letters.MarkSent", func() error { return p.w.Store.MarkSent(ctx, key, id, at) })
}

func (p files) Put(ctx context.Context, slot airlock.Slot, all []airlock.File) error {
	return only(&p.w.Faults, "Files.Put", func() error { return p.w.Store.Put(ctx, slot, all) })
}

func (p files) Get(ctx context.Context, slot airlock.Slot, name, etag string) (airlock.File, error) {
	return call(&p.w.Faults, "Files.Get", func() (airlock.File, error) { return p.w.Store.Get(ctx, slot, name, etag) })
}

func (p files) List(ctx context.Context, slot airlock.Slot, sel airlock.Selection, page airlock.Page) ([]airlock.File, string, error) {
	return paged(&p.w.Faults, "Files.List", func() ([]airlock.File, string, error) { return p.w.Store.List(ctx, slot, sel, p.w.small(page)) })
}

func (p boxes) Create(ctx context.Context, place airlock.Place) error {
	return only(&p.w.Faults, "Desk.Create", func() error { return p.w.Files.Create(ctx, place) })
}

func (p boxes) List(ctx context.Context, place airlock.Place, page airlock.Page) ([]airlock.Blob, string, error) {
	return paged(&p.w.Faults, "Desk.List", func() ([]airlock.Blob, string, error) { return p.w.Files.List(ctx, place, p.w.small(page)) })
}

func (p boxes) Sign(ctx context.Context, place airlock.Place, allows airlock.Access, until time.Time) (string, error) {
	return call(&p.w.Faults, "Desk.Sign", func() (string, error) { return p.w.Files.Sign(ctx, place, allows, until) })
}

func (p boxes) Open(ctx context.Context, ref airlock.Ref, from, count int64) (airlock.Content, error) {
	return call(&p.w.Faults, "Vault.Open", func() (airlock.Content, error) { return p.w.Files.Open(ctx, ref, from, count) })
}

func (p boxes) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	return call(&p.w.Faults, "Vault.Copy", func() (airlock.Copied, error) { return p.w.Files.Copy(ctx, c) })
}

func (p boxes) Remove(ctx context.Context, ref airlock.Ref) error {
	return only(&p.w.Faults, "Vault.Remove", func() error { return p.w.Files.Remove(ctx, ref) })
}

func (p boxes) Purge(ctx context.Context, place airlock.Place) (bool, error) {
	return call(&p.w.Faults, "Janitor.Purge", func() (bool, error) { return p.w.Files.Purge(ctx, place) })
}

func (p boxes) Containers(ctx context.Context, account string, page airlock.Page) ([]airlock.Found, string, error) {
	return paged(&p.w.Faults, "Janitor.Containers", func() ([]airlock.Found, string, error) {
		return p.w.Files.Containers(ctx, account, p.w.small(page))
	})
}
