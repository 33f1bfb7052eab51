// Package provision makes, changes and removes what a TRE is made of, and takes
// requests for workspaces, the same for the API and for events: it holds what was
// asked against the template, keeps secrets in the vault, reserves addresses,
// plans the steps, commits, and then sets the engine going. It knows nothing of
// HTTP, nor of who may do what: who calls it has asked the permission table.
//
// Every call may be repeated. Ids are derived from the call by who calls: with
// the same ids a repeat finds what was done and gives the same answer. Orders
// are best effort after the commit, for sweep sees to what is left open.
package provision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// ErrSchema means that properties do not fit their template; the text names
// each property and what is wrong with it (AzureTRE: 400). Every other error of
// this package wraps one of airlock's, address's or template's sentinels, or is
// trouble that may pass.
var ErrSchema = errors.New("the properties do not fit the template")

// Orders puts orders on queues.
type Orders interface {
	// Send puts a message on a queue, to be seen after delay.
	Send(ctx context.Context, queue string, message any, delay time.Duration) error
}

// Secrets is all that is needed of the vault: nothing here reads or deletes a
// secret.
type Secrets interface {
	// Put keeps a secret under a name and returns the id that a template's
	// parameter refers to. The same again is harmless.
	Put(ctx context.Context, name, value string) (id string, err error)
}

// Records knows people, whatever workspaces they are in.
type Records interface {
	// Record returns one with nothing but its OID for somebody of whom nothing is
	// kept.
	Record(ctx context.Context, oid string) (people.Record, error)
}

// Ports are what a Builder works with.
type Ports struct {
	Store     workspace.Store
	Lists     workspace.Lists
	Requests  workspace.Requests
	Addresses workspace.Addresses
	Templates workspace.Templates
	Packages  workspace.Packages
	Vault     Secrets
	Cards     airlock.Workspaces // what the airlock knows of a workspace
	Airlock   airlock.Requests
	Members   airlock.Members // who may own a user resource
	Records   Records         // who gave a standing approval; nil where nobody gives any
	Orders    Orders
}

// Limits bound what is made. The zero value of each field is ready to use.
type Limits struct {
	Machines int // of a workspace, unless its property max_machines says otherwise; 0 means any number
	Cores    int // of its machines together, unless its property max_cores says otherwise; 0 means any number

	Approval time.Duration   // the longest life of a standing approval; 0 means a year
	Package  template.Limits // of a template package; zero means template.DefaultLimits
}

// year is the longest life of a standing approval where Limits says nothing:
// then somebody looks again whether it is still wanted.
const year = 366 * 24 * time.Hour

// Builder makes, changes and removes resources. It keeps nothing between calls
// but templates, which never change, and is safe for concurrent use. It is not
// copied once it is used.
type Builder struct {
	Ports    Ports
	Platform workspace.Platform
	Pool     workspace.Pool
	Limits   Limits
	Cadence  workspace.Cadence // zero means workspace.DefaultCadence
	Now      func() time.Time  // for requests that come as events
	// Pause is called before the n-th new try of a commit that somebody else was
	// faster than, n counted from 1; nil tries again at once. See Jitter.
	Pause func(ctx context.Context, n int)
	Log   *slog.Logger // nil means slog.Default

	parsed memo[template.Template] // by digest
	once   sync.Once
	lane   chan struct{} // holds one: see queue
}

// New is what is asked of a new resource.
type New struct {
	Template   string // name
	Version    string // "" is the current one
	Properties map[string]any
	// Owner of a workspace or user resource; the zero Person means who makes it.
	Owner   access.Person
	Members []workspace.Member // of a workspace, beside its owner
	Roles   []access.Role      // of who makes it, for the template's authorizedRoles

	secrets map[string]string // JSON pointer → secret that is in the vault already
}

// namespace of the ids made here (UUID version 5): a fixed random UUID.
var namespace = uuid.MustParse("b1f5c2de-6c0b-4a53-9a0e-8a6d1f3f77c4")

// idOf derives an id from what it is for.
func idOf(purpose, of string) string {
	return uuid.NewSHA1(namespace, []byte(purpose+"\n"+of)).String()
}

// canonical returns airlock.ErrInvalid unless a text is a UUID in the one form
// that rows are keyed by.
func canonical(field, id string) error {
	if u, err := uuid.Parse(id); err != nil || u.String() != id {
		return fmt.Errorf("%s: %.60q is no UUID in lower case: %w", field, id, airlock.ErrInvalid)
	}
	return nil
}

func (b *Builder) cadence() workspace.Cadence {
	if b.Cadence == (workspace.Cadence{}) {
		return workspace.DefaultCadence
	}
	return b.Cadence
}

func (b *Builder) log() *slog.Logger {
	if b.Log != nil {
		return b.Log
	}
	return slog.Default()
}

// order sets the engine going for an operation.
func (b *Builder) order(ctx context.Context, o workspace.Operation) {
	if o.Ended() {
		return
	}
	b.send(ctx, message.QueueStep, message.Step{Workspace: o.Resource.Partition, Resource: o.Resource.ID, Operation: o.ID})
}

// tell has people told what a request waits to tell.
func (b *Builder) tell(ctx context.Context, r workspace.Request) {
	if len(r.Notices) > 0 {
		b.send(ctx, message.QueueNotify, message.Notify{Workspace: workspace.System, Request: r.ID})
	}
}

// send is best effort: the commit stands, and sweep sees to what is left open.
func (b *Builder) send(ctx context.Context, queue string, order any) {
	if err := b.Ports.Orders.Send(context.WithoutCancel(ctx), queue, order, 0); err != nil {
		b.log().WarnContext(ctx, "order not sent, sweep will", slog.String("queue", queue), slog.Any("error", err))
	}
}

// longest is how long a standing approval may live.
func (l Limits) longest() time.Duration { return cmp.Or(l.Approval, year) }
