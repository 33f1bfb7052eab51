package workspace

import (
	"errors"
	"net/netip"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// ErrOff means that this TRE makes no workspaces.
var ErrOff = errors.New("this TRE makes no workspaces: its setting TRE_SUBSCRIPTION is not set")

// RequestStatus is where a request for a workspace stands.
type RequestStatus string

// The statuses of a request for a workspace.
const (
	Asked     RequestStatus = "in_review" // an administrator has to decide
	Granted   RequestStatus = "approved"  // the workspace of the same id is being made, or was
	Declined  RequestStatus = "rejected"
	Withdrawn RequestStatus = "cancelled" // by who asked, or because nobody decided in time
)

// Source is where a request came from.
type Source string

// The sources.
const (
	FromEvent Source = "event" // it proves nothing about who sent it
	FromCall  Source = "api"   // whom the token names
)

// Request asks for a workspace. Its id is that of the workspace it becomes, so
// that a repeat of the event or the call makes nothing new. It is a value.
type Request struct {
	ID              string            `json:"id"` // UUID, of the workspace too
	Source          Source            `json:"source"`
	Reference       string            `json:"reference,omitempty"` // what the asking system calls it
	Template        string            `json:"templateName"`
	TemplateVersion string            `json:"templateVersion,omitempty"` // "" is the current one when it is decided
	Properties      map[string]any    `json:"properties"`                // masked
	Secrets         map[string]string `json:"secrets,omitempty"`         // as of a resource
	Reason          string            `json:"reason,omitempty"`          // why, as who asks says
	Requester       access.Person     `json:"requester"`                 // becomes the owner
	Members         []Member          `json:"members,omitempty"`

	Status    RequestStatus `json:"status"`
	Message   string        `json:"message,omitempty"`
	CreatedAt time.Time     `json:"createdAt"`
	UpdatedAt time.Time     `json:"updatedAt"`
	Decided   *Decided      `json:"decided,omitempty"`
	Made      bool          `json:"made,omitempty"`    // the workspace can be worked in, and its requester was told
	Notices   []Notice      `json:"notices,omitempty"` // to be told
	Told      int           `json:"told,omitempty"`    // number of the notice made last
	Call      string        `json:"call,omitempty"`    // id of the last call that changed it
	Head      audit.Head    `json:"head"`

	Version string `json:"-"`
}

// Chain is what the request's audit lines are chained under: not its id, which
// is the workspace's too, and a workspace has a chain of its own.
func (r Request) Chain() string { return "request-" + r.ID }

// Decided is who decided, and how.
type Decided struct {
	By       access.Person `json:"by"`
	At       time.Time     `json:"at"`
	Reason   string        `json:"reason,omitempty"`
	Approval string        `json:"approval,omitempty"` // the standing approval that covered it
}

// Event is something that people are told of.
type Event string

// The events.
const (
	EventAsked     Event = "asked"     // to the administrators, with the page to decide on
	EventGranted   Event = "granted"   // to the requester
	EventDeclined  Event = "declined"  // to the requester
	EventWithdrawn Event = "withdrawn" // to the requester, when nobody decided
	EventDeployed  Event = "deployed"  // to the requester: it can be worked in
	EventFailed    Event = "failed"    // to the requester and the administrators
)

// Notice is something people have to be told about a request.
type Notice struct {
	Event Event     `json:"event"`
	Seq   int       `json:"seq"` // names the mail
	At    time.Time `json:"at"`
}

// Approval is a standing approval: an administrator's word, given beforehand,
// for requests that come as events from a system such as a study registry.
type Approval struct {
	ID        string        `json:"id"` // UUID
	Template  string        `json:"templateName"`
	Sizes     []string      `json:"addressSpaceSizes"`    // small, medium, large; none is all but custom
	Requester []string      `json:"requesters,omitempty"` // object ids it is for; none is anybody
	Most      int           `json:"most"`                 // workspaces in all
	Used      int           `json:"used"`
	Until     time.Time     `json:"until"`
	Reason    string        `json:"reason"`
	By        access.Person `json:"by"`
	At        time.Time     `json:"at"`
	Ended     *Decided      `json:"ended,omitempty"` // taken back
	Call      string        `json:"call,omitempty"`
	Head      audit.Head    `json:"head"`

	Version string `json:"-"`
}

// Pool is the address space of a TRE.
type Pool struct {
	Space    netip.Prefix   // TRE_ADDRESS_SPACE
	Reserved []netip.Prefix // the core's own
}
