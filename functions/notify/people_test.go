package notify_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/notify"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

func hear(w *roomtest.World, p *post, key airlock.Key) error {
	f := notify.Function{Ledger: w.Ledger, Members: w.Members, Records: w.Records, Rolls: w.Rolls, Letters: w.Letters, Mail: p, Facts: p,
		Log: slog.New(slog.DiscardHandler), Portal: "https://tre.example/portal", Domain: "tre.example",
		Health: &health.Recorder{Store: w.Store, Now: w.Now, Every: time.Nanosecond}}
	_, err := f.Handle(w.Context("notify"), message.Notify{Workspace: key.Workspace, Request: key.Request})
	return err
}

// happen commits something of people to be told.
func happen(w *roomtest.World, e people.Event) airlock.Key {
	w.T.Helper()
	ada := access.Membership{Workspace: roomtest.Here, OID: roomtest.Ada.OID, Name: "Ada", Email: "ada@example.org", Role: access.WorkspaceResearcher,
		Expires: w.Now().Add(48 * time.Hour)}
	n := people.Notice{Event: e, Seq: 1, At: w.Now(), By: "Olga", Member: ada, Reason: "secret reason", Kind: people.Training, Ends: w.Now().Add(48 * time.Hour)}
	switch e {
	case people.Suspended, people.Reinstated, people.ExpiryEnding:
		r, err := w.Store.CommitRecord(w.T.Context(), people.RecordChange{Record: people.Record{OID: roomtest.Ada.OID, Notices: []people.Notice{n}}}.WithOpen(w.Now()))
		w.Must(err)
		return r.Key()
	case people.Granted, people.Changed, people.Removed, people.Ending, people.Frozen, people.Unfrozen:
	}
	_, err := w.Store.CommitRoll(w.T.Context(), people.Change{Workspace: roomtest.Here, Roll: people.Roll{Notices: []people.Notice{n}}}.WithOpen(w.Now()))
	w.Must(err)
	return people.RollKey(roomtest.Here)
}

// Each row is a sentence: of this event these people are told.
func TestConcerned(t *testing.T) {
	t.Parallel()
	for e, want := range map[people.Event]string{
		people.Granted: "ada", people.Changed: "ada", people.Removed: "ada", people.Ending: "ada olga",
		people.Frozen: "ada marc mia olga", people.Unfrozen: "ada marc mia olga",
		people.Suspended: "ada olga", people.Reinstated: "ada olga", people.ExpiryEnding: "ada olga",
	} {
		w, p := roomtest.New(t), &post{}
		key := happen(w, e)
		for range 2 { // the second finds nothing to do
			w.Must(hear(w, p, key))
		}
		if got := p.told(); got != want || len(p.mails) != len(strings.Fields(want)) {
			t.Errorf("%s: told %q in %d mails, want %q", e, got, len(p.mails), want)
		}
		if _, err := w.Store.Open(t.Context(), key); err == nil {
			t.Errorf("%s: still open", e)
		}
		for _, m := range p.mails {
			hidden := e == people.Suspended || e == people.Reinstated
			if strings.Contains(m.Text, "secret reason") == hidden || m.Check() != nil {
				t.Errorf("%s: %s %v", e, m.Text, m.Check())
			}
		}
	}
}

// An owner who is suspended hears nothing, nor does a group.
func TestHeldBackHearNothing(t *testing.T) {
	t.Parallel()
	w, p := roomtest.New(t), &post{}
	w.Must(w.Store.PutMember(t.Context(), access.Membership{Workspace: roomtest.Here, OID: "g", Email: "group@example.org", Group: true, Role: access.WorkspaceOwner}))
	_, err := w.Store.CommitRecord(t.Context(), people.RecordChange{Record: people.Record{OID: roomtest.Olga.OID, Suspended: &people.Suspension{At: w.Now()}}})
	w.Must(err)
	w.Must(hear(w, p, happen(w, people.Ending)))
	if got := p.told(); got != "ada" {
		t.Errorf("told %q", got)
	}
	w.Must(handleFresh(w, p, airlock.ToldFewer))
	if got := p.told(); got != "ada adam" { // nobody owns it now, so the administrators hear
		t.Errorf("told %q", got)
	}
}

func handleFresh(w *roomtest.World, p *post, e airlock.Event) error {
	notice(w, e)
	return handle(w, p)
}

func TestPeopleInTrouble(t *testing.T) {
	t.Parallel()
	for _, e := range []people.Event{people.Ending, people.Suspended} {
		var posts = map[*roomtest.World]*post{}
		var key airlock.Key
		roomtest.EveryFault(t, roomtest.Scene{
			Set: func(t testing.TB) *roomtest.World {
				w := roomtest.New(t)
				key, posts[w] = happen(w, e), &post{}
				return w
			},
			Run: func(w *roomtest.World) error { return hear(w, posts[w], key) },
		})
		for _, p := range posts {
			if p.told() != "ada olga" {
				t.Errorf("%s: told %q", e, p.told())
			}
		}
	}
}

// A mail that no server takes is tried until it is given up; the others go out.
func TestPeopleUnreachable(t *testing.T) {
	t.Parallel()
	w, p := roomtest.New(t), &post{refuse: map[string]error{"ada@example.org": fmt.Errorf("greylisted: %w", mail.ErrTemporary)}}
	key := happen(w, people.Ending)
	if err := hear(w, p, key); err == nil || p.told() != "olga" {
		t.Errorf("told %q, %v", p.told(), err)
	}
	w.Pass(6 * 24 * time.Hour)
	w.Must(hear(w, p, key))
	roll, err := w.Store.Roll(t.Context(), roomtest.Here)
	w.Must(err)
	if len(roll.Notices) != 0 || len(p.mails) != 1 {
		t.Errorf("%d notices left, %d mails", len(roll.Notices), len(p.mails))
	}
}

// Whether mails can be sent is told of those about people, too.
func TestHealthHearsOfMailsAboutPeople(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, class string
		refuse      error
	}{{name: "taken"}, {"refused for ever", "refused", mail.ErrPermanent}, {"refused for now", "temporary", mail.ErrTemporary}} {
		w := roomtest.New(t)
		p := &post{refuse: map[string]error{"ada@example.org": tt.refuse}}
		if err := hear(w, p, happen(w, people.Granted)); (err != nil) != (tt.class == "temporary") {
			t.Errorf("%s: %v", tt.name, err)
		}
		all, err := w.Store.Heartbeats(t.Context())
		w.Must(err)
		if len(all) != 1 || all[0].Source != health.Mail || all[0].Class != tt.class || all[0].At.IsZero() != (tt.class != "") {
			t.Errorf("%s: health knows %+v", tt.name, all)
		}
	}
}
