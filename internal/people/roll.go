package people

import (
	"context"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Partition is the workspace that people's own audit lines, mails and open
// work are kept under: no workspace's id, which are UUIDs.
const Partition = airlock.PeoplePartition

// Event is something that people are told of.
type Event string

// The events.
const (
	Granted      Event = "granted"    // to the person
	Changed      Event = "changed"    // to the person
	Removed      Event = "removed"    // to the person
	Ending       Event = "ending"     // to the person and the owners
	Frozen       Event = "frozen"     // to everybody in the workspace
	Unfrozen     Event = "unfrozen"   // to everybody in the workspace
	Suspended    Event = "suspended"  // this and the next two to the person and the owners of their workspaces
	Reinstated   Event = "reinstated" //
	ExpiryEnding Event = "expiring"   // a training or an agreement ends soon
)

// Events lists every event.
var Events = []Event{Granted, Changed, Removed, Ending, Frozen, Unfrozen, Suspended, Reinstated, ExpiryEnding}

// Notice is something people have to be told.
type Notice struct {
	Event  Event             `json:"event"`
	Seq    int               `json:"seq"` // of this row's notices: names the mail
	At     time.Time         `json:"at"`
	By     string            `json:"by,omitempty"`     // name of who did it
	Member access.Membership `json:"member,omitzero"`  // about which it is
	Kind   Kind              `json:"kind,omitempty"`   // of what ends
	Ends   time.Time         `json:"ends,omitzero"`    // when
	Reason string            `json:"reason,omitempty"` // as who did it said
}

// Roll is what is kept of a workspace's people beside their memberships. Every
// change of a membership is committed under its version, so that two changes
// that are allowed one by one cannot together leave a workspace ownerless.
type Roll struct {
	Freeze    *airlock.Freeze `json:"freeze,omitempty"`
	Resumed   time.Time       `json:"resumed,omitzero"` // when it was last unfrozen
	Notices   []Notice        `json:"notices,omitempty"`
	Told      int             `json:"told,omitempty"` // number of the notice made last
	Head      audit.Head      `json:"head"`           // end of the workspace's audit chain
	Operation string          `json:"operation,omitempty"`

	Version string `json:"-"` // the stored row's ETag; "" where there is none
}

// Hold is what the roll does to the workspace's requests.
func (r Roll) Hold() airlock.Hold { return airlock.Hold{Freeze: r.Freeze, Resumed: r.Resumed} }

// Change is what one commit writes to a workspace's people, all or nothing.
type Change struct {
	Workspace string
	Roll      Roll         // its Version is the one that was read
	Lines     []audit.Line // chained, in order
	Put       []access.Membership
	Remove    []access.Membership
	Open      *airlock.Open // nil: everybody was told
}

// Nothing tells that there is nothing to commit.
func (c Change) Nothing() bool { return len(c.Lines) == 0 }

// Rolls keeps the rolls, each with the memberships of its workspace.
type Rolls interface {
	// Roll returns the zero Roll of a workspace that has none.
	Roll(ctx context.Context, workspace string) (Roll, error)
	// CommitRoll writes a change in one transaction and returns the roll with
	// its new Version. ErrConflict (airlock's): the stored roll is not the
	// version given, or a membership to be removed is gone; then nothing is
	// written. A commit that finds exactly its own roll stored succeeds and
	// writes nothing. The open-work row is written as Change.Open says, and
	// removed where that is nil.
	CommitRoll(ctx context.Context, c Change) (Roll, error)
}

// RecordChange is what one commit writes of a person, all or nothing.
type RecordChange struct {
	Record Record // its Version is the one that was read
	Lines  []audit.Line
	Open   *airlock.Open // nil: everybody was told
}

// Nothing tells that there is nothing to commit.
func (c RecordChange) Nothing() bool { return len(c.Lines) == 0 }

// Records keeps what is known of people.
type Records interface {
	// Record returns a Record with nothing but its OID for somebody of whom
	// nothing is kept.
	Record(ctx context.Context, oid string) (Record, error)
	// CommitRecord writes a change in one transaction and returns the record
	// with its new Version. ErrConflict (airlock's) as Rolls.CommitRoll.
	CommitRecord(ctx context.Context, c RecordChange) (Record, error)
	// Records lists everybody of whom something is kept, in the order of their
	// object ids.
	Records(ctx context.Context, page airlock.Page) ([]Record, string, error)
}

// ReadAll reads the records of these people, a few at once.
func ReadAll(ctx context.Context, from interface {
	Record(ctx context.Context, oid string) (Record, error)
}, oids []string, parallel int) (map[string]Record, error) {
	all := make([]Record, len(oids))
	err := airlock.Each(len(oids), parallel, func(i int) (err error) {
		all[i], err = from.Record(ctx, oids[i])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("records of people: %w", err)
	}
	records := make(map[string]Record, len(oids))
	for i, oid := range oids {
		records[oid] = all[i]
	}
	return records, nil
}
