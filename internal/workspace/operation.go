package workspace

import (
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Operation is one thing that people asked to be done to a resource, in steps:
// one for most, more where a template's pipeline or a cascade says so. It is a
// value: moves return a new one.
type Operation struct {
	ID           string            `json:"id"`       // UUID
	Resource     Key               `json:"resource"` // the one that it is about; a failure of any step is its failure (W1, W2)
	Kind         Kind              `json:"kind"`
	ResourcePath string            `json:"resourcePath"`
	Revision     int               `json:"resourceVersion"`
	Action       Action            `json:"action"`
	Status       Status            `json:"status"`
	Message      string            `json:"message,omitempty"`
	Steps        []Step            `json:"steps"`
	RetryOf      string            `json:"retryOf,omitempty"`    // the failed operation that this one goes on with
	Cancel       *Cancel           `json:"cancel,omitempty"`     // somebody asked that it stops
	Members      []Member          `json:"members,omitempty"`    // to be given their roles before the first step: of a new workspace
	Parameters   map[string]string `json:"parameters,omitempty"` // of a custom action, such as the size to resize to
	Stuck        *Stuck            `json:"stuck,omitempty"`      // orders about it were poisoned

	CreatedBy access.Person `json:"createdBy"`
	CreatedAt time.Time     `json:"createdAt"`
	UpdatedAt time.Time     `json:"updatedAt"`
	Head      audit.Head    `json:"head"`           // end of its audit chain
	Call      string        `json:"call,omitempty"` // id of the person's call that made it

	Version string `json:"-"` // the stored row's ETag; "" for a new operation
}

// Member is somebody who gets a role in a new workspace.
type Member struct {
	OID   string      `json:"id"` // Entra object id
	Name  string      `json:"name"`
	Email string      `json:"email,omitempty"`
	Role  access.Role `json:"role"`
}

// Cancel says who asked that an operation stops.
type Cancel struct {
	By     access.Person `json:"by"`
	At     time.Time     `json:"at"`
	Reason string        `json:"reason,omitempty"`
}

// Step is one action on one resource.
type Step struct {
	ID         string        `json:"id"`             // UUID, or "main" made unique within the operation
	TemplateID string        `json:"templateStepId"` // as the pipeline calls it; main for the resource's own
	Title      string        `json:"stepTitle"`
	Target     Key           `json:"target"`
	Kind       Kind          `json:"kind"`
	Template   string        `json:"template"` // name of the target's template
	Source     string        `json:"source"`   // id of the resource whose pipeline it is from
	Action     Action        `json:"action"`
	Attempt    int           `json:"attempt,omitempty"` // counts the operations that tried this step before
	Limit      time.Duration `json:"limit"`             // from its start until it is called failed
	Status     Status        `json:"status"`
	Message    string        `json:"message,omitempty"`
	UpdatedAt  time.Time     `json:"updatedAt,omitzero"`
	Properties []Property    `json:"properties,omitempty"` // of the target that the pipeline changes
}

// Property is one substitution of a pipeline's step, as AzureTRE writes it.
// https://github.com/microsoft/AzureTRE/blob/main/docs/tre-templates/pipeline-templates/overview.md
type Property struct {
	Name         string `json:"name"`
	Type         string `json:"type"`
	Value        any    `json:"value"`
	Substitution string `json:"arraySubstitutionAction,omitempty"` // overwrite, append, remove, replace
	MatchField   string `json:"arrayMatchField,omitempty"`
}

// Key addresses the operation.
func (o Operation) Key() OperationKey {
	return OperationKey{Partition: o.Resource.Partition, Resource: o.Resource.ID, ID: o.ID}
}

// RunOf names one try at one step: the same for every repeat of a message, and
// for no other step of any operation.
func (o Operation) RunOf(s Step) string { return fmt.Sprintf("%s.%s", o.ID, s.ID) }

// Ended tells whether nothing more happens in the operation.
func (o Operation) Ended() bool { return o.Status.Ended() }

// Current is the step that is to be done next, or is being done; false when
// all are done, or one failed.
func (o Operation) Current() (int, bool) {
	for i, s := range o.Steps {
		switch {
		case s.Status == s.Action.Status(Succeeded):
			continue
		case s.Status == s.Action.Status(Failed):
			return 0, false
		}
		return i, true
	}
	return 0, false
}

// Advance takes over how a step stands, and says how the operation stands then.
// A step that ended stays as it is, whatever comes late (W4). With the last
// step, or the first failure, the operation ends: failed as a whole where any
// step failed, whichever it is (W1, W2).
func (o Operation) Advance(step int, to Status, message string, at time.Time) Operation {
	o.Steps = slices.Clone(o.Steps)
	s := &o.Steps[step]
	if o.Ended() || s.Status.Ended() || s.Status == to && s.Message == message {
		return o
	}
	s.Status, s.Message, s.UpdatedAt, o.UpdatedAt = to, message, at.UTC(), at.UTC()
	switch {
	case to == s.Action.Status(Failed):
		o.Status, o.Message = o.Action.Status(Failed), message
		if len(o.Steps) > 1 {
			o.Message = fmt.Sprintf("step %d of %d, %s: %s", step+1, len(o.Steps), s.Title, message)
			o.skip(step, at)
		}
	case o.done():
		o.Status, o.Message = o.Action.Status(Succeeded), message
		if len(o.Steps) > 1 {
			o.Message = fmt.Sprintf("all %d steps succeeded", len(o.Steps))
		}
	case len(o.Steps) > 1:
		o.Status, o.Message = PipelineRunning, fmt.Sprintf("step %d of %d: %s", o.at()+1, len(o.Steps), o.Steps[o.at()].Title)
	default:
		o.Status, o.Message = to, message
	}
	return o
}

// skip says of the steps after a failed one that they are not done.
func (o Operation) skip(failed int, at time.Time) {
	for i := range o.Steps[failed+1:] {
		s := &o.Steps[failed+1+i]
		s.Message, s.UpdatedAt = "not done: "+o.Steps[failed].Title+" failed before", at.UTC()
	}
}

func (o Operation) done() bool {
	return !slices.ContainsFunc(o.Steps, func(s Step) bool { return s.Status != s.Action.Status(Succeeded) })
}

// at is the current step's place.
func (o Operation) at() int {
	i, _ := o.Current()
	return i
}
