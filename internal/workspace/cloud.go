package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stack addresses a deployment stack: what ARM made for a resource, as a whole.
// https://learn.microsoft.com/azure/azure-resource-manager/bicep/deployment-stacks
type Stack struct {
	Subscription string
	Group        string // resource group; "" at the subscription's own scope, where workspaces are
	Name         string
	Location     string // region, for a stack at the subscription's scope
}

// Parameter is one of an ARM template: a value, or a secret in the vault.
type Parameter struct {
	Value  any
	Secret string // id of the secret in the TRE's vault; "" for a value
}

// Deployment is what is to be deployed.
type Deployment struct {
	Stack      Stack
	Run        string // names the try; the stack keeps it as a tag, so that a look tells whose work it sees
	Template   []byte // ARM template, JSON
	Parameters map[string]Parameter
	Tags       map[string]string // of the stack, for costs
}

// Progress is where something in the cloud stands.
type Progress string

// How something in the cloud can stand.
const (
	InProgress Progress = "running"
	Complete   Progress = "complete"
	Broken     Progress = "failed"
	Stopped    Progress = "cancelled"
	Absent     Progress = "absent" // there is none
)

// Seen is what a look at the cloud saw.
type Seen struct {
	Progress Progress
	Run      string         // of the try that made it so; "" where nobody can tell
	Outputs  map[string]any // of a complete stack
	Made     []string       // ARM ids of what a complete stack made and keeps
	Err      *CloudError    // of a broken one
	After    time.Duration  // when the cloud wants to be asked again; 0: no wish
}

// Holds tells whether a complete stack made a resource of an ARM type and name,
// whatever their case.
func (s Seen) Holds(kind, name string) bool {
	return slices.ContainsFunc(s.Made, func(id string) bool {
		_, tail, ok := strings.Cut(strings.ToLower(id), "/providers/")
		return ok && tail == strings.ToLower(kind+"/"+name)
	})
}

// Stacks deploys templates as deployment stacks. Nothing in it waits.
type Stacks interface {
	// Deploy starts to make or update a stack, whatever is in it afterwards no
	// more is deleted; it returns a sealed resume token, or "" for none. Doing it again
	// with the same Run while the first is under way is harmless.
	Deploy(ctx context.Context, d Deployment) (token string, err error)
	// Remove starts to delete a stack with everything it made. One that is gone
	// is fine.
	Remove(ctx context.Context, s Stack) (token string, err error)
	// Look tells how the stack stands. It goes by the stack itself; a token that
	// is good tells more of an end that left no stack.
	Look(ctx context.Context, s Stack, token string) (Seen, error)
	// Cancel asks the deployment of a stack to stop, where one is under way.
	Cancel(ctx context.Context, s Stack) error
}

// Machine addresses a virtual machine by its ARM id.
type Machine string

// MachineAction is what can be done to a machine.
type MachineAction struct {
	Name   Action // start, stop, restart, resize, redeploy, reset_password
	Size   string // for resize, such as Standard_D2s_v6
	User   string // for reset_password
	Secret string // for reset_password: id of the new password in the vault; the adapter reads no other
	Run    string // names the try
}

// Power is a machine's power state, as AzureTRE's clients know it: running,
// stopped, deallocated and so on.
type Power string

// Machines works virtual machines. Nothing in it waits.
type Machines interface {
	// Begin starts an action and returns a sealed resume token.
	Begin(ctx context.Context, m Machine, a MachineAction) (token string, err error)
	// Look tells how the action stands; by the machine's own state where the
	// token is lost.
	Look(ctx context.Context, m Machine, a MachineAction, token string) (Seen, error)
	// Powers returns the power state of every machine of a subscription, by
	// their ids in lower case, in one call (W61).
	Powers(ctx context.Context, subscription string) (map[Machine]Power, error)
}

