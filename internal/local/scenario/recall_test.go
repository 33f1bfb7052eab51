package scenario_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// thinksBetter has the scanner say, late, that a file of a submitted import is
// malware.
func (x tester) thinksBetter(q *stacktest.Request, name string) {
	x.Helper()
	if status := x.deliver("blobscanned", x.lateMalware(q, name)); status >= 300 {
		x.Fatalf("the verdict was answered with %d", status)
	}
}

// lateMalware is the event by which the scanner says so.
func (x tester) lateMalware(q *stacktest.Request, name string) eventgrid.Event {
	x.Helper()
	files, err := q.Files(x.Context())
	x.must(err)
	account := rig.Account(stack.AirlockAccount)
	draft := airlock.Container{Kind: airlock.DraftFiles, Key: q.Key, Number: 1}.String()
	data := fmt.Sprintf(`{"blobUri":"https://%s.blob/%s/%s","eTag":%q,"scanFinishedTimeUtc":"2026-01-01T00:00:00Z","scanResultType":"Malicious","scanResultDetails":{"malwareNamesFound":["Late/One"]}}`,
		account, draft, name, files[name].ETag)
	return eventgrid.Event{ID: q.Key.Request + name, Topic: rig.ScanTopic(), EventType: scanned, Data: json.RawMessage(data),
		Subject: "storageAccounts/" + account + "/containers/" + draft + "/blobs/" + name}
}

// TestMalwareAfterTheRelease: the airlock itself takes the release back, links
// die, and everybody is told.
func TestMalwareAfterTheRelease(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.approved(airlock.Import, some())
	link, err := q.LinkAs(t.Context(), researcher, "link")
	x.must(err)
	x.thinksBetter(q, "notes.txt")
	r := x.await(q, airlock.Revoked)
	if !strings.Contains(r.Message, "cannot be recalled") {
		t.Errorf("message: %q", r.Message)
	}
	_, err = q.AwaitThat(t.Context(), func(r airlock.Request) bool { return len(r.Purges()) == 0 })
	x.must(err)
	if _, err := stacktest.Fetch(t.Context(), link); err == nil {
		t.Error("the link outlives the verdict")
	}
	for _, to := range []string{"researcher@heart.example", "owner@heart.example", "manager@heart.example"} {
		_, err := q.Told(t.Context(), to, 1)
		x.must(err)
	}
	x.chained(q)
}

// TestMalwareInReview: what comes out late blocks the request, whoever wants
// to approve it.
func TestMalwareInReview(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{Reviewers: 2})
	q := x.reviewed(researcher, airlock.Import, some())
	x.must(q.Approve(t.Context(), manager))
	x.thinksBetter(q, "notes.txt")
	r := x.await(q, airlock.Blocked)
	if !strings.Contains(r.Message, "malware was found in 1 file") || len(r.Reviews) != 1 {
		t.Errorf("message %q, %d reviews", r.Message, len(r.Reviews))
	}
	if got := x.status(q, second, http.MethodPost, "/review", map[string]any{"approval": true}); got < 400 {
		t.Errorf("an approval of a blocked request answers %d", got)
	}
	x.chained(q)
}

// TestMalwareInADeadLetter: a late verdict that Event Grid could not deliver
// arrives all the same; one that somebody else wrote there is refused.
func TestMalwareInADeadLetter(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	state, err := rig.Blobs(rig.Account(stack.StateAccount))
	x.must(err)
	letter := func(q *stacktest.Request, change func(*eventgrid.Event)) {
		ev := x.lateMalware(q, "notes.txt")
		change(&ev)
		text, err := json.Marshal([]eventgrid.DeadLetter{{Event: ev, Reason: "MaxDeliveryAttemptsExceeded"}})
		x.must(err)
		_, err = state.UploadBuffer(t.Context(), "deadletters", "tests/"+ev.ID+".json", text, nil)
		x.must(err)
	}
	forged, late := x.reviewed(researcher, airlock.Import, some()), x.reviewed(researcher, airlock.Import, some())
	letter(forged, func(ev *eventgrid.Event) { ev.Topic = "/subscriptions/forged/topics/scan" })
	letter(late, func(*eventgrid.Event) {})
	x.await(late, airlock.Blocked)
	x.chained(late)
	x.must(stacktest.Until(t.Context(), func(context.Context) error {
		if all := x.strange(); !strings.Contains(strings.Join(all, "\n"), "/subscriptions/forged/topics/scan") {
			return fmt.Errorf("the forged letter is not audited: %q", all)
		}
		return nil
	}))
	x.must(forged.Approve(t.Context(), manager))
	x.await(forged, airlock.Approved)
}
