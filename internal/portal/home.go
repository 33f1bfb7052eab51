package portal

import (
	"context"
	"errors"
	"net/http"
	"slices"

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

// home shows what waits for the person, and what the person waits for.
func (p *portal) home(w http.ResponseWriter, r *http.Request, v visitor) {
	page := homePage{frame: p.frame(r, "Your requests")}
	var managed, own desk.Listing
	c, err := p.Desk.Settled(r.Context(), v.Caller) // once, for all that follows
	if err == nil {
		group, ctx := errgroup.WithContext(r.Context())
		group.Go(func() (err error) { managed, err = p.Desk.Mine(ctx, c, true, newest); return err })
		group.Go(func() (err error) { own, err = p.Desk.Mine(ctx, c, false, recent); return err })
		group.Go(func() (err error) { page.Workspaces, err = p.places(ctx, c); return err })
		group.Go(func() (err error) { page.overview, err = p.overview(ctx, c, r.URL.Query().Get("after")); return err })
		err = group.Wait()
	}
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

// places are the workspaces in which the person has a role of their own, by name.
func (p *portal) places(ctx context.Context, c desk.Caller) ([]place, error) {
	list, err := p.Desk.Workspaces(ctx, c, airlock.Page{})
	if err != nil {
		return nil, err
	}
	var mine []place
	for _, w := range list.Views {
		if access.May(access.Read, w.Roles...) {
			mine = append(mine, place{w.Workspace, access.May(access.Create, w.Roles...) && w.Workspace.Deployed && w.Workspace.EnableAirlock})
		}
	}
	return mine, airlock.Each(len(mine), atOnce, func(i int) error {
		if !mine[i].Creates {
			return nil
		}
		card, err := p.Desk.Ports.Workspaces.Workspace(ctx, mine[i].ID) // the list does not say whether it is frozen
		mine[i].Creates = err == nil && card.Policy.Hold.Freeze == nil
		if errors.Is(err, airlock.ErrNotFound) {
			return nil
		}
		return err
	})
}

// atOnce is how many workspaces are read at once.
const atOnce = 8

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
