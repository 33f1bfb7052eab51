// Package access is the one place that says who may do what: roles, actions,
// and the table that joins them. Every route and every decision asks it. It is
// pure.
package access

import "slices"

// Role is what a person may be. The first two come in the token and hold
// everywhere; the others are kept per workspace in our own table.
type Role string

// The roles, with AzureTRE's names.
const (
	TREAdmin            Role = "TREAdmin"
	TREUser             Role = "TREUser"
	WorkspaceOwner      Role = "WorkspaceOwner"
	WorkspaceResearcher Role = "WorkspaceResearcher"
	AirlockManager      Role = "AirlockManager"
)

// WorkspaceRoles lists the roles that a membership can give.
var WorkspaceRoles = []Role{WorkspaceOwner, WorkspaceResearcher, AirlockManager}

// Person is who calls, as the checked token tells.
type Person struct {
	OID   string `json:"id"` // Entra object id, a UUID
	Name  string `json:"name"`
	Email string `json:"email"`
	Roles []Role `json:"roles,omitempty"` // from the token: TREAdmin, TREUser
	App   bool   `json:"app,omitempty"`   // a program acting as itself: it never decides
	// Groups are the object ids of the Entra groups that the caller is in, of
	// this call only: they are never kept.
	Groups []string `json:"-"`
	// GroupsUnknown says that the caller is in groups and nobody can tell now in
	// which: memberships of their own count, those of groups do not.
	GroupsUnknown bool `json:"-"`
}

// Action is something a person may do.
type Action string

// The actions of the airlock.
const (
	ListMine     Action = "airlock/mine"     // see one's own and one's managed requests
	Create       Action = "airlock/create"   // make a request
	Read         Action = "airlock/read"     // see a request, its files and findings
	Submit       Action = "airlock/submit"   // hand a draft in
	Cancel       Action = "airlock/cancel"   // give a request up
	Remove       Action = "airlock/remove"   // take a file out of a draft
	DraftLink    Action = "airlock/draft"    // write into the draft
	SealedLink   Action = "airlock/sealed"   // read what is under review
	ReleasedLink Action = "airlock/released" // read what was released
	Review       Action = "airlock/review"   // approve, reject, return
	Stop         Action = "airlock/stop"     // stop a delivery
	Revoke       Action = "airlock/revoke"   // take a release back
	Retry        Action = "airlock/retry"    // try again what failed
	Audit        Action = "airlock/audit"    // read the audit trail
	Health       Action = "health/details"   // see how every part of the system is
	AuditAll     Action = "audit/all"        // read the audit trail of all workspaces, of people, and what was refused
)

// The actions on people and workspaces.
const (
	ListMembers   Action = "people/list"    // see who has which role
	ManageMembers Action = "people/manage"  // give and take roles
	Freeze        Action = "workspace/hold" // freeze a workspace, and lift that
	ReadPerson    Action = "people/read"    // see what is kept of oneself; an administrator: of anybody
	ManagePerson  Action = "people/person"  // suspend, reinstate, enter training and agreement dates
)

// The actions on workspaces themselves.
const (
	ListWorkspaces Action = "workspace/list" // see in which workspaces one has a role; an administrator: all
	ReadWorkspace  Action = "workspace/read" // see what a workspace is, and for which scope to ask
)

// The actions on what workspaces are made of. AzureTRE keeps administrators out
// of what is in a workspace, and so does this; but they may read how operations
// in it went, stop one, and try one again, because a stuck one is theirs to mend.
const (
	ReadTemplates    Action = "template/read"     // see which templates there are, and what they ask for
	OfferTemplates   Action = "template/offered"  // see which of them one may use in a workspace
	RegisterTemplate Action = "template/register" // add a template, or a version of one

	AskWorkspace        Action = "workspace/ask"        // ask for a workspace; an administrator gets it at once
	ChangeWorkspace     Action = "workspace/change"     // change or upgrade a workspace, act on it, try again what failed
	DeleteWorkspace     Action = "workspace/delete"     // delete a workspace with all that is in it
	StopWorkspace       Action = "workspace/stop"       // stop an operation on a workspace
	WorkspaceOperations Action = "workspace/operations" // read a workspace's operations and history

	ReadService       Action = "service/read"       // see the services of a workspace
	ChangeService     Action = "service/change"     // make, change or upgrade a service, act on it
	DeleteService     Action = "service/delete"     // delete a service with all that is in it
	RetryService      Action = "service/retry"      // try again what failed
	StopService       Action = "service/stop"       // stop an operation on a service
	ServiceOperations Action = "service/operations" // read a service's operations and history

	ReadUserResource       Action = "user-resource/read"       // see one's own resources in a service; an owner: everybody's
	ChangeUserResource     Action = "user-resource/change"     // make, change or upgrade one, act on it
	DeleteUserResource     Action = "user-resource/delete"     // delete one
	RetryUserResource      Action = "user-resource/retry"      // try again what failed
	StopUserResource       Action = "user-resource/stop"       // stop an operation on one
	UserResourceOperations Action = "user-resource/operations" // read the operations and the history of one

	ReadSharedService       Action = "shared-service/read"       // see the services that all share; an administrator: all of them
	ChangeSharedService     Action = "shared-service/change"     // make, change, delete one, act on it, stop and retry
	SharedServiceOperations Action = "shared-service/operations" // read the operations, the history and the audit trail of one

	ListOperations           Action = "operation/mine"             // see one's own operations that are under way
	ReadWorkspaceRequest     Action = "workspace-request/read"     // see one's own requests for workspaces; an administrator: all
	DecideWorkspaceRequest   Action = "workspace-request/decide"   // approve or reject a request for a workspace
	WithdrawWorkspaceRequest Action = "workspace-request/withdraw" // take one's own request back; an administrator: any
	Drift                    Action = "cloud/drift"                // see how the cloud differs from what is kept, have it looked at
	ReadApprovals            Action = "approval/read"              // see standing approvals
	ChangeApprovals          Action = "approval/change"            // give a standing approval, or take it back
)

