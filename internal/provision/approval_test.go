package provision_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// TestStandingApproval: an event that it covers is granted at once, and counted;
// others wait.
func TestStandingApproval(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	p := b.standing(2)
	r, err := b.Ask(t.Context(), asked(nil))
	b.must(err)
	w := b.load(workspace.Key{Partition: workspace.System, ID: r.ID})
	if r.Status != workspace.Granted || r.Decided.Approval != p.ID || len(r.Notices) != 1 || r.Notices[0].Event != workspace.EventGranted || w.Operation == "" {
		t.Fatalf("%+v, %+v", r, w)
	}
	if again, err := b.Ask(t.Context(), r); err != nil || asText(again) != asText(r) {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	call := asked(nil)
	call.Source = workspace.FromCall
	for name, other := range map[string]workspace.Request{"a call": call, "another size": asked(map[string]any{"address_space_size": "custom", "address_space": "10.3.0.0/24"})} {
		got, err := b.Ask(t.Context(), other)
		if err != nil || got.Status != workspace.Asked {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if p, err = b.store.Approval(t.Context(), p.ID); err != nil || p.Used != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	act := because(berta, "enough")
	ended, err := b.TakeBack(t.Context(), act, p.ID)
	b.must(err)
	if again, err := b.TakeBack(t.Context(), act, p.ID); err != nil || asText(again) != asText(ended) {
		t.Errorf("a repeat: %+v, %v", again, err)
	}
	_, err = b.TakeBack(t.Context(), because(berta, "enough"), p.ID)
	wrong(t, "taken back twice", err, airlock.ErrIllegal)
	if late, err := b.Ask(t.Context(), asked(nil)); err != nil || late.Status != workspace.Asked {
		t.Errorf("%+v, %v", late, err)
	}
}

// TestApprovalOfSomebodySuspended: what an administrator approved beforehand holds
// no longer than they may approve anything.
func TestApprovalOfSomebodySuspended(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	p := b.standing(2)
	record, err := b.store.Record(t.Context(), adam.OID)
	b.must(err)
	change, err := record.Suspend(people.Act{By: berta, Roles: []access.Role{access.TREAdmin}, At: now, Reason: "left", Operation: id()})
	b.must(err)
	record, err = b.store.CommitRecord(t.Context(), change)
	b.must(err)
	r, err := b.Ask(t.Context(), asked(nil))
	if err != nil || r.Status != workspace.Asked || !strings.Contains(r.Message, "may not act now") || strings.Contains(r.Message, "suspended") || len(b.all(workspace.System)) != 0 {
		t.Errorf("%s %q, %v", r.Status, r.Message, err)
	}
	if used, err := b.store.Approval(t.Context(), p.ID); err != nil || used.Used != 0 {
		t.Errorf("%+v, %v", used, err)
	}
	other, err := b.Approve(t.Context(), because(berta, "the registry"), workspace.Approval{ID: id(), Template: "base", Most: 1, Until: now.Add(24 * time.Hour)})
	b.must(err)
	if r, err = b.Ask(t.Context(), asked(nil)); err != nil || r.Status != workspace.Granted || r.Decided.Approval != other.ID {
		t.Errorf("there is another administrator's: %s, %v", r.Status, err)
	}
	change, err = record.Reinstate(people.Act{By: berta, Roles: []access.Role{access.TREAdmin}, At: now, Reason: "back", Operation: id()})
	b.must(err)
	_, err = b.store.CommitRecord(t.Context(), change)
	b.must(err)
	if r, err = b.Ask(t.Context(), asked(nil)); err != nil || r.Status != workspace.Granted || r.Decided.Approval != p.ID {
		t.Errorf("reinstated: %s, %v", r.Status, err)
	}
}

// TestLastOfAnApproval: of two events at once for which there is one workspace
// left, one is granted.
func TestLastOfAnApproval(t *testing.T) {
	t.Parallel()
	for range 20 {
		b := newBed(t)
		p := b.standing(1)
		got := make([]workspace.Request, 2)
		errs := make([]error, 2)
		var group sync.WaitGroup
		for i := range got {
			group.Go(func() { got[i], errs[i] = b.Ask(t.Context(), asked(nil)) })
		}
		group.Wait()
		p, err := b.store.Approval(t.Context(), p.ID)
		b.must(err)
		if errs[0] != nil || errs[1] != nil || (got[0].Status == workspace.Granted) == (got[1].Status == workspace.Granted) || p.Used != 1 || len(b.all(workspace.System)) != 1 {
			t.Fatalf("%s %v, %s %v, used %d", got[0].Status, errs[0], got[1].Status, errs[1], p.Used)
		}
	}
}

// TestSameEventTwiceAtOnce makes one workspace.
func TestSameEventTwiceAtOnce(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	p := b.standing(10)
	r := asked(nil)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if got, err := b.Ask(t.Context(), r); err != nil || got.Status != workspace.Granted {
				t.Errorf("%s, %v", got.Status, err)
			}
		})
	}
	group.Wait()
	if p, err := b.store.Approval(t.Context(), p.ID); err != nil || p.Used != 1 || len(b.all(workspace.System)) != 1 {
		t.Errorf("used %d, %v", p.Used, err)
	}
}

