package portal_test

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

const askAt = "/new-workspace"

// wishesOf are the requests for workspaces that are kept.
func (b *bench) wishesOf(who string) []workspace.Request {
	b.t.Helper()
	all, _, err := b.store.WorkspaceRequests(b.t.Context(), airlock.Page{})
	b.must(err)
	var theirs []workspace.Request
	for _, r := range all {
		if r.Requester.OID == people[who].OID {
			theirs = append(theirs, r)
		}
	}
	return theirs
}

// asked is what Bob fills in.
var askedFor = map[string]string{"p.display_name": "Stroke study", "p.description": "Outcomes", "p.client_secret": canary, "reason": "For the stroke study.",
	"member-id": "A0000000-0000-4000-8000-000000000001", "member-name": "Ann Researcher", "member-role": "AirlockManager"}

// TestAskForAWorkspace: what a person fills in waits as a request, an
// administrator's workspace is made at once; a form that is sent twice asks once.
func TestAskForAWorkspace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := b.get("bob", askAt)
	for _, want := range []string{`<label for="p-display_name">`, `name="p.note"`, `type="password"`, `<label for="member-id-0">`, "Ask for the workspace"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the form has no %q", want)
		}
	}
	form := filledIn(page.body, askedFor)
	for range 2 {
		a := b.post("bob", askAt, form)
		wishes := b.wishesOf("bob")
		if a.status != http.StatusSeeOther || len(wishes) != 1 || a.header.Get("Location") != "/portal"+atWanted(wishes[0].ID)+"?done=wish-made" {
			t.Fatalf("%d %q, %d requests: %s", a.status, a.header.Get("Location"), len(wishes), a.body)
		}
	}
	r := b.wishesOf("bob")[0]
	want := workspace.Member{OID: people["ann"].OID, Name: "Ann Researcher", Role: access.AirlockManager}
	if r.Status != workspace.Asked || r.Reason != "For the stroke study." || len(r.Members) != 1 || r.Members[0] != want || r.TemplateVersion != "0.1.0" ||
		r.Properties["display_name"] != "Stroke study" || r.Properties["client_secret"] != workspace.Redacted || r.Properties["address_space_size"] != "small" {
		t.Errorf("%+v", r)
	}
	if a := b.get("bob", atWanted(r.ID)+"?done=wish-made"); !strings.Contains(a.body, "The workspace is asked for") || !strings.Contains(a.body, "Take the request back") {
		t.Error(a.body)
	}
	page = b.get("adam", askAt+"?template=study")
	form = filledIn(page.body, map[string]string{"p.display_name": "Mine", "p.description": "d"})
	for range 2 {
		a := b.post("adam", askAt, form)
		id := path.Base(path.Dir(strings.TrimSuffix(a.header.Get("Location"), "?done=workspace-made")))
		if a.status != http.StatusSeeOther || !b.made(id) || len(b.resourcesIn(workspace.System, workspace.Workspace)) != 1 {
			t.Fatalf("an administrator's: %d %q %s", a.status, a.header.Get("Location"), a.body)
		}
		if a := b.get("adam", "/workspaces/"+id+"/resources?done=workspace-made"); !strings.Contains(a.body, "The workspace is being made") || !strings.Contains(a.body, "http-equiv") {
			t.Error(a.body)
		}
	}
	if strings.Contains(b.logs.String(), canary) {
		t.Error("a secret is in the log")
	}
}

