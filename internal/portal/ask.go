package portal

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/form"
)

// asking is what a form that asks for a workspace knows beside.
type asking struct {
	Admin     bool // it is made at once
	Reason    string
	MaxReason int
	Members   []member // as written, and a line that is empty
	Roles     []access.Role
	Full      bool // no more members
}

// member is somebody who is to get a role in the new workspace, as written.
type member struct{ OID, Name, Email, Role string }

// empty tells that nobody is named. The role alone names nobody.
func (m member) empty() bool { return m.OID == "" && m.Name == "" && m.Email == "" }

// maxMembers is how many people may be named beside the owner.
const maxMembers = workspace.MaxMembers - 1

// newWorkspace shows the templates for workspaces, or the form of one.
func (p *portal) newWorkspace(w http.ResponseWriter, r *http.Request, v visitor) {
	all, err := p.Resources.Templates(r.Context(), v.Caller, resources.Shelf{Kind: workspace.Workspace}, true)
	if err != nil {
		p.problem(w, r, err)
		return
	}
	name, ok := chosen(r, all)
	if !ok {
		p.show(w, r, "choose.html", http.StatusOK, choice{frame: p.frame(r, "New workspace"), Crumbs: p.crumbs(), Heading: "New workspace",
			Lead: "Choose what it is made from. What that needs to know it asks next.", At: p.base + "/new-workspace", Templates: all,
			Empty: "No template for workspaces is registered yet, or none that you may use. Ask the administrators."})
		return
	}
	page, err := p.askPage(r.Context(), v, formPage{template: name})
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.F, page.Asks.Members = form.New(page.T), []member{{}}
	p.showForm(w, r, page, http.StatusOK)
}

// askPage is the form that asks for a workspace.
func (p *portal) askPage(ctx context.Context, v visitor, page formPage) (formPage, error) {
	c, admin, err := p.administers(ctx, v.Caller)
	if err != nil {
		return page, err
	}
	v.Caller = c
	if err := p.templateOf(ctx, v, resources.Shelf{Kind: workspace.Workspace}, &page); err != nil {
		return page, err
	}
	page.Asks = &asking{Admin: admin, MaxReason: airlock.MaxReason, Roles: access.WorkspaceRoles}
	page.Heading, page.To, page.Back, page.Crumbs = "New workspace", p.base+"/new-workspace", p.base+"/", p.crumbs()
	page.Lead, page.Button = "An administrator decides on it. You become its owner, and get a mail either way.", "Ask for the workspace"
	if admin {
		page.Lead, page.Button = "You are an administrator, so it is made at once. You become its owner.", "Make the workspace"
	}
	return page, nil
}

// askWorkspace asks for a workspace, and shows what became of that.
func (p *portal) askWorkspace(w http.ResponseWriter, r *http.Request, v visitor) {
	page, err := p.askPage(r.Context(), v, formPage{template: text(r, "template"), version: text(r, "version")})
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.read(r, nil)
	wish := resources.Wish{Reason: text(r, "reason"), New: provision.New{Template: page.template, Version: page.T.Version, Properties: page.F.Properties}}
	page.Asks.Reason, page.Asks.Members = wish.Reason, members(r)
	for _, m := range page.Asks.Members {
		wish.Members = append(wish.Members, workspace.Member{OID: strings.ToLower(m.OID), Name: m.Name, Email: m.Email, Role: access.Role(m.Role)})
	}
	if page.Asks.Full = len(page.Asks.Members) >= maxMembers; !page.Asks.Full {
		page.Asks.Members = append(page.Asks.Members, member{})
	}
	p.settle(w, r, page, func(ctx context.Context) (string, error) {
		asked, err := p.Resources.AskWorkspace(ctx, v.Caller, wish)
		switch {
		case err != nil:
			return "", err
		case asked.Request != nil:
			return p.atWanted(asked.Request.ID) + "?done=wish-made", nil
		}
		return p.atResources(asked.Operation.Resource.ID) + "?done=workspace-made", nil
	})
}

// members are those that a form names.
func members(r *http.Request) []member {
	column := func(name string, i int) string {
		if all := r.PostForm["member-"+name]; i < len(all) {
			return strings.TrimSpace(all[i])
		}
		return ""
	}
	var all []member
	for i := range min(len(r.PostForm["member-id"]), maxMembers+1) {
		all = append(all, member{column("id", i), column("name", i), column("email", i), column("role", i)})
	}
	return slices.DeleteFunc(all, member.empty)
}

// crumbs lead from the first page to where one is.
func (p *portal) crumbs(more ...action) []action {
	return append([]action{{"Home", p.base + "/"}}, more...)
}
