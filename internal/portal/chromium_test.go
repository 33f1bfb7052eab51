package portal_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// patience is how long all that needs a browser may take; it takes seconds on
// a machine that does nothing else.
const (
	patience = 3 * time.Minute
	story    = 45 * time.Second // the same for one tab
)

// chromium finds a browser, under the names it has.
func chromium() string {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path
		}
	}
	return ""
}

// startChromium starts a browser for a test and its subtests; false when this
// machine has none, which is a failure where nothing may be left out.
func startChromium(t *testing.T) (context.Context, bool) {
	t.Helper()
	path := chromium()
	if path == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("no chromium on PATH, and CHROMIUM is not set")
		}
		fmt.Fprintln(os.Stderr, "portal: left out what needs a browser: no chromium on PATH, and CHROMIUM is not set")
		return nil, false
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox,
		chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(patience),
		chromedp.Flag("disable-gpu", true), chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true))
	ctx, stop := context.WithTimeout(context.WithoutCancel(t.Context()), patience) // ended below, after the subtests
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

// tab is a browser of a person's own: no cookie of another tab is in it.
type tab struct {
	*bench
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// newTab opens a tab. What its pages complain of is kept.
func newTab(process context.Context, b *bench) *tab {
	b.t.Helper()
	ctx, stop := chromedp.NewContext(process, chromedp.WithNewBrowserContext())
	b.t.Cleanup(stop)
	w := &tab{bench: b}
	b.must(chromedp.Listen(ctx, func(event any) {
		if e, ok := event.(*log.EventEntryAdded); ok && (e.Entry.Level == log.EntryLevelError || e.Entry.Source == log.EntrySourceSecurity) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.complaints = append(w.complaints, string(e.Entry.Source)+": "+e.Entry.Text+" "+e.Entry.URL)
		}
	}))
	w.ctx, stop = context.WithTimeout(ctx, story)
	b.t.Cleanup(stop)
	w.do(enable)
	return w
}

func enable(ctx context.Context, t *chromedp.Target) (v chromedp.Void, err error) {
	return v, t.Call(ctx, log.CommandEnable, nil, nil)
}

// do does one thing after the other.
func (w *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	w.must(chromedp.Do(w.ctx, actions...))
}

// script turns the pages' scripts on or off; the test's own always run.
func (w *tab) script(off bool) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
	w.must(err)
}

// enter signs somebody in at the provider's page, which must be shown now.
func (w *tab) enter(who string) {
	w.t.Helper()
	button := chromedp.CSS(`button[value="` + who + `"]`)
	w.do(chromedp.WaitVisible(button), chromedp.Click(button), chromedp.WaitVisible(chromedp.CSS("header.top")))
}

// open opens a page of the portal as somebody who has to sign in first.
func (w *tab) open(who, path string) {
	w.t.Helper()
	w.do(chromedp.Navigate(w.url + path))
	w.enter(who)
}

// location is the address that the browser shows, from the portal's on.
func (w *tab) location() string {
	w.t.Helper()
	at, err := chromedp.Run(w.ctx, chromedp.Location())
	w.must(err)
	return strings.TrimPrefix(at, w.url)
}

// text is what an element says.
func (w *tab) text(css chromedp.CSS) string {
	w.t.Helper()
	s, err := chromedp.Run(w.ctx, chromedp.Text(css, chromedp.NodeVisible))
	w.must(err)
	return s
}

// eval is the value of an expression in the page.
func eval[T any](w *tab, expression string) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](expression))
	w.must(err)
	return v
}

// quiet fails when a page complained: of a policy that was violated, of
// something that is missing.
func (w *tab) quiet() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.complaints {
		w.t.Error("the page complains:", c)
	}
}

// forgive forgets complaints that a test provokes: it fails when there is none.
func (w *tab) forgive(with string) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	before := len(w.complaints)
	w.complaints = slices.DeleteFunc(w.complaints, func(c string) bool { return strings.Contains(c, with) })
	if len(w.complaints) == before {
		w.t.Errorf("no complaint of %q", with)
	}
}

// press presses a key, then looks which element has the focus.
func (w *tab) press(key string) string {
	w.t.Helper()
	w.do(chromedp.KeyEvent(key))
	return eval[string](w, `(e => (e.closest("form")?.getAttribute("action")?.split("/").pop() ?? "") + " " + e.tagName + " " + (e.id || e.textContent.trim()))(document.activeElement)`)
}

// tabTo presses Tab until an element has the focus whose description ends so,
// and fails when one on the way does not show it.
func (w *tab) tabTo(end string) {
	w.t.Helper()
	for range 60 {
		at := w.press(kb.Tab)
		if !eval[bool](w, `getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
			w.t.Errorf("nobody sees that %q has the focus", at)
		}
		if strings.HasSuffix(at, end) {
			return
		}
	}
	w.t.Fatalf("no way to %q by Tab", end)
}
