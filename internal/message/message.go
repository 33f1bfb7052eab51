// Package message holds every type that crosses a queue or a topic, and its
// name. Messages are hints: they say where to look, never what is true; the
// one exception is a scanner's verdict, which has nowhere else to live until
// it is recorded. It is pure.
package message

import "time"

// The queues: each is named after the function that reads it.
const (
	QueueInspect = "airlockinspect"
	QueueVerdict = "airlockverdict"
	QueueAdvance = "airlockadvance"
	QueueDeliver = "airlockdeliver"
	QueuePurge   = "airlockpurge"
	QueueNotify  = "notify"
	QueueStep    = "resourcestep"
	QueueRequest = "workspacerequest"
	QueueDrift   = "drift"
)

// Queues lists every queue of orders.
var Queues = []string{QueueInspect, QueueVerdict, QueueAdvance, QueueDeliver, QueuePurge, QueueNotify, QueueStep, QueueRequest, QueueDrift}

// Inspect orders the inspection of one file of a draft, one slice at a time.
type Inspect struct {
	Workspace string `json:"workspace"`
	Request   string `json:"request"`
	Account   string `json:"account"` // where the draft is: "airlock", or the workspace's storage account
	Turn      int    `json:"turn"`
	Name      string `json:"name"`
	ETag      string `json:"etag,omitempty"`      // of the version whose slices these are; empty for the first
	Submitted bool   `json:"submitted,omitempty"` // sealing waits for it
	Trace     string `json:"trace,omitempty"`
}

// Verdict orders that a scanner's verdict is recorded.
type Verdict struct {
	Workspace string    `json:"workspace"`
	Request   string    `json:"request"`
	Account   string    `json:"account"`
	Kind      string    `json:"kind"` // of the container: draft or rescan
	Turn      int       `json:"turn"`
	Name      string    `json:"name"` // of the blob; damaged for some characters
	ETag      string    `json:"etag"` // normalised
	Result    string    `json:"result"`
	Detail    string    `json:"detail,omitempty"`
	SHA256    string    `json:"sha256,omitempty"`
	At        time.Time `json:"at"`
	Trace     string    `json:"trace,omitempty"`
	Again     int       `json:"again,omitempty"` // how often it was poisoned and ordered again
}

// Advance orders a look at a request, and its next step.
type Advance struct {
	Workspace string `json:"workspace"`
	Request   string `json:"request"`
	File      bool   `json:"file,omitempty"`     // because of one file; of a large request many such are gathered into one look
	Gathered  bool   `json:"gathered,omitempty"` // the look they were gathered into
	Trace     string `json:"trace,omitempty"`
}

// Deliver orders one slice of a delivery.
type Deliver struct {
	Workspace string `json:"workspace"`
	Request   string `json:"request"`
	Attempt   int    `json:"attempt"`
	Trace     string `json:"trace,omitempty"`
}

// Purge orders that a request's disowned containers are deleted, or, with a
// name, one removed file of a draft.
type Purge struct {
	Workspace string `json:"workspace"`
	Request   string `json:"request"`
	Turn      int    `json:"turn,omitempty"`
	Name      string `json:"name,omitempty"`
	ETag      string `json:"etag,omitempty"`
	Trace     string `json:"trace,omitempty"`
}

// Notify orders that a request's notices are sent, or, with a Resource, that
// administrators are told that an operation on it is stuck.
type Notify struct {
	Workspace string `json:"workspace"`
	Resource  string `json:"resource,omitempty"` // the id of the one that the operation Request is about
	Request   string `json:"request"`
	Trace     string `json:"trace,omitempty"`
}
