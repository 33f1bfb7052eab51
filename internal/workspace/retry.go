package workspace

import (
	"fmt"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Retry makes the operation that goes on where this one failed: the steps that
// succeeded are not done again. It is the last thing that people had done to the
// resource: what failed before would be done over what came after it.
func (o Operation) Retry(a Act, own Resource) (Resource, Operation, error) {
	i := slices.IndexFunc(o.Steps, func(s Step) bool { return s.Status != s.Action.Status(Succeeded) })
	switch {
	case !o.Ended() || !o.Status.Failed() || i < 0:
		return own, o, fmt.Errorf("the operation is %s, only a failed one can be tried again: %w", o.Status, airlock.ErrIllegal)
	case own.Operation != "":
		return own, o, fmt.Errorf("operation %s is under way, wait until it ends or cancel it: %w", own.Operation, airlock.ErrConflict)
	case own.Call != o.ID:
		return own, o, fmt.Errorf("the resource was changed since, only its last operation can be tried again: %w", airlock.ErrIllegal)
	}
	own = own.clone()
	mainLeft := slices.ContainsFunc(o.Steps[i:], func(s Step) bool { return s.Target == o.Resource })
	if row, ok := Steps.Next(own.Status, o.Action.Asks()); ok {
		own.Status = row.To
	} else if mainLeft || !own.Gone() {
		return own, o, fmt.Errorf("%s is not possible while the resource is %s: %w", o.Action, own.Status, airlock.ErrIllegal)
	}
	own.Operation, own.UpdatedBy, own.UpdatedAt, own.Call, own.Message = a.Operation, a.By, a.At.UTC(), a.Operation, ""
	next := Operation{ID: a.Operation, Resource: o.Resource, Kind: o.Kind, ResourcePath: o.ResourcePath, Revision: own.Revision,
		Action: o.Action, Status: o.Action.Status(Waiting), RetryOf: o.ID, Members: o.Members, Parameters: o.Parameters, CreatedBy: a.By, CreatedAt: a.At.UTC(),
		UpdatedAt: a.At.UTC(), Call: a.Call, Steps: slices.Clone(o.Steps[i:])}
	for n := range next.Steps {
		s := &next.Steps[n]
		s.ID, s.Status, s.Message, s.UpdatedAt, s.Attempt = StepID(next.ID, n), s.Action.Status(Waiting), "", time.Time{}, s.Attempt+1
	}
	return own, next, nil
}

// Ask notes that somebody wants the operation to stop. The engine stops what is
// under way and ends it as failed, with who asked as the reason. The same again
// changes nothing.
func (o Operation) Ask(c Cancel) (Operation, error) {
	switch {
	case o.Ended():
		return o, fmt.Errorf("the operation is %s, there is nothing to cancel: %w", o.Status, airlock.ErrIllegal)
	case o.Cancel != nil:
		return o, nil
	}
	o.Cancel = &c
	return o, nil
}
