package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

const inside = "/workspaces/" + here + "/resources"

// insideForms are the actions that a workspace's page offers.
var insideForms = regexp.MustCompile(`action="/portal` + inside + `/([a-z-]+)"`)

func offeredInside(page string) string {
	var all []string
	for _, found := range insideForms.FindAllStringSubmatch(page, -1) {
		all = append(all, found[1])
	}
	return strings.Join(all, " ")
}

// TestInside says what everybody sees of a workspace.
func TestInside(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.furnish()
	b.seen("deallocated", idle.Machine{})
	for who, tt := range map[string]struct {
		status        int
		forms         string
		with, without []string
	}{
		"olga": {200, "freeze", []string{"Deployed", "Desktops", "Ann&#39;s machine", "Stopped", "Bob&#39;s machine", "QuotaExceeded", "10.0.4.0/24", "Members", "Airlock requests"}, nil},
		"ann":  {200, "", []string{"Desktops", "Ann&#39;s machine", "Stopped"}, []string{"Bob&#39;s machine", "/members"}},
		"mia":  {200, "", []string{"Desktops"}, []string{"Ann&#39;s machine", "Bob&#39;s machine"}},
		"adam": {200, "disable freeze", []string{"Deployed", "administrators do not see into it", "Members"}, []string{"Desktops", "machine</bdi>", ">Airlock requests<"}},
		"sam":  {404, "", nil, []string{"Heart study"}},
	} {
		a := b.get(who, inside)
		if a.status != tt.status || offeredInside(a.body) != tt.forms {
			t.Errorf("%s: %d, forms %q", who, a.status, offeredInside(a.body))
		}
		for _, want := range tt.with {
			if !strings.Contains(a.body, want) {
				t.Errorf("%s does not see %q", who, want)
			}
		}
		for _, secret := range tt.without {
			if strings.Contains(a.body, secret) {
				t.Errorf("%s sees %q", who, secret)
			}
		}
	}
	if a := b.get("adam", "/"); !strings.Contains(a.body, inside) || !strings.Contains(a.body, "Deployed") || !strings.Contains(a.body, "Not made here") {
		t.Errorf("home: %s", a.body)
	}
	if a := b.get("olga", "/workspaces/"+here); !strings.Contains(a.body, inside) {
		t.Error("no way from the airlock's page")
	}
	if a := b.get("sam", "/workspaces/"+there+"/resources"); !strings.Contains(a.body, "Not made here") || !strings.Contains(a.body, "There is nothing in it yet") {
		t.Errorf("a workspace that has a card alone: %d %s", a.status, a.body)
	}
}

// TestOperationUnderWay: the page follows it, unless it is held still; then it
// can be stopped, and tried again when it failed.
func TestOperationUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.furnish()
	op := b.begin(system, workspace.Upgrade)
	a := b.get("adam", inside)
	if !strings.Contains(a.body, `http-equiv="refresh" content="10"`) || !strings.Contains(a.body, "Under way: upgrade") || !strings.Contains(a.body, "Waits to be updated") || offeredInside(a.body) != "" {
		t.Errorf("under way: forms %q, %s", offeredInside(a.body), a.body)
	}
	a = b.get("adam", inside+"?still")
	if strings.Contains(a.body, "http-equiv") || offeredInside(a.body) != "stop-operation freeze" {
		t.Errorf("held still: forms %q", offeredInside(a.body))
	}
	if a := b.get("olga", inside+"?still"); offeredInside(a.body) != "freeze" || !strings.Contains(a.body, "Under way") {
		t.Errorf("the owner: forms %q", offeredInside(a.body))
	}
	if a := b.get("ann", inside+"?still"); strings.Contains(a.body, "Under way: upgrade") {
		t.Error("a researcher sees operations")
	}
	if a := b.post("olga", inside+"/stop-operation", url.Values{"operation": {op.ID}}); a.status != http.StatusForbidden {
		t.Errorf("the owner stops it: %d", a.status)
	}
	for range 2 {
		if a := b.post("adam", inside+"/stop-operation", url.Values{"operation": {op.ID}, "reason": {"wrong version"}}); a.status != http.StatusSeeOther {
			t.Errorf("stop: %d %s", a.status, a.body)
		}
	}
	a = b.get("adam", inside+"?still&done=stop-operation")
	if !strings.Contains(a.body, "asked that it stops") || !strings.Contains(a.body, "wrong version") || offeredInside(a.body) != "freeze" {
		t.Errorf("stopped: %s", a.body)
	}
	b.fail(op.Key(), "it was cancelled")
	a = b.get("adam", inside)
	if offeredInside(a.body) != "disable try-again freeze" || strings.Contains(a.body, "http-equiv") || !strings.Contains(a.body, "Update failed") {
		t.Errorf("failed: forms %q %s", offeredInside(a.body), a.body)
	}
	if a := b.get("olga", inside); offeredInside(a.body) != "freeze" {
		t.Errorf("the owner: forms %q", offeredInside(a.body))
	}
	if a := b.post("adam", inside+"/try-again", url.Values{"operation": {op.ID}}); a.status != http.StatusSeeOther {
		t.Errorf("retry: %d %s", a.status, a.body)
	}
	if a := b.get("adam", inside); !strings.Contains(a.body, "http-equiv") {
		t.Errorf("tried again: %s", a.body)
	}
}

