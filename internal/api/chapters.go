package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/trefoil-tre/trefoil/internal/access"
)

// tags are the chapters of the description, in their order.
var tags = []*huma.Tag{
	{Name: "Workspaces", Description: "The workspaces, how to ask for one, and how to ask for a token for them."},
	{Name: "Services", Description: "Services in workspaces, which their owners make."},
	{Name: "User resources", Description: "People's own resources in services, such as virtual machines."},
	{Name: "Shared services", Description: "Services that all workspaces share."},
	{Name: "Operations", Description: "What is being done to a resource, or was: in steps, each with its status."},
	{Name: "Templates", Description: "What resources are made from."},
	{Name: "Workspace requests", Description: "Who asked for a workspace, what administrators decide, and what they approved beforehand."},
	{Name: "Requests", Description: "Make airlock requests, read them, hand them in and withdraw them."},
	{Name: "Decisions", Description: "What airlock managers decide about requests."},
	{Name: "Files", Description: "The files of a request, and links that lead to them."},
	{Name: "Audit", Description: "Who did what, when and why. Lines of a request form a chain: each names the hash of the one before."},
	{Name: "People", Description: "Members of workspaces and people everywhere: who may do what, until when, and who may not."},
	{Name: "Service", Description: "Whether the service is there, and what a client needs to sign in. No token is needed."},
}

// chapters tell a route's chapter by what is in its address; the first that
// fits counts.
var chapters = []struct{ in, tag string }{
	{"/audit", "Audit"},
	{"-templates", "Templates"},
	{"/workspace-requests", "Workspace requests"},
	{"/standing-approvals", "Workspace requests"},
	{"/operations", "Operations"},
	{"/drift", "Operations"},
	{"/history", "Operations"},
	{"/user-resources", "User resources"},
	{"/workspace-services", "Services"},
	{"/shared-services", "Shared services"},
	{"link", "Files"},
	{"/files", "Files"},
}

// tag is the route's chapter.
func (r Route) tag() string {
	if r.Action == "" {
		return "Service"
	}
	for _, c := range chapters {
		if strings.Contains(r.Path, c.in) {
			return c.tag
		}
	}
	switch {
	case slices.Contains([]access.Action{access.Review, access.Revoke, access.Stop}, r.Action):
		return "Decisions"
	case strings.Contains(r.Path, "/requests"):
		return "Requests"
	case slices.Contains([]string{"/api/workspaces", ofWorkspace, ofWorkspace + "/scopeid", ofWorkspace + "/invoke-action"}, r.Path):
		return "Workspaces"
	}
	return "People"
}

// versioned tells that a change may say which version it changes.
func (r Route) versioned() bool {
	return r.matched || r.Method != http.MethodGet && strings.Contains(r.Path, "{airlock_request_id}")
}
