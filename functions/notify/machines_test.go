package notify_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/notify"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

const deskID = "77777777-7777-4777-8777-777777777701"

// warned stores a machine of somebody that is going to be stopped.
func warned(w *roomtest.World, owner access.Person) {
	w.T.Helper()
	r := workspace.Resource{ID: deskID, Kind: workspace.UserResource, Workspace: roomtest.Here, Service: wantedID, Owner: owner, Status: workspace.Deployed,
		Properties: map[string]any{"display_name": "Desktop <b>"}}
	c := workspace.Change{Partition: roomtest.Here, Fleets: []workspace.Fleet{{Workspace: roomtest.Here, Told: 1, Notices: []workspace.Warning{
		{Seq: 1, Resource: deskID, Stop: w.Now().Add(30 * time.Minute), Cause: idle.Unused, At: w.Now()}}}}}
	c.Resource(r, audit.Line{At: w.Now(), Action: "seeded"})
	_, err := w.Store.CommitChange(w.T.Context(), c)
	w.Must(err)
}

// fleets are the ports of a world.
type fleets struct {
	workspace.Fleets
	workspace.Store
}

func warn(e *roomtest.Estate, p *post) error {
	f := notify.Function{Ledger: e.Ledger, Fleets: fleets{e.Fleets, e.Resources}, Store: e.Resources, Letters: e.Letters, Mail: p, Facts: p, Log: slog.New(slog.DiscardHandler),
		Members: e.Members, Records: e.Records, Administrators: []mail.Address{{Email: "adam@example.org"}}, Portal: "https://tre.example/portal", Domain: "tre.example"}
	_, err := f.Handle(e.Context("notify"), message.Notify{Workspace: roomtest.Here, Request: workspace.FleetNotices})
	return err
}

// Each row is a sentence: of a machine of such a person these people are warned,
// once, with a page on which the stop can be put off.
func TestWhoIsWarned(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		owner access.Person
		want  string
	}{
		"its owner":                   {roomtest.Ada, "ada"},
		"the workspace's, for nobody": {access.Person{OID: roomtest.Ada.OID, Name: "Ada"}, "olga"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := roomtest.New(t), &post{}
			e := roomtest.NewEstate(w, memcloud.Config{})
			warned(w, tt.owner)
			for range 2 { // the second finds nothing to do
				w.Must(warn(e, p))
			}
			if got := p.told(); got != tt.want || len(p.mails) != 1 {
				t.Fatalf("told %q in %d mails, want %q", got, len(p.mails), tt.want)
			}
			link := "https://tre.example/portal/workspaces/" + roomtest.Here + "/resources"
			if m := p.mails[0]; m.Check() != nil || !strings.Contains(m.Text, link+"\n") || strings.Contains(m.HTML, "Desktop <b>") {
				t.Errorf("mail %v %s", m.Check(), m.Text)
			}
			if f, err := w.Store.Fleet(t.Context(), roomtest.Here); err != nil || len(f.Notices) != 0 || f.Told != 1 {
				t.Errorf("left %+v, %v", f, err)
			}
		})
	}
}

// A machine that was deleted is told of to nobody; every fault ends with one
// mail and nothing left to tell.
func TestWarningsSurviveFaults(t *testing.T) {
	t.Parallel()
	w, p := roomtest.New(t), &post{}
	warned(w, roomtest.Ada)
	r, err := w.Store.Resource(t.Context(), workspace.Key{Partition: roomtest.Here, ID: deskID})
	w.Must(err)
	r.Status = workspace.Deleted
	_, err = w.Store.CommitChange(t.Context(), workspace.Change{Partition: roomtest.Here, Resources: []workspace.Resource{r}})
	w.Must(err)
	w.Must(warn(roomtest.NewEstate(w, memcloud.Config{}), p))
	if len(p.mails) != 0 {
		t.Errorf("%d mails about a machine that is gone", len(p.mails))
	}
	estates, posts := map[*roomtest.World]*roomtest.Estate{}, map[*roomtest.World]*post{}
	roomtest.EveryFault(t, roomtest.Scene{
		Set: func(t testing.TB) *roomtest.World {
			w := roomtest.New(t)
			estates[w], posts[w] = roomtest.NewEstate(w, memcloud.Config{}), &post{}
			warned(w, roomtest.Ada)
			return w
		},
		Run: func(w *roomtest.World) error { return warn(estates[w], posts[w]) },
	})
	for _, p := range posts {
		if ids := map[string]bool{}; len(p.mails) > 0 {
			for _, m := range p.mails {
				ids[m.ID] = true
			}
			if len(ids) != 1 {
				t.Errorf("mails %v", ids)
			}
		}
	}
}
