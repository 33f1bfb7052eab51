package portal_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	rules "github.com/trefoil-tre/trefoil/internal/people"
)

var personForms = regexp.MustCompile(`action="/portal/people/[^/"]+/([a-z]+)"`)

// kept puts what the directory does not know of somebody into the store.
func (b *bench) kept(who string) {
	b.t.Helper()
	p := people[who]
	_, err := b.store.CommitRecord(b.t.Context(), rules.RecordChange{Record: rules.Record{OID: p.OID, Name: p.Name, Email: p.Email}})
	b.must(err)
}

func atPerson(who string) string { return "/people/" + people[who].OID }

func (b *bench) record(who string) rules.Record {
	b.t.Helper()
	r, err := b.store.Record(b.t.Context(), people[who].OID)
	b.must(err)
	return r
}

// TestSuspendFromThePage: an administrator suspends somebody with a reason, who
// has no way in at once, and reinstates them.
func TestSuspendFromThePage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kept("ann")
	b.kept("adam")
	if a := b.get("adam", members); !strings.Contains(a.body, `href="/portal`+atPerson("ann")+`"`) {
		t.Error("no way from the members")
	}
	if a := b.get("adam", "/people?id=%20"+strings.ToUpper(people["ann"].OID)); a.header.Get("Location") != "/portal"+atPerson("ann") {
		t.Errorf("an id leads to %q", a.header.Get("Location"))
	}
	if a := b.get("adam", "/people?id=..%2F..%2Fx"); a.status != 200 || !strings.Contains(a.body, "Object id") {
		t.Errorf("a hostile id: %d %q", a.status, a.header.Get("Location"))
	}
	for who, want := range map[string]int{"adam": 200, "ann": 200, "bob": 404, "olga": 404, "guest": 403} {
		a := b.get(who, atPerson("ann"))
		if forms := len(personForms.FindAllString(a.body, -1)); a.status != want || (forms > 0) != (who == "adam") {
			t.Errorf("%s: %d, %d forms", who, a.status, forms)
		}
	}
	for _, action := range []string{"suspend", "reinstate", "dates"} {
		form := url.Values{"reason": {"x"}, "training": {"2030-01-01"}}
		for who, want := range map[string]int{"bob": 403, "olga": 403, "ann": 403} {
			if a := b.post(who, atPerson("ann")+"/"+action, form); a.status != want && a.status != 404 {
				t.Errorf("%s sends %s: %d", who, action, a.status)
			}
		}
		forgeFails(t, action, b.post("adam", atPerson("ann")+"/"+action, form, "Origin", "https://evil.example"))
		if a := b.get("adam", atPerson("ann")+"/"+action+"?reason=x"); a.header.Get("Location") != "/portal"+atPerson("ann") {
			t.Errorf("a GET leads to %q", a.header.Get("Location"))
		}
	}
	if r := b.record("ann"); r.Suspended != nil || len(r.Expiries) > 0 {
		t.Fatalf("%+v", r)
	}
	if a := b.post("adam", atPerson("ann")+"/suspend", url.Values{"reason": {" "}}); a.status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", a.status)
	}
	if a := b.post("adam", atPerson("adam")+"/suspend", url.Values{"reason": {"me"}}); a.status != http.StatusForbidden {
		t.Errorf("oneself: %d", a.status)
	}
	if a := b.post("adam", atPerson("ann")+"/suspend", url.Values{"reason": {"left <i>early"}}); a.status != http.StatusSeeOther {
		t.Fatalf("suspend: %d %s", a.status, a.body)
	}
	if a := b.get("adam", atPerson("ann")+"?done=person-suspend"); !strings.Contains(a.body, "left &lt;i&gt;early") || !strings.Contains(a.body, "Suspended") || strings.Contains(a.body, "/suspend\"") {
		t.Error(a.body)
	}
	if a := b.get("ann", "/workspaces/"+here); a.status != http.StatusForbidden {
		t.Errorf("the person: %d", a.status)
	}
	if a := b.post("adam", atPerson("ann")+"/suspend", url.Values{"reason": {"again"}}); a.status != http.StatusConflict {
		t.Errorf("twice: %d", a.status)
	}
	if a := b.post("adam", atPerson("ann")+"/reinstate", url.Values{"reason": {"back"}}); a.status != http.StatusSeeOther || b.record("ann").Suspended != nil {
		t.Errorf("reinstate: %d", a.status)
	}
}

