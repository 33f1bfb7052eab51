package portal_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// stories are told in a browser, each by people of its own. The provider is at
// localhost and the portal at 127.0.0.1: two sites, as in Azure.
var stories = map[string]func(w *tab){
	"a mail's link, an approval":         approveFromMail,
	"a rejection needs a reason":         rejectWithReason,
	"a return, and what comes of it":     returnForChanges,
	"by keyboard":                        byKeyboard,
	"without JavaScript, from a request": withoutScripts,
	"on a phone":                         onPhone,
	"a second click":                     secondClick,
	"a page of another site":             foreignPage,
	"out and in again":                   outAndIn,
	"a mail's link, a workspace granted": grantFromMail,
	"a workspace rejected by keyboard":   rejectByKeyboard,
	"a standing approval":                standingApproval,
	"an operation under way":             followOperation,
	"workspaces on a phone":              workspacesOnPhone,
	"a workspace asked for by keyboard":  askByKeyboard,
	"a machine without JavaScript":       machineByForms,
	"forms on a phone":                   formsOnPhone,
}

func TestBrowser(t *testing.T) {
	t.Parallel()
	process, ok := startChromium(t)
	if !ok {
		return
	}
	t.Run("stories", func(t *testing.T) {
		for name, story := range stories {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newTab(process, newBench(t))
				story(w)
				w.quiet()
			})
		}
	})
}

// button is the one that sends a request's form.
func button(act string) chromedp.CSS { return chromedp.CSS(`form[action$="/` + act + `"] button`) }

// banner is the message after a form.
const banner = chromedp.CSS(".banner .title")

// opened opens the disclosure that a form is in.
func opened(act string) chromedp.Action[chromedp.Void] {
	return chromedp.Steps(chromedp.Click(chromedp.CSS(`details:has(form[action$="/`+act+`"]) > summary`)), chromedp.WaitVisible(button(act)))
}

func approveFromMail(w *tab) {
	k := w.stage(airlock.InReview, content{})
	w.open("mia", at(k)) // not signed in: the link of a mail
	if got := w.location(); got != at(k) {
		w.t.Errorf("the mail's link ends at %s", got)
	}
	w.do(chromedp.SendKeys(chromedp.ID("approve-reason"), "Checked."), chromedp.Click(button("approve")), chromedp.WaitVisible(banner))
	if got := w.text(banner); !strings.Contains(got, "Your decision is recorded: approved") {
		w.t.Errorf("afterwards: %q", got)
	}
	if r := w.request(k); r.Stage != airlock.Approving || r.Reviews[0].Reason != "Checked." || r.Reviews[0].Digest != r.Manifest {
		w.t.Errorf("request %s, reviews %+v", r.Stage, r.Reviews)
	}
	// Going back and loading again asks for nothing and decides nothing.
	w.do(chromedp.Reload(), chromedp.WaitVisible(banner))
	if n := len(w.request(k).Reviews); n != 1 {
		w.t.Errorf("%d reviews after a reload", n)
	}
}

func rejectWithReason(w *tab) {
	k := w.stage(airlock.InReview, content{})
	w.open("mia", at(k))
	w.do(opened("reject"), chromedp.Click(button("reject")))
	if !eval[bool](w, `document.querySelector("#reject-reason").matches(":invalid") && document.activeElement.id === "reject-reason"`) || w.request(k).Stage != airlock.InReview {
		w.t.Error("rejected without a reason")
	}
	// White space passes the browser, and not the portal.
	w.do(chromedp.SendKeys(chromedp.ID("reject-reason"), "   "), chromedp.Click(button("reject")), chromedp.WaitVisible(banner))
	if got := w.text(banner); !strings.Contains(got, "has to change") || w.request(k).Stage != airlock.InReview {
		w.t.Errorf("with white space: %q", got)
	}
	w.do(chromedp.WaitVisible(chromedp.ID("reject-reason")), chromedp.SendKeys(chromedp.ID("reject-reason"), "Names in column 3."), chromedp.Click(button("reject")), chromedp.WaitVisible(chromedp.CSS(".banner.good")))
	if r := w.request(k); r.Stage != airlock.Rejecting || r.Message != "Names in column 3." {
		w.t.Errorf("request %s, %q", r.Stage, r.Message)
	}
	w.forgive("422")
}

