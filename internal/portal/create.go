package portal

import (
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// newPage is the form of a new request.
type newPage struct {
	frame
	Workspaces       []place
	Workspace        string // chosen
	Type             airlock.Type
	Name, Reason     string // as written
	MaxName, MaxText int
}

// newForm shows the form of a new request.
func (p *portal) newForm(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showNew(w, r, v, newPage{Workspace: r.URL.Query().Get("workspace")}, nil)
}

// showNew shows the form, with why it was not taken, if it was not.
func (p *portal) showNew(w http.ResponseWriter, r *http.Request, v visitor, page newPage, cause error) {
	all, err := p.places(r.Context(), v.Caller)
	if err != nil {
		p.problem(w, r, err)
		return
	}
	for _, one := range all {
		if one.Creates {
			page.Workspaces = append(page.Workspaces, one)
		}
	}
	if len(page.Workspaces) == 1 {
		page.Workspace = page.Workspaces[0].ID
	}
	page.frame = p.frame(r, "New request")
	page.MaxName, page.MaxText = desk.MaxTitle, desk.MaxJustification
	status := http.StatusOK
	if cause != nil {
		f := told(cause)
		p.noteFault(w, r, f, cause)
		status, page.Message = f.status, f.banner(cause)
	}
	p.show(w, r, "new.html", status, page)
}

// create makes a request and shows it.
func (p *portal) create(w http.ResponseWriter, r *http.Request, v visitor) {
	page := newPage{Workspace: text(r, "workspace"), Type: airlock.Type(text(r, "type")), Name: text(r, "title"), Reason: text(r, "justification")}
	view, err := p.Desk.Create(r.Context(), v.Caller, page.Workspace, desk.New{Type: page.Type, Title: page.Name, Justification: page.Reason})
	if err != nil {
		p.showNew(w, r, v, page, err)
		return
	}
	http.Redirect(w, r, p.at(view.Request.Key())+"?done=create", http.StatusSeeOther)
}
