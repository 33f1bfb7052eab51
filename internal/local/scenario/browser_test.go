package scenario_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// browsing is how long the story in the browser may take, of which pages that
// load themselves again take most.
const browsing = 5 * time.Minute

// tab is a person's own window of a browser.
type tab struct {
	tester
	ctx context.Context
	who string
}

// chromium starts a browser; false where this machine has none, which is a
// failure where nothing may be left out.
func chromium(t *testing.T) (context.Context, bool) {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		path, err := exec.LookPath(name)
		if name == "" || err != nil {
			continue
		}
		options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
			chromedp.WSURLReadTimeout(browsing), chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
		ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), browsing) // ended below, after the windows
		ctx, _ = chromedp.NewExecAllocator(ctx, options...)
		ctx, _ = chromedp.NewContext(ctx)
		t.Cleanup(func() {
			_ = chromedp.Cancel(ctx) // waits until the browser's folder is free
			stop()
		})
		if err := chromedp.Do(ctx); err != nil {
			t.Fatal(err)
		}
		return ctx, true
	}
	if os.Getenv("CI") == "true" {
		t.Fatal("no chromium on PATH, and CHROMIUM is not set")
	}
	fmt.Fprintln(os.Stderr, "scenario: left out what needs a browser: no chromium on PATH, and CHROMIUM is not set")
	return nil, false
}

// window opens a window for somebody who signs in to see a page.
func window(process context.Context, t *testing.T, who, address string) tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(process, chromedp.WithNewBrowserContext())
	t.Cleanup(stop)
	w := tab{tester: tester{T: t}, ctx: ctx, who: who}
	button := chromedp.CSS(`button[value="` + who + `"]`)
	w.do(chromedp.Navigate(address), chromedp.WaitVisible(button), chromedp.Click(button), chromedp.WaitVisible(chromedp.CSS("header.top")))
	return w
}

func (w tab) do(actions ...chromedp.Action[chromedp.Void]) {
	w.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		shown, _ := chromedp.Run(w.ctx, chromedp.Evaluate[string](`document.querySelector("main")?.innerText ?? ""`))
		w.Fatalf("%s: %v, and the page says: %s", w.who, err, shown)
	}
}

// eval is a text that the page that is shown gives.
func (w tab) eval(expression string) string {
	w.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[string](expression))
	w.must(err)
	return v
}

// fill writes into the fields of the form that is shown, sends it, and sees that
// it was taken.
func (w tab) fill(fields map[string]string) {
	w.Helper()
	for id, text := range fields {
		w.do(chromedp.SendKeys(chromedp.ID(id), text))
	}
	w.do(chromedp.Click(chromedp.CSS("form.filled .buttons button")), chromedp.WaitVisible(chromedp.CSS(".banner.good")))
}

// begin opens the form of something new from a template, which is chosen first
// where there are several: other stories register some of their own.
func (w tab) begin(link, template string) {
	w.Helper()
	const name = "#p-display_name"
	tile := fmt.Sprintf(`.tiles a[href$="template=%s"]`, template)
	w.do(chromedp.Click(chromedp.CSS(link)), chromedp.WaitVisible(chromedp.CSS(name+", "+tile)))
	if w.eval("String("+shown(tile)+")") == "true" {
		w.do(chromedp.Click(chromedp.CSS(tile)), chromedp.WaitVisible(chromedp.CSS(name)))
	}
}

// follow loads the page again, held still, until it is as it should be: sooner than
// it does by itself.
func (w tab) follow(what, holds string) {
	w.Helper()
	w.must(stacktest.Within(w.Context(), browsing, time.Second, func(context.Context) error {
		w.do(chromedp.Navigate(w.eval(`location.origin + location.pathname + "?still"`)), chromedp.WaitVisible(chromedp.CSS("h1")))
		if w.eval("String("+holds+")") == "true" {
			return nil
		}
		return fmt.Errorf("%s: the page says %s", what, w.eval(`document.querySelector("main").innerText`))
	}))
}

// shown is that something is on the page.
func shown(css string) string { return "document.querySelector(" + strconv.Quote(css) + ") !== null" }

// TestSelfServiceInABrowser: somebody without a workspace asks for one on a page,
// an administrator grants it on another, and then its owner makes a service and a
// machine by forms, and stops the machine. Nobody types a command.
func TestSelfServiceInABrowser(t *testing.T) {
	t.Parallel()
	process, ok := chromium(t)
	if !ok {
		return
	}
	portal := rig.Info().Portal
	asks := window(process, t, visitor, portal+"/new-workspace")
	asks.do(chromedp.WaitVisible(chromedp.ID("p-display_name")))
	asks.fill(map[string]string{"p-display_name": "Browser study", "p-description": "Asked for on a page", "reason": "A study of pages"})
	wish := strings.TrimSuffix(asks.eval("location.href"), "?done=wish-made")
	id := wish[strings.LastIndexByte(wish, '/')+1:]

	grants := window(process, t, admin, wish)
	grants.do(chromedp.Click(chromedp.CSS(`form[action$="/grant"] button`)), chromedp.WaitVisible(chromedp.CSS(".banner.good")))

	const newService, newMachine = `a[href$="/workspace-services/new"]`, `a[href$="/user-resources/new"]`
	asks.do(chromedp.Navigate(portal+"/workspaces/"+id+"/resources"), chromedp.WaitVisible(chromedp.CSS("h1")))
	asks.follow("the workspace is not made", shown(newService))
	asks.begin(newService, "tre-service-guacamole")
	asks.fill(map[string]string{"p-display_name": "Desktops", "p-description": "Made on a page"})
	asks.follow("the service is not made", shown(newMachine))
	asks.begin(newMachine, "tre-service-guacamole-linuxvm")
	asks.fill(map[string]string{"p-display_name": "My machine", "p-description": "Made on a page"})
	const stop = `form[action$="/act"]:has(input[value="stop"]) button`
	asks.follow("the machine is not made", shown(stop))
	if to := asks.eval(`document.querySelector(".do a.button")?.href ?? ""`); !strings.HasPrefix(to, "https://") {
		t.Errorf("the machine is opened at %q", to)
	}
	asks.eval(`document.querySelectorAll("details").forEach(d => d.open = true) ?? ""`)
	asks.do(chromedp.Click(chromedp.CSS(stop)), chromedp.WaitVisible(chromedp.CSS(".banner.good")))
	asks.follow("the machine is not stopped", `document.querySelector(".state").innerText.match(/Action done.*Stopped/s) !== null`)
}
