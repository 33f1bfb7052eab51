package airlock

import (
	"context"
	"io"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Page asks for one page of a list. The zero value asks for the first page of
// the implementation's usual size. Every list returns a cursor for the page
// after, "" when there is none; a page is full unless it is the last, and the last
// one may be empty.
type Page struct {
	After string // cursor from the page before; opaque
	Limit int    // rows; 0 means 1,000, which is also the most
}

// Requests keeps requests, one partition a workspace.
type Requests interface {
	// Request returns ErrNotFound when the workspace has no such request.
	Request(ctx context.Context, key Key) (Request, error)
	// Commit writes a change in one transaction and returns the request with
	// its new Version. ErrConflict: the stored request, or a membership in
	// Members, is not the version given, a new request (empty Version) or the
	// decision exists already, or an audit line of that number exists; then
	// nothing is written. A commit whose answer was lost may have happened: one
	// that finds exactly its own request stored succeeds and writes nothing.
	// The open-work row is written as Change.Open says, and removed where that
	// is nil; a zero Looked keeps the stored one.
	Commit(ctx context.Context, c Change) (Request, error)
	// Requests lists a workspace's requests in the order of their ids.
	Requests(ctx context.Context, workspace string, page Page) ([]Request, string, error)
}

// Slot addresses the file rows of one turn.
type Slot struct {
	Key  Key
	Turn int
}

// Selection picks file rows.
type Selection struct {
	Which   Which
	Attempt int // of the delivery, for Undelivered
}

// Which names a selection.
type Which string

// The selections. All but Everything see listed versions only.
const (
	Everything  Which = ""            // every version ever seen, tombstones too
	Listed      Which = "listed"      // the record
	Ready       Which = "ready"       // inspected, not yet sealed
	Unsealed    Which = "unsealed"    // not yet sealed
	Troubled    Which = "troubled"    // refused by a finding, malicious or unscannable
	Unclean     Which = "unclean"     // without a clean verdict
	Undelivered Which = "undelivered" // not verified on the other side in this attempt
)

// Files keeps what is known of files.
type Files interface {
	// Put merges the groups that are not nil into at most 100 rows, in one
	// transaction; rows that do not exist are made. It is idempotent. More than
	// 100 rows, or one version twice, are ErrInvalid.
	Put(ctx context.Context, slot Slot, files []File) error
	// Get returns ErrNotFound when nothing is known of this version.
	Get(ctx context.Context, slot Slot, name, etag string) (File, error)
	// List returns rows in a stable order that has nothing to do with names.
	List(ctx context.Context, slot Slot, sel Selection, page Page) ([]File, string, error)
}

// Open is one row of unfinished work.
type Open struct {
	Key    Key
	Stage  Stage
	Due    time.Time // when to look at it again
	Looked time.Time // when a draft's container was listed last
	Rests  bool      // nothing to do until retention ends: the business of retain, not sweep

	// Resource is the id of the resource that it is about, where Key.Request is
	// an operation on it; empty for an airlock request.
	Resource string
	// Tell says that administrators have yet to be told that the operation is
	// stuck.
	Tell bool

	// Expected is when a look was ordered to come for which the facts about
	// single files wait; zero: none was, or it has begun.
	Expected time.Time
}

// Work lists what is unfinished, so that sweep finds it by one range query a
// workspace.
type Work interface {
	// Due lists open work whose Due is not after at, in the order of the
	// requests' ids.
	Due(ctx context.Context, workspace string, at time.Time, page Page) ([]Open, string, error)
	// Open returns the row of one request; ErrNotFound when it has none.
	Open(ctx context.Context, key Key) (Open, error)
	// Touch writes Due and Looked of an existing row and nothing else; a row
	// that is gone stays gone, without error.
	Touch(ctx context.Context, open Open) error
	// Expect writes Expected of an existing row and nothing else, as no other
	// method does; a row that is gone stays gone, without error.
	Expect(ctx context.Context, key Key, at time.Time) error
}

// Trail reads audit lines, and keeps those that belong to no request.
type Trail interface {
	// Lines lists a request's audit lines in order.
	Lines(ctx context.Context, key Key, page Page) ([]audit.Line, string, error)
	// Strange keeps a line about something refused or foreign, under the
	// partition "system"; id makes a repeat harmless.
	Strange(ctx context.Context, id string, line audit.Line) error
}

// Refusals keeps what was refused, under the partition "system".
type Refusals interface {
	// Refused is Trail's Strange, and tells whether the line was kept; it was
	// not where there is one of that id.
	Refused(ctx context.Context, id string, line audit.Line) (kept bool, err error)
	// Restate keeps a line in place of the one of that id.
	Restate(ctx context.Context, id string, line audit.Line) error
}

// Workspaces knows the workspaces.
type Workspaces interface {
	// Workspace returns ErrNotFound when there is none of that id. Its policy's
	// Hold says whether it is frozen now.
	Workspace(ctx context.Context, id string) (Workspace, error)
	// Workspaces lists them in the order of their ids, without Hold.
	Workspaces(ctx context.Context, page Page) ([]Workspace, string, error)
}

// Members knows who has which role in which workspace.
type Members interface {
	// Members lists all memberships of a workspace.
	Members(ctx context.Context, workspace string) ([]access.Membership, error)
	// MembershipsOf lists one person's memberships in a workspace.
	MembershipsOf(ctx context.Context, workspace, oid string) ([]access.Membership, error)
}

// Manifests keeps manifests and submissions, by their digest.
type Manifests interface {
	// SaveManifest is idempotent.
	SaveManifest(ctx context.Context, key Key, digest string, text []byte) error
	// LoadManifest returns ErrNotFound when there is none.
	LoadManifest(ctx context.Context, key Key, digest string) ([]byte, error)
}

// Letters remembers which mails were sent.
type Letters interface {
	// Sent tells whether the mail of this id was recorded as sent.
	Sent(ctx context.Context, key Key, id string) (bool, error)
	// MarkSent records it; repeating is harmless.
	MarkSent(ctx context.Context, key Key, id string, at time.Time) error
}

// Access is what a link allows.
type Access string

// What links allow.
const (
	WriteOnly Access = "write" // create, write, list; never read, never delete
	ReadOnly  Access = "read"  // read, list
)

// Desk is the file port of the app that faces outside: three verbs, none of
// which can read, copy or delete a byte.
type Desk interface {
	// Create makes a container; one that exists is fine.
	Create(ctx context.Context, place Place) error
	// List returns a page of a container's blobs, in the order of their names.
	// ErrNotFound: no such container.
	List(ctx context.Context, place Place, page Page) ([]Blob, string, error)
	// Sign returns a link to a container that works until the given time.
	Sign(ctx context.Context, place Place, access Access, until time.Time) (string, error)
}

// Ref names one version of a blob. An empty ETag means: whatever is there.
type Ref struct {
	Place Place
	Name  string
	ETag  string
}

// Content is a stream of (part of) a blob. Close it.
type Content struct {
	io.ReadCloser
	ETag string // normalised
	Size int64  // of the whole blob, bytes
	Type string // declared content type
}

// Vault is the file port of the engine.
type Vault interface {
	// Open streams count bytes from offset from (to the end where fewer are
	// left). ErrNotFound: no such blob or container; ErrChanged: it has
	// another ETag now; ErrUnread: it is archived, or needs the uploader's key.
	Open(ctx context.Context, ref Ref, from, count int64) (Content, error)
	// Copy does one slice of a copy by the service and returns where it is.
	Copy(ctx context.Context, c Copy) (Copied, error)
	// Remove deletes a blob if it still has this ETag, breaking leases; a blob
	// that is gone or changed is fine.
	Remove(ctx context.Context, ref Ref) error
}

// Janitor makes, lists and purges containers for the engine.
type Janitor interface {
	// Purge deletes a container, breaking leases, and tells whether it is gone
	// (404); a container being deleted is not gone yet.
	Purge(ctx context.Context, place Place) (gone bool, err error)
	// Containers lists an account's containers, in the order of their names.
	Containers(ctx context.Context, account string, page Page) ([]Found, string, error)
}

// Found is a container that an account has, whoever made it.
type Found struct {
	Name     string
	Modified time.Time // by the service's clock
}

// Copy is one slice of a copy. The destination must have its container; the
// source is copied under its ETag. Every slice may be repeated.
type Copy struct {
	From   Ref // with ETag
	To     Ref // ETag empty
	Size   int64
	Offset int64  // bytes copied by earlier slices
	Type   string // declared content type of this version, which the copy gets; "" when it is not known
}

// Copied says how far a copy is.
type Copied struct {
	Offset int64  // bytes copied so far
	ETag   string // of the destination; "" until the copy is complete
}
