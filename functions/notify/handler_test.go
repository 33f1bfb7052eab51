package notify_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/functions/notify"
	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// post takes mails and events; refuse says what it does with those to an
// address.
type post struct {
	mails  []mail.Message
	facts  []message.Fact
	refuse map[string]error
}

func (p *post) Send(_ context.Context, m mail.Message) error {
	if err := p.refuse[m.To.Email]; err != nil {
		return err
	}
	p.mails = append(p.mails, m)
	return nil
}

func (p *post) Publish(_ context.Context, f message.Fact) error {
	p.facts = append(p.facts, f)
	return p.refuse["topic"]
}

// told are the addresses that got a mail, each mail once whatever was repeated.
func (p *post) told() string {
	seen := map[string]string{}
	for _, m := range p.mails {
		seen[m.ID] = m.To.Email
	}
	var all []string
	for _, email := range seen {
		name, _, _ := strings.Cut(email, "@")
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func handle(w *roomtest.World, p *post) error {
	f := notify.Function{Ledger: w.Ledger, Members: w.Members, Records: w.Records, Rolls: w.Rolls, Letters: w.Letters, Mail: p, Facts: p, Log: slog.New(slog.DiscardHandler),
		Administrators: []mail.Address{{Name: "Adam", Email: "adam@example.org"}}, Portal: "https://tre.example/portal", Domain: "tre.example"}
	_, err := f.Handle(w.Context("notify"), message.Notify{Workspace: roomtest.Here, Request: roomtest.RequestID})
	return err
}

// notice is a request with one notice to be sent.
func notice(w *roomtest.World, e airlock.Event) airlock.Request {
	r := w.InReview(airlock.Import, "secret-name.csv", "secret content")
	r.Notices = []airlock.Notice{{Event: e, Seq: r.Head.Seq, At: w.Now()}}
	return w.Commit(r.Note())
}

// Each row is a sentence: of this event these people are told.
func TestAudience(t *testing.T) {
	t.Parallel()
	quiet := func(people ...access.Person) func(w *roomtest.World) {
		return func(w *roomtest.World) {
			members, err := w.Store.Members(w.T.Context(), roomtest.Here)
			w.Must(err)
			for _, m := range members {
				for _, p := range people {
					if m.OID == p.OID {
						m.Email = ""
						w.Must(w.Store.PutMember(w.T.Context(), m))
					}
				}
			}
			r := w.Reload(airlock.Request{Workspace: roomtest.Here, ID: roomtest.RequestID})
			if slices.ContainsFunc(people, func(p access.Person) bool { return p.OID == r.CreatedBy.OID }) {
				r.CreatedBy.Email = ""
				w.Commit(r.Note())
			}
		}
	}
	tests := []struct {
		event airlock.Event
		name  string
		set   func(w *roomtest.World)
		want  string
	}{
		{airlock.ToldInReview, "managers", nil, "marc mia"},
		{airlock.ToldInReview, "one manager has no address", quiet(roomtest.Mia), "marc"},
		{airlock.ToldInReview, "no manager has one", quiet(roomtest.Mia, roomtest.Marc), "olga"},
		{airlock.ToldInReview, "neither has the owner", quiet(roomtest.Mia, roomtest.Marc, roomtest.Olga), "adam"},
		{airlock.ToldInReview, "a manager made it", func(w *roomtest.World) {
			w.Must(w.Store.PutMember(w.T.Context(), access.Membership{Workspace: roomtest.Here, OID: roomtest.Ada.OID, Email: roomtest.Ada.Email, Role: access.AirlockManager}))
		}, "marc mia"},
		{airlock.ToldApproved, "the requester", nil, "ada"},
		{airlock.ToldApproved, "the requester has no address", quiet(roomtest.Ada), "olga"},
		{airlock.ToldFailed, "those who can retry too", nil, "ada marc mia olga"},
		{airlock.ToldFailed, "an owner who is a manager is told once", func(w *roomtest.World) {
			w.Must(w.Store.PutMember(w.T.Context(), access.Membership{Workspace: roomtest.Here, OID: roomtest.Olga.OID, Email: roomtest.Olga.Email, Role: access.AirlockManager}))
		}, "ada marc mia olga"},
		{airlock.ToldFewer, "the owner", nil, "olga"},
		{airlock.ToldWaiting, "requester and managers", nil, "ada marc mia"},
		{airlock.ToldStuck, "administrators", nil, "adam"},
	}
	for _, tt := range tests {
		t.Run(string(tt.event)+", "+tt.name, func(t *testing.T) {
			t.Parallel()
			w, p := roomtest.New(t), &post{}
			r := notice(w, tt.event)
			if tt.set != nil {
				tt.set(w)
			}
			w.Must(handle(w, p))
			if got := p.told(); got != tt.want || len(w.Reload(r).Notices) > 0 || len(p.facts) != 1 {
				t.Errorf("told %q, want %q; %d events, left %v", got, tt.want, len(p.facts), w.Reload(r).Notices)
			}
			w.Must(handle(w, p)) // a repeat tells nobody
			if len(p.facts) != 1 || len(p.mails) != len(strings.Fields(tt.want)) {
				t.Errorf("a repeat told %d mails, %d events", len(p.mails), len(p.facts))
			}
		})
	}
}

// A mail names request and workspace, no file, and links to the page.
func TestWhatIsTold(t *testing.T) {
	t.Parallel()
	w, p := roomtest.New(t), &post{}
	notice(w, airlock.ToldInReview)
	w.Must(handle(w, p))
	for _, m := range p.mails {
		all := m.Subject + m.Text + m.HTML
		if strings.Contains(all, "secret") || !strings.Contains(m.Text, "https://tre.example/portal/workspaces/"+roomtest.Here+"/requests/"+roomtest.RequestID) ||
			!strings.HasSuffix(m.ID, "@tre.example") || !m.Date.Equal(w.Now()) {
			t.Errorf("mail %+v", m)
		}
	}
	data := p.facts[0].Data.(message.Notification)
	want := map[string][]string{"workspace_researcher": {}, "workspace_owner": {}, "airlock_manager": {"mia@example.org", "marc@example.org"}}
	if diff := cmp.Diff(want, data.Recipients); diff != "" || data.EventType != "status_changed" || data.Request.Status != "in_review" || data.Request.Files == nil || len(data.Request.Files) > 0 {
		t.Errorf("event %+v %s", data, diff)
	}
	if f := p.facts[0]; f.Type != "airlockNotification" || f.Version != "4.0" || f.Subject != roomtest.RequestID+"/airlockNotification" {
		t.Errorf("event %+v", f)
	}
}

// Each row is a sentence: with this in the way, that happens.
func TestTroubleWithThePost(t *testing.T) {
	t.Parallel()
	later, never := fmt.Errorf("busy: %w", mail.ErrTemporary), fmt.Errorf("no such box: %w", mail.ErrPermanent)
	tests := []struct {
		name   string
		refuse map[string]error
		after  time.Duration
		told   string
		kept   bool // the notice is kept
	}{
		{"an address that is none", map[string]error{"mia@example.org": never}, 0, "marc", false},
		{"an address that is busy", map[string]error{"mia@example.org": later}, 0, "marc", true},
		{"an address that was busy for days", map[string]error{"mia@example.org": later}, 5 * 24 * time.Hour, "marc", false},
		{"no post at all", map[string]error{"mia@example.org": later, "marc@example.org": later}, 0, "", true},
		{"no topic", map[string]error{"topic": later}, 0, "marc mia", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, p := roomtest.New(t), &post{refuse: tt.refuse}
			r := notice(w, airlock.ToldInReview)
			w.Pass(tt.after)
			err := handle(w, p)
			if kept := len(w.Reload(r).Notices) == 1; kept != tt.kept || (fault.KindOf(err) == fault.Retry) != tt.kept || p.told() != tt.told {
				t.Errorf("kept %t, told %q, %v", kept, p.told(), err)
			}
			p.refuse = nil
			w.Must(handle(w, p))
			if len(w.Reload(r).Notices) > 0 || tt.kept && p.told() != "marc mia" {
				t.Errorf("later: told %q, left %v", p.told(), w.Reload(r).Notices)
			}
			if n := len(p.mails); n > 2 {
				t.Errorf("%d mails", n)
			}
		})
	}
}

// Whatever fails, everybody is told, under the same Message-ID where a crash
// came between sending and recording it.
func TestNotifyUnderFaults(t *testing.T) {
	t.Parallel()
	posts := map[*roomtest.World]*post{}
	roomtest.EveryFault(t, roomtest.Scene{
		Set: func(t testing.TB) *roomtest.World {
			w := roomtest.New(t)
			posts[w] = &post{}
			notice(w, airlock.ToldFailed)
			return w
		},
		Run: func(w *roomtest.World) error { return handle(w, posts[w]) },
	})
	for _, p := range posts {
		if got := p.told(); got != "ada marc mia olga" {
			t.Errorf("told %q", got)
		}
	}
}

// A notice that comes while others are told stays.
func TestNoticeMeanwhile(t *testing.T) {
	t.Parallel()
	w, p := roomtest.New(t), &post{}
	r := notice(w, airlock.ToldInReview)
	w.Faults.Before("Requests.Commit", func() { w.Faults.Before("Requests.Commit", nil); w.Move(r, airlock.Cancel) })
	w.Must(handle(w, p))
	if n := w.Reload(r).Notices; len(n) != 1 || n[0].Event != airlock.ToldCancelled {
		t.Errorf("left %+v", n)
	}
}
