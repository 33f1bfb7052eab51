package portal_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/desk/resources"
	"github.com/trefoil-tre/trefoil/internal/provision"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const servicesAt = "/workspaces/" + here + "/workspace-services"

// TestMakeThings: an owner makes a service, a researcher a machine in it, each
// once, however often the form is sent; what an answer asks for comes next.
func TestMakeThings(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.furnish()
	form := filledIn(b.get("olga", servicesAt+"/new?template=desktops").body, map[string]string{"p.display_name": "Desktops <b>", "p.description": "d"})
	for range 2 {
		if a := b.post("olga", servicesAt+"/new", form); a.status != http.StatusSeeOther || len(b.resourcesIn(here, workspace.Service)) != 2 {
			t.Fatalf("service: %d %s", a.status, a.body)
		}
	}
	var service workspace.Resource
	for _, r := range b.resourcesIn(here, workspace.Service) {
		if r.ID != serviceID {
			service = r
		}
	}
	at := servicesAt + "/" + service.ID
	if a := b.get("olga", at+"?done=made"); !strings.Contains(a.body, "It is being made") || !strings.Contains(a.body, "Desktops &lt;b&gt;") || !strings.Contains(a.body, "http-equiv") || strings.Contains(a.body, at+"/user-resources/new") {
		t.Errorf("the service's page: %s", a.body)
	}
	b.finish(service.Key(), nil)
	a := b.get("ann", at)
	if !strings.Contains(a.body, at+"/user-resources/new") || strings.Contains(a.body, "http-equiv") || strings.Contains(a.body, at+"/change") {
		t.Errorf("a researcher sees: %s", a.body)
	}
	first := filledIn(b.get("ann", at+"/user-resources/new").body, map[string]string{"p.display_name": "Mine", "p.description": "d", "p.vm_size": "small | 2", "p.password": canary, "p.night": "on"})
	if a = b.post("ann", at+"/user-resources/new", first); a.status != http.StatusOK || !strings.Contains(a.body, "Your answers ask for more") || !strings.Contains(a.body, `id="p-hour"`) || strings.Contains(a.body, canary) {
		t.Fatalf("more: %d %s", a.status, a.body)
	}
	if n := len(b.resourcesIn(here, workspace.UserResource)); n != 2 {
		t.Fatalf("%d resources before the form is complete", n)
	}
	second := filledIn(a.body, map[string]string{"p.hour": "22", "p.password": canary, "p.tags": "a\r\nb"})
	for range 2 {
		if a = b.post("ann", at+"/user-resources/new", second); a.status != http.StatusSeeOther || len(b.resourcesIn(here, workspace.UserResource)) != 3 {
			t.Fatalf("machine: %d %s", a.status, a.body)
		}
	}
	id := strings.TrimSuffix(path.Base(a.header.Get("Location")), "?done=made")
	r, err := b.store.Resource(t.Context(), workspace.Key{Partition: here, ID: id})
	if err != nil || r.Owner.OID != people["ann"].OID || r.Service != service.ID || r.Properties["hour"] != 22.0 || r.Properties["password"] != workspace.Redacted || r.Properties["disk"] != 32.0 {
		t.Fatalf("%+v %v", r, err)
	}
	if a := b.get("ann", at+"/user-resources/"+id); a.status != 200 || strings.Contains(a.body, canary) || !strings.Contains(a.body, "Stop at night") {
		t.Errorf("its page: %d %s", a.status, a.body)
	}
}

// unheard makes services, but the answer to the first one is lost.
type unheard struct {
	resources.Builder
	lost bool
}

func (u *unheard) Service(ctx context.Context, a workspace.Act, id string, within workspace.Resource, n provision.New) (workspace.Resource, workspace.Operation, error) {
	r, o, err := u.Builder.Service(ctx, a, id, within, n)
	if !u.lost {
		u.lost = true
		return workspace.Resource{}, workspace.Operation{}, errors.New("storage does not answer")
	}
	return r, o, err
}