// TestThingsUnderWay: what is done to a service or a machine is followed, stopped
// and tried again by whoever may.
func TestThingsUnderWay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.furnish()
	machine := workspace.Key{Partition: here, ID: machineID}
	service, vm := b.begin(workspace.Key{Partition: here, ID: serviceID}, workspace.Upgrade), b.begin(machine, "start")
	about := func(op workspace.Operation, of, id string) url.Values {
		return url.Values{"operation": {op.ID}, "service": {of}, "id": {id}, "reason": {"enough"}}
	}
	for who, want := range map[string]string{"olga": "stop-operation stop-operation freeze", "ann": "stop-operation", "mia": "", "adam": "disable freeze"} {
		if a := b.get(who, inside+"?still"); offeredInside(a.body) != want {
			t.Errorf("%s: forms %q, want %q", who, offeredInside(a.body), want)
		}
	}
	if a := b.get("ann", inside); !strings.Contains(a.body, "http-equiv") || offeredInside(a.body) != "" {
		t.Errorf("it is not followed: forms %q", offeredInside(a.body))
	}
	for name, tt := range map[string]struct {
		who, path string
		form      url.Values
		status    int
	}{
		"a researcher stops a service's":          {"ann", inside, about(service, "", serviceID), 403},
		"another one stops a machine's":           {"bob", inside, about(vm, serviceID, machineID), 404},
		"from another workspace":                  {"sam", "/workspaces/" + there + "/resources", about(vm, serviceID, machineID), 404},
		"of another service":                      {"ann", inside, about(vm, nowhere, machineID), 404},
		"an operation of another resource":        {"olga", inside, about(service, serviceID, machineID), 404},
		"a machine as if it were a service":       {"olga", inside, about(vm, "", machineID), 404},
		"a machine's as if it were a workspace's": {"adam", inside, about(vm, "", ""), 404},
	} {
		if a := b.post(tt.who, tt.path+"/stop-operation", tt.form); a.status != tt.status {
			t.Errorf("%s: %d, want %d", name, a.status, tt.status)
		}
	}
	for _, key := range []workspace.OperationKey{service.Key(), vm.Key()} {
		if o, err := b.store.Operation(t.Context(), key); err != nil || o.Cancel != nil {
			t.Errorf("it was asked to stop: %+v %v", o.Cancel, err)
		}
	}
	if a := b.post("ann", inside+"/stop-operation", about(vm, serviceID, machineID)); a.status != http.StatusSeeOther {
		t.Errorf("stop: %d %s", a.status, a.body)
	}
	b.fail(vm.Key(), "it was cancelled")
	if a := b.get("ann", inside+"?still"); offeredInside(a.body) != "try-again" || !strings.Contains(a.body, "Action failed") {
		t.Errorf("failed: forms %q", offeredInside(a.body))
	}
	if a := b.post("ann", inside+"/try-again", about(vm, serviceID, machineID)); a.status != http.StatusSeeOther {
		t.Errorf("retry: %d %s", a.status, a.body)
	}
	if r, err := b.store.Resource(t.Context(), machine); err != nil || r.Status != workspace.AwaitingAction {
		t.Errorf("tried again: %s %v", r.Status, err)
	}
}

