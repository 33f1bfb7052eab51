// Package airlock is the rulebook of the airlock: what a request is, which
// moves it may make and who may make them, what its files are, and what has to
// be true before a byte crosses the boundary. It is pure: no Azure, no HTTP, no
// clock. The table Steps is the specification.
package airlock

import (
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Type is the direction a request crosses the boundary.
type Type string

// The two directions.
const (
	Import Type = "import"
	Export Type = "export"
)

// Request is one airlock request. It is a value: moves return a new one.
type Request struct {
	ID               string         `json:"id"`               // UUID
	Workspace        string         `json:"workspaceId"`      // UUID
	WorkspaceAccount string         `json:"workspaceAccount"` // storage account of the workspace
	Type             Type           `json:"type"`
	Title            string         `json:"title"`
	Justification    string         `json:"businessJustification"`
	Properties       map[string]any `json:"properties,omitempty"`

	Stage   Stage     `json:"stage"`
	Since   time.Time `json:"since"`   // when it came into Stage
	Message string    `json:"message"` // why it is there, for people

	CreatedBy   access.Person `json:"createdBy"`
	CreatedAt   time.Time     `json:"createdAt"`
	SubmittedBy access.Person `json:"submittedBy,omitzero"`
	UpdatedBy   access.Person `json:"updatedBy"`
	UpdatedAt   time.Time     `json:"updatedAt"`

	Turn     int    `json:"turn"`               // of the draft, from 1
	KeptFrom int    `json:"keptFrom,omitempty"` // turn whose sealed files are kept; 0 for none
	Attempt  int    `json:"attempt,omitempty"`  // of the delivery, from 1
	Record   string `json:"record,omitempty"`   // digest of what was submitted, see Submission
	Recorded bool   `json:"recorded,omitempty"` // the file rows say what the record says
	Manifest string `json:"manifest,omitempty"` // digest of what is under review
	Files    int    `json:"files"`              // in the record
	Bytes    int64  `json:"bytes"`              // in the record

	Warned     []Event `json:"warned,omitempty"` // what people were told is odd about this stage
	FailedFrom Stage   `json:"failedFrom,omitempty"`
	Stopped    bool    `json:"stopped,omitempty"` // it failed because a reviewer stopped its delivery
	Retired    bool    `json:"retired,omitempty"` // retention is over, nothing is left to read

	Reviews    []Review   `json:"reviews,omitempty"`
	History    []History  `json:"history,omitempty"`
	Containers []Made     `json:"containers,omitempty"` // made and not yet seen gone
	Notices    []Notice   `json:"notices,omitempty"`    // to be sent
	Marks      []Mark     `json:"marks,omitempty"`      // messages of this request that were poisoned
	Head       audit.Head `json:"head"`                 // end of the audit chain
	Operation  string     `json:"operation,omitempty"`  // id of the last person's call that moved it
	Revision   int        `json:"revision"`             // AzureTRE's resourceVersion

	Version string `json:"-"` // the stored row's ETag; "" for a new request
}

// Key addresses the request.
func (r Request) Key() Key { return Key{Workspace: r.Workspace, Request: r.ID} }

// Review is one decision, as AzureTRE's clients see it.
type Review struct {
	ID       string        `json:"id"` // UUID
	Reviewer access.Person `json:"reviewer"`
	At       time.Time     `json:"dateCreated"`
	Decision string        `json:"reviewDecision"` // approved, rejected, returned, revoked
	Reason   string        `json:"decisionExplanation"`
	Turn     int           `json:"turn"`
	Digest   string        `json:"manifestDigest"`    // of the manifest that was decided on
	Through  string        `json:"through,omitempty"` // the group by which the reviewer was an airlock manager
}

// History is one change of status.
type History struct {
	Revision int           `json:"resourceVersion"`
	At       time.Time     `json:"updatedWhen"`
	By       access.Person `json:"updatedBy"`
	From     Status        `json:"previousStatus"`
}

// maxHistory bounds the kept history so that a row stays far below Azure's
// 64 KiB a property; the audit trail has all of it.
const maxHistory = 50

// Made is a container the request had made.
type Made struct {
	Kind   Kind      `json:"kind"`
	Number int       `json:"number"`
	Absent time.Time `json:"absent,omitzero"` // when a purge first saw it gone
}

// Notice is something people have to be told.
type Notice struct {
	Event Event     `json:"event"`
	Seq   int       `json:"seq"` // audit line it is about: names the mail
	At    time.Time `json:"at"`
}

// Mark is a message about this request that no function could handle.
type Mark struct {
	Queue   string    `json:"queue"`
	Message string    `json:"message,omitempty"` // its id: the same message is no second mark
	At      time.Time `json:"at"`
}

// Owns lists the containers that the request's stage owns. Every other
// container it had made is purged.
func (r Request) Owns() []Made {
	return slices.DeleteFunc(r.owns(), func(m Made) bool { return m.Number == 0 }) // nothing is kept
}

func (r Request) owns() []Made {
	if r.Retired {
		return nil
	}
	stage := r.Stage
	if stage == Failed {
		stage = r.FailedFrom
	}
	draft, sealed := Made{Kind: DraftFiles, Number: r.Turn}, Made{Kind: SealedFiles, Number: r.Turn}
	kept := Made{Kind: SealedFiles, Number: r.KeptFrom}
	switch stage {
	case Draft:
		if r.Stage == Failed {
			return []Made{kept}
		}
		return []Made{draft, kept}
	case Sealing:
		return []Made{draft, sealed, kept}
	case Gating:
		return []Made{sealed, {Kind: RescanFiles, Number: r.Turn}}
	case Approving, Approved:
		if r.Stage == Failed {
			return []Made{sealed}
		}
		return []Made{sealed, {Kind: ReleasedFiles, Number: r.Attempt}}
	case InReview, Rejecting, Rejected, Blocking, Blocked, Revoked:
		return []Made{sealed}
	case Cancelled, Failed:
		return nil
	}
	return nil
}

// Purges lists the containers that were made and that the stage does not own.
func (r Request) Purges() []Made {
	owned := r.Owns()
	var gone []Made
	for _, m := range r.Containers {
		if !slices.ContainsFunc(owned, m.same) {
			gone = append(gone, m)
		}
	}
	return gone
}

func (m Made) same(o Made) bool { return m.Kind == o.Kind && m.Number == o.Number }

// Making notes that a container is about to be made, so that it is purged
// whatever happens next.
func (r Request) Making(kind Kind, number int) Request {
	m := Made{Kind: kind, Number: number}
	if slices.ContainsFunc(r.Containers, m.same) {
		return r
	}
	r.Containers = append(slices.Clone(r.Containers), m)
	return r
}

// SeenAbsent notes that a purge found the container gone. Seen gone a second
// time, longer than settle after the first, it is forgotten: by then no slice
// that could make it again is alive.
func (r Request) SeenAbsent(m Made, at time.Time, settle time.Duration) Request {
	r.Containers = slices.Clone(r.Containers)
	i := slices.IndexFunc(r.Containers, m.same)
	switch {
	case i < 0:
	case r.Containers[i].Absent.IsZero():
		r.Containers[i].Absent = at.UTC()
	case at.Sub(r.Containers[i].Absent) >= settle:
		r.Containers = slices.Delete(r.Containers, i, i+1)
	}
	return r
}

// SeenPresent takes back that a container was seen gone.
func (r Request) SeenPresent(m Made) Request {
	r.Containers = slices.Clone(r.Containers)
	if i := slices.IndexFunc(r.Containers, m.same); i >= 0 {
		r.Containers[i].Absent = time.Time{}
	}
	return r
}

// Told takes a notice off the list.
func (r Request) Told(n Notice) Request {
	r.Notices = slices.DeleteFunc(slices.Clone(r.Notices), func(o Notice) bool {
		return o.Event == n.Event && o.Seq == n.Seq
	})
	return r
}

// Made tells whether the request had this container made and has not yet seen
// it gone for good.
func (r Request) Made(kind Kind, number int) bool {
	return slices.ContainsFunc(r.Containers, Made{Kind: kind, Number: number}.same)
}
