package arm

import (
	"math/rand/v2"
	"path"
	"strings"
	"time"
)

// Kind is a way to fail.
type Kind string

// The ways to fail a request. Those without "Then" refuse before anything happened.
const (
	// Throttled answers 429 with Retry-After.
	Throttled Kind = "TooManyRequests"
	// Forbidden answers 403, as while a role assignment is young.
	Forbidden Kind = "AuthorizationFailed"
	// Conflict answers 409: another operation is in progress.
	Conflict Kind = "AnotherOperationInProgress"
	// Broken answers 500.
	Broken Kind = "InternalServerError"
	// OutOfSync answers 409 to a change of a stack that does not bypass it: a person must look at its resources.
	OutOfSync Kind = "DeploymentStackOutOfSync"
	// ThenBroken does the work and answers 500.
	ThenBroken Kind = "ThenInternalServerError"
	// ThenDrop does the work and closes the connection without an answer.
	ThenDrop Kind = "ThenDrop"
	// ThenVanish does the work, but polls of its operation answer 404.
	ThenVanish Kind = "ThenOperationNotFound"
)

// The ways to fail a resource: its creation or update by a template, its deletion, or an action on a machine.
const (
	// Quota fails as a region without cores left.
	Quota Kind = "QuotaExceeded"
	// Policy fails as a resource that a policy denies.
	Policy Kind = "RequestDisallowedByPolicy"
	// DeletedVault fails as a vault whose name a deleted one still holds.
	DeletedVault Kind = "ConflictError"
	// NoCapacity fails as a size that the region has run out of for now.
	NoCapacity Kind = "AllocationFailed"
	// Denied fails as a resource that the deployment's identity may not make yet.
	Denied Kind = "LinkedAuthorizationFailed"
	// BrokenResource fails for no reason that anybody is told.
	BrokenResource Kind = "ResourceInternalServerError"
	// InUse fails a deletion, as of a resource that another one needs.
	InUse Kind = "InUseSubnetCannotBeDeleted"
	// VaultNotEmpty fails a deletion, as of a backup vault with items that were deleted softly.
	VaultNotEmpty Kind = "ServiceResourceNotEmptyWithBackendMessage"
	// Slow is no failure: it takes Fault.Delay longer.
	Slow Kind = "Slow"
)

// Stages at which a fault can happen.
const (
	// Request is a call of the API.
	Request Stage = "request"
	// Write is the creation or update of a resource by a template.
	Write Stage = "write"
	// Delete is the deletion of a resource, by a stack or by itself.
	Delete Stage = "delete"
	// Action is an action on a virtual machine.
	Action Stage = "action"
)

// Stage is when a fault happens.
type Stage string

// Call is what a fault can be chosen by.
type Call struct {
	Stage Stage
	// Operation is the method of the SDK's client, such as Client.BeginCreateOrUpdateAtSubscription, of a Request;
	// write, delete or the name of the action otherwise.
	Operation string
	// ID is the resource that it is about, and Type its type; Stack is the id of the stack that works on it, if any.
	ID, Type, Stack string
	// Principal is the caller's object id.
	Principal string
}

// Fault fails some calls.
type Fault struct {
	Kind Kind
	// At is the stage. Default: Request for kinds of requests, any other stage where the kind makes sense for kinds of
	// resources.
	At Stage
	// Name is a pattern of the last part of the id, as in path.Match. Default: any.
	Name string
	// Match chooses among the rest. Nil: all.
	Match func(Call) bool
	// Probability that a chosen call fails, under the seed. 0 means always.
	Probability float64
	// Times is how many calls fail at most. 0: no limit.
	Times int
	// After is how many chosen calls pass first.
	After int
	// Delay is how long Slow takes, and what Throttled and Conflict tell to wait (default 1 s).
	Delay time.Duration
	// Error replaces the answer of the kind. Nil: Azure's.
	Error *Error
}

// Unkind is what Resource Manager does on a bad day.
type Unkind struct {
	// Seed makes a bad day repeatable.
	Seed uint64
	// Young is how many calls about what lies in a new resource group answer 403, while the role assignments on it are
	// young. Calls about the group itself pass.
	Young int
	// DeletingResources makes a stack that is being deleted say deletingResources instead of deleting, which people have
	// seen in Azure: an update that deletes what is no longer in the template says the same.
	// Source: https://github.com/Azure/deployment-stacks/issues/162
	DeletingResources bool
	// Faults fail the rest; the first that applies wins.
	Faults []Fault
}

// mood is an Unkind at work. It is guarded by the server's lock.
type mood struct {
	Unkind
	random *rand.Rand
	faults []*worn
}

// worn is a fault with what it has done so far.
type worn struct {
	Fault
	seen, hits int
}

func newMood(u Unkind) *mood {
	m := &mood{Unkind: u, random: rand.New(rand.NewPCG(u.Seed, u.Seed))}
	for _, f := range u.Faults {
		m.faults = append(m.faults, &worn{Fault: f})
	}
	return m
}

// script puts faults before the others, and forgets those that have done all they will.
func (m *mood) script(faults []Fault) {
	var next []*worn
	for _, f := range faults {
		next = append(next, &worn{Fault: f})
	}
	for _, w := range m.faults {
		if w.Times == 0 || w.hits < w.Times {
			next = append(next, w)
		}
	}
	m.faults = next
}

// ofRequest are the kinds that fail requests.
var ofRequest = map[Kind]bool{Throttled: true, Forbidden: true, Conflict: true, Broken: true, OutOfSync: true, ThenBroken: true,
	ThenDrop: true, ThenVanish: true}

func (f Fault) applies(c Call) bool {
	if f.At != "" && f.At != c.Stage || f.At == "" && ofRequest[f.Kind] != (c.Stage == Request) {
		return false
	}
	switch f.Kind {
	case OutOfSync:
		if !changesStack(c.Operation) {
			return false
		}
	case DeletedVault:
		if !isType(c.Type, "Microsoft.KeyVault/vaults") || c.Stage != Write {
			return false
		}
	case InUse, VaultNotEmpty:
		if c.Stage != Delete {
			return false
		}
	case Quota, Policy, NoCapacity, Denied:
		if c.Stage == Delete {
			return false
		}
	default: // happens to anything
	}
	if f.Name != "" {
		if ok, err := path.Match(f.Name, c.ID[strings.LastIndexByte(c.ID, '/')+1:]); err != nil || !ok {
			return false
		}
	}
	return f.Match == nil || f.Match(c)
}

// changesStack says whether a method of the stacks' client creates, updates or deletes one.
func changesStack(operation string) bool {
	return strings.HasPrefix(operation, "Client.BeginCreateOrUpdateAt") || strings.HasPrefix(operation, "Client.BeginDeleteAt")
}

// pick is the fault that a call meets; nil when it meets none.
func (m *mood) pick(c Call) *Fault {
	for _, w := range m.faults {
		if w.Times > 0 && w.hits >= w.Times || !w.applies(c) {
			continue
		}
		if w.seen++; w.seen <= w.After {
			continue
		}
		if w.Probability > 0 && m.random.Float64() >= w.Probability {
			continue
		}
		w.hits++
		return &w.Fault
	}
	return nil
}
