// Package kind names the four kinds of resource that a TRE is made of, with
// AzureTRE's words, and says who stands above whom. It is pure.
package kind

// Kind is what a resource, and the template that it is made of, is.
type Kind string

// The kinds, with AzureTRE's names.
const (
	Workspace        Kind = "workspace"
	WorkspaceService Kind = "workspace-service"
	UserResource     Kind = "user-resource"
	SharedService    Kind = "shared-service"
)

// All lists every kind, outermost first.
var All = []Kind{Workspace, WorkspaceService, UserResource, SharedService}

// Known tells whether k is one of the four.
func (k Kind) Known() bool {
	return k == Workspace || k == WorkspaceService || k == UserResource || k == SharedService
}

// Parents lists the kinds above k, the nearest first: none for a workspace or a
// shared service.
func (k Kind) Parents() []Kind {
	switch k {
	case WorkspaceService:
		return []Kind{Workspace}
	case UserResource:
		return []Kind{WorkspaceService, Workspace}
	default:
		return nil
	}
}
