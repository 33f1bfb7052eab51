// Package workspace is the rulebook of what a TRE is made of: workspaces, the
// services in them, people's own resources such as machines, and services that
// are shared by all; the operations that make, change and remove them; and who
// has to agree first. It is pure: no Azure, no HTTP, no clock. The table Steps
// is the specification.
package workspace

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Kind is what a resource is, with AzureTRE's names.
// https://github.com/microsoft/AzureTRE/blob/main/api_app/models/domain/resource.py
type Kind string

// The kinds.
const (
	Workspace     Kind = "workspace"
	Service       Kind = "workspace-service"
	UserResource  Kind = "user-resource"
	SharedService Kind = "shared-service"
)

// Kinds lists them.
var Kinds = []Kind{Workspace, Service, UserResource, SharedService}

// System is the partition of workspaces, shared services, requests for
// workspaces and the address space: what has to be committed together.
const System = "system"

// Key addresses a resource. Services and user resources are kept under their
// workspace, so that one of another workspace cannot even be asked for.
type Key struct {
	Partition string `json:"partition"` // System, or the id of the workspace
	ID        string `json:"id"`        // UUID
}

// OperationKey addresses an operation.
type OperationKey struct {
	Partition string `json:"partition"` // that of its resource
	Resource  string `json:"resource"`  // UUID
	ID        string `json:"id"`        // UUID
}

// TemplateRef names what a resource is made from.
type TemplateRef struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Digest  string `json:"digest"` // of the package, by which it is kept
}

// Resource is one resource. It is a value: moves return a new one.
type Resource struct {
	ID        string      `json:"id"` // UUID
	Kind      Kind        `json:"kind"`
	Workspace string      `json:"workspaceId,omitempty"` // of services and user resources
	Service   string      `json:"serviceId,omitempty"`   // parent of a user resource
	Template  TemplateRef `json:"template"`

	Properties map[string]any    `json:"properties"`        // AzureTRE's: what was asked for, outputs merged in; sensitive values are Redacted
	Outputs    map[string]any    `json:"outputs,omitempty"` // of the stack
	Secrets    map[string]string `json:"secrets,omitempty"` // JSON pointer of a sensitive property, or "/name" of a generated secret → secret in the vault
	Owner      access.Person     `json:"owner,omitzero"`    // of a user resource

	Enabled    bool     `json:"enabled"`
	Status     Status   `json:"status"`
	Message    string   `json:"message,omitempty"`   // why, for people
	Installed  bool     `json:"installed"`           // it was deployed once, so that others may rest on it
	Generation int      `json:"generation"`          // of its names: grows when it is installed anew
	Operation  string   `json:"operation,omitempty"` // id of the operation that holds it; nothing else changes it meanwhile
	Job        *Job     `json:"job,omitempty"`       // what is being done to it now
	Results    []Result `json:"results,omitempty"`   // of the last jobs, newest last
	Waiting    []Waiter `json:"waiting,omitempty"`   // operations on others that have a step here, in the order in which they take turns

	Addresses    []string `json:"addresses,omitempty"`    // ranges reserved for it, CIDR
	Subscription string   `json:"subscription,omitempty"` // of a workspace; "" is the TRE's own
	Location     string   `json:"location,omitempty"`     // of a workspace; "" is the TRE's own

	CreatedBy access.Person `json:"createdBy"`
	CreatedAt time.Time     `json:"createdAt"`
	UpdatedBy access.Person `json:"updatedBy"`
	UpdatedAt time.Time     `json:"updatedAt"`
	Revision  int           `json:"revision"`       // AzureTRE's resourceVersion: grows with every change that people make
	Head      audit.Head    `json:"head"`           // end of its audit chain
	Call      string        `json:"call,omitempty"` // operation id of the last person's call that changed it

	Version string `json:"-"` // the stored row's ETag; "" for a new resource
}

// Redacted stands for a sensitive value, as in AzureTRE.
const Redacted = "REDACTED"

// Key addresses the resource.
func (r Resource) Key() Key { return Key{Partition: Partition(r.Kind, r.Workspace), ID: r.ID} }

