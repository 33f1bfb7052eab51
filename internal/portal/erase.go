package portal

import (
	"context"
	"errors"
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// erasePage asks whether something is to be deleted.
type erasePage struct {
	frame
	Workspace airlock.Workspace
	T         resources.Thing
	At        string
	Inside    []workspace.Resource // what goes with it, as far as the person may see it
	Blind     bool                 // there may be more that the person does not see
	MayChange bool                 // and so disable it
}

// eraseForm asks whether a resource is to be deleted.
func (p *portal) eraseForm(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showErase(w, r, v, answered{status: http.StatusOK})
}

// showErase shows the question, with what came of an action.
func (p *portal) showErase(w http.ResponseWriter, r *http.Request, v visitor, a answered) {
	page, err := p.erasePage(r.Context(), v, subjectOf(r))
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.frame = p.frame(r, "Delete "+page.T.Resource.Name())
	if a.message != nil {
		page.Message = a.message(desk.View{})
	}
	p.show(w, r, "erase.html", a.status, page)
}

func (p *portal) erasePage(ctx context.Context, v visitor, s resources.Subject) (erasePage, error) {
	in := s.Workspace
	if s.Kind == workspace.Workspace {
		in = s.ID
	}
	c, err := p.Desk.Admit(ctx, v.Caller, in, erases[s.Kind])
	page := erasePage{Workspace: c.Workspace(), At: p.atSubject(s)}
	if err != nil {
		return page, err
	}
	if page.T, err = p.Resources.Thing(ctx, c, s); err != nil {
		return page, err
	}
	page.MayChange = page.T.MayChange
	if s.Kind == workspace.UserResource {
		return page, nil
	}
	all, err := p.Resources.Inside(ctx, c, in)
	if errors.Is(err, airlock.ErrRefused) { // an administrator has no business inside
		page.Blind = true
		return page, nil
	}
	for _, one := range all {
		if s.Kind == workspace.Workspace {
			page.Inside = append(page.Inside, one.Service.Resource)
		}
		for _, t := range one.Users {
			if s.Kind == workspace.Workspace || one.Service.Resource.ID == s.ID {
				page.Inside = append(page.Inside, t.Resource)
			}
		}
	}
	return page, err
}

// erase deletes a resource, once that is confirmed, as the page showed it.
func (p *portal) erase(w http.ResponseWriter, r *http.Request, v visitor) {
	s := subjectOf(r)
	if text(r, "sure") != "yes" {
		p.showErase(w, r, v, answered{status: http.StatusUnprocessableEntity, message: func(desk.View) *banner {
			return &banner{"bad", "Nothing was deleted", []string{"Tick the box to say that you are sure."}}
		}})
		return
	}
	_, err := p.Resources.Delete(r.Context(), v.Caller, s, text(r, "match"))
	if err == nil {
		to := p.atSubject(s) // which is gone in a moment
		switch s.Kind {
		case workspace.UserResource:
			to = p.atSubject(resources.Subject{Kind: workspace.Service, Workspace: s.Workspace, ID: s.Service})
		case workspace.Service:
			to = p.atResources(s.Workspace)
		case workspace.Workspace, workspace.SharedService:
		}
		http.Redirect(w, r, to+"?done=deleting", http.StatusSeeOther)
		return
	}
	f := toldThing(err)
	if f.status == http.StatusNotFound || f.status == http.StatusServiceUnavailable {
		p.problem(w, r, err)
		return
	}
	p.noteFault(w, r, f, err)
	p.showErase(w, r, visitor{session: v.session, Caller: v.Caller.Afresh()}, answered{status: f.status, message: func(desk.View) *banner { return f.banner(err) }})
}