func returnForChanges(w *tab) {
	k := w.stage(airlock.InReview, content{})
	w.open("rita", at(k))
	w.do(opened("return"), chromedp.SendKeys(chromedp.ID("return-reason"), "Column 3, please."), chromedp.Click(button("return")),
		chromedp.WaitVisible(chromedp.CSS("h1")), chromedp.WaitNotPresent(button("return")))
	if r := w.request(k); r.Stage != airlock.Draft || r.Turn != 2 {
		w.t.Fatalf("request %s, turn %d", r.Stage, r.Turn)
	}
	if got := w.text("h1"); got == "There is nothing here for you" {
		w.t.Error("whoever returned a request is told that there is none")
	}
	ann := newTab(w.ctx, w.bench)
	ann.open("ann", at(k))
	if got := ann.text("main"); !strings.Contains(got, "Column 3, please.") || !strings.Contains(got, "Returned for changes") {
		w.t.Errorf("the requester reads %s", got)
	}
	ann.quiet()
}

func byKeyboard(w *tab) {
	k := w.stage(airlock.InReview, content{})
	w.open("mia", "/signin")
	if at := w.press(kb.Tab); !strings.HasSuffix(at, "Skip to the content") {
		w.t.Errorf("first is %q", at)
	}
	w.do(chromedp.KeyEvent(kb.Enter))
	w.tabTo("Trial data")
	w.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(button("approve")))
	w.tabTo("Reject…")
	w.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(button("reject")))
	w.tabTo("TEXTAREA reject-reason")
	w.do(chromedp.KeyEvent("No."))
	w.tabTo("reject BUTTON Reject")
	w.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(banner))
	if r := w.request(k); r.Stage != airlock.Rejecting || r.Message != "No." {
		w.t.Errorf("request %s, %q", r.Stage, r.Message)
	}
	if !eval[bool](w, `document.activeElement.getAttribute("role") === "status"`) {
		w.t.Error("the result has not the focus")
	}
}

func withoutScripts(w *tab) {
	w.open("ann", "/new")
	w.script(true)
	w.do(chromedp.Reload(), chromedp.Click(chromedp.ID("export")), chromedp.SendKeys(chromedp.ID("title"), "Tables"),
		chromedp.SendKeys(chromedp.ID("justification"), "For the board."), chromedp.Click(chromedp.CSS("main form button")), chromedp.WaitVisible(banner))
	path, _, _ := strings.Cut(w.location(), "?")
	k := airlock.Key{Workspace: here, Request: path[strings.LastIndex(path, "/")+1:]}
	w.upload(k, "a.csv")
	w.upload(k, "b.csv")
	w.do(chromedp.Click(button("link")), chromedp.WaitVisible(chromedp.ID("link")), chromedp.Click(chromedp.CSS("main > p > a.button")),
		chromedp.WaitVisible(button("remove")), chromedp.Click(button("remove")), chromedp.WaitVisible(banner),
		chromedp.Click(button("submit")), chromedp.WaitNotPresent(button("submit")))
	if r := w.request(k); r.Stage != airlock.Sealing || r.Files != 1 || r.Title != "Tables" {
		w.t.Errorf("request %s with %d files", r.Stage, r.Files)
	}
	w.move(k, airlock.Sealed)
	w.move(k, airlock.Passed)
	mia := newTab(w.ctx, w.bench)
	mia.script(true)
	mia.open("mia", at(k))
	mia.do(chromedp.Click(button("approve")), chromedp.WaitVisible(banner))
	if r := w.request(k); r.Stage != airlock.Approving {
		w.t.Errorf("request %s", r.Stage)
	}
	mia.quiet()
}

