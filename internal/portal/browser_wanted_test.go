package portal_test

import (
	"strings"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/trefoil-tre/trefoil/internal/workspace"
)

func grantFromMail(w *tab) {
	id := w.ask(byEvent)
	w.open("adam", atWanted(id)) // not signed in: the link of a mail
	if got := w.location(); got != atWanted(id) {
		w.t.Errorf("the mail's link ends at %s", got)
	}
	if got := w.text("main"); !strings.Contains(got, "Nobody has proved who sent this") || strings.Contains(got, canary) {
		w.t.Errorf("an administrator reads %s", got)
	}
	w.do(chromedp.SendKeys(chromedp.ID("grant-reason"), "As agreed."), chromedp.DoubleClick(button("grant")), chromedp.WaitVisible(banner), chromedp.WaitNotPresent(button("grant")))
	if got := w.text(".banner.good .title"); !strings.Contains(got, "recorded: granted") {
		w.t.Errorf("afterwards: %q", got)
	}
	if r := w.asked(id); r.Status != workspace.Granted || r.Decided.Reason != "As agreed." || !w.made(id) {
		w.t.Errorf("request %+v", r)
	}
	before := w.asked(id).Version
	w.do(chromedp.Reload(), chromedp.WaitVisible(banner), chromedp.Click(chromedp.CSS(".side a.button")), chromedp.WaitVisible(chromedp.CSS("#operation-heading")))
	if got := w.text("main"); !strings.Contains(got, "Waits to be deployed") || w.asked(id).Version != before {
		w.t.Errorf("the workspace's page: %s", got)
	}
}

func rejectByKeyboard(w *tab) {
	id := w.ask()
	w.open("adam", "/signin")
	w.tabTo("Stroke study")
	w.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(button("grant")))
	w.tabTo("Reject…")
	w.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(button("reject")))
	w.tabTo("TEXTAREA reject-reason")
	w.do(chromedp.KeyEvent("No budget."))
	w.tabTo("reject BUTTON Reject")
	w.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(banner))
	if r := w.asked(id); r.Status != workspace.Declined || r.Message != "No budget." {
		w.t.Errorf("request %+v", r)
	}
	if !eval[bool](w, `document.activeElement.getAttribute("role") === "status"`) {
		w.t.Error("the result has not the focus")
	}
}

func standingApproval(w *tab) {
	w.open("adam", "/standing-approvals")
	w.script(true)
	w.do(chromedp.Reload(), chromedp.SendKeys(chromedp.ID("template"), "study"), chromedp.Click(chromedp.ID("size-small")), chromedp.SendKeys(chromedp.ID("most"), "2"))
	eval[bool](w, `(document.querySelector("#until").value = "`+time.Now().AddDate(0, 2, 0).Format(time.DateOnly)+`") !== ""`)
	w.do(chromedp.SendKeys(chromedp.ID("give-reason"), "The registry."), chromedp.Click(button("give")), chromedp.WaitVisible(banner))
	all := w.approvals()
	if len(all) != 1 || all[0].Most != 2 || len(all[0].Sizes) != 1 {
		w.t.Fatalf("approvals %+v: %s", all, w.text("main"))
	}
	w.do(chromedp.Click(chromedp.CSS("td details summary")), chromedp.WaitVisible(button("end")), chromedp.Click(button("end")), chromedp.WaitNotPresent(button("end")))
	if w.approvals()[0].Ended == nil {
		w.t.Error("it was not taken back")
	}
}

// followOperation sees the page load itself again, without a click, until what is
// under way ended.
func followOperation(w *tab) {
	w.furnish()
	op := w.begin(system, workspace.Upgrade)
	w.open("adam", inside)
	if got := w.text("main"); !strings.Contains(got, "Under way: upgrade") {
		w.t.Errorf("under way: %s", got)
	}
	w.do(chromedp.Click(chromedp.CSS(".views a")), chromedp.WaitVisible(chromedp.CSS(`form[action$="/stop-operation"] , details summary`)))
	if eval[bool](w, `document.querySelector("meta[http-equiv]") !== null`) {
		w.t.Error("held still, it loads itself again")
	}
	w.do(chromedp.Click(chromedp.CSS(".views a")), chromedp.WaitVisible(chromedp.CSS(`#operation-heading`)))
	w.fail(op.Key(), "QuotaExceeded: no cores left")
	w.do(chromedp.WaitVisible(button("try-again")))
	if got := w.text("main"); !strings.Contains(got, "Done last: upgrade") || !strings.Contains(got, "QuotaExceeded") {
		w.t.Errorf("afterwards: %s", got)
	}
}

// workspacesOnPhone opens every page on workspaces on a narrow screen and on a
// wide one.
func workspacesOnPhone(w *tab) {
	long := strings.Repeat("very-long-name-without-any-space", 6)
	wish := w.ask(byEvent, func(r *workspace.Request) {
		r.Reason, r.Requester.Name = long+long, long
		r.Properties["display_name"], r.Properties["note"] = long[:150], long+long
	})
	granted := w.decided(true)
	w.approve(workspace.Approval{Template: "study", Most: 1, Sizes: []string{"large"}, Requester: []string{people["ann"].OID}, Until: w.now().Add(time.Hour), Reason: long})
	w.furnish()
	w.begin(system, workspace.Upgrade)
	w.open("adam", "/signin")
	for _, path := range []string{"/", "/workspace-requests", atWanted(wish), atWanted(granted), "/standing-approvals", inside + "?still"} {
		w.fits(path)
	}
	olga := newTab(w.ctx, w.bench)
	olga.open("olga", "/signin")
	olga.fits(inside)
	olga.quiet()
}

// fits opens a page at both widths: nothing is wider than the screen, nothing is
// too small for a finger.
func (w *tab) fits(path string) {
	w.t.Helper()
	for _, width := range []int{390, 1280} {
		w.do(chromedp.EmulateViewport(int64(width), 844), chromedp.Navigate(w.url+path), chromedp.WaitVisible(chromedp.CSS("h1")))
		if wide := eval[int](w, "document.documentElement.scrollWidth"); wide > width {
			w.t.Errorf("%s is %d pixels wide, at %d", path, wide, width)
		}
		if small := eval[int](w, `[...document.querySelectorAll("main button, main a.button, main summary")].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).length`); small > 0 {
			w.t.Errorf("%s: %d buttons too small for a finger", path, small)
		}
	}
}
