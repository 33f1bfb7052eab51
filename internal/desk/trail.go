package desk

import (
	"context"
	"fmt"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Trail is a page of a request's audit trail.
type Trail struct {
	Lines    []audit.Line
	Next     string     // cursor of the next page; "" at the end
	Head     audit.Head // where the request says that the chain ends
	Verified bool       // all lines, not only the page's, form the chain that the request names
}

// Audit returns a page of the audit trail and whether all of it is unbroken.
func (d *Desk) Audit(ctx context.Context, c Caller, key airlock.Key, page airlock.Page) (Trail, error) {
	v, err := d.enter(ctx, c, key, access.Audit)
	if err != nil {
		return Trail{}, err
	}
	lines, err := d.lines(ctx, v.request)
	if err != nil {
		return Trail{}, err
	}
	from, err := position(page.After, len(lines))
	if err != nil {
		return Trail{}, err
	}
	t := Trail{Head: v.request.Head, Verified: audit.Verify(lines, v.request.Head) == nil}
	to := min(len(lines), from+limit(page, MaxPage))
	if t.Lines = lines[from:to]; to < len(lines) {
		t.Next = strconv.Itoa(to)
	}
	return t, nil
}

// lines are all audit lines up to the request's head: what was added after the
// request was read is not of it yet.
func (d *Desk) lines(ctx context.Context, r airlock.Request) ([]audit.Line, error) {
	var all []audit.Line
	err := pages(func(after string) (string, error) {
		lines, next, err := d.Ports.Trail.Lines(ctx, r.Key(), airlock.Page{After: after})
		for _, line := range lines {
			if line.Seq <= r.Head.Seq {
				all = append(all, line)
			}
		}
		return next, err
	})
	if err != nil {
		return nil, fmt.Errorf("audit trail of %s: %w", r.ID, err)
	}
	return all, nil
}

// MaxPage is the most entries in a page, and the usual number of audit lines.
const MaxPage = 1000

// limit is how many entries a page holds.
func limit(page airlock.Page, standard int) int {
	if page.Limit <= 0 {
		return standard
	}
	return min(page.Limit, MaxPage)
}

// position reads a cursor that counts entries.
func position(cursor string, length int) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(cursor)
	if err != nil || n < 0 || len(cursor) > 10 {
		return 0, fmt.Errorf("cursor: %.40q is none of ours: %w", cursor, airlock.ErrInvalid)
	}
	return min(n, length), nil
}

// pages reads page after page until the last.
func pages(read func(after string) (next string, err error)) error {
	for after := ""; ; {
		next, err := read(after)
		if err != nil || next == "" {
			return err
		}
		after = next
	}
}
