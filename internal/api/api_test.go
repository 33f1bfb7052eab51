package api_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
)

// TestFields holds an answer against AzureTRE's field names, and ours.
func TestFields(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := b.stage(airlock.InReview)
	b.read(b.call("POST", path+"/return", "mia", `{"reason":"mend it"}`), http.StatusOK)
	w := b.call("GET", path, "ann", "")
	var got struct {
		Request map[string]any `json:"airlockRequest"`
		Actions []string       `json:"allowedUserActions"`
	}
	b.must(json.Unmarshal(w.Body.Bytes(), &got))
	want := strings.Fields(`_etag businessJustification bytes createdBy createdWhen deadline files filesCount history id manifestDigest
		properties resourceVersion reviewUserResources reviews status statusMessage step title turn type updatedBy updatedWhen
		waitsFor waitsForRole warnings workspaceId`)
	if keys := slices.Sorted(maps.Keys(got.Request)); !cmp.Equal(keys, want) {
		t.Errorf("fields differ:\n%s", cmp.Diff(want, keys))
	}
	for field, want := range map[string]any{
		"createdWhen": 1795338000.25, "status": "draft", "statusMessage": "mend it", "turn": 2.0, "resourceVersion": 4.0,
		"createdBy": map[string]any{"id": people["ann"].OID, "name": "Ann", "email": "ann@example.org", "roles": []any{}},
	} {
		if diff := cmp.Diff(want, got.Request[field]); diff != "" {
			t.Errorf("%s:\n%s", field, diff)
		}
	}
	review := got.Request["reviews"].([]any)[0].(map[string]any)
	if review["reviewDecision"] != "returned" || review["decisionExplanation"] != "mend it" || review["dateCreated"] != 1795338000.25 {
		t.Errorf("review: %v", review)
	}
	history := got.Request["history"].([]any)
	if last := history[len(history)-1].(map[string]any); !cmp.Equal(last["properties"], map[string]any{"previousStatus": "in_review"}) {
		t.Errorf("history: %v", history)
	}
	if !cmp.Equal(got.Actions, []string{"cancel", "submit"}) {
		t.Errorf("actions: %v", got.Actions)
	}
}

// TestAWholeRequest drops, lists, removes, submits and reads back.
func TestAWholeRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	path := b.draft()
	a := b.read(b.call("GET", path+"/link", "ann", ""), http.StatusOK)
	names := []string{"b c%20d#ü.txt", "../up", "wrong"}
	for _, name := range names {
		_, err := b.files.Upload(a.URL, name, []byte("x"))
		b.must(err)
	}
	w := b.call("POST", path+"/submit", "ann", "")
	if w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"../up"`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for _, name := range []string{"../up", "wrong"} {
		body, err := json.Marshal(map[string]string{"name": name})
		b.must(err)
		if w := b.call("POST", path+"/files/remove", "ann", string(body)); w.Code != http.StatusNoContent || w.Body.Len() > 0 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	var page api.Files
	b.must(json.Unmarshal(b.call("GET", path+"/files?limit=1", "ann", "").Body.Bytes(), &page))
	if len(page.Files) != 1 || page.Files[0].Name != "a.txt" || page.Next == "" || page.Count != 2 || page.Files[0].Verdict != airlock.Clean {
		t.Errorf("files: %+v", page)
	}
	got := b.read(b.call("POST", path+"/submit", "ann", ""), http.StatusOK)
	want := []api.NamedFile{{Name: "a.txt", Size: 7}, {Name: "b c%20d#ü.txt", Size: 1}}
	if diff := cmp.Diff(want, got.Request.Files); diff != "" || got.Request.FilesCount != 2 || got.Request.Step != "sealing" {
		t.Errorf("submitted %+v\n%s", got.Request, diff)
	}
	var trail api.Trail
	b.must(json.Unmarshal(b.call("GET", path+"/audit", "olga", "").Body.Bytes(), &trail))
	if !trail.Verified || len(trail.Lines) != 4 || trail.Lines[1].Action != "file_removed" || trail.Lines[3].Action != "submit" {
		t.Errorf("trail: %+v", trail)
	}
}

// TestRepeatedCall: the host sends the same call again when a handler died.
func TestRepeatedCall(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const id = "1a0264c9-b586-4c22-807f-1e96e5753d34"
	first := b.call("POST", list(here), "ann", creation, "X-Azure-Functions-InvocationId", id)
	again := b.call("POST", list(here), "ann", creation, "X-Azure-Functions-InvocationId", "forged, "+strings.ToUpper(id))
	other := b.call("POST", list(here), "bob", creation, "X-Azure-Functions-InvocationId", id)
	if a, c := b.read(first, 201).Request.ID, b.read(again, 201).Request.ID; a != c {
		t.Errorf("the repeat made %s beside %s", c, a)
	}
	if a, c := b.read(first, 201).Request.ID, b.read(other, 201).Request.ID; a == c {
		t.Error("another person got the same request")
	}
	if got := first.Header().Get("X-Request-Id"); got != id {
		t.Errorf("request id is %q", got)
	}
}
