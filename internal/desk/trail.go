package desk

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Trail is a page of the audit trail of a request or of a resource.
type Trail struct {
	Lines    []audit.Line
	Next     string     // cursor of the next page; "" at the end
	Head     audit.Head // where the object says that the chain ends
	Verified bool       // all lines, not only the page's, form the chain that the object names
}

// Audit returns a page of the audit trail and whether all of it is unbroken.
func (d *Desk) Audit(ctx context.Context, c Caller, key airlock.Key, page airlock.Page) (Trail, error) {
	v, err := d.enter(ctx, c, key, access.Audit)
	if err != nil {
		return Trail{}, err
	}
	return ReadTrail(v.request.Head, page, func(p airlock.Page) ([]audit.Line, string, error) {
		return d.Ports.Trail.Lines(ctx, key, p)
	})
}

// ReadTrail reads all audit lines of an object up to its head, and cuts a page
// out of them.
func ReadTrail(head audit.Head, page airlock.Page, list func(airlock.Page) ([]audit.Line, string, error)) (Trail, error) {
	lines, err := linesTo(head, list)
	if err != nil {
		return Trail{}, err
	}
	from, err := position(page.After, len(lines))
	if err != nil {
		return Trail{}, err
	}
	t := Trail{Head: head, Verified: audit.Verify(lines, head) == nil}
	to := min(len(lines), from+limit(page, MaxPage))
	if t.Lines = lines[from:to]; to < len(lines) {
		t.Next = strconv.Itoa(to)
	}
	return t, nil
}

// linesTo are all audit lines up to a head: what was added after the object was
// read is not of it yet.
func linesTo(head audit.Head, list func(airlock.Page) ([]audit.Line, string, error)) ([]audit.Line, error) {
	all, err := airlock.Collect(list)
	if err != nil {
		return nil, fmt.Errorf("audit trail: %w", err)
	}
	return slices.DeleteFunc(all, func(l audit.Line) bool { return l.Seq > head.Seq }), nil
}

// lines are all audit lines of a request.
func (d *Desk) lines(ctx context.Context, r airlock.Request) ([]audit.Line, error) {
	lines, err := linesTo(r.Head, func(p airlock.Page) ([]audit.Line, string, error) { return d.Ports.Trail.Lines(ctx, r.Key(), p) })
	if err != nil {
		return nil, fmt.Errorf("request %s: %w", r.ID, err)
	}
	return lines, nil
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
