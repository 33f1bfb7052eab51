// Package resources is what people ask of workspaces, the services and their
// own resources in them, the services that all share, templates, and requests
// for workspaces: it finds out who may do what, looks the thing up where the
// address says it is, and has internal/provision do it. Every call may be
// repeated: a call with the same Caller.Operation makes nothing twice and gives
// the same answer.
package resources

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
	"github.com/trefoil-tre/trefoil/internal/workspace/template"
)

// Rows reads resources and operations one by one.
type Rows interface {
	// Resource returns airlock.ErrNotFound when there is none.
	Resource(ctx context.Context, key workspace.Key) (workspace.Resource, error)
	// Operation returns airlock.ErrNotFound when there is none.
	Operation(ctx context.Context, key workspace.OperationKey) (workspace.Operation, error)
}

// Work lists what is unfinished.
type Work interface {
	// Due lists open work whose Due is not after at.
	Due(ctx context.Context, partition string, at time.Time, page airlock.Page) ([]airlock.Open, string, error)
}

// Maker makes resources. A repeat with the same id finds what it made.
type Maker interface {
	Workspace(ctx context.Context, a workspace.Act, id string, n provision.New) (workspace.Resource, workspace.Operation, error)
	Service(ctx context.Context, a workspace.Act, id string, within workspace.Resource, n provision.New) (workspace.Resource, workspace.Operation, error)
	UserResource(ctx context.Context, a workspace.Act, id string, within, service workspace.Resource, n provision.New) (workspace.Resource, workspace.Operation, error)
	SharedService(ctx context.Context, a workspace.Act, id string, n provision.New) (workspace.Resource, workspace.Operation, error)
}

// Changer changes and deletes resources, and acts on them.
type Changer interface {
	Update(ctx context.Context, a workspace.Act, key workspace.Key, p provision.Patch) (workspace.Resource, workspace.Operation, error)
	Delete(ctx context.Context, a workspace.Act, key workspace.Key) (workspace.Resource, workspace.Operation, error)
	Invoke(ctx context.Context, a workspace.Act, key workspace.Key, action workspace.Action, parameters map[string]string) (workspace.Resource, workspace.Operation, error)
}

// Operator stops operations and tries them again.
type Operator interface {
	Cancel(ctx context.Context, a workspace.Act, key workspace.OperationKey) (workspace.Operation, error)
	Retry(ctx context.Context, a workspace.Act, key workspace.OperationKey) (workspace.Resource, workspace.Operation, error)
}

// Requester takes requests for workspaces, and what is decided on them.
type Requester interface {
	Ask(ctx context.Context, r workspace.Request) (workspace.Request, error)
	Decide(ctx context.Context, a workspace.Act, id string, grant bool) (workspace.Request, error)
	Withdraw(ctx context.Context, a workspace.Act, id string) (workspace.Request, error)
}

// Approver keeps standing approvals.
type Approver interface {
	Approve(ctx context.Context, a workspace.Act, p workspace.Approval) (workspace.Approval, error)
	TakeBack(ctx context.Context, a workspace.Act, id string) (workspace.Approval, error)
	// Stands tells why a standing approval does not hold now, whatever it covers.
	Stands(ctx context.Context, p workspace.Approval) (why string, err error)
}

// Library keeps templates.
type Library interface {
	// Register checks a package, keeps it and registers it.
	Register(ctx context.Context, a workspace.Act, files map[string][]byte, current bool) (workspace.Registered, error)
	// Template returns a registered template, the current version for "".
	Template(ctx context.Context, kind workspace.Kind, parent, name, version string) (template.Template, workspace.Registered, error)
}

// Builder is what makes and changes things: provision.Builder.
type Builder interface {
	Maker
	Changer
	Operator
	Requester
	Approver
	Library
}

// Machines keeps what the engine saw of machines: what faces people has no way
// to Azure Resource Manager.
type Machines interface {
	workspace.Fleets
	// CommitChange is workspace.Store's.
	CommitChange(ctx context.Context, c workspace.Change) (workspace.Change, error)
}

// Orders puts orders on queues.
type Orders interface {
	// Send puts a message on a queue, to be seen after delay.
	Send(ctx context.Context, queue string, message any, delay time.Duration) error
}

// Ports are what a desk works with.
type Ports struct {
	Rows      Rows
	Lists     workspace.Lists
	Requests  workspace.Requests
	Templates workspace.Templates
	Cards     airlock.Workspaces
	Work      Work
	Builder   Builder // nil: workspaces are not set up here, what there is can be read
	Machines  Machines
	Drifts    workspace.Drifts
	Orders    Orders
}

