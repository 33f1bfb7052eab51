package desk

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
)

// Search asks for audit lines of one or more partitions.
type Search struct {
	Filter    airlock.AuditFilter
	Ascending bool         // oldest first; newest first otherwise
	Page      airlock.Page // Limit 0: MaxPage; at most MaxSearch
}

// MaxSearch is the most audit lines that one search returns: a page of an
// export, some megabytes.
const MaxSearch = 5000

// Found are the audit lines of a search, in its order.
type Found struct {
	Lines []audit.Line
	Next  string // cursor of the next page; "" at the end
}

// WorkspaceAudit searches all audit lines of a workspace: of its requests, its
// members and itself.
func (d *Desk) WorkspaceAudit(ctx context.Context, c Caller, workspace string, s Search) (Found, error) {
	if _, err := d.Admit(ctx, c, workspace, access.Audit); err != nil {
		return Found{}, err
	}
	return d.SearchAudit(ctx, []string{workspace}, s)
}

// WholeAudit searches the audit lines of every workspace, of people, and of
// what was refused.
func (d *Desk) WholeAudit(ctx context.Context, c Caller, s Search) (Found, error) {
	if _, err := d.AdmitEverywhere(ctx, c, access.AuditAll); err != nil {
		return Found{}, err
	}
	workspaces, err := d.workspaces(ctx)
	if err != nil {
		return Found{}, err
	}
	partitions := []string{airlock.SystemPartition, airlock.PeoplePartition}
	for _, w := range workspaces {
		partitions = append(partitions, w.ID)
	}
	return d.SearchAudit(ctx, partitions, s)
}

// SearchAudit searches partitions for whoever was admitted to all of them.
// Nothing holds the lines of several requests in the order of time, so each
// page reads what the filter picks from the cursor on, and keeps a page of it.
func (d *Desk) SearchAudit(ctx context.Context, partitions []string, s Search) (Found, error) {
	p, err := s.pick()
	if err != nil {
		return Found{}, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(d.parallel())
	for _, partition := range partitions {
		group.Go(func() error {
			err := pages(func(after string) (string, error) {
				lines, next, err := d.Ports.Audits.AuditLines(ctx, partition, p.filter, airlock.Page{After: after})
				p.add(lines)
				return next, err
			})
			if err != nil {
				return fmt.Errorf("audit lines of %s: %w", partition, err)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return Found{}, err
	}
	return p.found(), nil
}

// pick keeps the first lines of a search, however many it is shown.
type pick struct {
	filter    airlock.AuditFilter
	ascending bool
	most      int
	after     place // of the last line of the page before; empty on the first

	mu   sync.Mutex
	kept []placed
}

// place is where a line stands among all others: by time, then by what it says.
type place struct {
	micro int64
	print string
}

type placed struct {
	place
	line audit.Line
}

// pick prepares a search: what a cursor left behind is not even read.
func (s Search) pick() (*pick, error) {
	p := &pick{filter: s.Filter, ascending: s.Ascending, most: MaxPage}
	if s.Page.Limit > 0 {
		p.most = min(s.Page.Limit, MaxSearch)
	}
	if s.Page.After == "" {
		return p, nil
	}
	micro, print, ok := strings.Cut(s.Page.After, ".")
	at, err := strconv.ParseInt(micro, 10, 64)
	if err != nil || !ok || len(print) != printDigits {
		return nil, fmt.Errorf("cursor: %.40q is none of ours: %w", s.Page.After, airlock.ErrInvalid)
	}
	p.after = place{at, print}
	when := time.UnixMicro(at).UTC()
	if end := when.Add(time.Microsecond); !s.Ascending && (p.filter.To.IsZero() || end.Before(p.filter.To)) {
		p.filter.To = end
	}
	if s.Ascending && when.After(p.filter.From) {
		p.filter.From = when
	}
	return p, nil
}

// printDigits of a line's SHA-256 tell lines of one microsecond apart.
const printDigits = 16

func placeOf(line audit.Line) place {
	text, err := json.Marshal(line)
	if err != nil { // strings, numbers and a time always marshal, years past 9999 apart
		text = fmt.Appendf(nil, "%#v", line)
	}
	sum := sha256.Sum256(text)
	return place{line.At.UnixMicro(), hex.EncodeToString(sum[:])[:printDigits]}
}

// compare puts a before b in the order of the search.
func (p *pick) compare(a, b place) int {
	by := cmp.Or(cmp.Compare(a.micro, b.micro), strings.Compare(a.print, b.print))
	if p.ascending {
		return by
	}
	return -by
}

func (p *pick) add(lines []audit.Line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, line := range lines {
		if at := placeOf(line); p.after == (place{}) || p.compare(at, p.after) > 0 {
			p.kept = append(p.kept, placed{at, line})
		}
	}
	if len(p.kept) > 2*p.most {
		p.trim()
	}
}

// trim keeps one line more than a page: it tells that there is a next one.
func (p *pick) trim() {
	slices.SortFunc(p.kept, func(a, b placed) int { return p.compare(a.place, b.place) })
	p.kept = p.kept[:min(len(p.kept), p.most+1)]
}

func (p *pick) found() Found {
	p.trim()
	f := Found{Lines: make([]audit.Line, 0, min(len(p.kept), p.most))}
	for i, k := range p.kept {
		if i == p.most {
			last := p.kept[i-1].place
			f.Next = fmt.Sprintf("%d.%s", last.micro, last.print)
			break
		}
		f.Lines = append(f.Lines, k.line)
	}
	return f
}
