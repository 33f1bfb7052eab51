package portal

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// change is what a form asks the desk to do.
type change func(ctx context.Context, c desk.Caller, k airlock.Key, form url.Values) (desk.View, error)

// actions are the forms of a request, by the end of their address.
func (p *portal) actions() map[string]page {
	reasoned := func(do func(context.Context, desk.Caller, airlock.Key, string) (desk.View, error)) change {
		return func(ctx context.Context, c desk.Caller, k airlock.Key, form url.Values) (desk.View, error) {
			return do(ctx, c, k, form.Get("reason"))
		}
	}
	plain := func(do func(context.Context, desk.Caller, airlock.Key) (desk.View, error)) change {
		return func(ctx context.Context, c desk.Caller, k airlock.Key, _ url.Values) (desk.View, error) {
			return do(ctx, c, k)
		}
	}
	d := p.Desk
	return map[string]page{
		"approve": p.acted("approve", p.decide(airlock.VerbApprove)),
		"reject":  p.acted("reject", p.decide(airlock.VerbReject)),
		"return":  p.acted("return", p.decide(airlock.VerbReturn)),
		"submit":  p.acted("submit", plain(d.Submit)),
		"retry":   p.acted("retry", plain(d.Retry)),
		"cancel":  p.acted("cancel", reasoned(d.Cancel)),
		"stop":    p.acted("stop", reasoned(d.Stop)),
		"revoke":  p.acted("revoke", reasoned(d.Revoke)),
	}
}

// decide records a decision on the manifest that the form shows.
func (p *portal) decide(verb airlock.Verb) change {
	return func(ctx context.Context, c desk.Caller, k airlock.Key, form url.Values) (desk.View, error) {
		digest := form.Get("manifest")
		if digest == "" { // the desk forgives that in turn 1, for AzureTRE's clients; this form always has it
			return desk.View{}, fmt.Errorf("the form does not say which files you saw, open the request again: %w", airlock.ErrInvalid)
		}
		return p.Desk.Decide(ctx, c, k, desk.Word{Verb: verb, Reason: form.Get("reason"), Digest: digest})
	}
}

// acted is the answer to a form: the request's page, which says what came of it.
func (p *portal) acted(name string, do change) page {
	return func(w http.ResponseWriter, r *http.Request, v visitor) {
		r.PostForm.Set("reason", text(r, "reason"))
		view, err := do(r.Context(), v.Caller, key(r), r.PostForm)
		if err != nil {
			p.refused(w, r, v, name, err)
			return
		}
		what := name
		if name == "submit" && len(view.Warnings) > 0 {
			what = "submit-few"
		}
		if access.May(access.Read, view.Roles...) && !view.Request.Sees(view.Capacities, view.Roles) { // a draft again, and theirs no more
			p.redirect(w, r, "/?done="+what)
			return
		}
		http.Redirect(w, r, p.at(key(r))+"?done="+what, http.StatusSeeOther)
	}
}

// refused shows the request as it is, why the form was not taken, and what was
// written into it. What cannot be shown with the request is a page of its own.
func (p *portal) refused(w http.ResponseWriter, r *http.Request, v visitor, name string, err error) {
	f := told(err)
	if f.status == http.StatusNotFound || f.status == http.StatusServiceUnavailable {
		p.problem(w, r, err)
		return
	}
	p.noteFault(w, r, f, err)
	r.URL.RawQuery = "" // the form's address picks no files
	p.showRequest(w, r, v, answered{status: f.status, action: name, written: r.PostForm.Get("reason"),
		message: func(desk.View) *banner { return f.banner(err) }})
}

// remove takes a file out of a draft.
func (p *portal) remove(w http.ResponseWriter, r *http.Request, v visitor) {
	// Forms change line ends, and a name may hold one: so it comes in base64.
	name, err := base64.RawURLEncoding.DecodeString(r.PostForm.Get("name"))
	if err != nil {
		err = fmt.Errorf("name: unreadable: %w", airlock.ErrInvalid)
	} else {
		err = p.Desk.RemoveFile(r.Context(), v.Caller, key(r), string(name))
	}
	if err != nil {
		p.refused(w, r, v, "remove", err)
		return
	}
	http.Redirect(w, r, p.at(key(r))+"?done=remove#files", http.StatusSeeOther)
}

type linkPage struct {
	frame
	View   desk.View
	Link   desk.Link
	Write  bool
	Inside bool // it works inside the workspace only
	Lines  []commandLine
}

// commandLine is what to type where.
type commandLine struct{ Label, Text string }

// link shows a link. It is in the answer to a POST and nowhere else: not in an
// address, a log or a history.
func (p *portal) link(w http.ResponseWriter, r *http.Request, v visitor) {
	link, err := p.Desk.Link(r.Context(), v.Caller, key(r))
	var view desk.View
	if err == nil {
		view, err = p.Desk.Get(r.Context(), v.Caller, key(r))
	}
	if err != nil {
		p.refused(w, r, v, "link", err)
		return
	}
	page := linkPage{frame: p.frame(r, "Link to the files"), View: view, Link: link, Write: link.Access == airlock.WriteOnly,
		Inside: (view.Request.Type == airlock.Export) == (view.Request.Stage != airlock.Approved)}
	page.Lines = commands(link)
	p.show(w, r, "link.html", http.StatusOK, page)
}

// commands are lines to copy for azcopy. A link that can only write cannot be
// asked how long a file became, hence --check-length=false.
// https://learn.microsoft.com/azure/storage/common/storage-ref-azcopy-copy
func commands(l desk.Link) []commandLine {
	if l.Access == airlock.WriteOnly {
		return []commandLine{
			{"A folder and all that is in it", `azcopy copy "my-folder/*" "` + l.URL + `" --recursive --from-to LocalBlob --check-length=false`},
			{"One file", `azcopy copy "my-file.csv" "` + l.URL + `" --from-to LocalBlob --check-length=false`},
		}
	}
	return []commandLine{{"All files, into the folder you are in", `azcopy copy "` + l.URL + `" . --recursive --from-to BlobLocal`}}
}