// Desk answers people. It remembers which versions of templates there are, for a
// moment, and is safe for concurrent use.
type Desk struct {
	Desk  *desk.Desk // which lets callers in
	Ports Ports
	Idle  idle.Rules // of extensions; zero means idle.DefaultRules
	Now   func() time.Time
	Log   *slog.Logger // nil means slog.Default
	// Fresh is how long what was read of templates serves again; 0 means 15 seconds: a page that is looked at asks again as often.
	Fresh time.Duration
	// Parallel is how many calls to storage one call of a person has under
	// way; 0 means 8, as desk.Desk.Parallel.
	Parallel int

	versions memory[[]workspace.Registered]
	strays   memory[[]airlock.Workspace]
}

// ErrNotSetUp is the answer where nothing can be deployed.
var ErrNotSetUp = fmt.Errorf("workspaces cannot be deployed here: the setting TRE_SUBSCRIPTION names no Azure subscription: %w", airlock.ErrConflict)

// builder is the port, where there is one.
func (d *Desk) builder() (Builder, error) {
	if d.Ports.Builder == nil {
		return nil, ErrNotSetUp
	}
	return d.Ports.Builder, nil
}

// act is what the rulebook has to know of a call. purpose tells the things apart
// that one call makes.
func (d *Desk) act(c desk.Caller, purpose string, action access.Action, reason string) workspace.Act {
	a := c.Act(purpose, reason, d.Now())
	p := a.By
	return workspace.Act{By: access.Person{OID: p.OID, Name: p.Name, Email: p.Email, App: p.App}, Role: d.role(c, action), At: a.At,
		Operation: a.Operation, Call: a.Call, Reason: reason}
}

// role is that in which the caller takes an action.
func (d *Desk) role(c desk.Caller, action access.Action) access.Role {
	held := append(c.Roles(), c.Everywhere(d.Now())...)
	for _, r := range access.Roles(action) {
		if slices.Contains(held, r) {
			return r
		}
	}
	return ""
}

// id is that of something new, the same for a repeat of the call.
func (d *Desk) id(c desk.Caller, purpose string) string {
	return c.Act("id of "+purpose, "", d.Now()).Operation
}

// isAdmin tells whether the caller, whom AdmitEverywhere knows, is an
// administrator.
func (d *Desk) isAdmin(c desk.Caller) bool {
	return slices.Contains(c.Everywhere(d.Now()), access.TREAdmin)
}

// where is a resource's address as the path of a call gives it.
type where struct {
	kind      workspace.Kind
	workspace string // of services and user resources
	service   string // of a user resource
	id        string
}

func (w where) key() workspace.Key {
	return workspace.Key{Partition: workspace.Partition(w.kind, w.workspace), ID: w.id}
}

// missing says that there is no such thing, and why where that is known.
func missing(kind workspace.Kind, why string) error {
	return fmt.Errorf("%s does not exist%s: %w", strings.ReplaceAll(string(kind), "-", " "), why, airlock.ErrNotFound)
}

// stored is the resource at an address, deleted or not: airlock.ErrNotFound for
// what is of another kind, in another workspace, or in another service.
func (d *Desk) stored(ctx context.Context, w where) (workspace.Resource, error) {
	if !canonical(w.id) || w.service != "" && !canonical(w.service) {
		return workspace.Resource{}, missing(w.kind, "")
	}
	r, err := d.Ports.Rows.Resource(ctx, w.key())
	if errors.Is(err, airlock.ErrNotFound) {
		return r, missing(w.kind, "")
	}
	if err != nil {
		return r, fmt.Errorf("%s %s: %w", w.kind, w.id, err)
	}
	if r.Kind != w.kind || r.Service != w.service {
		return workspace.Resource{}, missing(w.kind, "")
	}
	return r, nil
}

// present is the resource at an address, which was not deleted.
func (d *Desk) present(ctx context.Context, w where) (workspace.Resource, error) {
	r, err := d.stored(ctx, w)
	if err == nil && r.Gone() {
		return workspace.Resource{}, missing(w.kind, ", it was deleted")
	}
	return r, err
}

// all are the resources of a partition, deleted ones too.
func (d *Desk) all(ctx context.Context, partition string) ([]workspace.Resource, error) {
	all, err := airlock.Collect(func(p airlock.Page) ([]workspace.Resource, string, error) {
		return d.Ports.Lists.Resources(ctx, partition, p)
	})
	if err != nil {
		return nil, fmt.Errorf("resources of %s: %w", partition, err)
	}
	return all, nil
}

// canonical tells whether a text is a UUID in the one form that rows are keyed
// by.
func canonical(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && u.String() == id
}

func (d *Desk) parallel() int {
	if d.Parallel > 0 {
		return d.Parallel
	}
	return 8
}

func (d *Desk) log() *slog.Logger {
	if d.Log != nil {
		return d.Log
	}
	return slog.Default()
}
