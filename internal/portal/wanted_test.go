package portal_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/audit"
	rules "github.com/trefoil-tre/trefoil/internal/people"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// wishForms lists what a page of a request for a workspace lets its reader do.
func wishForms(page, id string) string {
	var all []string
	for _, act := range []string{"grant", "reject", "withdraw"} {
		if strings.Contains(page, `action="/portal`+atWanted(id)+"/"+act+`"`) {
			all = append(all, act)
		}
	}
	return strings.Join(all, " ")
}

// TestWantedGrid says what the page of a request for a workspace of Bob's lets
// everybody do, or the status where there is no page for them.
func TestWantedGrid(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ownAdmin := func(r *workspace.Request) { r.Requester = people["adam"] }
	for name, tt := range map[string]struct {
		id   string
		want map[string]string
	}{
		"waits":            {b.ask(), map[string]string{"adam": "grant reject", "bob": "withdraw", "ann": "404", "olga": "404", "guest": "403"}},
		"waits, by event":  {b.ask(byEvent), map[string]string{"adam": "grant reject", "bob": "withdraw", "ann": "404"}},
		"the decider's":    {b.ask(ownAdmin), map[string]string{"adam": "withdraw", "bob": "404"}},
		"event in my name": {b.ask(byEvent, ownAdmin), map[string]string{"adam": "grant reject withdraw", "bob": "404"}},
		"granted":          {b.decided(true), map[string]string{"adam": "", "bob": "", "ann": "404"}},
		"rejected":         {b.decided(false), map[string]string{"adam": "", "bob": "", "ann": "404"}},
		"none":             {nowhere, map[string]string{"adam": "404", "bob": "404"}},
		"no id":            {"x", map[string]string{"adam": "404", "bob": "404"}},
	} {
		for who, want := range tt.want {
			a := b.get(who, atWanted(tt.id))
			got := wishForms(a.body, tt.id)
			if a.status != http.StatusOK {
				got = map[int]string{403: "403", 404: "404"}[a.status]
			}
			if got != want {
				t.Errorf("%s, %s: %d %q, want %q", name, who, a.status, got, want)
			}
			if strings.Contains(a.body, canary) || strings.Contains(a.body, "vault.example") {
				t.Errorf("%s, %s: the secret is on the page", name, who)
			}
		}
	}
}

// decided is a request of Bob's that Adam decided on.
func (b *bench) decided(grant bool) string {
	b.t.Helper()
	id, a := b.ask(), b.act("adam")
	a.Reason = "as agreed"
	_, err := b.builder.Decide(b.t.Context(), a, id, grant)
	b.must(err)
	return id
}

// TestWantedPage looks for what an administrator has to know before deciding.
func TestWantedPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, p := range []workspace.Approval{
		{Template: "study", Most: 1, Sizes: []string{"large"}, Until: b.now().Add(time.Hour), Reason: "registry"},
		{Template: "study", Most: 1, Requester: []string{people["ann"].OID}, Until: b.now().Add(time.Hour), Reason: "registry"}} {
		b.approve(p)
	}
	event, call := b.ask(byEvent), b.ask()
	page := b.get("adam", atWanted(event)).body
	for _, want := range []string{"Stroke study", "For the stroke study.", "Bob Researcher", "bob@example.org", "Ann Researcher", "WorkspaceResearcher", "study-2026-117",
		"Nobody has proved who sent this", "urgent", "client_secret", "kept secret", "Does not cover it", "It is not for address space size small", "It is not for this requester",
		event, "the version that is current"} {
		if !strings.Contains(page, want) {
			t.Errorf("an administrator does not read %q", want)
		}
	}
	if page := b.get("adam", atWanted(call)).body; strings.Contains(page, "Nobody has proved") || !strings.Contains(page, "this one was a call") {
		t.Errorf("of a call: %s", page)
	}
	page = b.get("bob", atWanted(event)).body
	if !strings.Contains(page, "in your name") || strings.Contains(page, "Does not cover it") {
		t.Errorf("the requester reads %s", page)
	}
}

