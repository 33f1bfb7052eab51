package portal

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/desk"
)

// list is a table of requests.
type list struct {
	frame
	ID, Heading, Lead, Empty string
	Views                    []desk.View
	Next                     string // address of the next page; "" at the end
}

type homePage struct {
	frame
	overview
	Lists      []list
	Workspaces []place
	MayCreate  bool
	Stranger   bool // signed in, without a role that lets them in
}

// atOnce is how many workspaces are asked at once for a person's place in them.
const atOnce = 8

// home shows what waits for the person, and what the person waits for.
func (p *portal) home(w http.ResponseWriter, r *http.Request, v visitor) {
	page := homePage{frame: p.frame(r, "Your requests")}
	var managed, own desk.Listing
	group, ctx := errgroup.WithContext(r.Context())
	group.Go(func() (err error) { managed, err = p.Desk.Mine(ctx, v.Caller, true, newest); return err })
	group.Go(func() (err error) { own, err = p.Desk.Mine(ctx, v.Caller, false, recent); return err })
	group.Go(func() (err error) {
		page.Workspaces, err = p.places(ctx, v)
		return err
	})
	group.Go(func() (err error) { page.overview, err = p.overview(ctx, v); return err })
	err := group.Wait()
	if errors.Is(err, airlock.ErrRefused) {
		page.Stranger = true
		p.show(w, r, "home.html", http.StatusOK, page)
		return
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	page.arrange(managed.Views, own)
	for i := range page.Lists {
		page.Lists[i].frame = page.frame
	}
	if page.Wishes != nil {
		page.Wishes.frame = page.frame
	}
	if message := done(r.URL.Query().Get("done")); message != nil {
		page.Message = message(desk.View{})
	}
	page.MayCreate = slices.ContainsFunc(page.Workspaces, func(w place) bool { return w.Creates })
	p.show(w, r, "home.html", http.StatusOK, page)
}

// arrange puts the person's airlock requests into lists: what waits for them,
// what stopped, and their own.
func (page *homePage) arrange(managed []desk.View, own desk.Listing) {
	waiting := pick(managed, func(v desk.View) bool { return slices.Contains(v.Actions, "review") })
	stopped := pick(managed, func(v desk.View) bool { return slices.Contains(v.Actions, "retry") })
	slices.SortStableFunc(waiting, func(a, b desk.View) int { return a.Request.Since.Compare(b.Request.Since) }) // who waits longest first
	if len(managed) > 0 {
		page.Lists = append(page.Lists, list{ID: "review", Heading: "Waiting for your review", Views: waiting,
			Empty: "Nothing waits for your decision."})
	}
	if len(stopped) > 0 {
		page.Lists = append(page.Lists, list{ID: "stopped", Heading: "Stopped by a fault", Views: stopped,
			Lead: "These could not go on by themselves. You may try them again."})
	}
	mine := list{ID: "mine", Heading: "Your requests", Views: own.Views, Empty: "You have made no request yet."}
	if page.Admin {
		mine.Heading = "Your airlock requests"
	}
	if own.Next != "" {
		mine.Lead = "These are your latest ones. Older ones are listed with their workspace."
	}
	page.Lists = append(page.Lists, mine)
}

// newest orders requests by their last change, the latest first.
var newest = desk.Filter{OrderBy: "updatedWhen", Descending: true}

// recent is the first page of them: older ones are on their workspace's page.
var recent = desk.Filter{OrderBy: newest.OrderBy, Descending: true, Page: airlock.Page{Limit: perPage}}

func pick(views []desk.View, wanted func(desk.View) bool) []desk.View {
	return slices.DeleteFunc(slices.Clone(views), func(v desk.View) bool { return !wanted(v) })
}

// place is a workspace that the person is let into.
type place struct {
	airlock.Workspace
	Creates bool // may the person make requests in it, now
}

// places are the workspaces in which the person has a role, by name.
func (p *portal) places(ctx context.Context, v visitor) ([]place, error) {
	all, err := p.allWorkspaces(ctx)
	if err != nil {
		return nil, err
	}
	var mu sync.Mutex
	var mine []place
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atOnce)
	for _, w := range all {
		group.Go(func() error {
			c, err := p.Desk.Admit(ctx, v.Caller, w.ID, access.Read)
			if errors.Is(err, airlock.ErrRefused) || errors.Is(err, airlock.ErrNotFound) || errors.Is(err, desk.ErrGroups) {
				return nil
			}
			_, no := p.Desk.Admit(ctx, c, w.ID, access.Create) // of what was read just now
			mu.Lock()
			defer mu.Unlock()
			mine = append(mine, place{w, no == nil && w.Deployed && w.EnableAirlock})
			return err
		})
	}
	err = group.Wait()
	slices.SortFunc(mine, func(a, b place) int {
		return cmp.Or(strings.Compare(airlock.Fold(a.DisplayName), airlock.Fold(b.DisplayName)), strings.Compare(a.ID, b.ID))
	})
	return mine, err
}

func (p *portal) allWorkspaces(ctx context.Context) ([]airlock.Workspace, error) {
	var all []airlock.Workspace
	for after := ""; ; {
		some, next, err := p.Desk.Ports.Workspaces.Workspaces(ctx, airlock.Page{After: after})
		all = append(all, some...)
		if after = next; err != nil || after == "" {
			return all, err
		}
	}
}

// perPage is how many rows a page shows: a screen or two, and what a phone
// lays out at once.
const perPage = 100

// workspace lists a workspace's requests.
func (p *portal) workspace(w http.ResponseWriter, r *http.Request, v visitor) {
	id := key(r).Workspace
	filter := newest
	filter.Page = airlock.Page{After: r.URL.Query().Get("after"), Limit: perPage}
	status := airlock.Status(r.URL.Query().Get("status"))
	if status != "" {
		filter.Statuses = []airlock.Status{status}
	}
	found, err := p.Desk.List(r.Context(), v.Caller, id, filter)
	var here airlock.Workspace
	if err == nil {
		here, err = p.Desk.Ports.Workspaces.Workspace(r.Context(), id)
	}
	if err != nil {
		p.problem(w, r, err)
		return
	}
	l := list{frame: p.frame(r, here.DisplayName), ID: "all", Heading: "Requests", Views: found.Views, Empty: "There are no requests to show."}
	if found.Next != "" {
		l.Next = p.base + "/workspaces/" + id + asQuery("after", found.Next, "status", string(status))
	}
	_, no := p.Desk.Admit(r.Context(), v.Caller, id, access.ManageMembers)
	p.show(w, r, "workspace.html", http.StatusOK, struct {
		list
		Workspace airlock.Workspace
		Manages   bool // may the person manage members
		Resources bool // there is a page on what is in it
		Status    airlock.Status
		Statuses  []airlock.Status
	}{l, here, no == nil && p.Roster != nil, p.Resources != nil, status, airlock.Statuses})
}

// welcome is the first page for somebody who is not signed in.
func (p *portal) welcome(w http.ResponseWriter, r *http.Request) {
	p.show(w, r, "welcome.html", http.StatusOK, p.frame(r, "Trefoil airlock"))
}
