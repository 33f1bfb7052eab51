package workspace

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// MainStep is what a pipeline calls the step that is the resource's own.
const MainStep = "main"

// DefaultLimit is how long a step may take where its template says nothing: a
// workspace with a vault and its endpoints takes a quarter of an hour, a large
// machine less.
const DefaultLimit = 2 * time.Hour

// Act is one person's call, or that of an event which a standing approval
// covers.
type Act struct {
	By        access.Person
	Role      access.Role // in which the person does it
	At        time.Time
	Operation string // id of the operation, derived from the call, so that a repeat is recognised
	Call      string // id of the call as the audit trail names it
	Reason    string
	Seen      string // version of the resource on which it was decided; "" for whichever is there
}

// Order is what an operation is made from.
type Order struct {
	Action     Action
	Limit      time.Duration // of the resource's own step; 0 means DefaultLimit
	Before     []Step        // of the pipeline, or of the cascade, in order
	After      []Step
	Title      string // of the resource's own step; "" makes one
	Members    []Member
	Parameters map[string]string
}

// namespace of the ids of steps (UUID version 5): a fixed random UUID.
var namespace = uuid.MustParse("0c6d3f0e-90a5-4a53-8f1b-4f2c6f0f5e21")

// StepID is the id of an operation's n-th step.
func StepID(operation string, n int) string {
	return uuid.NewSHA1(namespace, fmt.Appendf(nil, "%s/%d", operation, n)).String()
}

// Begin orders an operation on a resource: the resource waits for it from then
// on, and nothing else is done to it. ErrConflict: another operation holds it;
// ErrIllegal: its status does not allow the action.
func (r Resource) Begin(a Act, o Order) (Resource, Operation, error) {
	if r.Operation != "" {
		return r, Operation{}, fmt.Errorf("operation %s is under way, wait until it ends or cancel it: %w", r.Operation, airlock.ErrConflict)
	}
	row, ok := Steps.Next(r.Status, o.Action.Asks())
	fresh := r.Version == "" && o.Action == Install
	if !ok && !fresh {
		return r, Operation{}, fmt.Errorf("%s is not possible while the resource is %s: %w", o.Action, r.Status, airlock.ErrIllegal)
	}
	to := row.To
	if fresh {
		to = AwaitingDeployment
	}
	r = r.clone()
	r.Status, r.Operation, r.Message = to, a.Operation, ""
	r.UpdatedBy, r.UpdatedAt, r.Call = a.By, a.At.UTC(), a.Operation
	op := r.operation(a, o)
	return r, op, nil
}

// operation lists the steps.
func (r Resource) operation(a Act, o Order) Operation {
	main := Step{TemplateID: MainStep, Title: cmp.Or(o.Title, title(o.Action, r)), Target: r.Key(), Kind: r.Kind, Template: r.Template.Name,
		Source: r.ID, Action: o.Action, Limit: o.Limit}
	op := Operation{ID: a.Operation, Resource: r.Key(), Kind: r.Kind, ResourcePath: r.Path(), Revision: r.Revision, Action: o.Action,
		Status: o.Action.Status(Waiting), Steps: slices.Concat(o.Before, []Step{main}, o.After), Members: o.Members, Parameters: o.Parameters,
		CreatedBy: a.By, CreatedAt: a.At.UTC(), UpdatedAt: a.At.UTC(), Call: a.Call}
	for i := range op.Steps {
		s := &op.Steps[i]
		s.ID, s.Status, s.Limit = StepID(op.ID, i), s.Action.Status(Waiting), cmp.Or(s.Limit, DefaultLimit)
	}
	if len(op.Steps) > 1 {
		op.Message = fmt.Sprintf("%d steps wait", len(op.Steps))
	}
	return op
}

func title(a Action, r Resource) string {
	words := map[Action]string{Install: "Deploy", Upgrade: "Update", Uninstall: "Delete"}
	return cmp.Or(words[a], string(a)) + " " + r.Name()
}