// TestWantedDecisions grants and rejects, once.
func TestWantedDecisions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.ask()
	if a := b.get("adam", "/"); !strings.Contains(a.body, atWanted(id)) || !strings.Contains(a.body, "Requests for workspaces that wait for you") {
		t.Errorf("home: %s", a.body)
	}
	form := url.Values{"form": {nowhere}, "reason": {"as agreed"}}
	for range 2 { // a second click is the same call
		a := b.post("adam", atWanted(id)+"/grant", form)
		if a.status != http.StatusSeeOther || a.header.Get("Location") != "/portal"+atWanted(id)+"?done=wish-grant" {
			t.Fatalf("grant: %d %s %s", a.status, a.header.Get("Location"), a.body)
		}
	}
	if r := b.asked(id); r.Status != workspace.Granted || r.Decided.By.OID != people["adam"].OID || r.Decided.Reason != "as agreed" || !b.made(id) {
		t.Errorf("request %+v", r)
	}
	a := b.get("adam", atWanted(id)+"?done=wish-grant")
	if !strings.Contains(a.body, "recorded: granted") || !strings.Contains(a.body, `http-equiv="refresh"`) || !strings.Contains(a.body, "/workspaces/"+id+"/resources") {
		t.Errorf("afterwards: %s", a.body)
	}
	if a := b.post("adam", atWanted(id)+"/reject", url.Values{"reason": {"no"}}); a.status != http.StatusConflict || b.asked(id).Status != workspace.Granted {
		t.Errorf("decided twice: %d", a.status)
	}
	other := b.ask()
	if a := b.post("adam", atWanted(other)+"/reject", url.Values{"reason": {"  "}}); a.status != http.StatusUnprocessableEntity || b.asked(other).Status != workspace.Asked {
		t.Errorf("rejected without a reason: %d", a.status)
	}
	if a := b.post("adam", atWanted(other)+"/reject", url.Values{"reason": {"no\r\nbudget"}}); a.status != http.StatusSeeOther || b.asked(other).Message != "no\nbudget" || b.made(other) {
		t.Errorf("reject: %d %+v", a.status, b.asked(other))
	}
	mine := b.ask()
	if a := b.post("bob", atWanted(mine)+"/withdraw", nil); a.status != http.StatusSeeOther || b.asked(mine).Status != workspace.Withdrawn {
		t.Errorf("withdraw: %d", a.status)
	}
	if !slices.Contains(b.orders.queues(), "resourcestep") || !slices.Contains(b.orders.queues(), "notify") {
		t.Errorf("orders %v", b.orders.queues())
	}
}

// TestWantedRefused: each row is a sentence; nothing is decided.
func TestWantedRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.ask()
	own := b.ask(func(r *workspace.Request) { r.Requester = people["adam"] })
	for name, tt := range map[string]struct {
		who, path string
		status    int
	}{
		"the requester grants":                 {"bob", atWanted(id) + "/grant", 403},
		"an owner of another workspace grants": {"olga", atWanted(id) + "/grant", 404},
		"somebody takes it back":               {"ann", atWanted(id) + "/withdraw", 404},
		"an administrator grants their own":    {"adam", atWanted(own) + "/grant", 403},
		"one that is not there":                {"adam", atWanted(nowhere) + "/grant", 404},
		"an action that is none":               {"adam", atWanted(id) + "/explode", 404},
	} {
		if a := b.post(tt.who, tt.path, url.Values{"reason": {"because"}}); a.status != tt.status {
			t.Errorf("%s: %d, want %d", name, a.status, tt.status)
		}
	}
	_, err := b.store.CommitRecord(t.Context(), rules.RecordChange{Record: rules.Record{OID: people["adam"].OID, Suspended: &rules.Suspension{At: b.now()}}})
	b.must(err)
	if a := b.post("adam", atWanted(id)+"/grant", nil); a.status != http.StatusForbidden {
		t.Errorf("a suspended administrator: %d", a.status)
	}
	if b.asked(id).Status != workspace.Asked || b.asked(own).Status != workspace.Asked || b.made(id) || b.made(own) {
		t.Error("something was decided")
	}
}

