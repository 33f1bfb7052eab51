package portal

import (
	"net/http"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

type auditPage struct {
	frame
	Key    airlock.Key
	Trail  desk.Trail
	Next   string // address of the page after; "" at the end
	First  bool
	Failed bool // the request's last line left it failed
}

// audit shows a request's audit trail.
func (p *portal) audit(w http.ResponseWriter, r *http.Request, v visitor) {
	page, err := p.trail(r, v)
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.frame = p.frame(r, "Audit trail")
	p.show(w, r, "audit.html", http.StatusOK, page)
}

func (p *portal) trail(r *http.Request, v visitor) (auditPage, error) {
	after := r.URL.Query().Get("after")
	trail, err := p.Desk.Audit(r.Context(), v.Caller, key(r), airlock.Page{After: after, Limit: perPage})
	page := auditPage{Key: key(r), Trail: trail, First: after == ""}
	if trail.Next != "" {
		page.Next = p.at(key(r)) + "/audit" + asQuery("after", trail.Next)
	}
	return page, err
}

// showAdmin shows a request to an administrator, who may see what happened to
// it and try again what failed, and nothing of what it is about.
func (p *portal) showAdmin(w http.ResponseWriter, r *http.Request, v visitor, a answered) {
	page, err := p.trail(r, v)
	if err == nil && page.Trail.Next != "" { // where it stands is on the last page
		var last desk.Trail
		last, err = p.lastOf(r, v, page.Trail)
		page.Failed = failed(last)
	} else {
		page.Failed = failed(page.Trail)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.frame = p.frame(r, "Request, as an administrator sees it")
	if a.message != nil {
		page.Message = a.message(desk.View{})
	}
	p.show(w, r, "admin.html", a.status, page)
}

// lastOf is the last page of a trail.
func (p *portal) lastOf(r *http.Request, v visitor, t desk.Trail) (desk.Trail, error) {
	for t.Next != "" {
		var err error
		if t, err = p.Desk.Audit(r.Context(), v.Caller, key(r), airlock.Page{After: t.Next, Limit: desk.MaxPage}); err != nil {
			return t, err
		}
	}
	return t, nil
}

// failed tells whether the last change of status that the lines tell of is
// that the request failed.
func failed(t desk.Trail) bool {
	for i := len(t.Lines) - 1; i >= 0; i-- {
		if to := t.Lines[i].To; to != "" {
			return to == string(airlock.Failed)
		}
	}
	return false
}
