package scenario_test

import (
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
	files, err := q.Files(x.Context())
	x.must(err)
	account := rig.Account(stack.AirlockAccount)
	draft := airlock.Container{Kind: airlock.DraftFiles, Key: q.Key, Number: 1}.String()
	data := fmt.Sprintf(`{"blobUri":"https://%s.blob/%s/%s","eTag":%q,"scanFinishedTimeUtc":"2026-01-01T00:00:00Z","scanResultType":"Malicious","scanResultDetails":{"malwareNamesFound":["Late/One"]}}`,
		account, draft, name, files[name].ETag)
	if status := x.deliver("blobscanned", eventgrid.Event{Topic: rig.ScanTopic(), EventType: scanned, Data: json.RawMessage(data),
		Subject: "storageAccounts/" + account + "/containers/" + draft + "/blobs/" + name}); status >= 300 {
		x.Fatalf("the verdict was answered with %d", status)
	}
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