// TestWantedForged sends a decision that everything but one detail is right of,
// and asks for it with every method that only looks.
func TestWantedForged(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.ask(byEvent)
	before := b.asked(id).Version
	for name, headers := range map[string][]string{
		"no origin": {"Origin", ""}, "null origin": {"Origin", "null"}, "foreign origin": {"Origin", "https://evil.example"},
		"cross-site": {"Sec-Fetch-Site", "cross-site"}, "not a form": {"Content-Type", "text/plain"},
	} {
		forgeFails(t, name, b.post("adam", atWanted(id)+"/grant", nil, headers...))
	}
	forgeFails(t, "another's token", b.do(b.as("adam"), http.MethodPost, b.url+atWanted(id)+"/grant", url.Values{"token": {b.token("mia")}}))
	if a := b.do(b.stranger(), http.MethodPost, b.url+atWanted(id)+"/grant", url.Values{"token": {b.token("adam")}}); a.status != http.StatusUnauthorized ||
		!strings.Contains(a.body, url.QueryEscape("/portal"+atWanted(id))) {
		t.Errorf("without a session: %d %s", a.status, a.body)
	}
	query := "?" + url.Values{"token": {b.token("adam")}, "reason": {"yes"}, "_method": {"POST"}, "done": {"wish-grant"}}.Encode()
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		for _, act := range []string{"", "/grant", "/reject", "/withdraw"} {
			b.do(b.as("adam"), method, b.url+atWanted(id)+act+query, nil, "Origin", strings.TrimSuffix(b.url, "/portal"))
		}
	}
	if a := b.get("adam", atWanted(id)+"/grant"); a.header.Get("Location") != "/portal"+atWanted(id) {
		t.Errorf("an action's address leads to %q", a.header.Get("Location"))
	}
	if r := b.asked(id); r.Version != before || b.made(id) {
		t.Error("a forged form was taken")
	}
}

// TestWantedHostile puts what breaks pages into all that an event can say.
func TestWantedHostile(t *testing.T) {
	t.Parallel()
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "`{{.}}&lt;"
	b := newBench(t)
	r := b.asked(b.ask(byEvent))
	r.Reason, r.Reference, r.Requester.Name, r.Requester.Email, r.Template, r.Message = evil, evil, evil, evil, evil, evil
	r.Members = []workspace.Member{{OID: evil, Name: evil, Email: evil, Role: evil}}
	r.Properties = map[string]any{"display_name": evil + "\u202egnp", "description": evil, evil: map[string]any{evil: []any{evil, 1}}}
	c := workspace.Change{Partition: workspace.System}
	c.Request(r, b.now(), audit.Line{At: b.now(), Action: "seeded"})
	b.must(second(b.store.CommitChange(t.Context(), c)))
	id := r.ID
	for path, page := range map[string]string{"page": b.get("adam", atWanted(id)).body, "list": b.get("adam", "/workspace-requests").body, "home": b.get("adam", "/").body,
		"own": b.get("bob", "/").body, "query": b.get("adam", atWanted(id)+"?done="+url.QueryEscape(evil)).body,
		"refused": b.post("adam", atWanted(id)+"/reject", url.Values{"reason": {strings.Repeat(evil, 50)}}).body} {
		for _, bad := range []string{"<script", "<img", "\u202e", "<no value>", "ZgotmplZ"} {
			if strings.Contains(page, bad) {
				t.Errorf("%s: %q gets through", path, bad)
			}
		}
	}
	if page := b.get("adam", atWanted(id)).body; !strings.Contains(page, "U&#43;202E") {
		t.Error("a character that does not show is not shown by its number")
	}
}

// TestWantedList: administrators see all, by status, others their own.
func TestWantedList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	waits, granted := b.ask(), b.decided(true)
	other := b.ask(func(r *workspace.Request) { r.Requester = people["sam"] })
	for _, tt := range []struct {
		who, query    string
		with, without []string
	}{
		{"adam", "", []string{waits, granted, other}, nil},
		{"adam", "?status=approved", []string{granted}, []string{waits, other}},
		{"bob", "", []string{waits, granted}, []string{other}},
		{"sam", "", []string{other}, []string{waits, granted}},
		{"ann", "", nil, []string{waits, granted, other}},
	} {
		a := b.get(tt.who, "/workspace-requests"+tt.query)
		for _, id := range tt.with {
			if !strings.Contains(a.body, atWanted(id)) {
				t.Errorf("%s%s: %s is missing", tt.who, tt.query, id)
			}
		}
		for _, id := range tt.without {
			if strings.Contains(a.body, id) {
				t.Errorf("%s%s: %s is there", tt.who, tt.query, id)
			}
		}
	}
	for path, want := range map[string]int{"?after=x": 422, "?status=none": 200} {
		if a := b.get("adam", "/workspace-requests"+path); a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
	}
}
