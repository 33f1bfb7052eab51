package notify_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/notify"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/mail"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const stuckID = "77777777-7777-4777-8777-777777777702"

// stuck stores an operation on a resource, orders about which were poisoned.
func stuck(e *roomtest.Estate, r workspace.Resource) workspace.Operation {
	e.T.Helper()
	r.Properties = map[string]any{"display_name": "Desktops <b>", "token": workspace.Redacted}
	r.Secrets = map[string]string{"/token": "https://vault/secrets/token"}
	r, op, err := r.Begin(workspace.Act{By: roomtest.Olga, At: e.Now(), Operation: stuckID}, workspace.Order{Action: workspace.Install})
	e.Must(err)
	op, _ = op.Marked(workspace.Poisoned{Message: "m1", At: e.Now()}, "the engine has trouble", 1)
	c := workspace.Change{Partition: r.Key().Partition}
	c.Resource(r, audit.Line{At: e.Now(), Action: "asked"})
	c.Operation(op, e.Now(), audit.Line{At: e.Now(), Action: "poisoned"})
	c, err = e.Store.CommitChange(e.T.Context(), c)
	e.Must(err)
	return c.Operations[0]
}

// alarm handles the order to tell of an operation that is stuck.
func alarm(e *roomtest.Estate, p *post, op workspace.Operation) error {
	f := notify.Function{Ledger: e.Ledger, Operations: e.Resources, Store: e.Resources, Letters: e.Letters, Mail: p, Facts: p, Log: slog.New(slog.DiscardHandler),
		Administrators: []mail.Address{{Name: "Adam", Email: "adam@example.org"}, {Email: "ada@example.org"}}, Portal: "https://tre.example/portal", Domain: "tre.example"}
	_, err := f.Handle(e.Context("notify"), message.Notify{Workspace: op.Resource.Partition, Resource: op.Resource.ID, Request: op.ID})
	return err
}

// Each row is a sentence: every administrator is told once that an operation on
// this is stuck, and where to see it.
func TestAdministratorsHearOfStuckOperations(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		on   workspace.Resource
		link string
	}{
		"a workspace":      {workspace.Resource{ID: deskID, Kind: workspace.Workspace}, "/workspaces/" + deskID + "/resources"},
		"a service":        {workspace.Resource{ID: deskID, Kind: workspace.Service, Workspace: roomtest.Here}, "/workspaces/" + roomtest.Here + "/resources"},
		"a shared service": {workspace.Resource{ID: deskID, Kind: workspace.SharedService}, "/"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, p := roomtest.NewEstate(roomtest.New(t), memcloud.Config{}), &post{}
			op := stuck(e, tt.on)
			e.Pass(time.Hour)
			for range 2 { // the second finds nothing to do
				e.Must(alarm(e, p, op))
			}
			if got := p.told(); got != "ada adam" || len(p.mails) != 2 || len(p.facts) != 0 {
				t.Fatalf("told %q in %d mails", got, len(p.mails))
			}
			now := e.Reread(op)
			if now.Untold() || now.Head != op.Head || now.Message != op.Message {
				t.Errorf("left %+v", now)
			}
			if o, err := e.Work.Open(t.Context(), airlock.Key{Workspace: op.Resource.Partition, Request: op.ID}); err != nil || o.Tell || o.Resource != deskID {
				t.Errorf("its open work is %+v, %v", o, err)
			}
			for _, m := range p.mails {
				if m.Check() != nil || !strings.Contains(m.Text, "https://tre.example/portal"+tt.link+"\n") || !strings.Contains(m.Text, stuckID) || !m.Date.Equal(op.Stuck.At) {
					t.Errorf("mail %v %s", m.Check(), m.Text)
				}
				if all := m.Subject + m.Text + m.HTML; strings.Contains(all, "vault") || strings.Contains(all, workspace.Redacted) || strings.Contains(m.HTML, "Desktops <b>") {
					t.Errorf("mail tells %s", all)
				}
			}
		})
	}
}

// What keeps one mail from being sent keeps the notice, and sends no other one
// twice. One that ended, or is gone, is told of to nobody.
func TestStuckIsToldUntilEverybodyHeard(t *testing.T) {
	t.Parallel()
	e := roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
	op := stuck(e, workspace.Resource{ID: deskID, Kind: workspace.Workspace})
	p := &post{refuse: map[string]error{"ada@example.org": errors.New("451 greylisted")}}
	if err := alarm(e, p, op); err == nil || !e.Reread(op).Untold() {
		t.Fatalf("%v, %+v", err, e.Reread(op).Stuck)
	}
	p.refuse = nil
	e.Must(alarm(e, p, op))
	if got := p.told(); got != "ada adam" || len(p.mails) != 2 || e.Reread(op).Untold() {
		t.Errorf("told %q in %d mails", got, len(p.mails))
	}

	e = roomtest.NewEstate(roomtest.New(t), memcloud.Config{})
	op = stuck(e, workspace.Resource{ID: deskID, Kind: workspace.Workspace})
	c := workspace.Change{Partition: op.Resource.Partition}
	c.Operation(op.Advance(0, workspace.DeploymentFailed, "quota", e.Now()), e.Now(), audit.Line{At: e.Now(), Action: "fails"})
	_, err := e.Store.CommitChange(t.Context(), c)
	e.Must(err)
	unknown := op
	unknown.ID = roomtest.NobodysID
	for _, o := range []workspace.Operation{op, unknown} {
		if err := alarm(e, p, o); err != nil || len(p.mails) != 2 {
			t.Errorf("%v, %d mails", err, len(p.mails))
		}
	}
}