// permissions is the table: which roles may do what. What is not in it is
// refused. TREAdmin has no way to the data of a workspace, as in AzureTRE.
var permissions = map[Action][]Role{
	ListMine:     {TREAdmin, TREUser},
	Create:       {WorkspaceOwner, WorkspaceResearcher},
	Read:         {WorkspaceOwner, WorkspaceResearcher, AirlockManager},
	Submit:       {WorkspaceOwner, WorkspaceResearcher},
	Cancel:       {WorkspaceOwner, WorkspaceResearcher},
	Remove:       {WorkspaceOwner, WorkspaceResearcher},
	DraftLink:    {WorkspaceOwner, WorkspaceResearcher},
	SealedLink:   {AirlockManager, WorkspaceOwner},
	ReleasedLink: {WorkspaceOwner, WorkspaceResearcher},
	Review:       {AirlockManager},
	Stop:         {AirlockManager},
	Revoke:       {AirlockManager},
	Retry:        {AirlockManager, WorkspaceOwner, TREAdmin},
	Audit:        {WorkspaceOwner, AirlockManager, TREAdmin},
	AuditAll:     {TREAdmin},

	ListMembers:   {TREAdmin, WorkspaceOwner, WorkspaceResearcher, AirlockManager},
	ManageMembers: {TREAdmin, WorkspaceOwner},
	Freeze:        {TREAdmin, WorkspaceOwner},
	ReadPerson:    {TREAdmin, TREUser},
	ManagePerson:  {TREAdmin},

	ListWorkspaces: {TREAdmin, TREUser},
	ReadWorkspace:  {TREAdmin, WorkspaceOwner, WorkspaceResearcher, AirlockManager},
	Health:         {TREAdmin},

	ReadTemplates:    {TREAdmin, TREUser},
	OfferTemplates:   {TREAdmin, WorkspaceOwner, WorkspaceResearcher, AirlockManager},
	RegisterTemplate: {TREAdmin},

	AskWorkspace:        {TREAdmin, TREUser},
	ChangeWorkspace:     {TREAdmin},
	DeleteWorkspace:     {TREAdmin},
	StopWorkspace:       {TREAdmin},
	WorkspaceOperations: {TREAdmin, WorkspaceOwner},

	ReadService:       {WorkspaceOwner, WorkspaceResearcher, AirlockManager},
	ChangeService:     {WorkspaceOwner},
	DeleteService:     {WorkspaceOwner},
	RetryService:      {WorkspaceOwner, TREAdmin},
	StopService:       {WorkspaceOwner, TREAdmin},
	ServiceOperations: {WorkspaceOwner, AirlockManager, TREAdmin},

	ReadUserResource:       {WorkspaceOwner, WorkspaceResearcher, AirlockManager},
	ChangeUserResource:     {WorkspaceOwner, WorkspaceResearcher, AirlockManager},
	DeleteUserResource:     {WorkspaceOwner, WorkspaceResearcher, AirlockManager},
	RetryUserResource:      {WorkspaceOwner, WorkspaceResearcher, AirlockManager, TREAdmin},
	StopUserResource:       {WorkspaceOwner, WorkspaceResearcher, AirlockManager, TREAdmin},
	UserResourceOperations: {WorkspaceOwner, WorkspaceResearcher, AirlockManager, TREAdmin},

	ReadSharedService:       {TREAdmin, TREUser},
	ChangeSharedService:     {TREAdmin},
	SharedServiceOperations: {TREAdmin},

	ListOperations:           {TREAdmin, TREUser},
	ReadWorkspaceRequest:     {TREAdmin, TREUser},
	DecideWorkspaceRequest:   {TREAdmin},
	WithdrawWorkspaceRequest: {TREAdmin, TREUser},
	Drift:                    {TREAdmin},
	ReadApprovals:            {TREAdmin},
	ChangeApprovals:          {TREAdmin},
}

// frozenOut are the actions that a frozen workspace holds back: whatever makes,
// hands in, decides on or reaches data, and whatever makes, changes or acts on
// what is in it. Reading lists, giving up, stopping, deleting and taking back
// stay.
var frozenOut = []Action{Create, Submit, DraftLink, SealedLink, ReleasedLink, Review, Retry,
	ChangeWorkspace, ChangeService, RetryService, ChangeUserResource, RetryUserResource}

// FrozenOut tells whether a frozen workspace holds the action back.
func FrozenOut(action Action) bool { return slices.Contains(frozenOut, action) }

// outlives are the actions that stay possible in a workspace that was deleted,
// for administrators: reading what happened (W16).
var outlives = []Action{Audit, WorkspaceOperations, ServiceOperations, UserResourceOperations}

// Outlives tells whether the action is possible, for administrators, in a
// workspace that was deleted.
func Outlives(action Action) bool { return slices.Contains(outlives, action) }

// Actions lists every action of the table, sorted.
func Actions() []Action {
	all := make([]Action, 0, len(permissions))
	for a := range permissions {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// May tells whether any of roles may do action.
func May(action Action, roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(permissions[action], r) })
}

// Roles lists the roles that may do action, in the order of the table.
func Roles(action Action) []Role { return slices.Clone(permissions[action]) }

// Is tells whether the person's token carries the role.
func (p Person) Is(role Role) bool { return slices.Contains(p.Roles, role) }