// TestAskAgain: what is wrong is said at its field, what was written stays there,
// secrets do not, and nothing is made.
func TestAskAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	page := b.get("bob", askAt)
	a := b.post("bob", askAt, filledIn(page.body, map[string]string{"p.display_name": "  ", "p.description": "Out<b>comes", "p.client_secret": canary,
		"p.address_space_size": "huge", "reason": "Why <i>not", "member-id": "x", "member-name": "An<n"}))
	for _, want := range []string{"Something in the form has to change", `href="#p-display_name"`, `id="p-display_name-fault"`, `aria-invalid="true"`, "Is missing.", "Is none of the choices.",
		"Out&lt;b&gt;comes</textarea>", "Why &lt;i&gt;not</textarea>", `value="An&lt;n"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if a.status != http.StatusUnprocessableEntity || strings.Contains(a.body, canary) || len(b.wishesOf("bob")) != 0 {
		t.Errorf("%d %s", a.status, a.body)
	}
	a = b.post("bob", askAt, filledIn(a.body, map[string]string{"p.display_name": "S", "p.address_space_size": "small"}))
	if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, "UUID") || !strings.Contains(a.body, `value="S"`) || len(b.wishesOf("bob")) != 0 {
		t.Errorf("a member who is none: %d %s", a.status, a.body)
	}
	a = b.post("bob", askAt, filledIn(page.body, map[string]string{"refresh": "member", "member-name": "Ann"}))
	if a.status != http.StatusOK || !strings.Contains(a.body, "member-name-1") || strings.Contains(a.body, "has to change") || len(b.wishesOf("bob")) != 0 {
		t.Errorf("another line for a member: %d %s", a.status, a.body)
	}
}

// TestAskForNothingElse: no GET asks for anything, nor does a form from
// elsewhere, nor whoever has no role.
func TestAskForNothingElse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	form := filledIn(b.get("bob", askAt).body, askedFor)
	for name, tt := range map[string]struct {
		a      answer
		status int
	}{
		"a GET with everything":   {b.get("bob", askAt+"?"+form.Encode()), 200},
		"from elsewhere":          {b.post("bob", askAt, form, "Origin", "https://evil.example"), 403},
		"without a token":         {b.do(b.as("bob"), http.MethodPost, b.url+askAt, form), 403},
		"another one's token":     {b.do(b.as("bob"), http.MethodPost, b.url+askAt, with(form, "token", b.token("ann"))), 403},
		"whoever has no role":     {b.get("guest", askAt), 403},
		"their form":              {b.do(b.as("guest"), http.MethodPost, b.url+askAt, with(form, "token", b.token("guest"))), 403},
		"a template there is not": {b.get("bob", askAt+"?template=nothing"), 404},
		"of another kind":         {b.get("bob", askAt+"?template=desktops"), 404},
		"a version there is not":  {b.post("bob", askAt, with(form, "version", "9.9.9")), 404},
		"hostile template":        {b.get("bob", askAt+"?template=%3Cscript%3E"), 404},
	} {
		if tt.a.status != tt.status || strings.Contains(tt.a.body, "<script>") {
			t.Errorf("%s: %d, want %d", name, tt.a.status, tt.status)
		}
	}
	if all := b.wishesOf("bob"); len(all) != 0 {
		t.Errorf("asked for: %+v", all)
	}
	if a := b.do(b.stranger(), http.MethodGet, b.url+askAt, nil); a.status != http.StatusSeeOther {
		t.Errorf("nobody: %d", a.status)
	}
}

// TestChooseATemplate: where there are several, one is chosen first.
func TestChooseATemplate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	other := map[string][]byte{"main.json": study["main.json"], "template.json": []byte(`{"name":"other","version":"0.1.0","kind":"workspace"}`),
		"template_schema.json": []byte(`{"$schema":"http://json-schema.org/draft-07/schema","type":"object","title":"Other <i>","description":"d","required":[],"authorizedRoles":["TREAdmin"],"properties":{}}`)}
	_, err := b.builder.Register(t.Context(), b.act("adam"), other, true)
	b.must(err)
	if a := b.get("adam", askAt); !strings.Contains(a.body, `href="/portal/new-workspace?template=other"`) || !strings.Contains(a.body, "Other &lt;i&gt;") || strings.Contains(a.body, "<form class") {
		t.Error(a.body)
	}
	if a := b.get("bob", askAt); !strings.Contains(a.body, "Ask for the workspace") {
		t.Error("somebody who may use one of them is asked which")
	}
}

// with is a form with a field written over.
func with(form url.Values, name, value string) url.Values {
	v := url.Values{}
	for k, all := range form {
		v[k] = all
	}
	v.Set(name, value)
	return v
}
