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
}

// frozenOut are the actions that a frozen workspace holds back: whatever makes,
// hands in, decides on or reaches data. Reading lists, giving up, stopping and
// taking back stay.
var frozenOut = []Action{Create, Submit, DraftLink, SealedLink, ReleasedLink, Review, Retry}

// FrozenOut tells whether a frozen workspace holds the action back.
func FrozenOut(action Action) bool { return slices.Contains(frozenOut, action) }

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
