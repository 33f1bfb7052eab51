package scenario_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// approved is a request whose files are on the other side.
func (x tester) approved(kind airlock.Type, files map[string][]byte) *stacktest.Request {
	x.Helper()
	q := x.reviewed(researcher, kind, files)
	x.must(q.Approve(x.Context(), manager))
	x.await(q, airlock.Approved)
	return q
}

func TestRevokeKillsTheLink(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.approved(airlock.Export, some())
	link, err := q.LinkAs(t.Context(), researcher, "link")
	x.must(err)
	if _, err := stacktest.Fetch(t.Context(), link); err != nil {
		t.Fatalf("before: %v", err)
	}
	if got := x.status(q, researcher, http.MethodPost, "/revoke", map[string]any{"reason": "x"}); got != http.StatusForbidden {
		t.Errorf("a researcher's revoke answers %d", got)
	}
	x.must(q.Do(t.Context(), manager, "revoke", map[string]any{"reason": "wrong patients"}))
	x.await(q, airlock.Revoked)
	_, err = q.AwaitThat(t.Context(), func(r airlock.Request) bool { return len(r.Purges()) == 0 })
	x.must(err)
	if _, err := stacktest.Fetch(t.Context(), link); err == nil {
		t.Error("the link outlives the revocation")
	}
	if got := x.status(q, researcher, http.MethodGet, "/link", nil); got != http.StatusBadRequest {
		t.Errorf("a new link answers %d", got)
	}
}

func TestRetentionPurges(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(x tester, q *stacktest.Request){
		"approved": func(x tester, q *stacktest.Request) { x.must(q.Approve(x.Context(), manager)) },
		"rejected": func(x tester, q *stacktest.Request) { x.must(q.Reject(x.Context(), manager, "no")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			life := airlock.Duration(4 * time.Second)
			x := begin(t, airlock.Policy{RetainShared: life, RetainFiles: life})
			q := x.reviewed(researcher, airlock.Import, some())
			end(x, q)
			_, err := q.AwaitThat(t.Context(), func(r airlock.Request) bool { return r.Retired })
			x.must(err)
			x.empty(q)
			x.chained(q)
		})
	}
}

// TestDeliveryThatWentWrong: somebody puts a foreign file among the released
// ones; the delivery fails, people are told, a retry delivers afresh.
func TestDeliveryThatWentWrong(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.reviewed(researcher, airlock.Export, some())
	released := airlock.Container{Kind: airlock.ReleasedFiles, Key: q.Key, Number: 1}.String()
	stop := rig.Troubles.Fail(storageproxy.ServerBusy, "PutBlobFromURL", released)
	defer stop()
	x.must(q.Approve(t.Context(), manager))
	x.await(q, airlock.Approving)
	account, err := rig.Blobs(rig.Account(stack.AirlockAccount))
	x.must(err)
	x.must(stacktest.Until(t.Context(), func(ctx ctx) error { // as soon as the container is there
		_, err := account.UploadBuffer(ctx, released, "foreign.txt", []byte("not approved"), nil)
		return err
	}))
	stop()
	r := x.await(q, airlock.Failed)
	if !strings.Contains(r.Message, "manifest") && !strings.Contains(r.Message, "files") {
		t.Errorf("message: %q", r.Message)
	}
	for _, to := range []string{"researcher@heart.example", "owner@heart.example", "manager@heart.example"} {
		_, err := q.Told(t.Context(), to, 1)
		x.must(err)
	}
	if got := x.status(q, researcher, http.MethodPost, "/retry", map[string]any{}); got != http.StatusForbidden {
		t.Errorf("a researcher's retry answers %d", got)
	}
	x.must(q.Do(t.Context(), owner, "retry", nil))
	x.await(q, airlock.Approved)
	x.sees(q, researcher, "link", some())
}
