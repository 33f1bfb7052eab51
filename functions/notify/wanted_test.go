package notify_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/notify"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// wantedID is that of every test's request for a workspace.
const wantedID = "77777777-7777-4777-8777-777777777777"

// wanted is a request of Ada's.
func wanted(w *roomtest.World, events ...workspace.Event) workspace.Request {
	r := workspace.Request{ID: wantedID, Source: workspace.FromCall, Template: "tre-workspace-base", Requester: roomtest.Ada, Reason: "study 117",
		Properties: map[string]any{"display_name": "Cardiac <b>", "address_space_size": workspace.Redacted, "token": workspace.Redacted},
		Secrets:    map[string]string{"/token": "https://vault/secrets/token", "/address_space_size": "https://vault/secrets/size"},
		Members:    []workspace.Member{{OID: roomtest.Mia.OID, Role: access.AirlockManager}}, Status: workspace.Asked, CreatedAt: w.Now()}
	for i, e := range events {
		r.Told = i + 1
		r.Notices = append(r.Notices, workspace.Notice{Event: e, Seq: i + 1, At: w.Now()})
	}
	return r
}

// ask stores a request.
func ask(w *roomtest.World, r workspace.Request) {
	w.T.Helper()
	c := workspace.Change{Partition: workspace.System}
	c.Request(r, w.Now(), audit.Line{At: w.Now(), Action: "request_workspace"})
	_, err := w.Store.CommitChange(w.T.Context(), c)
	w.Must(err)
}

func stored(w *roomtest.World) workspace.Request {
	w.T.Helper()
	r, err := w.Store.WorkspaceRequest(w.T.Context(), wantedID)
	w.Must(err)
	return r
}

// announce handles the order to tell of a request for a workspace.
func announce(e *roomtest.Estate, p *post) error {
	f := notify.Function{Ledger: e.Ledger, Wanted: e.Wanted, Store: e.Resources, Letters: e.Letters, Mail: p, Facts: p, Log: slog.New(slog.DiscardHandler),
		Administrators: []mail.Address{{Email: "adam@example.org"}, {Email: "ADA@example.org"}}, Portal: "https://tre.example/portal", Domain: "tre.example"}
	_, err := f.Handle(e.Context("notify"), message.Notify{Workspace: workspace.System, Request: wantedID})
	return err
}

// Each row is a sentence: of this event these people are told, once, and then
// nothing is left to tell.
func TestWhoHearsOfWorkspaces(t *testing.T) {
	t.Parallel()
	noAddress := access.Person{OID: roomtest.Ada.OID, Name: "Ada"}
	for _, tt := range []struct {
		event     workspace.Event
		requester access.Person
		want      string
		link      string
	}{
		{workspace.EventAsked, roomtest.Mia, "ADA adam", "/workspace-requests/" + wantedID},
		{workspace.EventGranted, roomtest.Ada, "ada", "/workspace-requests/" + wantedID},
		{workspace.EventDeclined, roomtest.Ada, "ada", "/workspace-requests/" + wantedID},
		{workspace.EventWithdrawn, roomtest.Ada, "ada", "/workspace-requests/" + wantedID},
		{workspace.EventDeployed, roomtest.Ada, "ada", "/workspaces/" + wantedID + "/resources"},
		{workspace.EventFailed, roomtest.Mia, "ADA adam mia", "/workspace-requests/" + wantedID},
		{workspace.EventFailed, roomtest.Ada, "ada adam", "/workspace-requests/" + wantedID}, // an administrator who asked is told once
		{workspace.EventDeclined, noAddress, "ADA adam", "/workspace-requests/" + wantedID},
	} {
		t.Run(fmt.Sprintf("%s, %s asked", tt.event, tt.requester.Email), func(t *testing.T) {
			t.Parallel()
			w, p := roomtest.New(t), &post{}
			e := roomtest.NewEstate(w, memcloud.Config{})
			r := wanted(w, tt.event)
			r.Requester = tt.requester
			ask(w, r)
			lines := stored(w).Head
			for range 2 { // the second finds nothing to do
				w.Must(announce(e, p))
			}
			if got := p.told(); got != tt.want || len(p.mails) != len(strings.Fields(tt.want)) || len(p.facts) != 0 {
				t.Errorf("told %q in %d mails, want %q", got, len(p.mails), tt.want)
			}
			if left := stored(w); len(left.Notices) != 0 || left.Status != workspace.Asked || left.Head != lines {
				t.Errorf("left %+v", left)
			}
			for _, m := range p.mails {
				if m.Check() != nil || !strings.Contains(m.Text, "https://tre.example/portal"+tt.link+"\n") || !m.Date.Equal(w.Now()) {
					t.Errorf("mail %v %s", m.Check(), m.Text)
				}
				if all := m.Subject + m.Text + m.HTML; strings.Contains(all, "vault") || strings.Contains(all, workspace.Redacted) || strings.Contains(m.HTML, "<b>\"") {
					t.Errorf("mail tells %s", all)
				}
			}
		})
	}
}

// A request that waits stays on the list of unfinished work, another one goes
// where none of its secrets is to be forgotten.
func TestWhatStaysOpen(t *testing.T) {
	t.Parallel()
	for status, open := range map[workspace.RequestStatus]bool{workspace.Asked: true, workspace.Granted: false, workspace.Declined: false, workspace.Withdrawn: false} {
		w := roomtest.New(t)
		r := wanted(w, workspace.EventGranted)
		r.Status = status
		r = r.Forgot()
		ask(w, r)
		w.Must(announce(roomtest.NewEstate(w, memcloud.Config{}), &post{}))
		if _, err := w.Store.Open(t.Context(), airlock.Key{Workspace: workspace.System, Request: wantedID}); (err == nil) != open {
			t.Errorf("%s: open %v", status, err)
		}
	}
}

