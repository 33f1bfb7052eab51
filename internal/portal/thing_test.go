package portal_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/workspace"
	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

func itoa(n int) string { return strconv.Itoa(n) }

// TestMachine: its owner sees how it stands and does what can be done to it.
func TestMachine(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, vm := b.equip()
	at := vm.Path()
	b.seen("running", idle.Machine{})
	a := b.get("ann", at)
	for _, want := range []string{"Running", `href="https://desktops.example/?/client/1"`, `rel="noopener noreferrer"`, `value="stop"`, "Starts it.", "<option>large | 8</option>", at + "/change", at + "/delete", "VM size", "small | 2"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if a := b.get("ann", inside); !strings.Contains(a.body, `href="https://desktops.example/?/client/1"`) || !strings.Contains(a.body, `href="/portal`+at+`"`) {
		t.Errorf("the workspace's page: %s", a.body)
	}
	if strings.Contains(a.body, canary) || strings.Contains(a.body, "Password</dt>") {
		t.Error("the page tells of the secret")
	}
	form := filledIn(a.body, map[string]string{"action": "stop"})
	for range 2 {
		if a := b.post("ann", at+"/act", form); a.status != http.StatusSeeOther || a.header.Get("Location") != "/portal"+at+"?done=act" {
			t.Fatalf("stop: %d %s", a.status, a.body)
		}
	}
	if a := b.post("ann", at+"/act", url.Values{"action": {"start"}}); a.status != http.StatusConflict || !strings.Contains(a.body, "It cannot be done now") {
		t.Errorf("while it is under way: %d %s", a.status, a.body)
	}
	if a := b.get("ann", at); !strings.Contains(a.body, "Action waits") || !strings.Contains(a.body, "http-equiv") || strings.Contains(a.body, at+"/act") || strings.Contains(a.body, at+"/change") {
		t.Errorf("under way: %s", a.body)
	}
	b.finish(vm.Key(), nil)
	for name, tt := range map[string]url.Values{"no action": {"action": {""}}, "an action there is not": {"action": {"explode"}}, "a size there is not": {"action": {"resize"}, "size": {"huge"}}, "no size": {"action": {"resize"}}} {
		if a := b.post("ann", at+"/act", tt); a.status < 400 || a.status > 499 || !strings.Contains(a.body, "Nothing was changed") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := b.post("ann", at+"/act", url.Values{"action": {"resize"}, "size": {"large | 8"}}); a.status != http.StatusSeeOther {
		t.Errorf("resize: %d %s", a.status, a.body)
	}
}

// TestThingOfAnUnknownTemplate: what is made from a template that is no more is
// shown, and can be disabled and deleted.
func TestThingOfAnUnknownTemplate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.furnish()
	for who, at := range map[string]string{"olga": servicesAt + "/" + serviceID, "ann": servicesAt + "/" + serviceID + "/user-resources/" + machineID} {
		a := b.get(who, at)
		if a.status != 200 || !strings.Contains(a.body, at+"/delete") || !strings.Contains(a.body, at+"/disable") || strings.Contains(a.body, at+"/change") {
			t.Errorf("%s: %d %s", who, a.status, a.body)
		}
		if a := b.get(who, at+"/change"); a.status != 404 {
			t.Errorf("%s changes it: %d", who, a.status)
		}
	}
}

// TestConnectionIsAnAddress: only what a browser may safely open is a link.
func TestConnectionIsAnAddress(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"javascript:alert(1)", "http://plain.example", "https://", "https://u:p@x.example", "//x", "data:text/html,x", "https://[", ""} {
		b := newBench(t)
		_, vm := b.equip()
		vm.Properties["connection_uri"] = bad
		b.rewrite(vm)
		if a := b.get("ann", vm.Path()); a.status != 200 || strings.Contains(a.body, ">Connect<") || strings.Contains(b.get("ann", inside).body, ">Connect<") {
			t.Errorf("%q: %d, it is a link", bad, a.status)
		}
	}
}

