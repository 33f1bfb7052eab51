package commands

import (
	"fmt"
	"strings"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// styleOf is how a status looks: what needs somebody, what went well, what did
// not.
func styleOf(status airlock.Status) console.Style {
	switch status {
	case airlock.StatusApproved:
		return console.Green
	case airlock.StatusRejected, airlock.StatusBlockedByScan, airlock.StatusFailed, airlock.StatusRevoked:
		return console.Red
	case airlock.StatusDraft, airlock.StatusInReview:
		return console.Yellow
	case airlock.StatusSubmitted, airlock.StatusApprovalInProgress, airlock.StatusRejectionInProg, airlock.StatusBlockingInProgress:
		return console.Cyan
	case airlock.StatusCancelled:
		return console.Dim
	}
	return ""
}

// drawRequests draws a list of requests.
func drawRequests(c *cli.Context, all []api.Request, empty string) {
	t := &cli.Table{Empty: empty, Columns: []cli.Column{{Name: "id"}, {Name: "type"}, {Name: "status"}, {Name: "title", Grow: true},
		{Name: "by", Grow: true}, {Name: "updated"}, {Name: "waits for"}}}
	for _, r := range all {
		t.Row(cli.ID(r.ID), cli.Cell{Text: string(r.Type)}, cli.Cell{Text: string(r.Status), Style: styleOf(r.Status)}, cli.Cell{Text: r.Title},
			cli.Cell{Text: r.CreatedBy.Name}, c.Time(cli.Unix(r.UpdatedWhen)), cli.Cell{Text: string(r.WaitsForRole)})
	}
	c.Draw(t)
}

// drawRequest draws all of one request.
func drawRequest(c *cli.Context, r api.WithActions) {
	q := r.Request
	status := string(q.Status)
	if q.Step != "" {
		status += ", " + q.Step
	}
	c.Details(
		cli.Detail{Name: "Title", Text: q.Title, Style: console.Bold},
		cli.Detail{Name: "Status", Text: status, Style: styleOf(q.Status)},
		cli.Detail{Name: "Message", Text: textOf(q.StatusMessage)},
		standing(q.WaitsFor),
		cli.Detail{Name: "Until", Text: deadline(c, q.Deadline)},
		cli.Detail{Name: "Type", Text: string(q.Type)},
		cli.Detail{Name: "Id", Text: q.ID},
		cli.Detail{Name: "Workspace", Text: q.WorkspaceID},
		cli.Detail{Name: "Made", Text: by(c, q.CreatedBy, q.CreatedWhen)},
		cli.Detail{Name: "Changed", Text: by(c, q.UpdatedBy, q.UpdatedWhen)},
		cli.Detail{Name: "Files", Text: files(q)},
		cli.Detail{Name: "Justification", Text: q.Justification},
		cli.Detail{Name: "Warnings", Text: strings.Join(q.Warnings, "; "), Style: console.Yellow},
		cli.Detail{Name: "You can", Text: strings.Join(r.Actions, ", ")},
	)
	if len(q.Reviews) > 0 {
		c.Title("Reviews")
		t := &cli.Table{Columns: []cli.Column{{Name: "decision"}, {Name: "by", Grow: true}, {Name: "when"}, {Name: "explanation", Grow: true}}}
		for _, v := range q.Reviews {
			t.Row(cli.Cell{Text: v.Decision}, cli.Cell{Text: v.Reviewer.Name}, c.Time(cli.Unix(v.DateCreated)), cli.Cell{Text: v.Explanation})
		}
		c.Draw(t)
	}
}

func textOf(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func deadline(c *cli.Context, at *float64) string {
	if at == nil {
		return ""
	}
	return both(c, cli.Unix(*at))
}

// standing says what a request waits for, in one word less than the API, or
// that it waits for nothing.
func standing(text string) cli.Detail {
	if what, ok := strings.CutPrefix(text, "waits for "); ok {
		text = what
	} else if strings.HasPrefix(text, "is ") {
		return cli.Detail{Name: "Now", Text: text}
	}
	return cli.Detail{Name: "Waits for", Text: text}
}

// both is a time in full, and how far it is where that says more.
func both(c *cli.Context, t time.Time) string {
	full, near := c.Stamp(t), c.Ago(t)
	if !c.Terminal.Out || strings.HasPrefix(full, near) {
		return full
	}
	return full + " (" + near + ")"
}

func by(c *cli.Context, who api.User, when float64) string {
	t := cli.Unix(when)
	return strings.TrimSpace(c.Stamp(t) + " by " + who.Name)
}

// shownFiles is how many names a request shows; `tre airlock files` shows all.
const shownFiles = 5

func files(q api.Request) string {
	if q.FilesCount == 0 {
		return ""
	}
	text := count(q.FilesCount, "file") + ", " + console.Size(q.Bytes)
	var names []string
	for _, f := range q.Files[:min(len(q.Files), shownFiles)] {
		names = append(names, f.Name)
	}
	if q.FilesCount > len(names) && len(names) > 0 {
		names = append(names, "…")
	}
	if len(names) > 0 {
		text += ": " + strings.Join(names, ", ")
	}
	return text
}

func count(n int, of string) string {
	if n == 1 {
		return "1 " + of
	}
	return fmt.Sprintf("%d %ss", n, of)
}

// drawHistory draws how a request came to where it stands.
func drawHistory(c *cli.Context, q api.Request) {
	t := &cli.Table{Columns: []cli.Column{{Name: "when"}, {Name: "by", Grow: true}, {Name: "status"}}}
	for _, h := range q.History { // each says how the request came to the status that it has left since
		t.Row(stamped(c, h.UpdatedWhen), cli.Cell{Text: h.UpdatedBy.Name}, cli.Cell{Text: string(h.Properties.PreviousStatus), Style: styleOf(h.Properties.PreviousStatus)})
	}
	t.Row(stamped(c, q.UpdatedWhen), cli.Cell{Text: q.UpdatedBy.Name}, cli.Cell{Text: string(q.Status), Style: styleOf(q.Status)})
	c.Draw(t)
}

func stamped(c *cli.Context, when float64) cli.Cell {
	t := cli.Unix(when)
	return cli.Cell{Text: c.Stamp(t), Whole: c.Time(t).Whole}
}
