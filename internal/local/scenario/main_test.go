package scenario_test

import (
	"flag"
	"log/slog"
	"maps"
	"os"
	"testing"

	"github.com/google/uuid"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

// rig is the one stack of this test binary.
var rig *stacktest.Rig

func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "12") // scenarios mostly wait
	os.Exit(stacktest.Run(m, &rig, "scenario", func(c *stack.Config) {
		c.Log = slog.New(slog.NewTextHandler(&logs, nil))
		maps.Copy(c.Settings, map[string]string{
			"AzureFunctionsJobHost__extensions__queues__maxDequeueCount": "3", // poison comes sooner
			"TRE_MARK_AFTER": "2",
		})
	}, scans))
}

// Who plays which part.
const (
	researcher = "heart-researcher"
	manager    = "heart-manager"
	second     = "lung-manager" // another airlock manager of the tests' workspaces
	both       = "heart-both"   // researcher and airlock manager
	owner      = "heart-owner"
	stranger   = "lung-researcher"
	admin      = "admin"
)

// tester is one test with a workspace of its own.
type tester struct {
	*testing.T
	workspace string
}

// begin makes a workspace under a policy, in its own storage account.
func begin(t *testing.T, policy airlock.Policy) tester {
	t.Helper()
	id := uuid.NewString()
	account := rig.Account("ws1")
	if id[0]%2 == 0 {
		account = rig.Account("ws2")
	}
	x := tester{T: t, workspace: id}
	x.must(rig.Workspace(t.Context(), id, account, policy))
	return x
}

func (x tester) must(err error) {
	x.Helper()
	if err != nil {
		x.Fatal(err)
	}
}

func (x tester) create(by string, kind airlock.Type) *stacktest.Request {
	x.Helper()
	q, err := rig.Create(x.Context(), by, x.workspace, kind)
	x.must(err)
	return q
}

// dropped makes a request with files in its draft.
func (x tester) dropped(by string, kind airlock.Type, files map[string][]byte) *stacktest.Request {
	x.Helper()
	q := x.create(by, kind)
	for name, content := range files {
		x.must(q.Drop(x.Context(), name, content))
	}
	return q
}

// reviewed is a request with files that is in review.
func (x tester) reviewed(by string, kind airlock.Type, files map[string][]byte) *stacktest.Request {
	x.Helper()
	q := x.dropped(by, kind, files)
	x.must(q.Submit(x.Context()))
	x.await(q, airlock.InReview)
	return q
}

func (x tester) await(q *stacktest.Request, stages ...airlock.Stage) airlock.Request {
	x.Helper()
	r, err := q.Await(x.Context(), stages...)
	x.must(err)
	return r
}

// some are the files of tests that are not about files.
func some() map[string][]byte {
	return map[string][]byte{"results/table.csv": []byte("age,count\n40,17\n"), "notes.txt": []byte("as discussed\n")}
}
