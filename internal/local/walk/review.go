package walk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/console"
	"github.com/trefoil-tre/trefoil/internal/local/inbox"
)

// mails reads the inbox.
func (w *walk) mails(ctx context.Context) ([]inbox.Mail, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.Info.Mail, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var all []inbox.Mail
	return all, json.NewDecoder(resp.Body).Decode(&all)
}

// mailed waits for a new mail to somebody about the request and returns the
// link in it.
func (w *walk) mailed(ctx context.Context, to *person, r *request, what string) (link string) {
	return w.mailedAbout(ctx, to, r.ID, what)
}

// mailedAbout is mailed of anything that has an id.
func (w *walk) mailedAbout(ctx context.Context, to *person, id, what string) (link string) {
	return w.mailedAs(ctx, to, id, "", what)
}

// mailedAs is mailedAbout where several mails lead to the same: the one whose
// subject begins so.
func (w *walk) mailedAs(ctx context.Context, to *person, id, subject, what string) (link string) {
	leads := func(link string) bool { return strings.Contains(link, id) }
	w.step(ctx, to.Name, "gets a mail: "+what, func(ctx context.Context) (note, error) {
		var got inbox.Mail
		err := until(ctx, func() (bool, error) {
			all, err := w.mails(ctx)
			i := slices.IndexFunc(all, func(m inbox.Mail) bool {
				return m.To == to.Email && !w.read[m.N] && strings.HasPrefix(m.Subject, subject) && slices.ContainsFunc(m.Links, leads)
			})
			if i >= 0 {
				got = all[i]
			}
			return i >= 0, err
		})
		if err != nil {
			return note{}, err
		}
		w.read[got.N] = true
		link = got.Links[slices.IndexFunc(got.Links, leads)]
		return note{lines: said("“" + console.Clean(got.Subject) + "”")}, nil
	})
	return link
}

// decided has the manager open the link of the mail, sign in where that is
// asked for, and decide on the page.
func (w *walk) decided(ctx context.Context, r *request, link, action, reason string, then airlock.Status) {
	verb := map[string]string{"approve": "approves", "reject": "rejects", "return": "returns it for changes"}[action]
	w.onPage(ctx, r, w.manager, "opens the link, reads the page and "+verb, pageForm{link, action, reason}, then)
}

// pageForm is a form of a request's page, as it is sent.
type pageForm struct{ link, action, reason string }

// onPage sends a form of the request's page.
func (w *walk) onPage(ctx context.Context, r *request, who *person, does string, f pageForm, then airlock.Status) {
	w.step(ctx, who.Name, does, func(ctx context.Context) (note, error) {
		shown, err := who.browser.decide(ctx, f.link, f.action, f.reason)
		if err == nil {
			err = shown.taken()
		}
		if err == nil {
			err = r.reach(ctx, then)
		}
		if err != nil {
			return note{}, err
		}
		lines := []string{"the page says: " + console.Clean(shown.message())}
		if f.reason != "" {
			lines = append(lines, "reason: "+f.reason)
		}
		return r.state(lines...), nil
	})
}

// notOnPage sends a form that must not be taken, and shows what the page says.
func (w *walk) notOnPage(ctx context.Context, r *request, who *person, does string, f pageForm) {
	w.step(ctx, who.Name, does, func(ctx context.Context) (note, error) {
		shown, err := who.browser.decide(ctx, f.link, f.action, f.reason)
		if err != nil {
			return note{}, err
		}
		if err = shown.taken(); !errors.Is(err, errRefused) {
			return note{}, fmt.Errorf("page %q took it", shown.title())
		}
		return r.now(ctx, fmt.Sprintf("%d: %s", shown.status, console.Clean(shown.message())))
	})
}

// fetched downloads what was released and compares it, byte for byte by
// SHA-256, with what was dropped. It returns the link.
func (w *walk) fetched(ctx context.Context, r *request, files ...file) (link string) {
	w.step(ctx, r.by.Name, "fetches the released files and compares them", func(ctx context.Context) (note, error) {
		var answer struct {
			ContainerURL string `json:"containerUrl"`
		}
		if err := r.by.api.Do(ctx, http.MethodGet, r.path()+"/link", nil, &answer); err != nil {
			return note{}, err
		}
		link = answer.ContainerURL
		sums, err := download(ctx, link)
		if err != nil {
			return note{}, err
		}
		return w.compared(r, files, sums)
	})
	return link
}

func (w *walk) compared(r *request, files []file, sums map[string]string) (note, error) {
	if len(sums) != len(files) {
		return note{}, fmt.Errorf("%d files released, %d dropped", len(sums), len(files))
	}
	n := r.state()
	for _, f := range files {
		if sums[f.name] != f.sha256() {
			return note{}, fmt.Errorf("file %q: SHA-256 %s, dropped %s", f.name, sums[f.name], f.sha256())
		}
		n.lines = append(n.lines, line{fixed: true, text: console.Fit(f.name, w.Screen.Columns()-42) + " " + f.sha256()[:16] + "… the same"})
	}
	return n, nil
}