// Vault keeps secrets: the TRE's Key Vault.
type Vault interface {
	// Put keeps a secret under a name and returns the id that a template's
	// parameter refers to. The same again is harmless.
	Put(ctx context.Context, name, value string) (id string, err error)
	// Forget deletes a secret; one that is gone is fine.
	Forget(ctx context.Context, id string) error
}

// Secret is one that the vault keeps, without its value.
type Secret struct {
	ID      string // of the secret, whatever its version
	Created time.Time
}

// Register lists the secrets of this TRE, and deletes them. Whoever keeps secrets
// has no need of it.
type Register interface {
	// Kept lists what the vault keeps for this TRE, in no order.
	Kept(ctx context.Context) ([]Secret, error)
	// Forget is Vault's.
	Forget(ctx context.Context, id string) error
}

// SecretName is the name under which the vault keeps a secret, from its id with
// or without the version; names have no case there. "" for what is no such id.
// https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#object-identifiers
func SecretName(id string) string {
	_, rest, _ := strings.Cut(id, "/secrets/")
	name, _, _ := strings.Cut(rest, "/")
	return strings.ToLower(name)
}

// Class says what is to be done about trouble with the cloud.
type Class int

// The classes. In doubt it is Passing: the step's deadline ends it.
const (
	Passing   Class = iota // trouble that may pass: look, or try, again
	Throttled              // asked too often: wait as long as the cloud says
	Busy                   // something else is being done to it: wait
	Final                  // will be said again: the step failed
)

// CloudError is trouble with the cloud: what Azure said, in its innermost
// words, and what that means.
type CloudError struct {
	Class   Class
	Status  int           // of HTTP; 0 where there was no answer
	Code    string        // Azure's, such as QuotaExceeded
	Message string        // Azure's innermost, for people; no secret is in it
	After   time.Duration // as Retry-After says; 0: nothing was said
}

// Error is Azure's code and message.
func (e *CloudError) Error() string {
	if e.Code == "" {
		return e.Message
	}
	return e.Code + ": " + e.Message
}

// young is how long Azure may refuse what a new role assignment allows.
// https://learn.microsoft.com/azure/role-based-access-control/troubleshooting
const young = 30 * time.Minute

// passing are codes of trouble that passes though their status says otherwise.
var passing = []string{"AnotherOperationInProgress", "OperationPreempted", "RetryableError", "PrincipalNotFound", "ResourceGroupBeingDeleted",
	"AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest", "InternalServerError", "ServerTimeout", "StorageAccountOperationInProgress"}

// final are codes of what a person has to decide, whatever their status.
var final = []string{"DeploymentStackOutOfSync", "RequestDisallowedByPolicy", "QuotaExceeded", "InvalidTemplate", "InvalidTemplateDeployment", "SkuNotAvailable", "VaultAlreadyExists",
	"ConflictError", "StorageAccountAlreadyTaken", "ScopeLocked", "DeploymentStackDeleteResourcesFailed",
	"MissingSubscriptionRegistration", "NoRegisteredProviderFound", "SubscriptionNotFound", "DeploymentStackQuotaExceeded"}

// Classify says what a status and a code of ARM mean. age is how old the thing
// is that they are about: a 403 on something young is a role assignment that
// has not come through yet.
func Classify(status int, code string, age time.Duration) Class {
	switch {
	case slices.Contains(final, code):
		return Final
	case status == 429:
		return Throttled
	case slices.Contains(passing, code):
		return Passing
	case status == 409:
		return Busy
	case status == 403:
		if age < young {
			return Passing
		}
		return Final
	case status == 408 || status == 0 || status >= 500:
		return Passing
	}
	return Final
}

// trouble is what an error of a cloud port says, whatever it is.
func trouble(err error, age time.Duration) *CloudError {
	if e, ok := errors.AsType[*CloudError](err); ok {
		told := *e
		told.Class = Classify(e.Status, e.Code, age)
		return &told
	}
	return &CloudError{Class: Passing, Message: fmt.Sprintf("the cloud could not be asked: %v", err)}
}
