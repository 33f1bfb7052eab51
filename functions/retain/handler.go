// Package retain ends what was kept long enough. In: a timer, once a day or
// more often. It orders a look at every request whose retention is over, purges
// containers that no request's state owns, with an audit line, forgets the
// idempotency keys of calls that nobody repeats any more, frees address ranges
// that nothing took, forgets secrets that nobody names, and notes which memberships, trainings and agreements end
// soon. Out: orders to look, and to
// tell people.
package retain

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/calls"
	"github.com/trefoil-tre/trefoil/internal/fault"
	"github.com/trefoil-tre/trefoil/internal/health"
	"github.com/trefoil-tre/trefoil/internal/ledger"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/people"
)

// Out names this function's output bindings.
type Out struct {
	Advance []message.Advance `json:"airlockadvance,omitempty"`
	Notify  []message.Notify  `json:"notify,omitempty"`
}

// Function retains and purges.
type Function struct {
	Ledger  ledger.Ledger
	Work    airlock.Work
	Janitor airlock.Janitor
	Estate  Estate
	Keys    calls.Keys    // of calls to the API; nil where there is none
	KeyLife time.Duration // how long they hold; 0 means a week
	Members airlock.Members
	Rolls   people.Rolls
	Records people.Records
	Days    []int         // before an end, on which people are told of it; nil means people.WarnDays
	Log     *slog.Logger  // nil means slog.Default()
	Orphan  time.Duration // age from which a container without an owner is purged, and a secret that nobody names forgotten; 0 means 24 h, longer than any call that could still be about to commit

	Health *health.Recorder // is told of every run; may be nil
	Beats  health.Store     // whose old rows are removed; nil means none are
	Keep   time.Duration    // how long heartbeats of processes that are gone are kept; 0 means 24 h
}

// Handle works once. What fails does not keep the rest from being done.
func (f Function) Handle(ctx context.Context, _ azfunc.Tick) (Out, error) {
	workspaces, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) {
		return f.Ledger.Workspaces.Workspaces(ctx, p)
	})
	if err != nil {
		return Out{}, fmt.Errorf("workspaces: %w", err)
	}
	var out Out
	failed := []error{f.orphans(ctx, airlock.AirlockAccount), f.keys(ctx), f.forget(ctx), f.warnPeople(ctx, &out), f.ranges(ctx), f.secrets(ctx)}
	for _, w := range workspaces {
		failed = append(failed, f.retired(ctx, w.ID, &out))
		if !w.Gone {
			failed = append(failed, f.warnMembers(ctx, w.ID, &out))
		}
		if w.StorageAccount != "" && !w.Gone { // otherwise there is none, or none any more
			failed = append(failed, f.orphans(ctx, w.StorageAccount))
		}
	}
	err = errors.Join(failed...)
	f.Health.Note(ctx, health.Retain, err, fault.KindOf(err).String())
	if err != nil && len(out.Advance)+len(out.Notify) > 0 { // the host drops the outputs of a failed call; what failed is tried at the next tick
		cmp.Or(f.Log, slog.Default()).ErrorContext(ctx, "retain was not complete", slog.Any("error", err))
		err = nil
	}
	return out, err
}

// keys forgets the keys of calls that nobody repeats any more.
func (f Function) keys(ctx context.Context) error {
	if f.Keys == nil {
		return nil
	}
	if err := f.Keys.Forget(ctx, f.Ledger.Now().Add(-cmp.Or(f.KeyLife, 7*24*time.Hour))); err != nil {
		return fmt.Errorf("idempotency keys: %w", err)
	}
	return nil
}

// retired orders a look at requests whose retention is over.
func (f Function) retired(ctx context.Context, workspace string, out *Out) error {
	open, err := airlock.Collect(func(p airlock.Page) ([]airlock.Open, string, error) {
		return f.Work.Due(ctx, workspace, f.Ledger.Now(), p)
	})
	if err != nil {
		return fmt.Errorf("open work of workspace %s: %w", workspace, err)
	}
	for _, o := range open {
		if o.Rests {
			out.Advance = append(out.Advance, message.Advance{Workspace: o.Key.Workspace, Request: o.Key.Request})
		}
	}
	return nil
}

// orphans purges an account's containers that nothing owns.
func (f Function) orphans(ctx context.Context, account string) error {
	found, err := airlock.Collect(func(p airlock.Page) ([]airlock.Found, string, error) {
		return f.Janitor.Containers(ctx, account, p)
	})
	if err != nil {
		return fmt.Errorf("containers of %s: %w", account, err)
	}
	var failed []error
	for _, c := range found {
		ours, err := airlock.ParseContainer(c.Name)
		if err != nil || f.Ledger.Now().Sub(c.Modified) < f.orphanAge() {
			continue // not ours, or too young to tell
		}
		failed = append(failed, f.orphan(ctx, airlock.Place{Account: account, Container: c.Name}, ours))
	}
	return errors.Join(failed...)
}

// orphanAge is how old something is that nobody can be about to own any more.
func (f Function) orphanAge() time.Duration {
	if f.Orphan <= 0 {
		return 24 * time.Hour
	}
	return f.Orphan
}

// orphan purges a container unless its request had it made: then it is the
// request's own to keep or purge.
func (f Function) orphan(ctx context.Context, place airlock.Place, c airlock.Container) error {
	r, err := f.Ledger.Requests.Request(ctx, c.Key)
	if err != nil && !errors.Is(err, airlock.ErrNotFound) {
		return fmt.Errorf("request %s: %w", c.Key.Request, err)
	}
	if err == nil && r.Made(c.Kind, c.Number) && r.Place(c.Kind, c.Number) == place {
		return nil
	}
	line := audit.Line{Workspace: "system", At: f.Ledger.Now().UTC(), Action: "purged", Detail: place.Container,
		Reason: "no request owns this container", Actor: audit.Actor{Name: "retain", Role: string(airlock.Engine)}}
	if err := f.Ledger.Trail.Strange(ctx, "orphan."+place.Container, line); err != nil {
		return fmt.Errorf("orphan: %w", err)
	}
	if _, err := f.Janitor.Purge(ctx, place); err != nil {
		return fmt.Errorf("orphan: %w", err)
	}
	return nil
}

// forget removes the heartbeats of processes that are long gone.
func (f Function) forget(ctx context.Context) error {
	if f.Beats == nil {
		return nil
	}
	all, err := f.Beats.Heartbeats(ctx)
	if err != nil {
		return fmt.Errorf("heartbeats: %w", err)
	}
	var failed []error
	for _, h := range health.Stale(all, f.Ledger.Now().Add(-cmp.Or(f.Keep, 24*time.Hour))) {
		if err := f.Beats.ForgetHeartbeat(ctx, h.Source, h.Instance); err != nil {
			failed = append(failed, fmt.Errorf("heartbeat: %w", err))
		}
	}
	return errors.Join(failed...)
}