// TestChangeAThing: only what changes is sent, under the version that was seen;
// an upgrade shows what the new version asks for.
func TestChangeAThing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, vm := b.equip()
	at := vm.Path()
	page := b.get("ann", at+"/change")
	if !strings.Contains(page.body, "There is one; left empty, it stays.") || !strings.Contains(page.body, `name="p.disk" value="32"`) || strings.Contains(page.body, "p.label") || strings.Contains(page.body, canary) {
		t.Errorf("the form: %s", page.body)
	}
	if a := b.post("ann", at+"/change", filledIn(page.body, nil)); a.status != 200 || !strings.Contains(a.body, "You changed nothing") {
		t.Errorf("nothing: %d %s", a.status, a.body)
	}
	if a := b.post("ann", at+"/change", filledIn(page.body, map[string]string{"p.disk": "99"})); a.status != 422 || !strings.Contains(a.body, "Want at most 64.") || !strings.Contains(a.body, `value="99"`) {
		t.Errorf("too much: %d %s", a.status, a.body)
	}
	form := filledIn(page.body, map[string]string{"p.disk": "64", "p.night": "-"})
	for range 2 {
		if a := b.post("ann", at+"/change", form); a.status != http.StatusSeeOther {
			t.Fatalf("change: %d %s", a.status, a.body)
		}
	}
	b.finish(vm.Key(), nil)
	r, err := b.store.Resource(t.Context(), vm.Key())
	if err != nil || r.Properties["disk"] != 64.0 || r.Revision != vm.Revision+1 {
		t.Errorf("%+v %v", r, err)
	}
	if a := b.post("ann", at+"/change", filledIn(page.body, map[string]string{"p.disk": "10"})); a.status != http.StatusConflict || !strings.Contains(a.body, "It was changed while you looked") {
		t.Errorf("an old form: %d %s", a.status, a.body)
	}
	for _, version := range []string{"0.2.0", "1.0.0"} {
		_, err := b.builder.Register(t.Context(), b.act("adam"), later(version), false)
		b.must(err)
	}
	b.forgetTemplates()
	if a := b.get("ann", at); !strings.Contains(a.body, at+"/change?version=0.2.0") {
		t.Errorf("no upgrade is offered: %s", a.body)
	}
	if a := b.get("ann", at+"/change?version=7.0.0"); a.status != 422 {
		t.Errorf("a version there is not: %d", a.status)
	}
	page = b.get("ann", at+"/change?version=1.0.0")
	form = filledIn(page.body, map[string]string{"p.zone": "two"})
	if a := b.post("ann", at+"/change", form); a.status != http.StatusConflict || !strings.Contains(a.body, "forced") {
		t.Errorf("a major version, unsaid: %d %s", a.status, a.body)
	}
	if a := b.post("ann", at+"/change", with(form, "force", "yes")); a.status != http.StatusSeeOther || a.header.Get("Location") != "/portal"+at+"?done=upgraded" {
		t.Fatalf("upgrade: %d %s", a.status, a.body)
	}
	if r, err := b.store.Resource(t.Context(), vm.Key()); err != nil || r.Template.Version != "1.0.0" || r.Properties["zone"] != "two" {
		t.Errorf("%+v %v", r, err)
	}
}

// TestDeleteAThing: it is disabled, then confirmed, then deleted.
func TestDeleteAThing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	service, vm := b.equip()
	at := service.Path()
	a := b.get("olga", at+"/delete")
	if !strings.Contains(a.body, "It has to be disabled before") || !strings.Contains(a.body, "Ann&#39;s machine") || strings.Contains(a.body, `name="sure"`) {
		t.Errorf("while it is enabled: %s", a.body)
	}
	if a := b.post("olga", at+"/delete", url.Values{"sure": {"yes"}}); a.status != http.StatusConflict {
		t.Errorf("while it is enabled: %d %s", a.status, a.body)
	}
	if a := b.post("olga", at+"/disable", filledIn(a.body, nil)); a.status != http.StatusSeeOther {
		t.Fatalf("disable: %d %s", a.status, a.body)
	}
	b.finish(service.Key(), nil)
	if r, err := b.store.Resource(t.Context(), vm.Key()); err != nil || r.Enabled {
		t.Fatalf("what is in it is enabled: %+v %v", r, err)
	}
	if a := b.post("olga", at+"/delete", url.Values{}); a.status != 422 || !strings.Contains(a.body, "Tick the box") {
		t.Errorf("unsure: %d %s", a.status, a.body)
	}
	old := filledIn(b.get("olga", at+"/delete").body, map[string]string{"sure": "yes"})
	r, err := b.store.Resource(t.Context(), service.Key())
	b.must(err)
	b.rewrite(r) // it was enabled, something was made in it, and it was disabled again
	if a := b.post("olga", at+"/delete", old); a.status != http.StatusConflict || !strings.Contains(a.body, "It was changed while you looked") {
		t.Errorf("something else than the page told of: %d %s", a.status, a.body)
	}
	form := filledIn(b.get("olga", at+"/delete").body, map[string]string{"sure": "yes"})
	for range 2 {
		if a := b.post("olga", at+"/delete", form); a.status != http.StatusSeeOther || a.header.Get("Location") != "/portal"+inside+"?done=deleting" {
			t.Fatalf("delete: %d %s", a.status, a.body)
		}
	}
	if r, err := b.store.Resource(t.Context(), service.Key()); err != nil || r.Status != workspace.AwaitingDeletion {
		t.Errorf("%+v %v", r, err)
	}
	if a := b.get("adam", inside+"/delete"); !strings.Contains(a.body, "What these are is for its people to see") {
		t.Errorf("an administrator: %s", a.body)
	}
	if a := b.post("adam", inside+"/disable", filledIn(b.get("adam", inside).body, nil)); a.status != http.StatusSeeOther {
		t.Errorf("an administrator disables a workspace: %d %s", a.status, a.body)
	}
}

// TestFrozenThings: in a frozen workspace nothing is offered that is held back.
func TestFrozenThings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, vm := b.equip()
	if a := b.post("adam", inside+"/freeze", url.Values{"reason": {"an incident"}}); a.status != http.StatusSeeOther {
		t.Fatal(a.status)
	}
	a := b.get("ann", vm.Path())
	if strings.Contains(a.body, "/act\"") || strings.Contains(a.body, vm.Path()+"/change") || !strings.Contains(a.body, "This workspace is frozen") {
		t.Error(a.body)
	}
	for _, path := range []string{"/change", "/act"} {
		if a := b.post("ann", vm.Path()+path, url.Values{"action": {"stop"}, "match": {"*"}}); a.status != http.StatusConflict {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