// Partition is where resources of a kind are kept, those of a workspace under
// its id.
func Partition(kind Kind, workspace string) string {
	if kind == Workspace || kind == SharedService {
		return System
	}
	return workspace
}

// Path is AzureTRE's resourcePath: the address under /api.
func (r Resource) Path() string {
	switch r.Kind {
	case Workspace:
		return "/workspaces/" + r.ID
	case Service:
		return "/workspaces/" + r.Workspace + "/workspace-services/" + r.ID
	case UserResource:
		return "/workspaces/" + r.Workspace + "/workspace-services/" + r.Service + "/user-resources/" + r.ID
	case SharedService:
		return "/shared-services/" + r.ID
	}
	return ""
}

// Within is the id of the workspace that the resource is in, or is.
func (r Resource) Within() string {
	if r.Kind == Workspace {
		return r.ID
	}
	return r.Workspace
}

// Gone tells that the resource was deleted. AzureTRE keeps such rows, and so do
// we: their operations can still be read (W16).
func (r Resource) Gone() bool { return r.Status == Deleted }

// maxName is how many characters of a name are shown: a line in a list. A
// template's outputs may make it longer than people may.
const maxName = 200

// Name is what people call it.
func (r Resource) Name() string {
	name, _ := r.Properties["display_name"].(string)
	if name == "" {
		return r.ID
	}
	if runes := []rune(name); len(runes) > maxName {
		return string(runes[:maxName-1]) + "…"
	}
	return name
}

// Result returns what a run ended with; false when this resource does not know.
func (r Resource) Result(run string) (Result, bool) {
	i := slices.IndexFunc(r.Results, func(done Result) bool { return done.Run == run })
	if i < 0 {
		return Result{}, false
	}
	return r.Results[i], true
}

// clone is the resource with nothing shared that moves change.
func (r Resource) clone() Resource {
	r.Properties, r.Outputs, r.Secrets = maps.Clone(r.Properties), maps.Clone(r.Outputs), maps.Clone(r.Secrets)
	r.Results, r.Addresses, r.Waiting = slices.Clone(r.Results), slices.Clone(r.Addresses), slices.Clone(r.Waiting)
	if r.Job != nil {
		job := *r.Job
		r.Job = &job
	}
	return r
}

// Job is one step that is being done to a resource: started, then looked at
// until it ended. It is kept in the resource, so that nothing is known of it
// that a crash could lose.
type Job struct {
	Run       string       `json:"run"` // names it, the same for a repeat: see RunOf
	Operation OperationKey `json:"operation"`
	Action    Action       `json:"action"`
	Since     time.Time    `json:"since"`
	Deadline  time.Time    `json:"deadline"`            // until it is called failed
	Begun     time.Time    `json:"begun,omitzero"`      // when the cloud took it; zero: perhaps it has not
	Token     string       `json:"token,omitempty"`     // sealed resume token; losing it costs time only
	Looks     int          `json:"looks,omitempty"`     // how often it was looked at: looks grow rarer
	Next      time.Time    `json:"next"`                // when to look again; who looks earlier orders no further look
	Restarts  int          `json:"restarts,omitempty"`  // how often it was started anew
	Cancelled bool         `json:"cancelled,omitempty"` // the cloud was asked to stop
	Trouble   string       `json:"trouble,omitempty"`   // what went wrong last, for people
}

// Result is how a job ended.
type Result struct {
	Run     string    `json:"run"`
	Good    bool      `json:"good"`
	Message string    `json:"message,omitempty"`
	At      time.Time `json:"at"`
}

// move pulls a trigger of the engine. ErrIllegal: the table has no such move.
func (r Resource) move(on Trigger) (Resource, error) {
	row, ok := Steps.Next(r.Status, on)
	if !ok {
		return r, fmt.Errorf("resource %s: %s while it is %s: %w", r.ID, on, r.Status, airlock.ErrIllegal)
	}
	r.Status = row.To
	return r, nil
}

// maxResults bounds the kept results: more steps of unfinished operations than
// that never wait for one resource.
const maxResults = 20
