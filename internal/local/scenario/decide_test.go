package scenario_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// status is the API's status for a call on a request.
func (x tester) status(q *stacktest.Request, by, method, rest string, body any) int {
	x.Helper()
	answer, err := rig.Call(x.Context(), by, method, q.Path()+rest, body)
	x.must(err)
	return answer.Status
}

func TestReject(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.reviewed(researcher, airlock.Export, some())
	if got := x.status(q, manager, http.MethodPost, "/review", map[string]any{"approval": false}); got != http.StatusUnprocessableEntity && got != http.StatusBadRequest {
		t.Errorf("reject without a reason answers %d", got)
	}
	x.must(q.Reject(t.Context(), manager, "ages below 5 are disclosive"))
	x.await(q, airlock.Rejected)
	mails, err := q.Told(t.Context(), "researcher@heart.example", 1)
	x.must(err)
	if !strings.Contains(mails[0].Text, "ages below 5 are disclosive") {
		t.Errorf("mail does not say why:\n%s", mails[0].Text)
	}
	if got := x.status(q, researcher, http.MethodGet, "/link", nil); got != http.StatusBadRequest {
		t.Errorf("link of a rejected request answers %d", got)
	}
	there, err := q.Containers(t.Context())
	x.must(err)
	for _, c := range there {
		if strings.Contains(c, "released-") {
			t.Errorf("rejected data crossed: %s", c)
		}
	}
	x.chained(q)
}

func TestReturnedForChanges(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.reviewed(researcher, airlock.Import, map[string][]byte{"keep.txt": []byte("kept"), "replace.txt": []byte("old"), "drop.txt": []byte("out")})
	first := x.await(q, airlock.InReview)
	x.must(q.Return(t.Context(), manager, "replace one, drop one"))
	r := x.await(q, airlock.Draft)
	if r.Turn != 2 || r.KeptFrom != 1 {
		t.Fatalf("returned to turn %d, kept from %d", r.Turn, r.KeptFrom)
	}
	var err error
	q.Link, err = q.LinkAs(t.Context(), researcher, "link")
	x.must(err)
	files, err := q.Files(t.Context())
	x.must(err)
	if len(files) != 3 || !files["keep.txt"].Kept {
		t.Errorf("kept files: %+v", files)
	}
	x.must(q.Do(t.Context(), researcher, "files/remove", map[string]any{"name": "drop.txt"}))
	x.must(q.Drop(t.Context(), "replace.txt", []byte("new and longer")))
	x.must(q.Submit(t.Context()))
	second := x.await(q, airlock.InReview)
	want := map[string][]byte{"keep.txt": []byte("kept"), "replace.txt": []byte("new and longer")}
	x.sees(q, manager, "sealed-link", want)
	for _, digest := range []string{"", first.Manifest} { // none, and one of what was not seen
		got := x.status(q, manager, http.MethodPost, "/review", map[string]any{"approval": true, "manifestDigest": digest})
		if got < 400 || got > 499 || second.Manifest == digest {
			t.Errorf("approval in turn 2 of digest %q answers %d", digest, got)
		}
	}
	x.must(q.Approve(t.Context(), manager))
	x.await(q, airlock.Approved)
	x.sees(q, researcher, "link", want)
	now, err := q.Get(t.Context())
	x.must(err)
	if len(now.Request.Reviews) != 2 || len(now.Request.History) < 6 {
		t.Errorf("reviews %v, history %v", now.Request.Reviews, now.Request.History)
	}
	x.chained(q)
}

func TestTwoReviewers(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{Reviewers: 2})
	q := x.reviewed(researcher, airlock.Export, some())
	x.must(q.Approve(t.Context(), manager))
	x.await(q, airlock.InReview)
	if got := x.status(q, manager, http.MethodPost, "/review", map[string]any{"approval": true}); got < 400 || got > 499 {
		t.Errorf("the same person's second approval answers %d", got)
	}
	if r := x.await(q, airlock.InReview); r.Attempt != 0 {
		t.Error("one person approved twice")
	}
	x.must(q.Approve(t.Context(), second))
	x.await(q, airlock.Approved)
	x.sees(q, researcher, "link", some())
}

func TestNobodyDecidesOnTheirOwn(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.reviewed(both, airlock.Export, some()) // researcher and airlock manager
	for verb, body := range map[string]map[string]any{
		"/review": {"approval": true}, "/return": {"reason": "mine"},
	} {
		if got := x.status(q, both, http.MethodPost, verb, body); got != http.StatusForbidden {
			t.Errorf("own %s answers %d", verb, got)
		}
	}
	if got := x.status(q, both, http.MethodGet, "/sealed-link", nil); got != http.StatusForbidden {
		t.Errorf("requester's link to sealed files answers %d", got)
	}
	if got := x.status(q, researcher, http.MethodPost, "/review", map[string]any{"approval": true}); got != http.StatusForbidden {
		t.Errorf("a researcher's review answers %d", got)
	}
	x.await(q, airlock.InReview)
	for _, m := range q.Mails() {
		if strings.EqualFold(m.To, "both@heart.example") {
			t.Errorf("the requester is asked to review: %s", m.Subject)
		}
	}
	x.must(q.Approve(t.Context(), manager))
	x.await(q, airlock.Approved)
}

func TestCancel(t *testing.T) {
	t.Parallel()
	for _, in := range []airlock.Stage{airlock.Draft, airlock.Gating, airlock.InReview} {
		t.Run(string(in), func(t *testing.T) {
			t.Parallel()
			x := begin(t, airlock.Policy{})
			q := x.create(researcher, airlock.Import)
			name := "file.txt"
			if in == airlock.Gating {
				name = "never" + silent // no verdict comes
			}
			x.must(q.Drop(t.Context(), name, []byte("x")))
			if in != airlock.Draft {
				x.must(q.Submit(t.Context()))
			}
			x.await(q, in)
			x.must(q.Do(t.Context(), owner, "cancel", nil))
			x.await(q, airlock.Cancelled)
			x.empty(q)
			if status, err := q.Put(t.Context(), "late.txt", []byte("x")); err == nil && status < 300 {
				t.Errorf("the link of a cancelled request still works: %d", status)
			}
			_, err := q.Told(t.Context(), "researcher@heart.example", 1)
			x.must(err)
		})
	}
}
