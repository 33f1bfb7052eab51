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
	"github.com/trefoil-tre/trefoil/internal/workspace"
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
// members and what is in it; and those that are kept beside those of all
// workspaces: of the request that asked for it, of itself, and of the operations
// on it.
func (d *Desk) WorkspaceAudit(ctx context.Context, c Caller, id string, s Search) (Found, error) {
	if _, err := d.Admit(ctx, c, id, access.Audit); err != nil {
		return Found{}, err
	}
	chains, err := d.chains(ctx, id, s.Filter.Request)
	if err != nil {
		return Found{}, err
	}
	return d.search(ctx, append(chains, source{partition: id, request: s.Filter.Request}), s)
}

// source is where audit lines are searched for.
type source struct {
	partition string
	request   string // what they are chained under; "" for all of the partition
}

// chains are where the audit lines about a workspace are that stand beside those
// of all workspaces; of is the one chain that is asked for, "" for all.
func (d *Desk) chains(ctx context.Context, id, of string) ([]source, error) {
	names := []string{id, workspace.Request{ID: id}.Chain()}
	if d.Ports.Operations != nil {
		operations, err := airlock.Collect(func(p airlock.Page) ([]workspace.Operation, string, error) {
			return d.Ports.Operations.Operations(ctx, workspace.Key{Partition: workspace.System, ID: id}, p)
		})
		if err != nil {
			return nil, fmt.Errorf("operations on workspace %s: %w", id, err)
		}
		for _, o := range operations {
			names = append(names, o.ID)
		}
	}
	var all []source
	for _, name := range names {
		if of == "" || of == name {
			all = append(all, source{partition: workspace.System, request: name})
		}
	}
	return all, nil
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
	var all []source
	for _, partition := range partitions {
		all = append(all, source{partition: partition, request: s.Filter.Request})
	}
	return d.search(ctx, all, s)
}

func (d *Desk) search(ctx context.Context, sources []source, s Search) (Found, error) {
	p, err := s.pick()
	if err != nil {
		return Found{}, err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(d.parallel())
	for _, from := range sources {
		group.Go(func() error {
			filter := p.filter
			filter.Request = from.request
			err := pages(func(after string) (string, error) {
				lines, next, err := d.Ports.Audits.AuditLines(ctx, from.partition, filter, airlock.Page{After: after})
				p.add(lines)
				return next, err
			})
			if err != nil {
				return fmt.Errorf("audit lines of %s: %w", from.partition, err)
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
