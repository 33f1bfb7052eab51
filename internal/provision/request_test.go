package provision_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// asked is a request as a registry sends it.
func asked(more map[string]any) workspace.Request {
	return workspace.Request{ID: id(), Source: workspace.FromEvent, Reference: "study 7", Template: "base", Properties: named(more), Reason: "a new study",
		Requester: rita, Members: []workspace.Member{{OID: berta.OID, Name: "Berta", Email: berta.Email, Role: access.AirlockManager}}}
}

// because is a call with a reason.
func because(p access.Person, reason string) workspace.Act {
	act := by(p)
	act.Reason = reason
	return act
}

// standing gives a standing approval for so many workspaces.
func (b *bed) standing(most int) workspace.Approval {
	b.t.Helper()
	p, err := b.Approve(b.t.Context(), because(adam, "the registry"), workspace.Approval{ID: id(), Template: "base", Most: most, Until: now.Add(24 * time.Hour)})
	b.must(err)
	return p
}

func (b *bed) request(id string) workspace.Request {
	b.t.Helper()
	r, err := b.store.WorkspaceRequest(b.t.Context(), id)
	b.must(err)
	return r
}

// TestRequestIsGranted: it waits, an administrator grants it, and the workspace
// is the requester's, with the secret that was asked with it.
func TestRequestIsGranted(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	r, err := b.Ask(t.Context(), asked(map[string]any{"client_secret": canary}))
	b.must(err)
	if r.Status != workspace.Asked || r.Properties["client_secret"] != workspace.Redacted || len(r.Secrets) != 1 || len(r.Notices) != 1 || r.Notices[0].Event != workspace.EventAsked {
		t.Fatalf("%+v", r)
	}
	if all := b.all(workspace.System); len(all) != 0 {
		t.Fatalf("%d resources before anybody decided", len(all))
	}
	act := because(adam, "fine")
	granted, err := b.Decide(t.Context(), act, r.ID, true)
	b.must(err)
	w := b.load(workspace.Key{Partition: workspace.System, ID: r.ID})
	o, err := b.store.Operation(t.Context(), workspace.OperationKey{Partition: workspace.System, Resource: w.ID, ID: act.Operation})
	b.must(err)
	if granted.Status != workspace.Granted || granted.Decided.By.OID != adam.OID || w.Properties["workspace_owner_object_id"] != rita.OID || w.CreatedBy.OID != adam.OID {
		t.Errorf("%+v, %+v", granted, w)
	}
	if len(o.Members) != 2 || o.Members[0].OID != rita.OID || o.Members[0].Role != access.WorkspaceOwner || o.Members[1].OID != berta.OID {
		t.Errorf("members %+v", o.Members)
	}
	if b.vault.values[w.Secrets["/client_secret"]] != canary || w.Properties["client_secret"] != workspace.Redacted {
		t.Errorf("secrets %v", w.Secrets)
	}
	again, err := b.Decide(t.Context(), act, r.ID, true)
	if err != nil || asText(again) != asText(granted) || len(b.all(workspace.System)) != 1 {
		t.Errorf("a repeat: %v, %v", again, err)
	}
	_, err = b.Decide(t.Context(), because(berta, "no"), r.ID, false)
	wrong(t, "another decision", err, airlock.ErrIllegal)
}

