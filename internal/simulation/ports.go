package simulation

import (
	"context"
	"io"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/desk"
	rules "github.com/trefoil-tre/trefoil/internal/people"
)

// Ports are all the ports of the airlock's rulebook that have a memory.
type Ports struct {
	Requests   airlock.Requests
	Files      airlock.Files
	Work       airlock.Work
	Trail      airlock.Trail
	Workspaces airlock.Workspaces
	Members    airlock.Members
	People     desk.Records
	Manifests  airlock.Manifests
	Letters    airlock.Letters
	Desk       airlock.Desk
	Vault      airlock.Vault
	Janitor    airlock.Janitor
}

// troubled puts the world's trouble between the functions and their ports.
func (w *World) troubled(p Ports) Ports {
	return Ports{
		Requests: requests{w, p.Requests}, Files: files{w, p.Files}, Work: work{w, p.Work}, Trail: trail{w, p.Trail},
		Workspaces: workspaces{w, p.Workspaces}, Members: members{w, p.Members}, People: records{w, p.People}, Manifests: manifests{w, p.Manifests},
		Letters: letters{w, p.Letters}, Desk: boxes{w, p.Desk}, Vault: vault{w, p.Vault}, Janitor: janitor{w, p.Janitor},
	}
}

type requests struct {
	w  *World
	to airlock.Requests
}

func (r requests) Request(ctx context.Context, key airlock.Key) (airlock.Request, error) {
	return exec(ctx, r.w, "requests.Request", func() (airlock.Request, error) { return r.to.Request(ctx, key) })
}

func (r requests) Commit(ctx context.Context, c airlock.Change) (airlock.Request, error) {
	return exec(ctx, r.w, "requests.Commit", func() (airlock.Request, error) { return r.to.Commit(ctx, c) })
}

func (r requests) Requests(ctx context.Context, workspace string, page airlock.Page) ([]airlock.Request, string, error) {
	return paged(ctx, r.w, "requests.Requests", func() ([]airlock.Request, string, error) {
		return r.to.Requests(ctx, workspace, r.w.short(page))
	})
}

type files struct {
	w  *World
	to airlock.Files
}

func (f files) Put(ctx context.Context, slot airlock.Slot, rows []airlock.File) error {
	return execute(ctx, f.w, "files.Put", func() error { return f.to.Put(ctx, slot, rows) })
}

func (f files) Get(ctx context.Context, slot airlock.Slot, name, etag string) (airlock.File, error) {
	return exec(ctx, f.w, "files.Get", func() (airlock.File, error) { return f.to.Get(ctx, slot, name, etag) })
}

func (f files) List(ctx context.Context, slot airlock.Slot, sel airlock.Selection, page airlock.Page) ([]airlock.File, string, error) {
	return paged(ctx, f.w, "files.List", func() ([]airlock.File, string, error) {
		return f.to.List(ctx, slot, sel, f.w.short(page))
	})
}

type work struct {
	w  *World
	to airlock.Work
}

func (o work) Due(ctx context.Context, workspace string, at time.Time, page airlock.Page) ([]airlock.Open, string, error) {
	return paged(ctx, o.w, "work.Due", func() ([]airlock.Open, string, error) {
		return o.to.Due(ctx, workspace, at, o.w.short(page))
	})
}

func (o work) Open(ctx context.Context, key airlock.Key) (airlock.Open, error) {
	return exec(ctx, o.w, "work.Open", func() (airlock.Open, error) { return o.to.Open(ctx, key) })
}

func (o work) Touch(ctx context.Context, open airlock.Open) error {
	return execute(ctx, o.w, "work.Touch", func() error { return o.to.Touch(ctx, open) })
}

func (o work) Expect(ctx context.Context, key airlock.Key, at time.Time) error {
	return execute(ctx, o.w, "work.Expect", func() error { return o.to.Expect(ctx, key, at) })
}

type trail struct {
	w  *World
	to airlock.Trail
}

func (t trail) Lines(ctx context.Context, key airlock.Key, page airlock.Page) ([]audit.Line, string, error) {
	return paged(ctx, t.w, "trail.Lines", func() ([]audit.Line, string, error) { return t.to.Lines(ctx, key, t.w.short(page)) })
}

func (t trail) Strange(ctx context.Context, id string, line audit.Line) error {
	return execute(ctx, t.w, "trail.Strange", func() error { return t.to.Strange(ctx, id, line) })
}

// refused keeps refusals; the count of those without a line is written beside
// all processes.
type refused struct {
	w  *World
	to airlock.Refusals
}

func (r refused) Refused(ctx context.Context, id string, line audit.Line) (bool, error) {
	return exec(ctx, r.w, "refusals.Refused", func() (bool, error) { return r.to.Refused(ctx, id, line) })
}

func (r refused) Restate(ctx context.Context, id string, line audit.Line) error {
	return r.to.Restate(ctx, id, line)
}

type workspaces struct {
	w  *World
	to airlock.Workspaces
}