// TestDatesFromThePage: an end that is not touched stays to the second.
func TestDatesFromThePage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kept("ann")
	if a := b.post("adam", atPerson("ann")+"/dates", url.Values{"training": {"2031-05-31"}, "agreement": {"2031-02-03T17:00:00Z"}}); a.status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.status, a.body)
	}
	noon := time.Date(2031, 2, 3, 17, 0, 0, 0, time.UTC)
	r := b.record("ann")
	if !r.Ends(rules.Training).Equal(time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC)) || !r.Ends(rules.Agreement).Equal(noon) {
		t.Fatalf("%+v", r.Expiries)
	}
	a := b.get("adam", atPerson("ann"))
	if !strings.Contains(a.body, `name="training" value="2031-05-31"`) || !strings.Contains(a.body, `name="agreement" value="2031-02-03"`) {
		t.Error(a.body)
	}
	if a := b.post("adam", atPerson("ann")+"/dates", url.Values{"training": {""}, "training-shown": {"2031-05-31"}, "agreement": {"2031-02-03"}, "agreement-shown": {"2031-02-03"}}); a.status != http.StatusSeeOther {
		t.Fatalf("%d", a.status)
	}
	if r := b.record("ann"); !r.Ends(rules.Training).IsZero() || !r.Ends(rules.Agreement).Equal(noon) {
		t.Errorf("%+v", r.Expiries)
	}
	if a := b.post("adam", atPerson("ann")+"/dates", url.Values{"training": {"soon"}, "reason": {"why <b>"}}); a.status != 422 || !strings.Contains(a.body, "why &lt;b&gt;") {
		t.Errorf("no date: %d", a.status)
	}
}

// TestDatesOfTwo: who changes one day changes nothing of the other, which
// somebody else changed since; and the same day is not changed by both.
func TestDatesOfTwo(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.kept("ann")
	at := atPerson("ann") + "/dates"
	days := func(training, agreement, reason string) url.Values { // of a page opened before anything was entered
		return url.Values{"training": {training}, "training-shown": {""}, "agreement": {agreement}, "agreement-shown": {""}, "reason": {reason}}
	}
	for _, form := range []url.Values{days("", "2031-02-03", "the agreement"), days("2031-05-31", "", "the training"), days("2031-05-31", "", "once more")} {
		if a := b.post("adam", at, form); a.status != http.StatusSeeOther {
			t.Fatalf("%v: %d %s", form, a.status, a.body)
		}
	}
	r := b.record("ann")
	if !r.Ends(rules.Training).Equal(time.Date(2031, 6, 1, 0, 0, 0, 0, time.UTC)) || !r.Ends(rules.Agreement).Equal(time.Date(2031, 2, 4, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v", r.Expiries)
	}
	if a := b.post("adam", at, days("2040-01-01", "", "why <b>")); a.status != http.StatusConflict || !strings.Contains(a.body, "It was changed while you looked") || !strings.Contains(a.body, "why &lt;b&gt;") {
		t.Errorf("an old page: %d %s", a.status, a.body)
	}
	if now := b.record("ann"); !now.Ends(rules.Training).Equal(r.Ends(rules.Training)) {
		t.Errorf("%+v", now.Expiries)
	}
	if a := b.get("adam", atPerson("ann")); !strings.Contains(a.body, `name="training-shown" value="2031-05-31"`) {
		t.Error(a.body)
	}
}

// TestEndOfARole: owners and administrators change when a role ends.
func TestEndOfARole(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	form := url.Values{"person": {people["ann"].OID}, "role": {"WorkspaceResearcher"}, "expires": {"2031-05-31"}, "reason": {"the study ends"}}
	for who, want := range map[string]int{"ann": 403, "bob": 403, "mia": 403, "sam": 404, "guest": 404} {
		if a := b.post(who, members+"/amend", form); a.status != want {
			t.Errorf("%s: %d, want %d", who, a.status, want)
		}
	}
	if a := b.post("olga", members+"/amend", form); a.status != http.StatusSeeOther || b.roles(people["ann"].OID)[0] != "WorkspaceResearcher 2031-06-01" {
		t.Fatalf("%d %v", a.status, b.roles(people["ann"].OID))
	}
	if a := b.get("olga", members+"?done=member-amended"); !strings.Contains(a.body, `value="2031-05-31"`) || !strings.Contains(a.body, "The end is changed") || strings.Contains(a.body, `href="/portal/people/`) {
		t.Error(a.body)
	}
	form.Set("expires", "")
	if a := b.post("adam", members+"/amend", form); a.status != http.StatusSeeOther || b.roles(people["ann"].OID)[0] != "WorkspaceResearcher 0001-01-01" {
		t.Errorf("no end: %d %v", a.status, b.roles(people["ann"].OID))
	}
	for _, end := range []string{"2001-01-01", "tomorrow"} {
		form.Set("expires", end)
		if a := b.post("adam", members+"/amend", form); a.status != 422 {
			t.Errorf("%s: %d", end, a.status)
		}
	}
}
