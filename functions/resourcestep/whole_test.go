package resourcestep_test

import (
	"cmp"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// house is the engine with what orders operations, on the templates that come
// with it.
type house struct {
	*bed
	*provision.Builder
}

func newHouse(t *testing.T) *house {
	t.Helper()
	b := newBed(t, func(c *memcloud.Config) {
		c.Outputs = func(d workspace.Deployment) map[string]any {
			all := outputs(d)
			all["key_vault_id"], all["connection_uri"] = "/v", "https://desktop.example"
			return all
		}
	})
	h := &house{b, &provision.Builder{Platform: b.room.Platform, Pool: b.room.Pool, Cadence: cadence, Now: b.Now, Log: slog.New(slog.DiscardHandler),
		Ports: provision.Ports{Store: b.Resources, Lists: b.Lists, Requests: b.Wanted, Addresses: b.Addresses, Templates: b.Store, Packages: b.Packages,
			Vault: b.Secrets, Cards: b.Spaces, Airlock: b.Store, Members: b.Members, Records: b.Records, Orders: b.Orders}}}
	for _, name := range []string{"tre-workspace-base", "tre-service-guacamole", "tre-service-guacamole-linuxvm"} {
		files := map[string][]byte{}
		for _, file := range []string{"template.json", "template_schema.json", "main.json"} {
			text, err := os.ReadFile(filepath.Join("..", "..", "infra", "templates", name, file))
			b.Must(err)
			files[file] = text
		}
		_, err := h.Register(t.Context(), h.act(), files, true)
		b.Must(err)
	}
	return h
}

// act is a call of an administrator, of its own.
func (h *house) act() workspace.Act {
	return workspace.Act{By: roomtest.Olga, Role: access.TREAdmin, At: h.Now(), Operation: uuid.NewString(), Call: "call", Reason: "because"}
}

// settle has every order followed, in time, until there are none.
func (h *house) settle() {
	h.T.Helper()
	var waiting []roomtest.Sent
	for range 2000 {
		if waiting = append(waiting, h.TakeSent()...); len(waiting) == 0 {
			return
		}
		next := slices.MinFunc(waiting, func(a, b roomtest.Sent) int { return a.At.Compare(b.At) })
		waiting = slices.DeleteFunc(waiting, func(s roomtest.Sent) bool { return s == next })
		if wait := next.At.Sub(h.Now()); wait > 0 {
			h.Pass(wait)
		}
		if m, ok := next.Message.(message.Step); ok {
			h.Must(h.handle(m))
		}
	}
	h.T.Fatal("there is no end of orders")
}

// done settles an operation that was just ordered, which has to end well.
func (h *house) done(r workspace.Resource, op workspace.Operation, err error) workspace.Resource {
	h.T.Helper()
	h.Must(err)
	h.settle()
	if op = h.Reread(op); !op.Ended() || op.Status.Failed() {
		h.T.Fatalf("%s of %s is %s: %s", op.Action, r.Name(), op.Status, op.Message)
	}
	return h.Get(r.Key())
}

// A study registry asks by an event; a standing approval covers it; the
// workspace is made, with a service and a machine in it; all of it is worked,
// disabled and deleted. Nothing is left but what can be read about it.
func TestWholeLife(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	_, err := h.Approve(ctx, h.act(), workspace.Approval{ID: uuid.NewString(), Template: "tre-workspace-base", Sizes: []string{"small"}, Most: 1,
		Until: h.Now().Add(time.Hour)})
	h.Must(err)
	asked := workspace.Request{ID: freshID, Source: workspace.FromEvent, Template: "tre-workspace-base", Requester: roomtest.Ada, Reason: "a study",
		Properties: map[string]any{"display_name": "Heart", "description": "d", "overview": "o", "address_space_size": "small"}}
	for range 3 { // as Event Grid may deliver it
		_, err = h.Ask(ctx, asked)
		h.Must(err)
	}
	h.settle()
	w := h.Get(key(freshID))
	if w.Status != workspace.Deployed || len(w.Addresses) != 1 || len(h.Cloud.Deployed()) != 1 {
		t.Fatalf("the workspace is %s (%s) with ranges %v and %d stacks", w.Status, w.Message, w.Addresses, len(h.Cloud.Deployed()))
	}
	h.deployedAs(w, "address_spaces", w.Addresses)
	act := func() workspace.Act { a := h.act(); a.By, a.Role = roomtest.Ada, access.WorkspaceOwner; return a }
	named := map[string]any{"display_name": "n", "description": "d", "overview": "o"}
	s := h.done(h.Service(ctx, act(), uuid.NewString(), w, provision.New{Template: "tre-service-guacamole", Properties: named, Roles: []access.Role{access.WorkspaceOwner}}))
	m := h.done(h.UserResource(ctx, act(), uuid.NewString(), w, s, provision.New{Template: "tre-service-guacamole-linuxvm", Properties: named, Roles: []access.Role{access.WorkspaceOwner}}))
	if d := h.deployedAs(m, "owner_id", roomtest.Ada.OID); d.Parameters["admin_password"].Secret == "" || d.Parameters["admin_password"].Value != nil {
		t.Errorf("the password is passed as %+v", d.Parameters["admin_password"])
	}
	for _, action := range []workspace.Action{"stop", "start", "reset_password"} {
		m = h.done(h.Invoke(ctx, act(), m.Key(), action, nil))
	}
	disabled := false
	for _, r := range []workspace.Resource{m, s, w} {
		h.done(h.Update(ctx, act(), r.Key(), provision.Patch{Match: "*", Enabled: &disabled}))
	}
	w = h.done(h.Delete(ctx, act(), w.Key()))
	if kept := h.Cloud.Kept(); len(h.Cloud.Deployed()) != 0 || len(kept) != 0 || len(h.Cloud.Fleet()) != 0 {
		t.Errorf("left are %v, secrets %v, machines %v", h.Cloud.Deployed(), slices.Collect(maps.Keys(kept)), h.Cloud.Fleet())
	}
	blocks, err := h.Store.Blocks(ctx)
	h.Must(err)
	for _, b := range blocks {
		if len(b.Taken) > 0 {
			t.Errorf("reserved is still %v", b.Taken)
		}
	}
	for _, r := range append(h.All(w.ID), w) {
		if !r.Gone() || r.Operation != "" {
			t.Errorf("%s is %s, held by %q", r.Name(), r.Status, r.Operation)
		}
	}
}

// deployedAs is what was last deployed of a resource, with a parameter of this
// value.
func (h *house) deployedAs(r workspace.Resource, parameter string, want any) workspace.Deployment {
	h.T.Helper()
	for _, s := range h.Cloud.Deployed() {
		d, _ := h.Cloud.Deployment(s)
		if !strings.HasSuffix(s.Name, workspace.Suffix("tre", r.ID, 1)) {
			continue
		}
		if got := d.Parameters[parameter].Value; !reflect.DeepEqual(got, want) {
			h.T.Errorf("%s of %s is %v, want %v", parameter, r.Name(), got, want)
		}
		return d
	}
	h.T.Errorf("nothing is deployed of %s", cmp.Or(r.Name(), r.ID))
	return workspace.Deployment{}
}