// TestMadeOnceWhateverIsHeard: a form that is shown again because nobody knows
// what became of it makes nothing twice.
func TestMadeOnceWhateverIsHeard(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.furnish()
	b.estate.Ports.Builder = &unheard{Builder: b.builder}
	form := filledIn(b.get("olga", servicesAt+"/new?template=desktops").body, map[string]string{"p.display_name": "Desktops", "p.description": "d"})
	a := b.post("olga", servicesAt+"/new", form)
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, `value="Desktops"`) {
		t.Fatalf("no answer: %d %s", a.status, a.body)
	}
	if a = b.post("olga", servicesAt+"/new", filledIn(a.body, nil)); a.status != http.StatusSeeOther {
		t.Errorf("sent again: %d %s", a.status, a.body)
	}
	if n := len(b.resourcesIn(here, workspace.Service)); n != 2 {
		t.Errorf("%d services, want the one there was and the one that was made", n)
	}
	if a = b.post("olga", servicesAt+"/new", url.Values{"form": {`"><b>`}}); strings.Contains(a.body, `"><b>`) || strings.Contains(a.body, "&gt;&lt;b") {
		t.Errorf("an id that is none comes back: %s", a.body)
	}
}

// TestWhoOpensWhat walks every page and form of a workspace as everybody.
func TestWhoOpensWhat(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	service, vm := b.equip()
	sAt := servicesAt + "/" + service.ID
	uAt := sAt + "/user-resources/" + vm.ID
	const who = "olga ann bob mia adam sam guest"
	for at, want := range map[string]string{ // in the order of who
		sAt:                            "200 200 200 200 403 404 404",
		uAt:                            "200 200 404 404 403 404 404",
		servicesAt + "/new":            "200 403 403 403 403 404 404",
		sAt + "/user-resources/new":    "200 200 200 200 403 404 404",
		sAt + "/change":                "200 403 403 403 403 404 404",
		uAt + "/change":                "200 200 404 404 403 404 404",
		sAt + "/delete":                "200 403 403 403 403 404 404",
		uAt + "/delete":                "200 200 404 404 403 404 404",
		inside + "/change":             "403 403 403 403 200 404 404",
		inside + "/delete":             "403 403 403 403 200 404 404",
		servicesAt + "/" + nowhere:     "404 404 404 404 403 404 404",
		sAt + "/user-resources/nobody": "404 404 404 404 403 404 404",
	} {
		codes := strings.Fields(want)
		for i, key := range strings.Fields(who) {
			if a := b.get(key, at); codes[i] != http.StatusText(a.status) && codes[i] != itoa(a.status) {
				t.Errorf("%s opens %s: %d, want %s", key, at, a.status, codes[i])
			}
		}
	}
	posts := map[string]url.Values{"change": {"match": {vm.Version}, "shown": {"disk"}, "p.disk": {"40"}}, "delete": {"sure": {"yes"}}, "disable": {"match": {"*"}}, "enable": {"match": {"*"}}, "act": {"action": {"stop"}}, "extend": {"hours": {"1"}}}
	for action, form := range posts {
		for key, want := range map[string]int{"bob": 404, "mia": 404, "adam": 403, "sam": 404} {
			if a := b.post(key, uAt+"/"+action, form); a.status != want {
				t.Errorf("%s sends %s: %d, want %d", key, action, a.status, want)
			}
		}
		forgeFails(t, action, b.post("ann", uAt+"/"+action, form, "Origin", "https://evil.example"))
		for _, key := range []string{"ann", "bob"} {
			if a := b.post(key, sAt+"/"+action, form); action != "extend" && a.status != http.StatusForbidden {
				t.Errorf("%s sends the service's %s: %d", key, action, a.status)
			}
		}
	}
	for _, key := range []workspace.Key{vm.Key(), service.Key()} {
		if r, err := b.store.Resource(t.Context(), key); err != nil || r.Version != map[string]string{vm.ID: vm.Version, service.ID: service.Version}[key.ID] {
			t.Errorf("it changed: %+v %v", r, err)
		}
	}
	for _, at := range []string{uAt + "/disable", uAt + "/act?action=stop", sAt + "/enable"} {
		if a := b.get("olga", at); a.status != http.StatusSeeOther {
			t.Errorf("GET %s: %d", at, a.status)
		}
	}
}
