package workspace

import (
	"context"
	"net/netip"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/workspace/address"
)

// Change is what one commit writes, all or nothing, in one partition. A row
// with a Version replaces the one of that version; a row without one is new.
type Change struct {
	Partition  string
	Resources  []Resource
	Operations []Operation
	Requests   []Request          // System only
	Approvals  []Approval         // System only
	Blocks     []Block            // System only
	Fleets     []Fleet            // the one of the workspace whose partition it is
	History    []Snapshot         // of the resources
	Card       *airlock.Workspace // System only: what the airlock knows of a workspace, written as it is
	Lines      []audit.Line       // each belongs to the chain of the object that its Request names
	Open       []airlock.Open     // rows of unfinished work to be written
	Closed     []string           // ids whose row of unfinished work is removed; one that is not there is fine
}

// Store keeps resources and their operations. The method that writes is not
// called Commit because one store keeps these and the airlock's requests.
type Store interface {
	// Resource returns airlock.ErrNotFound when there is none.
	Resource(ctx context.Context, key Key) (Resource, error)
	// Operation returns airlock.ErrNotFound when there is none.
	Operation(ctx context.Context, key OperationKey) (Operation, error)
	// CommitChange writes a change in one transaction and returns it with its rows
	// as they are stored then, versions included. airlock.ErrConflict: a row is
	// not the version given, or a new one exists already, or an audit line of
	// that number does; then nothing is written. A commit whose answer was lost
	// may have happened: one that finds exactly its own first row and its own
	// audit lines stored succeeds and writes nothing. airlock.ErrInvalid: Check
	// refuses it, or a row is larger than MaxRow.
	CommitChange(ctx context.Context, c Change) (Change, error)
}

// Lists lists what is kept. Every list is in the order of ids.
type Lists interface {
	// Resources lists the resources of a partition, deleted ones too.
	Resources(ctx context.Context, partition string, page airlock.Page) ([]Resource, string, error)
	// Operations lists the operations of a resource.
	Operations(ctx context.Context, key Key, page airlock.Page) ([]Operation, string, error)
	// History lists what a resource was before each change of its properties,
	// the newest last.
	History(ctx context.Context, key Key, page airlock.Page) ([]Snapshot, string, error)
	// Trail lists the audit lines of an object of a partition, in order, by what
	// they are chained under: the id of a resource, an operation or a standing
	// approval, or Request.Chain.
	Trail(ctx context.Context, partition, id string, page airlock.Page) ([]audit.Line, string, error)
}

// Requests keeps who asked for a workspace, and what was approved beforehand.
type Requests interface {
	// WorkspaceRequest returns airlock.ErrNotFound when there is none.
	WorkspaceRequest(ctx context.Context, id string) (Request, error)
	// WorkspaceRequests lists them in the order of their ids.
	WorkspaceRequests(ctx context.Context, page airlock.Page) ([]Request, string, error)
	// Approval returns airlock.ErrNotFound when there is none.
	Approval(ctx context.Context, id string) (Approval, error)
	// Approvals lists standing approvals, ended ones too.
	Approvals(ctx context.Context, page airlock.Page) ([]Approval, string, error)
}

// Block is a part of the address space with what is reserved in it.
type Block struct {
	address.Block
	Version string // the stored row's ETag; "" where there is none yet
}

// Addresses reads the address space. It is written by Store.CommitChange.
type Addresses interface {
	// Blocks returns the blocks of which something is or was reserved, in the
	// order of their addresses.
	Blocks(ctx context.Context) ([]Block, error)
	// BlockOf returns the block of that network, an empty one where there is none.
	BlockOf(ctx context.Context, net netip.Prefix) (Block, error)
}

// Fleets keeps what is known of machines. It is written by Store.CommitChange.
type Fleets interface {
	// Fleet returns that of a workspace, an empty one where there is none.
	Fleet(ctx context.Context, workspace string) (Fleet, error)
}

// NamesPartition is where Names are kept: no workspace's id, which are UUIDs.
const NamesPartition = "names"

// Names finds the resource that names of things in the cloud belong to, by the
// Suffix in them.
type Names interface {
	// Name keeps whose a suffix is; the same again is harmless.
	Name(ctx context.Context, suffix string, key Key) error
	// Named returns airlock.ErrNotFound for a suffix of nobody.
	Named(ctx context.Context, suffix string) (Key, error)
}

// Registered is a template as it is registered.
type Registered struct {
	Kind        Kind      `json:"kind"`
	Parent      string    `json:"parent,omitempty"` // of a user resource: name of the service's template
	Name        string    `json:"name"`
	Version     string    `json:"version"`
	Digest      string    `json:"digest"` // of the package, by which Packages keeps it
	Title       string    `json:"title"`
	Description string    `json:"description"`
	Roles       []string  `json:"authorizedRoles,omitempty"`
	Current     bool      `json:"current"`
	By          string    `json:"by"` // object id of who registered it
	At          time.Time `json:"at"`
}

// Templates keeps which templates are registered. A registered version never
// changes.
type Templates interface {
	// Register adds a version; where r.Current says so, or it is the first, it
	// becomes the current one in the same transaction (W56). It returns how it is
	// registered then. airlock.ErrConflict: the version exists with another
	// digest; the same again is fine, and writes nothing unless it becomes the
	// current one by it. line tells of it, in the same transaction, among the
	// lines of System that belong to no chain.
	Register(ctx context.Context, r Registered, line audit.Line) (Registered, error)
	// Template returns a version, the current one for ""; airlock.ErrNotFound.
	Template(ctx context.Context, kind Kind, parent, name, version string) (Registered, error)
	// Templates lists all versions of a kind, in the order of parent, name and version text.
	Templates(ctx context.Context, kind Kind, page airlock.Page) ([]Registered, string, error)
}

// Packages keeps template packages under their digest.
type Packages interface {
	// SavePackage is idempotent. airlock.ErrInvalid: the files do not have that
	// digest, or are too large.
	SavePackage(ctx context.Context, digest string, files map[string][]byte) error
	// LoadPackage returns airlock.ErrNotFound when there is none of that digest,
	// airlock.ErrInvalid when what is kept does not have it any more.
	LoadPackage(ctx context.Context, digest string) (map[string][]byte, error)
}

// Snapshot is what a resource was before a change, as AzureTRE's history tells
// it.
type Snapshot struct {
	ID         string         `json:"id"` // UUID
	Resource   Key            `json:"resource"`
	Revision   int            `json:"resourceVersion"` // that it had then
	Enabled    bool           `json:"isEnabled"`
	Template   string         `json:"templateVersion"`
	Properties map[string]any `json:"properties"` // masked
	By         string         `json:"by"`         // object id of who changed it then
	Name       string         `json:"name"`       // of that person
	At         time.Time      `json:"updatedWhen"`
}
