package message

import "time"

// Step orders the next step of an operation on a resource, or a look at the one
// that is under way.
type Step struct {
	Workspace string `json:"workspace"`           // the partition: a workspace's id, or "system" for workspaces and shared services
	Resource  string `json:"resource"`            // that the operation is about, or that something is being done to
	Operation string `json:"operation,omitempty"` // empty: whichever is under way on the resource
	Trace     string `json:"trace,omitempty"`
}

// RequestWorkspace orders that a request for a workspace, which came as an
// event, is kept, and granted where a standing approval covers it. The event
// itself is nowhere else, so the order holds all of it.
type RequestWorkspace struct {
	ID      string             `json:"id"` // of the request, and of the workspace that it becomes
	Request WorkspaceRequested `json:"request"`
	Trace   string             `json:"trace,omitempty"`
	Again   int                `json:"again,omitempty"` // how often it was poisoned and ordered again
}

// The event by which another system asks for a workspace.
const (
	TypeWorkspaceRequested    = "WorkspaceRequested"
	VersionWorkspaceRequested = "1.0"
)

// WorkspaceRequested is the data of the event by which another system, such as
// a study registry, asks for a workspace.
type WorkspaceRequested struct {
	Reference       string            `json:"reference,omitempty"` // what the asking system calls it: the same reference is the same workspace
	Template        string            `json:"templateName"`
	TemplateVersion string            `json:"templateVersion,omitempty"`
	Properties      map[string]any    `json:"properties"`
	Reason          string            `json:"reason,omitempty"`
	Requester       RequestedPerson   `json:"requester"` // becomes the owner
	Members         []RequestedMember `json:"members,omitempty"`
}

// RequestedPerson is a person within a WorkspaceRequested.
type RequestedPerson struct {
	ID    string `json:"id"` // Entra object id
	Name  string `json:"name"`
	Email string `json:"email,omitempty"`
}

// RequestedMember is a person who is to get a role in the workspace.
type RequestedMember struct {
	RequestedPerson

	Role string `json:"role"`
}

// Drift orders that the cloud is compared with what is kept.
type Drift struct {
	At    time.Time `json:"at"` // when it was ordered: a report that began later answers it
	Trace string    `json:"trace,omitempty"`
}
