package drift_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/functions/drift"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/memcloud"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
	"github.com/trefoil-tre/trefoil/internal/workspace"
)

var platform = workspace.Platform{TRE: "tre", Subscription: "s", Group: "core", Location: "l"}

// bed is a world with a workspace that is deployed.
type bed struct {
	*roomtest.Estate

	room drift.Function
	at   workspace.Stack
}

func newBed(t testing.TB) *bed {
	t.Helper()
	w := roomtest.New(t)
	b := &bed{Estate: roomtest.NewEstate(w, memcloud.Config{})}
	r := workspace.Resource{ID: roomtest.Here, Kind: workspace.Workspace, Status: workspace.Deployed, Installed: true, Enabled: true, Generation: 1, UpdatedAt: w.Now()}
	c := workspace.Change{Partition: workspace.System}
	c.Resource(r, audit.Line{At: w.Now(), Action: "seeded"})
	_, err := w.Store.CommitChange(t.Context(), c)
	w.Must(err)
	b.at = platform.StackOf(r, r)
	_, err = b.Cloud.Stacks().Deploy(t.Context(), workspace.Deployment{Stack: b.at, Run: "r"})
	w.Must(err)
	b.Pass(time.Hour)
	b.room = drift.Function{Platform: platform, Parallel: 3, Now: w.Now, Log: slog.New(slog.DiscardHandler),
		Ports: drift.Ports{Lists: b.Lists, Inventory: b.Inventory, Powers: b.Machines, Drifts: b.Drifts}}
	return b
}

func (b *bed) order(at time.Time) workspace.Drift {
	b.T.Helper()
	_, err := b.room.Handle(b.Context("drift"), message.Drift{At: at})
	b.Must(err)
	d, err := b.Store.Drift(b.T.Context())
	b.Must(err)
	return d
}

// What is well is reported as well; what was lost in Azure is found by the next
// order, and a repeat of one makes no other report.
func TestReports(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	first := b.Now()
	if d := b.order(first); len(d.Findings) != 0 || len(d.Problems) != 0 || d.Stacks != 1 || !d.At.Equal(first) {
		t.Fatalf("%+v", d)
	}
	b.Cloud.Lose(b.at)
	b.Pass(time.Minute)
	if d := b.order(first); !d.At.Equal(first) {
		t.Error("a repeat made another report")
	}
	d := b.order(b.Now())
	if len(d.Findings) != 1 || d.Findings[0].Kind != workspace.MissingStack || d.Findings[0].Resource != roomtest.Here {
		t.Fatalf("%+v", d)
	}
}

// What cannot be asked is told as that, in Azure's words, and is missed nowhere.
func TestProblems(t *testing.T) {
	t.Parallel()
	b := newBed(t)
	b.Cloud.Lose(b.at)
	for _, call := range []memcloud.Call{memcloud.Held, memcloud.Groups, memcloud.Powers} {
		b.Cloud.Script(memcloud.Rule{Call: call, Before: memcloud.Throttled(time.Minute)})
	}
	d := b.order(b.Now())
	if len(d.Findings) != 0 || len(d.Problems) < 3 || !strings.HasPrefix(d.Problems[0], "machines of subscription s: ") {
		t.Errorf("%+v", d)
	}
}

// Any storage call fails once, before and after its work: the order is tried
// again, and there is a report.
func TestFaults(t *testing.T) {
	t.Parallel()
	for n := range 12 {
		for _, did := range []bool{false, true} {
			b := newBed(t)
			b.Faults.Fail(n+1, did)
			at := b.Now()
			if _, err := b.room.Handle(b.Context("drift"), message.Drift{At: at}); err != nil {
				b.Faults.Fail(0, false)
			}
			b.Faults.Fail(0, false)
			if d := b.order(at); len(d.Findings) != 0 {
				t.Errorf("call %d: %+v", n, d)
			}
		}
	}
}