// Who decides reads that nobody proved who sent an event; each mail has the
// reason of what it tells, and no later one's.
func TestWhatIsToldOfWorkspaces(t *testing.T) {
	t.Parallel()
	w, p := roomtest.New(t), &post{}
	r := wanted(w, workspace.EventAsked, workspace.EventGranted, workspace.EventFailed, workspace.EventDeployed)
	r.Source, r.Reference, r.Requester = workspace.FromEvent, "study-117", roomtest.Mia
	r.Decided = &workspace.Decided{Reason: "as agreed", Approval: "a"}
	r.Message = "it was deployed"
	ask(w, r)
	w.Must(announce(roomtest.NewEstate(w, memcloud.Config{}), p))
	for event, says := range map[workspace.Event][]string{
		workspace.EventAsked:    {"nobody has proved who sent it", "study-117", "study 117"},
		workspace.EventGranted:  {"as agreed", "standing approval", "in your name"},
		workspace.EventFailed:   {"could not be made"},
		workspace.EventDeployed: {"is ready"},
	} {
		i := slices.IndexFunc(p.mails, func(m mail.Message) bool { return strings.Contains(m.ID, "."+string(event)+".") })
		if i < 0 {
			t.Fatalf("%s: no mail", event)
		}
		for _, text := range says {
			if !strings.Contains(p.mails[i].Text, text) {
				t.Errorf("%s does not say %q: %s", event, text, p.mails[i].Text)
			}
		}
		if strings.Contains(p.mails[i].Text, "it was deployed") {
			t.Errorf("%s tells another notice's message", event)
		}
	}
}

// A mail that no server takes is tried until it is given up; the others go out
// once.
func TestWorkspacesUnreachable(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		refuse error
		after  time.Duration
		kept   bool
	}{{"for now", mail.ErrTemporary, 0, true}, {"for days", mail.ErrTemporary, 6 * 24 * time.Hour, false}, {"for ever", mail.ErrPermanent, 0, false}} {
		w, p := roomtest.New(t), &post{refuse: map[string]error{"mia@example.org": fmt.Errorf("refused: %w", tt.refuse)}}
		e := roomtest.NewEstate(w, memcloud.Config{})
		r := wanted(w, workspace.EventFailed)
		r.Requester = roomtest.Mia
		ask(w, r)
		w.Pass(tt.after)
		for range 2 {
			if err := announce(e, p); (err != nil) != tt.kept || tt.kept && fault.KindOf(err) != fault.Retry {
				t.Errorf("%s: %v", tt.name, err)
			}
		}
		if kept := len(stored(w).Notices) == 1; kept != tt.kept || p.told() != "ADA adam" || len(p.mails) != 2 {
			t.Errorf("%s: kept %t, told %q in %d mails", tt.name, kept, p.told(), len(p.mails))
		}
	}
}

// Whatever fails, everybody is told, under the same Message-ID where a crash
// came between sending and recording it.
func TestWorkspacesUnderFaults(t *testing.T) {
	t.Parallel()
	estates, posts := map[*roomtest.World]*roomtest.Estate{}, map[*roomtest.World]*post{}
	roomtest.EveryFault(t, roomtest.Scene{
		Set: func(t testing.TB) *roomtest.World {
			w := roomtest.New(t)
			estates[w], posts[w] = roomtest.NewEstate(w, memcloud.Config{}), &post{}
			r := wanted(w, workspace.EventAsked, workspace.EventFailed)
			r.Requester = roomtest.Mia
			ask(w, r)
			return w
		},
		Run: func(w *roomtest.World) error { return announce(estates[w], posts[w]) },
	})
	for _, p := range posts {
		if got := p.told(); got != "ADA ADA adam adam mia" {
			t.Errorf("told %q", got)
		}
	}
}

// A notice that comes while others are told stays.
func TestWorkspaceNoticeMeanwhile(t *testing.T) {
	t.Parallel()
	w, p := roomtest.New(t), &post{}
	ask(w, wanted(w, workspace.EventAsked))
	w.Faults.Before("Store.CommitChange", func() {
		w.Faults.Before("Store.CommitChange", nil)
		r := stored(w)
		r.Status = workspace.Granted
		r, _ = r.End(false, "quota", w.Now())
		c := workspace.Change{Partition: workspace.System}
		c.Request(r, w.Now(), audit.Line{At: w.Now(), Action: "end"})
		_, err := w.Store.CommitChange(t.Context(), c)
		w.Must(err)
	})
	w.Must(announce(roomtest.NewEstate(w, memcloud.Config{}), p))
	if r := stored(w); len(r.Notices) != 0 || r.Message != "quota" || p.told() != "ADA ada adam adam" {
		t.Errorf("told %q, left %+v", p.told(), r)
	}
}

// A request that is not there has nothing to tell.
func TestNoWorkspaceRequest(t *testing.T) {
	t.Parallel()
	w, p := roomtest.New(t), &post{}
	if err := announce(roomtest.NewEstate(w, memcloud.Config{}), p); err != nil || len(p.mails) > 0 {
		t.Errorf("%v, %d mails", err, len(p.mails))
	}
}
