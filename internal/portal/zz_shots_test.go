package portal_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

func TestShots(t *testing.T) {
	dir := os.Getenv("SHOTS")
	if dir == "" {
		return
	}
	b := newBench(t, func(w *airlock.Workspace) { w.Policy.Reviewers = 2 })
	note := airlock.Finding{Code: "x", Severity: airlock.Note, Text: "the content is CSV, the name says text; check that this is what was meant"}
	refuse := airlock.Finding{Code: "y", Severity: airlock.Refuse, Text: "a program; programs are refused in this workspace, remove it"}
	long := "results/2026/very-deep/folder-with-a-long-name/another/summary-of-all-outcomes-after-valve-surgery-with-confidence-intervals-and-sensitivity-analyses-final-version-3.csv"
	files := []airlock.File{clean("results/table 1.csv", 1234567), clean(long, 987), clean("figures/forest plot é.png", 45678), clean("notes.txt", 12, note)}
	review := b.stage(airlock.InReview, content{title: "Aggregated outcome tables for the steering committee", reason: "Summary tables by centre and year, no cell below 10.\nNeeded for the meeting on Friday.", kind: airlock.Export, files: files})
	draft := b.draft(content{title: "Reference genome", reason: "Public reference data, needed for alignment.", files: append(files[:3:3],
		airlock.File{Name: "setup.exe", Inspection: &airlock.Inspection{Size: 44, SHA256: airlock.Digest(nil), Type: "application/vnd.microsoft.portable-executable", Findings: []airlock.Finding{refuse}}, Verdict: &airlock.Verdict{Class: airlock.Malicious}},
		airlock.File{Name: "evil\u202egpj.exe"})})
	approved := b.stage(airlock.InReview, content{title: "Third"})
	_, err := b.desk.Decide(t.Context(), caller("mia"), approved, deskWord("approve", ""))
	b.must(err)
	_, err = b.desk.Decide(t.Context(), caller("moe"), approved, deskWord("approve", "Checked against the plan."))
	b.must(err)
	b.must(b.engine(approved, airlock.Delivered))
	failed := b.stage(airlock.Failed, content{title: "Fourth"})
	var many []airlock.File
	for i := range 230 {
		many = append(many, clean(fmt.Sprintf("data/part-%04d.csv", i), int64(i)*1000))
	}
	lots := b.stage(airlock.InReview, content{title: "Many", files: many})
	shots := []struct{ name, who, path string }{
		{"welcome", "", "/"}, {"home-mia", "mia", "/"}, {"home-ann", "ann", "/"}, {"review-mia", "mia", at(review)}, {"review-ann", "ann", at(review)},
		{"draft-ann", "ann", at(draft) + "?done=create"}, {"approved-ann", "ann", at(approved)}, {"approved-mia", "mia", at(approved)}, {"failed-adam", "adam", at(failed)},
		{"failed-olga", "olga", at(failed)}, {"audit-mia", "mia", at(review) + "/audit"}, {"new-ann", "ann", "/new"}, {"workspace-olga", "olga", "/workspaces/" + here},
		{"404", "ann", "/nothing"}, {"lots-mia", "mia", at(lots) + "?page=2"}, {"guest", "guest", "/"}, {"signedout", "", "/signedout"},
	}
	process, _ := startChromium(t)
	tabs := map[string]*tab{}
	shot := func(w *tab, name string, size int64, scheme string, before ...chromedp.Action[chromedp.Void]) {
		_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		b.must(err)
		w.do(append([]chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(size, 900)}, before...)...)
		png, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
		b.must(err)
		b.must(os.WriteFile(fmt.Sprintf("%s/%s-%d-%s.png", dir, name, size, scheme), png, 0o600))
	}
	for _, s := range shots {
		w := tabs[s.who]
		if w == nil {
			w = newTab(process, b)
			tabs[s.who] = w
			if s.who != "" {
				w.open(s.who, "/signin")
			}
		}
		for _, size := range []int64{390, 1280} {
			shot(w, s.name, size, "light", chromedp.Navigate(b.url+s.path))
			if s.name == "review-mia" || s.name == "draft-ann" {
				shot(w, s.name, size, "dark", chromedp.Navigate(b.url+s.path))
			}
		}
	}
	w := tabs["ann"]
	for _, size := range []int64{390, 1280} {
		shot(w, "link", size, "light", chromedp.Navigate(b.url+at(draft)), chromedp.Click(chromedp.CSS(`form[action$="/link"] button`)), chromedp.WaitVisible(chromedp.CSS("#link")))
	}
	w.quiet()
}
