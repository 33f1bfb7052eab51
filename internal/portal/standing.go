package portal

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// standingPage lists standing approvals and has the form of a new one.
type standingPage struct {
	frame
	Approvals []approval
	Next      string // address of the next page; "" at the end
	Templates []workspace.Registered
	Sizes     []string
	Written   approvalForm
}

// approval is a standing approval, and how it stands.
type approval struct {
	workspace.Approval
	Label label
	Open  bool // it can be taken back
}

// approvalForm is what was written into the form of a new one.
type approvalForm struct {
	Template, Most, Until, Requesters, Reason string
	Sizes                                     map[string]bool
}

// sizes are those that a standing approval may be for, with AzureTRE's names.
var sizes = []string{"small", "medium", "large", "custom"}

// approvals shows the standing approvals.
func (p *portal) approvals(w http.ResponseWriter, r *http.Request, v visitor) {
	p.showApprovals(w, r, v, approvalForm{}, nil)
}

// showApprovals shows the page, with why a form was not taken, if it was not.
func (p *portal) showApprovals(w http.ResponseWriter, r *http.Request, v visitor, form approvalForm, cause error) {
	c, err := p.Desk.AdmitEverywhere(r.Context(), v.Caller.Afresh(), access.ReadApprovals)
	var found resources.ApprovalList
	page := standingPage{frame: p.frame(r, "Standing approvals"), Sizes: sizes, Written: form}
	if err == nil {
		found, err = p.Resources.Approvals(r.Context(), c, resources.Page{Page: airlock.Page{After: r.URL.Query().Get("after"), Limit: perPage}})
	}
	if err == nil {
		page.Templates, err = p.Resources.Templates(r.Context(), c, resources.Shelf{Kind: workspace.Workspace}, true)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	for _, a := range found.Approvals {
		page.Approvals = append(page.Approvals, p.standing(a))
	}
	if found.Next != "" {
		page.Next = p.base + "/standing-approvals" + asQuery("after", found.Next)
	}
	status := http.StatusOK
	if message := done(r.URL.Query().Get("done")); message != nil {
		page.Message = message(desk.View{})
	}
	if cause != nil {
		f := told(cause)
		p.noteFault(w, r, f, cause)
		status, page.Message = f.status, f.banner(cause)
	}
	p.show(w, r, "standing.html", status, page)
}

// standing says how a standing approval stands.
func (p *portal) standing(a workspace.Approval) approval {
	switch {
	case a.Ended != nil:
		return approval{a, toneCalm.as("Taken back"), false}
	case !p.Now().Before(a.Until):
		return approval{a, toneCalm.as("Over"), false}
	case a.Used >= a.Most:
		return approval{a, toneWarn.as("Used up"), true}
	}
	return approval{a, toneGood.as("In force"), true}
}

// giveApproval gives a standing approval.
func (p *portal) giveApproval(w http.ResponseWriter, r *http.Request, v visitor) {
	form := approvalForm{Template: text(r, "template"), Most: text(r, "most"), Until: text(r, "until"), Requesters: text(r, "requesters"),
		Reason: text(r, "reason"), Sizes: map[string]bool{}}
	for _, size := range r.PostForm["size"] {
		form.Sizes[size] = true
	}
	err := p.give(r.Context(), v, form, r.PostForm["size"])
	p.approvalChanged(w, r, v, "approval-given", form, err)
}

func (p *portal) give(ctx context.Context, v visitor, form approvalForm, sizes []string) error {
	until, err := people.EndOfDay("until", form.Until)
	if err != nil {
		return err
	}
	most, err := strconv.Atoi(form.Most)
	if err != nil {
		return fmt.Errorf("most: %.20q is no number: %w", form.Most, airlock.ErrInvalid)
	}
	requesters := strings.FieldsFunc(strings.ToLower(form.Requesters), func(r rune) bool { return strings.ContainsRune(" ,;\n\t", r) })
	_, err = p.Resources.Approve(ctx, v.Caller, workspace.Approval{Template: form.Template, Sizes: sizes, Requester: requesters, Most: most,
		Until: until, Reason: form.Reason})
	return err
}

// endApproval takes a standing approval back.
func (p *portal) endApproval(w http.ResponseWriter, r *http.Request, v visitor) {
	_, err := p.Resources.TakeBack(r.Context(), v.Caller, strings.ToLower(r.PathValue("approval")), text(r, "reason"))
	p.approvalChanged(w, r, v, "approval-ended", approvalForm{}, err)
}

// approvalChanged is the answer to a form: the page, which says what came of it.
func (p *portal) approvalChanged(w http.ResponseWriter, r *http.Request, v visitor, what string, form approvalForm, err error) {
	if err == nil {
		p.redirect(w, r, "/standing-approvals?done="+what)
		return
	}
	p.showApprovals(w, r, v, form, err)
}

// backToApprovals leads from an action's address to the page.
func (p *portal) backToApprovals(w http.ResponseWriter, r *http.Request, _ visitor) {
	p.redirect(w, r, "/standing-approvals")
}
