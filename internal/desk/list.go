package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// Filter picks and orders requests. Empty fields pick everything.
type Filter struct {
	Creator    string // object id
	Type       airlock.Type
	Statuses   []airlock.Status // one of these
	Title      string           // what the title contains, whatever the case
	OrderBy    string           // one of Orderings; "" means createdWhen
	Descending bool
	Page       airlock.Page // Limit 0: all of them, as AzureTRE's clients expect
	Most       int          // how many are all; 0: whatever there is
}

// orderings are what requests can be ordered by, with AzureTRE's field names.
var orderings = map[string]func(a, b airlock.Request) int{
	"id":             func(a, b airlock.Request) int { return cmp.Compare(a.ID, b.ID) },
	"title":          func(a, b airlock.Request) int { return cmp.Compare(airlock.Fold(a.Title), airlock.Fold(b.Title)) },
	"type":           func(a, b airlock.Request) int { return cmp.Compare(a.Type, b.Type) },
	"status":         func(a, b airlock.Request) int { return cmp.Compare(a.Stage.Status(), b.Stage.Status()) },
	"createdWhen":    func(a, b airlock.Request) int { return a.CreatedAt.Compare(b.CreatedAt) },
	"updatedWhen":    func(a, b airlock.Request) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	"createdBy.name": func(a, b airlock.Request) int { return cmp.Compare(a.CreatedBy.Name, b.CreatedBy.Name) },
	"updatedBy.name": func(a, b airlock.Request) int { return cmp.Compare(a.UpdatedBy.Name, b.UpdatedBy.Name) },
}

// Orderings lists what requests can be ordered by.
func Orderings() []string {
	names := make([]string, 0, len(orderings))
	for name := range orderings {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Listing is a page of requests.
type Listing struct {
	Views []View
	Next  string // cursor of the next page; "" at the end
}

// List returns the requests of a workspace that the caller may see.
func (d *Desk) List(ctx context.Context, c Caller, workspace string, f Filter) (Listing, error) {
	c, err := d.Admit(ctx, c, workspace, access.Read)
	if err != nil {
		return Listing{}, err
	}
	if err := f.check(); err != nil {
		return Listing{}, err
	}
	views, err := d.visible(ctx, c, *c.standing, f)
	if err != nil {
		return Listing{}, err
	}
	return f.page(views)
}

// Mine returns requests of all workspaces: those the caller made, or, with
// managed, those of the workspaces whose airlock manager the caller is.
func (d *Desk) Mine(ctx context.Context, c Caller, managed bool, f Filter) (Listing, error) {
	c, err := d.AdmitEverywhere(ctx, c, access.ListMine)
	if err != nil {
		return Listing{}, err
	}
	if err := f.check(); err != nil {
		return Listing{}, err
	}
	if !managed {
		f.Creator = c.Person.OID
	}
	places, err := d.settled(ctx, c)
	if err != nil {
		return Listing{}, err
	}
	var mu sync.Mutex
	var all []View
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(d.parallel())
	for _, s := range places {
		group.Go(func() error {
			views, err := d.mineIn(ctx, c, s, managed, f)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, views...)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return Listing{}, err
	}
	return f.page(all)
}

// parallel is Desk.Parallel with its default.
func (d *Desk) parallel() int { return cmp.Or(max(d.Parallel, 0), 8) }

func (d *Desk) mineIn(ctx context.Context, c Caller, s standing, managed bool, f Filter) ([]View, error) {
	if !access.May(access.Read, s.roles...) || managed && !slices.Contains(s.roles, access.AirlockManager) {
		return nil, nil
	}
	var err error
	if s.workspace, err = d.Ports.Workspaces.Workspace(ctx, s.workspace.ID); err != nil { // the list does not say whether it is frozen
		return nil, fmt.Errorf("workspace %s: %w", s.workspace.ID, err)
	}
	if s.workspace.Gone {
		return nil, nil
	}
	return d.visible(ctx, c, s, f)
}

func (d *Desk) workspaces(ctx context.Context) ([]airlock.Workspace, error) {
	var all []airlock.Workspace
	err := pages(func(after string) (string, error) {
		some, next, err := d.Ports.Workspaces.Workspaces(ctx, airlock.Page{After: after})
		all = append(all, some...)
		return next, err
	})
	if err != nil {
		return nil, fmt.Errorf("workspaces: %w", err)
	}
	return all, nil
}

// visible are a workspace's requests that the filter picks and the caller may see.
func (d *Desk) visible(ctx context.Context, c Caller, s standing, f Filter) ([]View, error) {
	var views []View
	err := pages(func(after string) (string, error) {
		requests, next, err := d.Ports.Requests.Requests(ctx, s.workspace.ID, airlock.Page{After: after})
		for _, r := range requests {
			v := visit{standing: s, caller: c, request: r, as: r.Capacities(c.Person, s.roles)}
			if f.picks(r) && r.Sees(v.as, s.roles) {
				views = append(views, v.view(r))
			}
		}
		return next, err
	})
	if err != nil {
		return nil, fmt.Errorf("requests of %s: %w", s.workspace.ID, err)
	}
	return views, nil
}

func (f Filter) check() error {
	if _, ok := orderings[f.OrderBy]; !ok && f.OrderBy != "" {
		return fmt.Errorf("order_by: %.40q is none of %s: %w", f.OrderBy, strings.Join(Orderings(), ", "), airlock.ErrInvalid)
	}
	if f.Type != "" && f.Type != airlock.Import && f.Type != airlock.Export {
		return fmt.Errorf("type: %.20q is neither import nor export: %w", f.Type, airlock.ErrInvalid)
	}
	for _, status := range f.Statuses {
		if !slices.Contains(airlock.Statuses, status) {
			return fmt.Errorf("status: %.40q is none of %v: %w", status, airlock.Statuses, airlock.ErrInvalid)
		}
	}
	return nil
}

func (f Filter) picks(r airlock.Request) bool {
	return (f.Creator == "" || f.Creator == r.CreatedBy.OID) && (f.Type == "" || f.Type == r.Type) &&
		(len(f.Statuses) == 0 || slices.Contains(f.Statuses, r.Stage.Status())) &&
		(f.Title == "" || strings.Contains(airlock.Fold(r.Title), airlock.Fold(f.Title)))
}

// page orders the views and cuts the page out.
func (f Filter) page(views []View) (Listing, error) {
	by := orderings[cmp.Or(f.OrderBy, "createdWhen")]
	slices.SortFunc(views, func(a, b View) int {
		if f.Descending {
			a, b = b, a
		}
		return cmp.Or(by(a.Request, b.Request), cmp.Compare(a.Request.ID, b.Request.ID))
	})
	views, next, err := Cut(views, f.Page, f.Most, func(v View) string { return v.Request.ID })
	return Listing{Views: views, Next: next}, err
}
