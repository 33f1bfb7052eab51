package portal_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

// approvals are all standing approvals.
func (b *bench) approvals() []workspace.Approval {
	b.t.Helper()
	all, _, err := b.store.Approvals(b.t.Context(), airlock.Page{})
	b.must(err)
	return all
}

// standing is a form of a new standing approval that everything is right of.
func standing() url.Values {
	return url.Values{"template": {"study"}, "size": {"small", "medium"}, "most": {"3"}, "until": {time.Now().AddDate(0, 1, 0).Format(time.DateOnly)},
		"requesters": {people["bob"].OID + ",\r\n " + strings.ToUpper(people["ann"].OID)}, "reason": {"the registry of the hospital"}}
}

// TestStandingApprovals gives one, lets an event use it, and takes it back.
func TestStandingApprovals(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	form := standing()
	form.Set("form", nowhere)
	for range 2 { // a second click is the same call
		if a := b.post("adam", "/standing-approvals/give", form); a.status != http.StatusSeeOther || a.header.Get("Location") != "/portal/standing-approvals?done=approval-given" {
			t.Fatalf("give: %d %s", a.status, a.body)
		}
	}
	all := b.approvals()
	if len(all) != 1 || all[0].Most != 3 || len(all[0].Sizes) != 2 || len(all[0].Requester) != 2 || all[0].Requester[1] != people["ann"].OID || all[0].By.OID != people["adam"].OID {
		t.Fatalf("approvals %+v", all)
	}
	id := b.ask(byEvent)
	if r := b.asked(id); r.Status != workspace.Granted || r.Decided.Approval != all[0].ID {
		t.Errorf("request %+v", r)
	}
	if page := b.get("adam", atWanted(id)).body; !strings.Contains(page, "by a standing approval") {
		t.Errorf("the request: %s", page)
	}
	page := b.get("adam", "/standing-approvals?done=approval-given").body
	for _, want := range []string{"The standing approval is given", "study", "small, medium", "1 of 3", "In force", "Adam Administrator", "the registry of the hospital", people["bob"].OID} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if a := b.post("adam", "/standing-approvals/"+all[0].ID+"/end", url.Values{"reason": {"it moved"}}); a.status != http.StatusSeeOther {
		t.Errorf("end: %d %s", a.status, a.body)
	}
	if ended := b.approvals()[0].Ended; ended == nil || ended.Reason != "it moved" || b.asked(b.ask(byEvent)).Status != workspace.Asked {
		t.Errorf("ended %+v", ended)
	}
	if page := b.get("adam", "/standing-approvals").body; !strings.Contains(page, "Taken back") || strings.Contains(page, all[0].ID+"/end") {
		t.Errorf("afterwards: %s", page)
	}
}

// TestStandingRefused: each row is a sentence; nothing is given, the page says
// why and keeps what was written.
func TestStandingRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	kept := b.approve(workspace.Approval{Template: "study", Most: 1, Until: b.now().Add(time.Hour), Reason: "registry"})
	for name, tt := range map[string]struct {
		who    string
		change func(url.Values)
		status int
		says   string
	}{
		"by a user":                {"bob", func(url.Values) {}, 403, ""},
		"by nobody's role":         {"guest", func(url.Values) {}, 403, ""},
		"no number":                {"adam", func(f url.Values) { f.Set("most", "many") }, 422, "Most"},
		"none":                     {"adam", func(f url.Values) { f.Set("most", "0") }, 422, "from 1 to 1,000"},
		"for ever":                 {"adam", func(f url.Values) { f.Set("until", "2999-01-01") }, 422, "Until"},
		"without an end":           {"adam", func(f url.Values) { f.Del("until") }, 422, "Until"},
		"over already":             {"adam", func(f url.Values) { f.Set("until", "2020-01-01") }, 422, "Until"},
		"without a reason":         {"adam", func(f url.Values) { f.Set("reason", " ") }, 422, "Reason"},
		"a size that is none":      {"adam", func(f url.Values) { f.Add("size", "<b>") }, 422, "AddressSpaceSizes"},
		"a requester that is none": {"adam", func(f url.Values) { f.Set("requesters", "<script>") }, 422, "Requesters"},
		"a template that is none":  {"adam", func(f url.Values) { f.Set("template", "nothing") }, 0, "nothing"},
	} {
		form := standing()
		tt.change(form)
		a := b.post(tt.who, "/standing-approvals/give", form)
		if tt.status == 0 && a.status >= 400 && a.status < 500 {
			tt.status = a.status
		}
		if a.status != tt.status || !strings.Contains(a.body, tt.says) || strings.Contains(a.body, "<script") || len(b.approvals()) != 1 {
			t.Errorf("%s: %d, %d approvals: %s", name, a.status, len(b.approvals()), a.body)
		}
	}
	if a := b.post("adam", "/standing-approvals/give", url.Values{"template": {"study"}, "size": {"large"}, "most": {"7"}, "reason": {"kept words"}}); !strings.Contains(a.body, "kept words") ||
		!strings.Contains(a.body, `value="7"`) || !strings.Contains(a.body, `value="large" checked`) {
		t.Errorf("what was written is lost: %s", a.body)
	}
	for path, want := range map[string]int{"/standing-approvals/" + nowhere + "/end": 404, "/standing-approvals/x/end": 404} {
		if a := b.post("adam", path, nil); a.status != want {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	forgeFails(t, "foreign", b.post("adam", "/standing-approvals/"+kept.ID+"/end", nil, "Origin", "https://evil.example"))
	if a := b.get("adam", "/standing-approvals/"+kept.ID+"/end"); a.header.Get("Location") != "/portal/standing-approvals" {
		t.Errorf("an action's address leads to %q", a.header.Get("Location"))
	}
	if a := b.get("bob", "/standing-approvals"); a.status != http.StatusForbidden {
		t.Errorf("a user sees them: %d", a.status)
	}
	if b.approvals()[0].Ended != nil {
		t.Error("it was taken back")
	}
}
