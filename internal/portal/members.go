package portal

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/roster"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Roster is what the portal asks of members.
type Roster interface {
	// Users lists who belongs to a workspace.
	Users(ctx context.Context, c desk.Caller, workspace string) ([]roster.User, error)
	// Assignable searches the directory.
	Assignable(ctx context.Context, c desk.Caller, workspace, text string, limit int) ([]people.Entry, error)
	// Assign gives people a role.
	Assign(ctx context.Context, c desk.Caller, workspace string, to roster.Assignment) error
	// Remove takes a role away.
	Remove(ctx context.Context, c desk.Caller, workspace, oid string, role access.Role, reason string) error
	Amender
	Freezer
	Persons
}

// Amender changes roles that people have.
type Amender interface {
	// Amend changes a membership's role or end.
	Amend(ctx context.Context, c desk.Caller, workspace, oid string, role access.Role, to people.Amendment, reason string) error
}

// Freezer holds workspaces.
type Freezer interface {
	// Freeze holds one.
	Freeze(ctx context.Context, c desk.Caller, workspace, reason string) (airlock.Hold, error)
	// Unfreeze lifts that.
	Unfreeze(ctx context.Context, c desk.Caller, workspace, reason string) (airlock.Hold, error)
}

// maxFound is how many people a search of the directory shows: a list to choose
// from, without scrolling.
const maxFound = 20

type membersPage struct {
	frame
	Workspace airlock.Workspace
	Users     []roster.User
	Roles     []access.Role
	Query     string
	Searched  bool
	Found     []people.Entry
	Admin     bool // names lead to what is kept of people
}

// members shows who belongs to a workspace, and, after a search, whom to add.
func (p *portal) members(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showMembers(w, r, v, nil)
}

// showMembers shows the page, with why a change was not made, if it was not.
func (p *portal) showMembers(w http.ResponseWriter, r *http.Request, v visitor, cause error) {
	id := key(r).Workspace
	c, err := p.Desk.Admit(r.Context(), v.Caller.Afresh(), id, access.ManageMembers)
	if err != nil {
		p.problem(w, r, cmp.Or(cause, err))
		return
	}
	page := membersPage{frame: p.frame(r, "Members"), Workspace: c.Workspace(), Roles: access.WorkspaceRoles,
		Query: strings.TrimSpace(r.URL.Query().Get("find")), Admin: slices.Contains(c.Roles(), access.TREAdmin)}
	if page.Users, err = p.Roster.Users(r.Context(), c, id); err != nil {
		p.problem(w, r, err)
		return
	}
	status := http.StatusOK
	if page.Searched = page.Query != ""; page.Searched && cause == nil {
		page.Found, cause = p.Roster.Assignable(r.Context(), c, id, page.Query, maxFound)
	}
	if message := done(r.URL.Query().Get("done")); message != nil {
		page.Message = message(desk.View{})
	}
	if cause != nil {
		f := told(cause)
		p.noteFault(w, r, f, cause)
		status, page.Message = f.status, f.banner(cause)
	}
	p.show(w, r, "members.html", status, page)
}

// addMember gives somebody a role.
func (p *portal) addMember(w http.ResponseWriter, r *http.Request, v visitor) {
	end, err := people.EndOfDay("end", text(r, "expires"))
	if err == nil {
		err = p.Roster.Assign(r.Context(), v.Caller, key(r).Workspace, roster.Assignment{Role: access.Role(text(r, "role")),
			Users: []string{strings.ToLower(text(r, "person"))}, Expires: end, Reason: text(r, "reason")})
	}
	p.membersChanged(w, r, v, "member-added", err)
}

// amendMember changes when a role ends.
func (p *portal) amendMember(w http.ResponseWriter, r *http.Request, v visitor) {
	end, err := people.EndOfDay("end", text(r, "expires"))
	if err == nil {
		err = p.Roster.Amend(r.Context(), v.Caller, key(r).Workspace, text(r, "person"), access.Role(text(r, "role")), people.Amendment{Expires: &end}, text(r, "reason"))
	}
	p.membersChanged(w, r, v, "member-amended", err)
}

// removeMember takes a role away.
func (p *portal) removeMember(w http.ResponseWriter, r *http.Request, v visitor) {
	err := p.Roster.Remove(r.Context(), v.Caller, key(r).Workspace, text(r, "person"), access.Role(text(r, "role")), text(r, "reason"))
	p.membersChanged(w, r, v, "member-removed", err)
}

func (p *portal) membersChanged(w http.ResponseWriter, r *http.Request, v visitor, what string, err error) {
	if err != nil {
		p.showMembers(w, r, v, err)
		return
	}
	http.Redirect(w, r, p.base+"/workspaces/"+key(r).Workspace+"/members?done="+what, http.StatusSeeOther)
}