// TestDecisions: who may not decide, and what a decision has to say.
func TestDecisions(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	mine := asked(nil)
	mine.Source, mine.Requester = workspace.FromCall, adam
	r, err := b.Ask(t.Context(), mine)
	b.must(err)
	app := adam
	app.App, app.OID = true, id()
	for _, tt := range []struct {
		name  string
		act   workspace.Act
		grant bool
		err   error
	}{
		{name: "one's own", act: by(adam), grant: true, err: airlock.ErrRefused},
		{name: "a program", act: by(app), grant: true, err: airlock.ErrRefused},
		{name: "rejected without a reason", act: by(berta), err: airlock.ErrInvalid},
		{name: "a reason with a control character", act: because(berta, "a\x07"), err: airlock.ErrInvalid},
		{name: "a long reason", act: because(berta, strings.Repeat("x", 2001)), err: airlock.ErrInvalid},
	} {
		_, err := b.Decide(t.Context(), tt.act, r.ID, tt.grant)
		wrong(t, tt.name, err, tt.err)
	}
	_, err = b.Decide(t.Context(), by(berta), id(), true)
	wrong(t, "no such request", err, airlock.ErrNotFound)
	_, err = b.Decide(t.Context(), by(berta), "../x", true)
	wrong(t, "no id at all", err, airlock.ErrNotFound)
	if got := b.request(r.ID); got.Status != workspace.Asked || len(b.all(workspace.System)) != 0 {
		t.Fatalf("%+v", got)
	}
	declined, err := b.Decide(t.Context(), because(berta, "no money"), r.ID, false)
	if err != nil || declined.Status != workspace.Declined || declined.Message != "no money" {
		t.Errorf("%+v, %v", declined, err)
	}
	_, err = b.Withdraw(t.Context(), by(adam), r.ID)
	wrong(t, "withdrawn after the decision", err, airlock.ErrIllegal)
}

// TestTwoAdministratorsAtOnce: whoever commits first decided, the other one is
// told; never both.
func TestTwoAdministratorsAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		b := newBed(t)
		r, err := b.Ask(t.Context(), asked(nil))
		b.must(err)
		errs := make([]error, 2)
		var group sync.WaitGroup
		for i, p := range []access.Person{adam, berta} {
			group.Go(func() { _, errs[i] = b.Decide(t.Context(), because(p, "said"), r.ID, i == 0) })
		}
		group.Wait()
		if (errs[0] == nil) == (errs[1] == nil) {
			t.Fatalf("%v, %v", errs[0], errs[1])
		}
		made := len(b.all(workspace.System)) == 1
		if status := b.request(r.ID).Status; made != (status == workspace.Granted) || made != (errs[0] == nil) {
			t.Fatalf("status %s, made %t, %v", status, made, errs)
		}
	}
}

// TestRefusedRequests: what can never be granted is not kept.
func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*workspace.Request)
		err    error
	}{
		"unknown template":  {func(r *workspace.Request) { r.Template = "x" }, airlock.ErrIllegal},
		"unknown version":   {func(r *workspace.Request) { r.TemplateVersion = "7.0.0" }, airlock.ErrIllegal},
		"bad properties":    {func(r *workspace.Request) { r.Properties["quota"] = "x" }, provision.ErrSchema},
		"hostile name":      {func(r *workspace.Request) { r.Properties["display_name"] = "a\u202e" }, airlock.ErrInvalid},
		"hostile requester": {func(r *workspace.Request) { r.Requester.Name = "a\x00" }, airlock.ErrInvalid},
		"no requester":      {func(r *workspace.Request) { r.Requester.OID = "" }, airlock.ErrInvalid},
		"long reason":       {func(r *workspace.Request) { r.Reason = strings.Repeat("x", 2001) }, airlock.ErrInvalid},
		"no id":             {func(r *workspace.Request) { r.ID = "x/y" }, airlock.ErrInvalid},
		"too many members":  {func(r *workspace.Request) { r.Members = make([]workspace.Member, 40) }, airlock.ErrInvalid},
		"an administrator":  {func(r *workspace.Request) { r.Members[0].Role = access.TREAdmin }, airlock.ErrInvalid},
		"another owner":     {func(r *workspace.Request) { r.Properties["workspace_owner_object_id"] = adam.OID }, airlock.ErrInvalid},
		"no source":         {func(r *workspace.Request) { r.Source = "" }, airlock.ErrInvalid},
	} {
		b := newBed(t)
		r := asked(nil)
		tt.change(&r)
		_, err := b.Ask(t.Context(), r)
		wrong(t, name, err, tt.err)
		all, _, err := b.store.WorkspaceRequests(t.Context(), airlock.Page{})
		b.must(err)
		if len(all) > 0 || len(b.vault.values) > 0 {
			t.Errorf("%s: something was kept", name)
		}
	}
}
