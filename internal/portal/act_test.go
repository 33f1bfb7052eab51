package portal_test

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// TestActs sends every form as whom it is for, and looks where the request is
// then, and what the page says.
func TestActs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from           airlock.Stage
		who, act, says string
		to             airlock.Stage
	}{
		{airlock.Draft, "ann", "submit", "The request is submitted", airlock.Sealing},
		{airlock.Draft, "ann", "cancel", "The request is cancelled", airlock.Cancelled},
		{airlock.Draft, "olga", "cancel", "The request is cancelled", airlock.Cancelled},
		{airlock.Sealing, "ann", "cancel", "The request is cancelled", airlock.Cancelled},
		{airlock.InReview, "mia", "approve", "Your decision is recorded: approved", airlock.Approving},
		{airlock.InReview, "mia", "reject", "Your decision is recorded: rejected", airlock.Rejecting},
		{airlock.InReview, "mia", "return", "Your decision is recorded: returned for changes", airlock.Draft}, // shown elsewhere: a draft is not for managers
		{airlock.InReview, "ann", "cancel", "The request is cancelled", airlock.Cancelled},
		{airlock.Approving, "mia", "stop", "The delivery is stopped", airlock.Failed},
		{airlock.Approved, "mia", "revoke", "The release is revoked", airlock.Revoked},
		{airlock.Failed, "olga", "retry", "It is tried again", airlock.Sealing},
		{airlock.Failed, "adam", "retry", "It is tried again", airlock.Sealing},
	} {
		t.Run(string(tt.from)+" "+tt.who+" "+tt.act, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			k := b.stage(tt.from, content{})
			a := b.post(tt.who, at(k)+"/"+tt.act, url.Values{"manifest": {b.digest(k)}, "reason": {"Because of\r\ncolumn 3."}})
			if a.status != http.StatusSeeOther {
				t.Fatalf("status %d: %s", a.status, a.body)
			}
			r := b.request(k)
			if r.Stage != tt.to {
				t.Errorf("stage %s, want %s", r.Stage, tt.to)
			}
			if r.Stage != airlock.Sealing && tt.act != "approve" && r.Message != "Because of\ncolumn 3." {
				t.Errorf("reason %q", r.Message)
			}
			after := b.get(tt.who, strings.TrimPrefix(a.header.Get("Location"), "/portal"))
			if after.status != http.StatusOK || !strings.Contains(after.body, tt.says) || !strings.Contains(after.body, `role="status"`) {
				t.Errorf("the page after: %d %s", after.status, after.body)
			}
		})
	}
}

// TestRefused sends forms that are not taken: the page says why, keeps what
// was written, and nothing moves.
func TestRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		from     airlock.Stage
		who, act string
		form     url.Values
		status   int
		says     string
	}{
		"reject without a reason":   {airlock.InReview, "mia", "reject", nil, 422, "Reason: required to reject."},
		"reason of white space":     {airlock.InReview, "mia", "return", url.Values{"reason": {" \r\n\t "}}, 422, "Reason: required to return."},
		"reason too long":           {airlock.InReview, "mia", "reject", url.Values{"reason": {strings.Repeat("ä", 2001)}}, 422, "2001 characters, at most 2000"},
		"other files":               {airlock.InReview, "mia", "approve", url.Values{"manifest": {"0123"}}, 409, "The request changed while you looked"},
		"files nobody saw":          {airlock.InReview, "mia", "approve", url.Values{"manifest": {""}}, 422, "does not say which files you saw"},
		"approve outside of review": {airlock.Approved, "mia", "approve", nil, 409, "The request has moved on"},
		"approve by no manager":     {airlock.InReview, "olga", "approve", nil, 403, "You may not do this"},
		"approve by who made it":    {airlock.InReview, "ann", "approve", nil, 403, "You may not do this"},
		"revoke without a reason":   {airlock.Approved, "mia", "revoke", nil, 422, "Reason: required to revoke."},
		"stop without a reason":     {airlock.Approving, "mia", "stop", nil, 422, "Reason: required to stop."},
		"submit what is submitted":  {airlock.InReview, "ann", "submit", nil, 409, "The request has moved on"},
		"retry what did not fail":   {airlock.InReview, "olga", "retry", nil, 409, "The request has moved on"},
		"a file that is not there":  {airlock.Draft, "ann", "remove", url.Values{"name": {"bm9uZQ"}}, 404, "There is nothing here for you"},
		"a name that is none":       {airlock.Draft, "ann", "remove", url.Values{"name": {"***"}}, 422, "Something in the form has to change"},
		"link to what is not there": {airlock.Rejected, "ann", "link", nil, 409, "The request has moved on"},
		"link that is not for them": {airlock.InReview, "ann", "link", nil, 403, "You may not do this"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			k := b.stage(tt.from, content{})
			form := url.Values{"manifest": {b.digest(k)}}
			for field, values := range tt.form {
				form[field] = values
			}
			before := b.request(k)
			a := b.post(tt.who, at(k)+"/"+tt.act, form)
			if a.status != tt.status || !strings.Contains(a.body, tt.says) {
				t.Errorf("status %d, want %d with %q: %s", a.status, tt.status, tt.says, a.body)
			}
			if b.request(k).Version != before.Version {
				t.Error("the request changed")
			}
		})
	}
}

func TestWhatWasWrittenIsKept(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	k := b.stage(airlock.InReview, content{})
	a := b.post("mia", at(k)+"/reject", url.Values{"manifest": {"0123"}, "reason": {"names <in> column 3"}})
	if !strings.Contains(a.body, ">names &lt;in&gt; column 3</textarea>") || !strings.Contains(a.body, "<details open><summary>Reject") {
		t.Errorf("page: %s", a.body)
	}
	if strings.Count(a.body, "names &lt;in&gt; column 3") != 1 {
		t.Error("the reason is in other forms too")
	}
}