// onPhone opens every kind of page on a narrow screen.
func onPhone(w *tab) {
	long := strings.Repeat("very-long-name-without-any-space", 8)
	files := []airlock.File{clean(long+"/"+long+".csv", 1<<40, airlock.Finding{Code: "x", Severity: airlock.Note, Text: long})}
	review, draft := w.stage(airlock.InReview, content{title: long[:190], reason: long + long, files: files}), w.draft(content{title: long[:180], files: files})
	visit := func(w *tab, path string) {
		w.do(chromedp.EmulateViewport(390, 844, chromedp.EmulateMobile), chromedp.Navigate(w.url+path), chromedp.WaitVisible(chromedp.CSS("h1")))
		if wide := eval[int](w, "document.documentElement.scrollWidth"); wide > 390 {
			w.t.Errorf("%s is %d pixels wide", path, wide)
		}
		if small := eval[int](w, `[...document.querySelectorAll("main button, main a.button, main summary")].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).length`); small > 0 {
			w.t.Errorf("%s: %d buttons too small for a finger", path, small)
		}
	}
	visit(w, "/")
	w.open("mia", "/signin")
	for _, path := range []string{"/", at(review), at(review) + "?show=notable", at(review) + "/audit", "/signedout", "/workspaces/" + here} {
		visit(w, path)
	}
	ann := newTab(w.ctx, w.bench)
	ann.open("ann", "/signin")
	for _, path := range []string{"/", "/new", at(draft)} {
		visit(ann, path)
	}
	ann.do(chromedp.Click(button("link")), chromedp.WaitVisible(chromedp.ID("link")))
	if wide := eval[int](ann, "document.documentElement.scrollWidth"); wide > 390 {
		w.t.Errorf("the link's page is %d pixels wide", wide)
	}
	ann.quiet()
}

func secondClick(w *tab) {
	k := w.stage(airlock.InReview, content{})
	w.open("mia", at(k))
	w.do(chromedp.DoubleClick(button("approve")), chromedp.WaitVisible(banner))
	if got := w.text(banner); !strings.Contains(got, "approved") {
		w.t.Errorf("afterwards: %q", got)
	}
	if r := w.request(k); len(r.Reviews) != 1 || r.Attempt != 1 {
		w.t.Errorf("%d reviews, attempt %d", len(r.Reviews), r.Attempt)
	}
}

// foreignPage lets a page of another site send the form, with the cookies and
// even the token that only our own pages have.
func foreignPage(w *tab) {
	k := w.stage(airlock.InReview, content{})
	w.open("mia", at(k))
	token := eval[string](w, `document.querySelector("[name=token]").value`)
	page := `<form method="post" action="` + w.url + at(k) + `/approve"><input name="token" value="` + token + `"><input name="manifest" value="` + w.digest(k) + `"><button>go</button></form>`
	w.do(chromedp.Navigate("data:text/html,"+url.PathEscape(page)), chromedp.Click(chromedp.CSS("button")), chromedp.WaitVisible(chromedp.CSS("h1")))
	if got := w.text("h1"); got != "This form did not come from the airlock" || w.request(k).Stage != airlock.InReview {
		w.t.Errorf("a foreign form: %q, request %s", got, w.request(k).Stage)
	}
	w.forgive("403")
}

func outAndIn(w *tab) {
	w.open("ann", "/new")
	w.do(chromedp.Click(chromedp.CSS(".who button")), chromedp.WaitVisible(chromedp.CSS(".links a")))
	if got := w.location(); got != "/signedout" {
		w.t.Errorf("signed out at %s", got)
	}
	w.do(chromedp.Navigate(w.url + "/new"))
	w.enter("olga")
	if got := w.text(".who bdi"); got != people["olga"].Name || w.location() != "/new" {
		w.t.Errorf("%q at %s", got, w.location())
	}
}
