package walk

import (
	"context"
	"errors"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// trail shows the audit trail of the request, whose chain it verifies itself.
func (w *walk) trail(ctx context.Context, r *request) {
	w.chapter("The audit trail of the import")
	w.step(ctx, w.auditor.Name, "reads it, and verifies its hash chain", func(ctx context.Context) (note, error) {
		trail, err := w.auditor.api.Audit(ctx, r.WorkspaceID, r.ID)
		switch {
		case err != nil:
			return note{}, err
		case len(trail.Lines) == 0:
			return note{}, errors.New("no lines")
		case !trail.Verified:
			return note{}, fmt.Errorf("%w, says the API", audit.ErrBroken)
		}
		if err := audit.Verify(trail.Lines, trail.Head); err != nil {
			return note{}, err
		}
		n := note{state: fmt.Sprintf("%s, an unbroken chain that ends in %s", count(len(trail.Lines), "line"), short(trail.Head.Hash))}
		for _, row := range Table(trail.Lines, w.Screen.Columns()-7) {
			n.lines = append(n.lines, line{fixed: true, text: row})
		}
		return n, nil
	})
}

// Table draws audit lines, each no wider than so many columns.
func Table(lines []audit.Line, columns int) []string {
	const number, clock, action = 3, 8, 12
	rest := columns - number - clock - action - 4
	who, what := rest*45/100, rest-rest*45/100
	row := func(n, at, by, did, to string) string {
		return fmt.Sprintf("%*s %s %s %s %s", number, n, console.Fit(at, clock), console.Fit(by, who), console.Fit(did, action), console.Cut(to, what))
	}
	out := []string{row("#", "time", "who", "did", "state")}
	for _, l := range lines {
		to := l.To
		if l.From != "" && l.From != l.To {
			to = l.From + " → " + l.To
		}
		if console.Width(to) > what {
			to = "→ " + l.To
		}
		out = append(out, row(fmt.Sprint(l.Seq), l.At.Local().Format("15:04:05"), console.Clean(l.Actor.Name), l.Action, to))
		if l.Reason != "" {
			out = append(out, console.Cut(row("", "", "", "", "")[:number+clock+2]+"“"+console.Clean(l.Reason)+"”", columns))
		}
	}
	return out
}
