package transfers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

func TestWatchFollowsARequestToItsEnd(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.draft(airlock.Import)
	x.must(q.Drop(t.Context(), "a.csv", []byte("a\n")))
	end := make(chan seen, 1)
	var said safe
	go func() {
		end <- x.treInto(t.Context(), &said, researcher, "watch", "--interval", "500ms", "--verbose", "-o", "json")
	}()
	x.must(stacktest.Until(t.Context(), func(context.Context) error {
		if !strings.Contains(said.String(), "draft; it waits for the requester") {
			return fmt.Errorf("said %s", said.String())
		}
		return nil
	}))
	x.must(q.Submit(t.Context()))
	reviewed := x.done(researcher, "watch", q.Key.Request, "--until", "in_review", "--interval", "500ms")
	if last := strings.TrimSpace(reviewed.out); !strings.Contains(last[strings.LastIndex(last, "\n")+1:], "in_review; it waits for an airlock manager") {
		t.Errorf("told: %s", last)
	}
	x.must(q.Reject(t.Context(), manager, "not these patients"))
	got := <-end
	if got.code != cli.Rejected || !strings.Contains(got.out, `"status": "rejected"`) || !strings.Contains(got.err, "rejected") {
		t.Errorf("exit code %d: %s%s", got.code, got.out, got.err)
	}
	if again := x.tre(researcher, "watch", q.Key.Request); again.code != cli.Rejected {
		t.Errorf("exit code %d of one that has ended", again.code)
	}
	if until := x.tre(researcher, "watch", q.Key.Request, "--until", "rejected"); until.code != cli.Done {
		t.Errorf("exit code %d, though that was waited for", until.code)
	}
	if none := x.tre(researcher, "watch"); none.code != cli.NotAllowed || !strings.Contains(none.err, "no request that is under way") {
		t.Errorf("exit code %d: %s", none.code, none.err)
	}
}

func TestWatchEndsInTime(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.draft(airlock.Import)
	got := x.tre(researcher, "watch", q.Key.Request, "--timeout", "3s")
	if got.code != cli.TimeIsUp || !strings.Contains(got.err, "it is still draft") {
		t.Errorf("exit code %d: %s", got.code, got.err)
	}
	for _, wrong := range [][]string{{"--until", "finished"}, {"--interval", "1ms"}, {"one", "two"}} {
		if got := x.tre(researcher, append([]string{"watch"}, wrong...)...); got.code != cli.Usage {
			t.Errorf("%v: exit code %d: %s", wrong, got.code, got.err)
		}
	}
}
