package portal

import (
	"errors"
	"net/http"
	"slices"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// requestPage is a request as one person sees it: the decision page, where
// that person may decide.
type requestPage struct {
	frame
	View      desk.View
	R         airlock.Request
	Timeline  []event
	Files     fileList
	Decisions []decided
	Given     int // approvals of this turn
	Needed    int
	MayReview bool
	MayReturn bool
	WhyNot    string // why who could review this cannot
	Acts      []act
	Link      *offer
	MayRemove bool
	MayAudit  bool
	Tried     string            // the action whose form was not taken
	Written   map[string]string // what was written into a form that was not taken, by action
	Limits    airlock.Policy
}

// decided is a reviewer's decision.
type decided struct {
	airlock.Review
	Label label
	Now   bool // on the turn that is under review
}

// request shows a request.
func (p *portal) request(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showRequest(w, r, v, answered{status: http.StatusOK, message: done(r.URL.Query().Get("done"))})
}

// back leads from an action's address to the request that it is about.
func (p *portal) back(w http.ResponseWriter, r *http.Request, _ visitor) {
	http.Redirect(w, r, p.at(key(r)), http.StatusSeeOther)
}

// at is a request's address.
func (p *portal) at(k airlock.Key) string {
	return p.inside(p.base + "/workspaces/" + k.Workspace + "/requests/" + k.Request)
}

// answered is what came of an action before the page is shown again.
type answered struct {
	status  int
	message func(desk.View) *banner
	action  string // whose form was not taken
	written string // into it
}

// showRequest shows the request as it is now, with what came of an action.
func (p *portal) showRequest(w http.ResponseWriter, r *http.Request, v visitor, a answered) {
	view, err := p.Desk.Get(r.Context(), v.Caller, key(r))
	if errors.Is(err, airlock.ErrRefused) && v.session.Person.Is(access.TREAdmin) {
		p.showAdmin(w, r, v, a)
		return
	}
	var files fileList
	if err == nil {
		files, err = p.files(r, v, view)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page := p.requestPage(r, view, files)
	page.Tried, page.Written = a.action, map[string]string{a.action: a.written}
	if a.message != nil {
		page.Message = a.message(view)
	}
	p.show(w, r, "request.html", a.status, page)
}

func (p *portal) requestPage(r *http.Request, view desk.View, files fileList) requestPage {
	q := view.Request
	page := requestPage{frame: p.frame(r, q.Title), View: view, R: q, Files: files, Timeline: timeline(q),
		Needed: view.Workspace.Policy.WithDefaults().Reviewers, Limits: view.Workspace.Policy.WithDefaults()}
	person := *page.Person
	for _, x := range q.Reviews {
		d := decided{Review: x, Label: decisionLabels[x.Decision], Now: x.Turn == q.Turn && q.Stage == airlock.InReview}
		if d.Now && x.Decision == "approved" {
			page.Given++
		}
		page.Decisions = append(page.Decisions, d)
	}
	page.MayReview, page.MayReturn = slices.Contains(view.Actions, "review"), slices.Contains(view.Actions, "return")
	if q.Stage == airlock.InReview && !page.MayReview {
		page.WhyNot = whyNot(q, person.OID, view.Roles)
	}
	page.Acts = acts(view)
	page.Link = offered(view, person)
	page.MayRemove = q.Stage == airlock.Draft && slices.Contains(view.Capacities, airlock.Creator)
	page.MayAudit = access.May(access.Audit, view.Roles...)
	return page
}

var decisionLabels = map[string]label{
	"approved": toneGood.as("Approved"), "rejected": toneBad.as("Rejected"),
	"returned": toneWarn.as("Returned for changes"), "revoked": toneBad.as("Revoked"),
}

// whyNot says why somebody who is an airlock manager cannot decide.
func whyNot(q airlock.Request, oid string, roles []access.Role) string {
	switch {
	case !access.May(access.Review, roles...):
		return ""
	case q.CreatedBy.OID == oid || q.SubmittedBy.OID == oid:
		return "You made this request, so somebody else has to decide on it."
	case slices.ContainsFunc(q.Reviews, func(v airlock.Review) bool { return v.Turn == q.Turn && v.Reviewer.OID == oid }):
		return "You have decided on these files already. Another airlock manager’s decision is waited for."
	}
	return ""
}

// act is something a person may do beside deciding.
type act struct {
	Name, Label, Lead, Button string
	Reason                    need
	Grave                     bool
}

// need says whether an action takes a reason.
type need int

const (
	none need = iota
	optional
	required
)

// Optional and Required serve the templates.
func (n need) Optional() bool { return n == optional }

// Required tells whether there is no action without a reason.
func (n need) Required() bool { return n == required }

// allActs are the actions beside deciding, in the order they are shown.
var allActs = []act{
	{"submit", "Submit", "The files listed here are handed in as they are. From then on the list is closed: your upload link ends, and nothing can be added or changed.", "Submit these files", none, false},
	{"retry", "Try again", "The request goes back to where it stopped and is tried once more.", "Try again", none, false},
	{"cancel", "Cancel the request", "It is given up for good, and its files are deleted. You can make a new request at any time.", "Cancel the request", optional, true},
	{"stop", "Stop the delivery", "The delivery ends, and what has been delivered so far is deleted.", "Stop the delivery", required, true},
	{"revoke", "Revoke the release", "The released files are deleted, and every link to them ends. What was fetched before cannot be called back.", "Revoke the release", required, true},
}

// acts are those that the person may take now.
func acts(view desk.View) []act {
	return slices.DeleteFunc(slices.Clone(allActs), func(a act) bool { return !slices.Contains(view.Actions, a.Name) })
}

// offer is a link that the person may ask for.
type offer struct{ Heading, Lead, Button string }

// offered is the link that the rulebook grants the person now.
func offered(view desk.View, person access.Person) *offer {
	if _, _, err := view.Request.Link(person, view.Roles); err != nil {
		return nil
	}
	switch {
	case view.Request.Stage == airlock.Draft:
		return &offer{"Add files", "Files are uploaded with a link that can write and list, and do nothing else: not read, not delete.", "Get the upload link"}
	case view.Request.Stage == airlock.InReview:
		return &offer{"Look into the files", "A link that reads the sealed files under review, and nothing else.", "Get the review link"}
	case view.Request.Type == airlock.Import:
		return &offer{"Fetch the files", "A link that reads the released files. It works inside the workspace only, so open it on one of the workspace’s machines.", "Get the download link"}
	}
	return &offer{"Fetch the files", "A link that reads the released files.", "Get the download link"}
}
