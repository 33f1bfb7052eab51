package chaos_test

import (
	"maps"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/funchost"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

var (
	rig   *stacktest.Rig
	broke atomic.Int64 // invocations that did not end well
)

func TestMain(m *testing.M) {
	os.Exit(stacktest.Run(m, &rig, "chaos", func(c *stack.Config) {
		c.Grid = eventgrid.Unkind{Seed: seed(), Lose: 0.02, Duplicate: 0.1, MaxDelay: 300 * time.Millisecond}
		c.OnInvocation = func(_ string, call funchost.Invocation) {
			if call.Err != nil {
				broke.Add(1)
			}
		}
		maps.Copy(c.Settings, map[string]string{"TRE_ORPHAN_AGE": "10s", "TRE_TEND_SCHEDULE": "*/3 * * * * *", "TRE_DRIFT_EVERY": "5s"})
	}, func() {}))
}

// number reads a setting of the test run.
func number(name string, standard int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil && n > 0 {
		return n
	}
	return standard
}

// seed makes a bad day repeatable, as far as processes can be.
func seed() uint64 { return uint64(number("TREFOIL_CHAOS_SEED", 1)) }

// unkind is storage on a bad day.
func unkind() gateway.Unkind {
	return gateway.Unkind{Seed: seed(), LoseEvents: 0.1, DuplicateEvents: 0.1, QuoteETags: 0.5, CorruptNames: 0.1,
		MaxDelay: 300 * time.Millisecond, Faults: []storageproxy.Fault{
			{Kind: storageproxy.InternalError, Probability: 0.01}, {Kind: storageproxy.ServerBusy, Probability: 0.01},
			{Kind: storageproxy.PermissionMismatch, Probability: 0.002},
			{Kind: storageproxy.CommitThenTimeout, Probability: 0.005}, {Kind: storageproxy.CommitThenDrop, Probability: 0.005},
		}}
}