// TestSentTwice sends one form several times, as a second click, a reload and
// the host after a crash do.
func TestSentTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, again := range []func(url.Values) []string{
		func(f url.Values) []string { f.Set("form", uuid.NewString()); return nil },
		func(url.Values) []string {
			return []string{"X-Azure-Functions-InvocationId", "junk, " + uuid.NewString()}
		},
	} {
		k := b.stage(airlock.InReview, content{})
		form := url.Values{"manifest": {b.digest(k)}, "reason": {"fine"}}
		headers := again(form)
		for i := range 3 {
			if a := b.post("mia", at(k)+"/approve", form, headers...); a.status != http.StatusSeeOther {
				t.Errorf("time %d: %d %s", i+1, a.status, a.body)
			}
		}
		if r := b.request(k); len(r.Reviews) != 1 || r.Attempt != 1 {
			t.Errorf("%d reviews, attempt %d", len(r.Reviews), r.Attempt)
		}
	}
	form := url.Values{"type": {"import"}, "workspace": {here}, "title": {"One"}, "justification": {"because"}, "form": {uuid.NewString()}}
	first, second := b.post("ann", "/new", form), b.post("ann", "/new", form)
	form.Set("title", "Two")
	third := b.post("ann", "/new", form)
	at := func(a answer) string { return a.header.Get("Location") }
	if at(first) == "" || at(first) != at(second) || at(first) == at(third) {
		t.Errorf("made %q, %q, %q", at(first), at(second), at(third))
	}
}

func TestCreate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	form := url.Values{"type": {"export"}, "workspace": {here}, "title": {"Tables"}, "justification": {"Line one\r\nline two"}}
	a := b.post("ann", "/new", form)
	page := b.get("ann", strings.TrimPrefix(a.header.Get("Location"), "/portal"))
	for _, want := range []string{"The request is made", "Tables", "Line one\nline two", "There are no files yet.", "Get the upload link"} {
		if !strings.Contains(page.body, want) {
			t.Errorf("the page lacks %q: %d", want, a.status)
		}
	}
	for field, wrong := range map[string]struct {
		value  string
		status int
		says   string
	}{
		"type":          {"both", 422, "neither import nor export"},
		"justification": {"", 422, "BusinessJustification: required."},
		"title":         {strings.Repeat("x", 201), 422, "201 characters, at most 200"},
		"workspace":     {there, 404, "There is nothing here for you"},
	} {
		bad := url.Values{"type": {"export"}, "workspace": {here}, "title": {"Tables"}, "justification": {"why <b>"}}
		bad.Set(field, wrong.value)
		a := b.post("ann", "/new", bad)
		if a.status != wrong.status || !strings.Contains(a.body, wrong.says) {
			t.Errorf("%s %.10q: %d %s", field, wrong.value, a.status, a.body)
		}
		if field == "type" && !strings.Contains(a.body, "why &lt;b&gt;") {
			t.Errorf("%s: what was written is lost", field)
		}
	}
	if a := b.get("mia", "/new"); !strings.Contains(a.body, "no workspace in which you may make a request") {
		t.Errorf("a manager's form: %s", a.body)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		stage      airlock.Stage
		kind       airlock.Type
		who        string
		with, sans string
	}{
		{airlock.Draft, airlock.Import, "ann", "--check-length=false", "inside the workspace only"},
		{airlock.Draft, airlock.Export, "ann", "inside the workspace only", "Download"},
		{airlock.InReview, airlock.Import, "mia", "--from-to BlobLocal", "--check-length"},
		{airlock.Approved, airlock.Import, "bob", "inside the workspace only", "--check-length"},
		{airlock.Approved, airlock.Export, "ann", "Download link", "inside the workspace only"},
	} {
		b := newBench(t)
		k := b.stage(tt.stage, content{kind: tt.kind})
		if page := b.get(tt.who, at(k)); strings.Contains(page.body, "sig=") {
			t.Error("a link on a page that was only looked at")
		}
		a := b.post(tt.who, at(k)+"/link", nil)
		if a.status != http.StatusOK || !strings.Contains(a.body, "sig=") || !strings.Contains(a.body, tt.with) || strings.Contains(a.body, tt.sans) {
			t.Errorf("%s %s for %s: %d %s", tt.kind, tt.stage, tt.who, a.status, a.body)
		}
		if a.header.Get("Cache-Control") != "no-store" || strings.Contains(b.logs.String(), "sig=") {
			t.Error("the link is kept somewhere")
		}
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	name := "odd name\nwith\r lines & \u202e.csv"
	k := b.draft(content{files: []airlock.File{clean(name, 1), clean("b.csv", 2)}})
	form := url.Values{"name": {base64.RawURLEncoding.EncodeToString([]byte(name))}}
	if page := b.get("ann", at(k)).body; !strings.Contains(page, `value="`+form.Get("name")+`"`) || !strings.Contains(page, "2 files") {
		t.Errorf("page: %s", page)
	}
	for range 2 {
		if a := b.post("ann", at(k)+"/remove", form); a.status != http.StatusSeeOther {
			t.Errorf("remove: %d %s", a.status, a.body)
		}
	}
	page := b.get("ann", at(k)+"?done=remove").body
	if !strings.Contains(page, "1 file, ") || strings.Contains(page, "odd name") || !strings.Contains(page, "The file is removed") {
		t.Errorf("page after: %s", page)
	}
}
