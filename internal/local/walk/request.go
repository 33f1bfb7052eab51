package walk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// request is an airlock request as its requester sees it.
type request struct {
	api.Request
	by   *person
	link string // into the draft; a secret
}

func (r *request) path() string { return client.Request(r.WorkspaceID, r.ID) }

// refresh asks how the request stands.
func (r *request) refresh(ctx context.Context) error {
	var answer api.WithActions
	err := r.by.api.Do(ctx, http.MethodGet, r.path(), nil, &answer)
	if err == nil {
		r.Request = answer.Request
	}
	return err
}

// reach waits until the request is in the status. Another end is an error.
func (r *request) reach(ctx context.Context, status airlock.Status) error {
	ended := []airlock.Status{airlock.StatusFailed, airlock.StatusRejected, airlock.StatusBlockedByScan, airlock.StatusCancelled}
	return until(ctx, func() (bool, error) {
		if err := r.refresh(ctx); err != nil {
			return false, err
		}
		if r.Status != status && slices.Contains(ended, r.Status) {
			return false, fmt.Errorf("request is %s, want %s", r.Status, status)
		}
		return r.Status == status, nil
	})
}

// state is the status as it was last asked for.
func (r *request) state(more ...string) note {
	return note{state: string(r.Status), lines: said(more...)}
}

// now is the state after asking once more.
func (r *request) now(ctx context.Context, more ...string) (note, error) {
	if err := r.refresh(ctx); err != nil {
		return note{}, err
	}
	return r.state(more...), nil
}

// page is the request's address in the portal.
func (w *walk) page(r *request) string {
	return w.Info.Portal + "/workspaces/" + r.WorkspaceID + "/requests/" + r.ID
}

// create makes a request and drops its files.
func (w *walk) create(ctx context.Context, by *person, kind airlock.Type, title string, files ...file) *request {
	r := &request{by: by}
	w.at = nil
	w.step(ctx, by.Name, fmt.Sprintf("makes an %s request, %q", kind, title), func(ctx context.Context) (note, error) {
		var answer api.WithActions
		err := by.api.Do(ctx, http.MethodPost, client.Requests(w.workspace.ID), map[string]any{
			"type": kind, "title": title, "businessJustification": "Shown in the walk-through: " + title}, &answer)
		r.Request, r.link = answer.Request, answer.ContainerURL
		if err == nil && r.link == "" {
			err = errors.New("no link in the answer")
		}
		return r.state("container and write-only link came in the same answer"), err
	})
	if w.err == nil {
		w.at = r
	}
	w.drop(ctx, r, files...)
	return r
}

// drop uploads files through the link.
func (w *walk) drop(ctx context.Context, r *request, files ...file) {
	w.step(ctx, r.by.Name, "drops "+count(len(files), "file")+" through the link", func(ctx context.Context) (note, error) {
		if err := upload(ctx, r.link, files); err != nil {
			return note{}, err
		}
		return r.now(ctx)
	})
}

// inspected waits until every file was inspected and scanned, and lists them.
func (w *walk) inspected(ctx context.Context, r *request, names int) {
	w.step(ctx, "The engine", "has inspected and scanned "+count(names, "file")+", still in draft", func(ctx context.Context) (note, error) {
		var files []api.File
		err := until(ctx, func() (bool, error) {
			var err error
			files, err = r.by.api.Files(ctx, r.WorkspaceID, r.ID)
			return len(files) == names && !slices.ContainsFunc(files, unknown), err
		})
		if err == nil {
			err = r.refresh(ctx)
		}
		return note{state: string(r.Status), lines: w.list(files)}, err
	})
}

func unknown(f api.File) bool { return !f.Inspected || f.Verdict == "" }

// list shows files as their requester sees them.
func (w *walk) list(files []api.File) []line {
	var lines []line
	nameWidth := w.Screen.Columns() - 42
	for _, f := range files {
		verdict := string(f.Verdict)
		if f.Kept {
			verdict = "kept, " + verdict
		}
		lines = append(lines, line{fixed: true, text: console.Fit(console.Clean(f.Name), nameWidth) + " " + console.Fit(console.Size(f.Size), 9) + " " + verdict})
		for _, finding := range f.Findings {
			lines = append(lines, w.finding(finding)...)
		}
	}
	return lines
}

// finding shows what was found of a file, below its name.
func (w *walk) finding(f airlock.Finding) []line {
	l := line{style: console.Yellow, fixed: true}
	if f.Severity == airlock.Refuse {
		l.style = console.Red
	}
	var lines []line
	for i, part := range console.Wrap(string(f.Severity)+": "+console.Clean(f.Text), w.Screen.Columns()-14) {
		l.text = "    " + part
		if i == 0 {
			l.text = "  ! " + part
		}
		lines = append(lines, l)
	}
	return lines
}

// submit hands the request in and waits until it has the status.
func (w *walk) submit(ctx context.Context, r *request, until airlock.Status) {
	w.step(ctx, r.by.Name, "submits; the list of names is closed", func(ctx context.Context) (note, error) {
		err := r.by.api.Do(ctx, http.MethodPost, r.path()+"/submit", nil, nil)
		if err == nil {
			err = r.refresh(ctx)
		}
		return r.state(count(r.FilesCount, "file") + ", " + console.Size(r.Bytes)), err
	})
	does := "has sealed the files and checked them at the gate"
	if until == airlock.StatusBlockedByScan {
		does = "has found malware at the gate: nothing of it ever crosses"
	}
	w.step(ctx, "The engine", does, func(ctx context.Context) (note, error) {
		err := r.reach(ctx, until)
		if until == airlock.StatusInReview {
			return r.state("manifest " + short(r.ManifestDigest) + "; " + r.WaitsFor), err
		}
		return r.state(r.WaitsFor), err
	})
}

// refused does what must not succeed, and shows the refusal.
func (w *walk) refused(ctx context.Context, r *request, who *person, does string, status int, do func(context.Context) error) {
	w.step(ctx, who.Name, does, func(ctx context.Context) (note, error) {
		err := do(ctx)
		refusal, ok := client.Refused(err)
		switch {
		case err == nil:
			return note{}, errors.New("it was not refused")
		case !ok || refusal.Status != status:
			return note{}, fmt.Errorf("refused with %d expected: %w", status, err)
		}
		return r.now(ctx, fmt.Sprintf("%d: %s", refusal.Status, console.Clean(refusal.Text)))
	})
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// short is the beginning of a digest.
func short(digest string) string { return strings.TrimSpace(digest[:min(len(digest), 12)]) + "…" }
