// Package stacktest gives tests a running stack in which time runs fast, and
// people who use it as anybody would: over HTTP, with tokens, links and mails.
package stacktest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/access"
	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/local/azurite"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/funchost"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stage"
)

// Patience is how long a condition may take: far longer than it does on an
// idle machine, because tests share two cores.
const Patience = 60 * time.Second

// Rig is a running stack with what tests need of it.
type Rig struct {
	*stack.Stack
	State    *azstore.Store
	Scans    *Scans
	Troubles *Troubles
	folder   string
	http     *http.Client
	mu       sync.Mutex
	tokens   map[string]string
}

// Start builds and stages the app and starts a stack of its own, with an
// Azurite of its own, so that nothing is left behind when it is closed. tune
// may change the stack's configuration.
func Start(ctx context.Context, tune func(*stack.Config)) (*Rig, error) {
	root, err := Root()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "trefoil-stacktest-")
	if err != nil {
		return nil, err
	}
	r := &Rig{folder: folder, Scans: newScans(), Troubles: &Troubles{}, tokens: map[string]string{},
		http: &http.Client{Timeout: Patience, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	app := filepath.Join(folder, "app")
	err = stage.App{Root: root, Out: app, Version: "test"}.Build(ctx)
	if err == nil {
		cfg := Quick(root, app)
		cfg.Scanner, cfg.Gateway.Faults = r.Scans.decide, r.Troubles.Faults()
		tune(&cfg)
		r.Stack, err = stack.Start(ctx, cfg)
	}
	if err == nil {
		r.State, err = r.Stack.Store()
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close ends the stack and removes what was staged.
func (r *Rig) Close() error {
	r.http.CloseIdleConnections()
	var err error
	if r.Stack != nil {
		err = r.Stack.Close()
	}
	return errors.Join(err, os.RemoveAll(r.folder))
}

// Run runs a test binary's tests with a rig that is closed after them. Tests
// mostly wait, so that many of them may run at once. ready is called in
// between.
func Run(m *testing.M, rig **Rig, prefix string, tune func(*stack.Config), ready func()) int {
	started, err := startOn(context.Background(), prefix, tune)
	if err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		return 1
	}
	*rig = started
	ready()
	code := m.Run()
	if err := started.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "stack:", err)
		return 1
	}
	return code
}

// sharing is the variable that has all stacks of a test run use its Azurite.
// See CONTRIBUTING.md for why that is not the rule.
const sharing = "TREFOIL_SHARE_AZURITE"

// startOn starts a stack on an Azurite of its own, or, where that is asked for,
// on the one of the whole test run, in emptied accounts of its own.
func startOn(ctx context.Context, prefix string, tune func(*stack.Config)) (*Rig, error) {
	value := os.Getenv(azurite.EnvName)
	if value == "" || os.Getenv(sharing) == "" {
		return Start(ctx, tune)
	}
	shared, err := azurite.ParseEndpoints(value)
	if err != nil {
		return nil, err
	}
	for _, name := range azurite.StackAccounts {
		err = errors.Join(err, azuritetest.Empty(ctx, shared, prefix+name))
	}
	if err != nil {
		return nil, err
	}
	return Start(ctx, func(c *stack.Config) {
		c.Azurite, c.Prefix = &shared, prefix
		tune(c)
	})
}

// Quick is a configuration in which minutes last a second.
func Quick(root, app string) stack.Config {
	grid := eventgrid.RealTimes().Scale(0.002)
	grid.TTL = 10 * time.Minute // what is not delivered is to be delivered later, not given up
	return stack.Config{
		Root: root, App: app, Now: time.Now,
		Pace: stack.Pace{
			Host: funchost.Times{PollMin: 20 * time.Millisecond, PollMax: 100 * time.Millisecond, ReceiveVisibility: 3 * time.Second,
				RestartWindow: 700 * time.Millisecond, LockRecovery: 500 * time.Millisecond,
				StartRetryMin: 50 * time.Millisecond, StartRetryMax: time.Second, Shutdown: 5 * time.Second},
			Grid: grid, DeletedName: time.Second, SweepSchedule: "* * * * * *", Polling: 100 * time.Millisecond,
		},
		Settings: map[string]string{
			"AzureFunctionsJobHost__extensions__queues__visibilityTimeout": "00:00:01",
			"TRE_RETAIN_SCHEDULE": "*/2 * * * * *",
			"TRE_HINT_AFTER":      "2s",
			"TRE_DELIVER_BUSY":    "1s",
			"TRE_DRAFT_EVERY":     "3s",
			"TRE_RECONCILE_EVERY": "1s",
			"TRE_PURGE_GAP":       "1s",
			"TRE_ORPHAN_AGE":      "15s",
			"TRE_API_RATE":        "10000", // tests look more often than people do
			"TRE_API_BURST":       "100000",
			"TRE_API_RATE_BLOCK":  "1000",
		},
	}
}

// Root is the folder of the repository, found from a test's working folder.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("no repository above the working folder")
		}
		dir = up
	}
}

// Workspace seeds a workspace of a test's own, with its policy. Two airlock
// managers, one of whom is also a researcher, so that every rule about
// reviewers can be asked.
func (r *Rig) Workspace(ctx context.Context, id string, account string, policy airlock.Policy) error {
	err := r.State.PutWorkspace(ctx, airlock.Workspace{ID: id, DisplayName: "Test study", StorageAccount: account,
		Deployed: true, EnableAirlock: true, Policy: policy})
	if err != nil {
		return err
	}
	for role, keys := range map[access.Role][]string{
		access.WorkspaceOwner:      {"heart-owner"},
		access.WorkspaceResearcher: {"heart-researcher", "heart-both"},
		access.AirlockManager:      {"heart-manager", "lung-manager", "heart-both"},
	} {
		for _, key := range keys {
			p := r.Person(key)
			m := access.Membership{Workspace: id, OID: p.OID, Name: p.Name, Email: p.Email, Role: role}
			if err := r.State.PutMember(ctx, m); err != nil {
				return err
			}
		}
	}
	return nil
}