// TestAnotherContent: the first request stands, and the audit trail says that it
// came again with another content, not without end.
func TestAnotherContent(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	first := asked(map[string]any{"client_secret": canary})
	_, err := b.Ask(t.Context(), first)
	b.must(err)
	same := first
	same.Properties = named(map[string]any{"client_secret": "another " + canary})
	_, err = b.Ask(t.Context(), same) // what the secret was nobody knows any more
	b.must(err)
	other := first
	other.Properties = named(map[string]any{"address_space_size": "large"})
	for range 30 {
		got, err := b.Ask(t.Context(), other)
		b.must(err)
		if got.Properties["address_space_size"] != nil || got.Status != workspace.Asked {
			t.Fatalf("%+v", got)
		}
	}
	lines, _, err := b.store.Trail(t.Context(), workspace.System, first.Chain(), airlock.Page{})
	b.must(err)
	if len(lines) != 20 || lines[0].Action != "request_workspace" || lines[1].Action != "repeat_request" {
		t.Errorf("%d lines", len(lines))
	}
}

// TestApprovalWithoutRoom: what a standing approval covers but cannot be made
// waits, with the reason.
func TestApprovalWithoutRoom(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.standing(5)
	b.Pool.Reserved = append(b.Pool.Reserved, b.Pool.Space)
	r, err := b.Ask(t.Context(), asked(nil))
	if err != nil || r.Status != workspace.Asked || !strings.Contains(r.Message, "address space is full") || len(b.all(workspace.System)) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}

// TestRefusedApprovals: a standing approval says for what, how often, and until
// when.
func TestRefusedApprovals(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	app := adam
	app.App = true
	good := workspace.Approval{Template: "base", Most: 1, Until: now.Add(time.Hour), Reason: "r"}
	for name, tt := range map[string]struct {
		by     access.Person
		change func(*workspace.Approval)
		err    error
	}{
		"a program":         {app, func(*workspace.Approval) {}, airlock.ErrRefused},
		"none":              {adam, func(p *workspace.Approval) { p.Most = 0 }, airlock.ErrInvalid},
		"for ever":          {adam, func(p *workspace.Approval) { p.Until = now.AddDate(3, 0, 0) }, airlock.ErrInvalid},
		"past":              {adam, func(p *workspace.Approval) { p.Until = now }, airlock.ErrInvalid},
		"without a reason":  {adam, func(p *workspace.Approval) { p.Reason = "" }, airlock.ErrInvalid},
		"unknown template":  {adam, func(p *workspace.Approval) { p.Template = "x" }, airlock.ErrIllegal},
		"unknown size":      {adam, func(p *workspace.Approval) { p.Sizes = []string{"huge"} }, airlock.ErrInvalid},
		"unknown requester": {adam, func(p *workspace.Approval) { p.Requester = []string{"me"} }, airlock.ErrInvalid},
	} {
		p := good
		p.ID = id()
		tt.change(&p)
		_, err := b.Approve(t.Context(), by(tt.by), p)
		wrong(t, name, err, tt.err)
	}
	all, _, err := b.store.Approvals(t.Context(), airlock.Page{})
	if err != nil || len(all) > 0 {
		t.Errorf("%d approvals, %v", len(all), err)
	}
}