// TestFreezeFromThePage: it needs a reason, and is lifted there too.
func TestFreezeFromThePage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.furnish()
	if a := b.post("olga", inside+"/freeze", url.Values{"reason": {" "}}); a.status != http.StatusUnprocessableEntity || b.frozen(here) {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := b.post("ann", inside+"/freeze", url.Values{"reason": {"mine"}}); a.status != http.StatusForbidden || b.frozen(here) {
		t.Errorf("by a researcher: %d", a.status)
	}
	if a := b.post("sam", inside+"/freeze", url.Values{"reason": {"mine"}}); a.status != http.StatusNotFound || b.frozen(here) {
		t.Errorf("from another workspace: %d", a.status)
	}
	forgeFails(t, "foreign", b.post("olga", inside+"/freeze", url.Values{"reason": {"theirs"}}, "Origin", "https://evil.example"))
	if a := b.get("olga", inside+"/freeze?reason=x"); a.header.Get("Location") != "/portal"+inside || b.frozen(here) {
		t.Errorf("an action's address leads to %q", a.header.Get("Location"))
	}
	if a := b.post("olga", inside+"/freeze", url.Values{"reason": {"an <i>incident</i>"}}); a.status != http.StatusSeeOther || !b.frozen(here) {
		t.Fatalf("freeze: %d %s", a.status, a.body)
	}
	a := b.get("adam", inside+"?done=freeze")
	if !strings.Contains(a.body, "The workspace is frozen") || !strings.Contains(a.body, "an &lt;i&gt;incident") || offeredInside(a.body) != "unfreeze" {
		t.Errorf("frozen: %s", a.body)
	}
	if a := b.get("olga", inside); offeredInside(a.body) != "unfreeze" {
		t.Errorf("who froze it may not lift it: forms %q", offeredInside(a.body))
	}
	if a := b.post("adam", inside+"/unfreeze", url.Values{"reason": {"over"}}); a.status != http.StatusSeeOther || b.frozen(here) {
		t.Errorf("unfreeze: %d %s", a.status, a.body)
	}
	b.post("adam", inside+"/freeze", url.Values{"reason": {"again"}})
	if a := b.get("olga", inside); !b.frozen(here) || offeredInside(a.body) != "" {
		t.Errorf("an owner may lift what an administrator froze: forms %q", offeredInside(a.body))
	}
}

// TestKeepRunning: a machine's owner sees that it is going to be stopped, and puts
// that off; what is no number of hours is not taken, and nobody else can.
func TestKeepRunning(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.furnish()
	b.seen("running", idle.Machine{WhenIdle: time.Minute})
	if a := b.get("ann", inside); offeredInside(a.body) != "extend" || !strings.Contains(a.body, "going to be stopped") || !strings.Contains(a.body, "nobody uses it") {
		t.Fatalf("%q %s", offeredInside(a.body), a.body)
	}
	form := url.Values{"id": {machineID}, "service": {serviceID}, "hours": {"lots"}}
	for hours, status := range map[string]int{"lots": 422, "-1": 422, "NaN": 422, "1000": 422, "": 422} {
		form.Set("hours", hours)
		if a := b.post("ann", inside+"/extend", form); a.status != status || !strings.Contains(a.body, "hours") {
			t.Errorf("%q hours: %d", hours, a.status)
		}
	}
	form.Set("hours", "4")
	if a := b.post("mia", inside+"/extend", form); a.status != http.StatusNotFound {
		t.Errorf("who does not see it: %d", a.status)
	}
	if a := b.post("ann", inside+"/extend", form); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if a := b.get("ann", inside+"?done=extend"); !strings.Contains(a.body, "kept running until") || !strings.Contains(a.body, "The machine is kept running") {
		t.Error(a.body)
	}
}
