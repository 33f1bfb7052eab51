// Package desk is what people ask of the airlock, the same for the API and the
// portal: it finds out who may do what, asks the rulebook, commits, and then
// sets the engine going. Every call may be repeated: a call with the same
// Caller.Operation ends in the same state and gives the same answer.
package desk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// What can be wrong beside what the rulebook says. Every other error of this
// package wraps one of airlock's sentinels, or is trouble that may pass.
var (
	ErrDisabled    = errors.New("airlock is not enabled in this workspace")
	ErrNotDeployed = errors.New("workspace is not deployed")
	ErrStale       = errors.New("changed since it was read") // is not the version that Caller.Match names
	// ErrUnfit comes with airlock.ErrInvalid when not a field but the request
	// as it stands is at fault: no files, too many, refused ones.
	ErrUnfit = errors.New("cannot be done with this request")
)

// Orders puts orders on queues.
type Orders interface {
	// Send puts a message on a queue, to be seen after delay.
	Send(ctx context.Context, queue string, message any, delay time.Duration) error
}

// Facts tells everybody else what happened.
type Facts interface {
	// Publish sends one event. Publishing it again is harmless.
	Publish(ctx context.Context, fact message.Fact) error
}

// Records knows what is kept of people: who is suspended, whose training ended.
type Records interface {
	// Record returns a Record with nothing but its OID for somebody of whom
	// nothing is kept.
	Record(ctx context.Context, oid string) (people.Record, error)
}

// Operations lists what was done to resources.
type Operations interface {
	// Operations lists the operations of a resource.
	Operations(ctx context.Context, key workspace.Key, page airlock.Page) ([]workspace.Operation, string, error)
}

// Ports are what a desk works with.
type Ports struct {
	Operations Operations // whose audit lines belong to a workspace's; nil: there are none
	Requests   airlock.Requests
	Files      airlock.Files
	Trail      airlock.Trail
	Audits     airlock.AuditQuery
	Workspaces airlock.Workspaces
	Members    airlock.Members
	People     Records
	Manifests  airlock.Manifests
	Containers airlock.Desk
	Orders     Orders
	Facts      Facts
}

// Desk answers people. It keeps nothing between calls and is safe for
// concurrent use.
type Desk struct {
	Ports   Ports
	Now     func() time.Time
	Cadence airlock.Cadence
	Log     *slog.Logger // nil means slog.Default
	// Parallel is how many calls to storage one call of a person has under
	// way; 0 means 8: enough to hide the way there, few enough to share it.
	Parallel int
	Inspects int // inspections that a submit orders itself; 0 means 1,000
}

// Caller is who asks, in which call.
type Caller struct {
	Person access.Person
	// Operation names the call, so that its repeat is recognised: the
	// invocation id the host gave it. Empty: a call of its own every time.
	Operation string
	// Call is the call's id as its answer names it, for the audit trail. Empty:
	// Operation.
	Call string

	// Match is the version that the call changes, as View.Request has it or
	// quoted as in HTTP. Empty, or *: whichever is there.
	Match string

	standing *standing      // what Admit read
	record   *people.Record // what AdmitEverywhere read
	places   []standing     // what Settled read; nil: nothing
}

// View is a request as one person sees it.
type View struct {
	Request    airlock.Request
	Workspace  airlock.Workspace
	Roles      []access.Role  // of the person, here and in the token
	Capacities []airlock.Role // what the person is to this request
	Actions    []string       // what the person may do now, see airlock.Request.Actions
	Wait       airlock.Wait   // what the request waits for
	Warnings   []string       // sentences the person should read
	Link       *Link          // into the draft, in the answer to Create only
}

// namespace of the ids made here (UUID version 5): a fixed random UUID.
var namespace = uuid.MustParse("6d2f1a0e-5a0c-4c9b-9a53-1f0e6f7c3b21")

// id derives an id from the call, so that a repeat of the call derives it
// again, and no other call, person, or purpose does.
func (c Caller) id(purpose string, key airlock.Key) string {
	if c.Operation == "" {
		return uuid.NewString()
	}
	return uuid.NewSHA1(namespace, []byte(purpose+"\n"+c.Person.OID+"\n"+key.Workspace+"\n"+key.Request+"\n"+c.Operation)).String()
}

// matches returns ErrStale unless the request is the version the call changes.
func (c Caller) matches(r airlock.Request) error {
	if c.Match == "" || c.Match == "*" || c.Match == r.Version || c.Match == strconv.Quote(r.Version) {
		return nil
	}
	return fmt.Errorf("the request has another version now, read it again: %w", ErrStale)
}

// call is the call's id for the audit trail.
func (c Caller) call() string { return cmp.Or(c.Call, c.Operation) }

// Afresh is the same call by somebody of whom nothing was read yet.
func (c Caller) Afresh() Caller {
	c.standing, c.record, c.places = nil, nil, nil
	return c
}

// Act is what the rulebook of people has to know of the call: nothing yet of the
// roles.
func (c Caller) Act(purpose, reason string, at time.Time) people.Act {
	return people.Act{By: c.Person, At: at, Reason: reason, Operation: c.id(purpose, airlock.Key{}), Call: c.call()}
}

// person is the caller as rows keep one: without what the token says of roles,
// but with whether a program speaks, which decides nothing.
func (c Caller) person() access.Person {
	return access.Person{OID: c.Person.OID, Name: c.Person.Name, Email: c.Person.Email, App: c.Person.App}
}

func (d *Desk) log() *slog.Logger {
	if d.Log != nil {
		return d.Log
	}
	return slog.Default()
}
