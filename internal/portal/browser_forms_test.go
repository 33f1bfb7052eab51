package portal_test

import (
	"strings"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	templates "github.com/trefoil-tre/trefoil/infra/templates"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

// askByKeyboard asks for a workspace without a mouse: what is wrong has the focus
// and leads to its field, and Enter in a field sends the form, nothing else.
func askByKeyboard(w *tab) {
	w.open("bob", "/signin")
	w.tabTo("Ask for a workspace")
	w.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.ID("p-display_name")))
	eval[bool](w, `document.querySelector("form.filled").noValidate = true`)
	w.tabTo("p-note")
	w.do(chromedp.KeyEvent("kept"), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(banner))
	if at := eval[string](w, `document.activeElement.getAttribute("role")`); at != "alert" || len(w.wishesOf("bob")) != 0 {
		w.t.Errorf("the focus is on %q", at)
	}
	w.tabTo("is missing")
	w.do(chromedp.KeyEvent(kb.Enter))
	if at := eval[string](w, `document.activeElement.id`); at != "p-display_name" {
		w.t.Errorf("the list of what is wrong leads to %q", at)
	}
	w.do(chromedp.KeyEvent("Stroke study"))
	w.tabTo("p-description")
	w.do(chromedp.KeyEvent("Outcomes"))
	w.tabTo("TEXTAREA reason")
	w.do(chromedp.KeyEvent("For the stroke study."))
	w.tabTo("Ask for the workspace")
	w.do(chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".banner.good")))
	all := w.wishesOf("bob")
	if len(all) != 1 || all[0].Properties["note"] != "kept" || all[0].Properties["display_name"] != "Stroke study" {
		w.t.Errorf("%+v", all)
	}
	w.forgive("422")
}

// machineByForms makes a machine in a browser without scripts: what an answer asks
// for comes with the next page; a second click makes one.
func machineByForms(w *tab) {
	service, _ := w.equip()
	before := len(w.resourcesIn(here, workspace.UserResource))
	w.open("ann", service.Path())
	w.script(true)
	w.do(chromedp.Reload(), chromedp.Click(chromedp.CSS(`a[href$="/user-resources/new"]`)), chromedp.WaitVisible(chromedp.ID("p-disk")),
		chromedp.SendKeys(chromedp.ID("p-display_name"), "Second"), chromedp.SendKeys(chromedp.ID("p-description"), "d"), chromedp.SendKeys(chromedp.ID("p-password"), canary),
		chromedp.SendKeys(chromedp.ID("p-vm_size"), "large"), chromedp.Click(chromedp.ID("p-night")), chromedp.Click(chromedp.CSS(".buttons button")), chromedp.WaitVisible(chromedp.ID("p-hour")))
	if got := w.text(banner); !strings.Contains(got, "Your answers ask for more") || eval[string](w, `document.querySelector("#p-password").value`) != "" {
		w.t.Errorf("more: %q", got)
	}
	w.do(chromedp.SendKeys(chromedp.ID("p-hour"), "22"), chromedp.SendKeys(chromedp.ID("p-password"), canary), chromedp.DoubleClick(chromedp.CSS(".buttons button")), chromedp.WaitVisible(chromedp.CSS(".banner.good")))
	if got := w.text("h1"); got != "Second" || len(w.resourcesIn(here, workspace.UserResource)) != before+1 {
		w.t.Errorf("%q, %d machines", got, len(w.resourcesIn(here, workspace.UserResource)))
	}
}

// formsOnPhone opens every page with a form on a narrow screen and on a wide one,
// in light and in dark: all of it can be read, and everything has a label.
func formsOnPhone(w *tab) {
	for _, name := range templates.Names() {
		files, err := templates.Files(name)
		w.must(err)
		_, err = w.builder.Register(w.t.Context(), w.act("adam"), files, true)
		w.must(err)
	}
	service, vm := w.equip()
	w.kept("ann")
	vm.Properties["display_name"] = strings.Repeat("very-long-name-without-any-space", 6)
	w.rewrite(vm)
	w.seen("running", idle.Machine{})
	w.open("olga", "/signin")
	for _, path := range []string{"/", inside, service.Path(), vm.Path(), vm.Path() + "/change", service.Path() + "/delete", service.Path() + "/user-resources/new", servicesAt + "/new",
		servicesAt + "/new?template=tre-service-guacamole", "/new-workspace", "/new-workspace?template=tre-workspace-base", members} {
		w.fits(path)
		w.legible(path)
	}
	adam := newTab(w.ctx, w.bench)
	adam.open("adam", "/signin")
	for _, path := range []string{"/", inside, inside + "/change", inside + "/delete", "/people", atPerson("ann"), members} {
		adam.fits(path)
		adam.legible(path)
	}
	adam.quiet()
}

// legible checks the page that is shown: every field has a label, every id is
// there once, every pattern is one that browsers take, and all text stands out
// from what is behind it as WCAG AA asks.
// https://www.w3.org/TR/WCAG22/#contrast-minimum
func (w *tab) legible(path string) {
	w.t.Helper()
	for what, expression := range map[string]string{
		"fields without a label":          `[...document.querySelectorAll("main input:not([type=hidden]), main select, main textarea")].filter(e => e.labels.length === 0).map(e => e.name)`,
		"ids that stand twice":            `[...document.querySelectorAll("[id]")].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)`,
		"descriptions that are not there": `[...document.querySelectorAll("[aria-describedby]")].flatMap(e => e.getAttribute("aria-describedby").split(" ")).filter(id => !document.getElementById(id))`,
		"patterns no browser takes":       `[...document.querySelectorAll("[pattern]")].map(e => e.pattern).filter(p => { try { new RegExp("^(?:" + p + ")$", "v"); return false } catch { return true } })`,
	} {
		if found := eval[[]string](w, expression); len(found) > 0 {
			w.t.Errorf("%s: %s: %v", path, what, found)
		}
	}
	for _, scheme := range []string{"light", "dark"} {
		_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
		w.must(err)
		if found := eval[[]string](w, faint); len(found) > 0 {
			w.t.Errorf("%s, %s: hard to read: %v", path, scheme, found)
		}
	}
}

// faint lists the texts of a page whose contrast is less than 4.5.
const faint = `(() => {
	const rgb = s => s.match(/[\d.]+/g).map(Number);
	const light = c => { const [r, g, b] = c.map(v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4 }); return .2126 * r + .7152 * g + .0722 * b };
	const behind = e => { for (; e; e = e.parentElement) { const c = rgb(getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] === 1) return c } return [255, 255, 255] };
	return [...document.querySelectorAll("body *")].filter(e => e.checkVisibility() && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim())).filter(e => {
		const a = light(rgb(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e).slice(0, 3));
		return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5 }).map(e => e.tagName + " " + e.textContent.trim().slice(0, 40)) })()`