func (s workspaces) Workspace(ctx context.Context, id string) (airlock.Workspace, error) {
	return exec(ctx, s.w, "workspaces.Workspace", func() (airlock.Workspace, error) { return s.to.Workspace(ctx, id) })
}

func (s workspaces) Workspaces(ctx context.Context, page airlock.Page) ([]airlock.Workspace, string, error) {
	return paged(ctx, s.w, "workspaces.Workspaces", func() ([]airlock.Workspace, string, error) { return s.to.Workspaces(ctx, page) })
}

type members struct {
	w  *World
	to airlock.Members
}

func (m members) Members(ctx context.Context, workspace string) ([]access.Membership, error) {
	return exec(ctx, m.w, "members.Members", func() ([]access.Membership, error) { return m.to.Members(ctx, workspace) })
}

func (m members) MembershipsOf(ctx context.Context, workspace, oid string) ([]access.Membership, error) {
	return exec(ctx, m.w, "members.MembershipsOf", func() ([]access.Membership, error) {
		return m.to.MembershipsOf(ctx, workspace, oid)
	})
}

type records struct {
	w  *World
	to desk.Records
}

func (r records) Record(ctx context.Context, oid string) (rules.Record, error) {
	return exec(ctx, r.w, "people.Record", func() (rules.Record, error) { return r.to.Record(ctx, oid) })
}

type manifests struct {
	w  *World
	to airlock.Manifests
}

func (m manifests) SaveManifest(ctx context.Context, key airlock.Key, digest string, text []byte) error {
	return execute(ctx, m.w, "manifests.Save", func() error { return m.to.SaveManifest(ctx, key, digest, text) })
}

func (m manifests) LoadManifest(ctx context.Context, key airlock.Key, digest string) ([]byte, error) {
	return exec(ctx, m.w, "manifests.Load", func() ([]byte, error) { return m.to.LoadManifest(ctx, key, digest) })
}

type letters struct {
	w  *World
	to airlock.Letters
}

func (l letters) Sent(ctx context.Context, key airlock.Key, id string) (bool, error) {
	return exec(ctx, l.w, "letters.Sent", func() (bool, error) { return l.to.Sent(ctx, key, id) })
}

func (l letters) MarkSent(ctx context.Context, key airlock.Key, id string, at time.Time) error {
	return execute(ctx, l.w, "letters.MarkSent", func() error { return l.to.MarkSent(ctx, key, id, at) })
}

type boxes struct {
	w  *World
	to airlock.Desk
}

func (b boxes) Create(ctx context.Context, place airlock.Place) error {
	return execute(ctx, b.w, "desk.Create", func() error { return b.to.Create(ctx, place) })
}

func (b boxes) List(ctx context.Context, place airlock.Place, page airlock.Page) ([]airlock.Blob, string, error) {
	return paged(ctx, b.w, "desk.List", func() ([]airlock.Blob, string, error) { return b.to.List(ctx, place, b.w.short(page)) })
}

func (b boxes) Sign(ctx context.Context, place airlock.Place, access airlock.Access, until time.Time) (string, error) {
	return exec(ctx, b.w, "desk.Sign", func() (string, error) { return b.to.Sign(ctx, place, access, until) })
}

type vault struct {
	w  *World
	to airlock.Vault
}

func (v vault) Open(ctx context.Context, ref airlock.Ref, from, count int64) (airlock.Content, error) {
	c, err := exec(ctx, v.w, "vault.Open", func() (airlock.Content, error) { return v.to.Open(ctx, ref, from, count) })
	if err == nil && v.w.storm && v.w.chance(v.w.weather.tornRead) {
		c.ReadCloser = torn{c.ReadCloser}
	}
	return c, err
}

func (v vault) Copy(ctx context.Context, c airlock.Copy) (airlock.Copied, error) {
	return exec(ctx, v.w, "vault.Copy", func() (airlock.Copied, error) { return v.to.Copy(ctx, c) })
}

func (v vault) Remove(ctx context.Context, ref airlock.Ref) error {
	return execute(ctx, v.w, "vault.Remove", func() error { return v.to.Remove(ctx, ref) })
}

// torn is a stream that breaks off at its beginning.
type torn struct{ io.ReadCloser }

func (torn) Read([]byte) (int, error) { return 0, errTimeout }

type janitor struct {
	w  *World
	to airlock.Janitor
}

func (j janitor) Purge(ctx context.Context, place airlock.Place) (bool, error) {
	return exec(ctx, j.w, "janitor.Purge", func() (bool, error) { return j.to.Purge(ctx, place) })
}

func (j janitor) Containers(ctx context.Context, account string, page airlock.Page) ([]airlock.Found, string, error) {
	return paged(ctx, j.w, "janitor.Containers", func() ([]airlock.Found, string, error) {
		return j.to.Containers(ctx, account, j.w.short(page))
	})
}

// short makes pages small, so that the code that pages is at work. What asked
// for a size of its own gets that.
func (w *World) short(page airlock.Page) airlock.Page {
	if page.Limit == 0 {
		page.Limit = w.set.Page
	}
	return page
}
