package thousand_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
)

var rig *stacktest.Rig

// Azurite reads all rows of a table to answer a query, so that looking often
// would be all it does.
func TestMain(m *testing.M) {
	os.Exit(stacktest.Run(m, &rig, "thousand", func(c *stack.Config) {
		c.Pace.SweepSchedule = "*/10 * * * * *"
		maps.Copy(c.Settings, map[string]string{"TRE_RETAIN_SCHEDULE": "0 0 * * * *", "TRE_HINT_AFTER": "15s", "TRE_DELIVER_BUSY": "10s",
			"TRE_DRAFT_EVERY": "20s", "TRE_RECONCILE_EVERY": "20s"})
	}, func() {}))
}

// patience is how long a step of a thousand files may take.
const patience = 3 * time.Minute

func TestThousandFiles(t *testing.T) {
	t.Parallel()
	const count = 1000
	workspace := uuid.NewString()
	must(t, rig.Workspace(t.Context(), workspace, rig.Account("ws1"), airlock.Policy{}))
	q, err := rig.Create(t.Context(), "heart-researcher", workspace, airlock.Import)
	must(t, err)
	files := map[string][]byte{}
	for i := range count {
		files[fmt.Sprintf("folder %d/file-%04d.csv", i%7, i)] = bytes.Repeat([]byte(fmt.Sprintf("%d,", i)), i%50)
	}
	began := time.Now()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(8)
	for name, content := range files {
		group.Go(func() error { return q.Drop(ctx, name, content) })
	}
	must(t, group.Wait())
	t.Logf("dropped after %s", time.Since(began))
	must(t, stacktest.Within(t.Context(), patience, 3*time.Second, func(ctx context.Context) error { return looked(ctx, q, count) }))
	t.Logf("inspected and scanned after %s", time.Since(began))
	must(t, q.Submit(t.Context()))
	r, err := q.AwaitWithin(t.Context(), patience, airlock.InReview)
	must(t, err)
	if r.Files != count {
		t.Errorf("%d files were submitted", r.Files)
	}
	t.Logf("in review after %s", time.Since(began))
	must(t, q.Approve(t.Context(), "heart-manager"))
	_, err = q.AwaitWithin(t.Context(), patience, airlock.Approved)
	must(t, err)
	t.Logf("approved after %s", time.Since(began))
	released, err := q.Released(t.Context())
	must(t, err)
	if diff := cmp.Diff(files, released, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("dropped and released differ (-dropped +released):\n%s", diff)
	}
}

// looked checks that all files of the draft were inspected and scanned.
func looked(ctx context.Context, q *stacktest.Request, count int) error {
	rows, err := airlock.Collect(func(p airlock.Page) ([]airlock.File, string, error) {
		return q.Rig.State.List(ctx, airlock.Slot{Key: q.Key, Turn: 1}, airlock.Selection{}, p)
	})
	if err != nil {
		return err
	}
	done := 0
	for _, f := range rows {
		if f.Inspection != nil && f.Verdict != nil {
			done++
		}
	}
	if done < count {
		return fmt.Errorf("%d of %d files were looked at", done, count)
	}
	return nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
