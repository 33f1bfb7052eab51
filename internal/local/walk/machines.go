package walk

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
)

// early is how long before a machine is to be stopped its owner says so: enough
// for the engine to look at it before.
const early = 10 * time.Second

// timed has a machine's owner choose a time of day at which it is stopped: the
// next full minute, which comes while others work.
func (w *walk) timed(ctx context.Context, owner *person, machine string) {
	at := w.Now().UTC().Add(early).Truncate(time.Minute).Add(time.Minute)
	w.followed(ctx, owner.Name, "has it stopped every day at "+at.Format("15:04 UTC"), func(ctx context.Context) (ordered, error) {
		if err := w.seen(ctx, owner, machine); err != nil {
			return ordered{}, err
		}
		properties := map[string]any{"enable_shutdown_schedule": true, "shutdown_time": at.Format("1504"), "shutdown_timezone": "UTC"}
		return w.ordering(owner, http.MethodPatch, machine, map[string]any{"properties": properties})(ctx)
	})
}

// seen has the engine look at a machine now: what is missed counts from then on.
func (w *walk) seen(ctx context.Context, owner *person, machine string) error {
	if err := w.World.RunByHand(ctx, "tend"); err != nil {
		return err
	}
	return until(ctx, func() (bool, error) {
		var answer api.UserResourceIn
		err := owner.api.Do(ctx, http.MethodGet, machine, nil, &answer)
		status := answer.Resource.AzureStatus
		return err == nil && status != nil && status.PowerState != "", err
	})
}

// warned waits for the mail, which comes with the minute at which the machine is
// to be stopped.
func (w *walk) warned(ctx context.Context, owner *person, in string) {
	patience := w.Patience
	w.Patience += time.Minute + early
	w.mailedAs(ctx, owner, in+"/resources", "Stops soon", "the machine stops soon, and how to put that off")
	w.Patience = patience
}

// stopping waits until the engine has ordered that a machine is stopped.
func (w *walk) stopping(owner *person, machine string) func(context.Context) (ordered, error) {
	return func(ctx context.Context) (o ordered, err error) {
		for o.Action != "stop" {
			if err := errors.Join(w.World.RunByHand(ctx, "tend"), pause(ctx, time.Second)); err != nil {
				return o, err
			}
			if o, err = w.last(owner, machine)(ctx); err != nil {
				return o, err
			}
		}
		return o, nil
	}
}

// compares has Azure compared with what the TRE keeps, before and after somebody
// went behind its back.
func (w *walk) compares(ctx context.Context) {
	w.chapter("What differs in Azure is found")
	w.drift(ctx, "has Azure compared with what the TRE keeps", "")
	var group string
	w.step(ctx, "Somebody", "makes a resource group past the TRE, with its tags", func(context.Context) (note, error) {
		group = w.World.Orphan()
		return note{lines: said(group)}, nil
	})
	w.drift(ctx, "has it compared again", group)
}

// drift orders a look and shows what it found, a resource group among it.
func (w *walk) drift(ctx context.Context, does, group string) {
	w.step(ctx, w.administrator.Name, does, func(ctx context.Context) (note, error) {
		var order api.DriftOrdered
		if err := w.administrator.api.Do(ctx, http.MethodPost, "/drift", nil, &order); err != nil {
			return note{}, err
		}
		var report api.DriftReport
		err := until(ctx, func() (bool, error) {
			err := w.administrator.api.Do(ctx, http.MethodGet, "/drift", nil, &report)
			if _, notYet := refusedWith(err, http.StatusNotFound); notYet {
				return false, nil
			}
			return report.When >= order.When, err
		})
		if err != nil {
			return note{}, err
		}
		found := slices.ContainsFunc(report.Findings, func(f api.DriftFinding) bool { return path.Base(f.AzureID) == group })
		if group != "" && !found {
			return note{}, fmt.Errorf("%s was not found", group)
		}
		n := note{lines: said(fmt.Sprintf("%s, %s, %s looked at: %s", count(report.Stacks, "stack"), count(report.Groups, "resource group"),
			count(report.Machines, "machine"), differences(report.Findings)))}
		for _, f := range report.Findings {
			n.lines = append(n.lines, said(fmt.Sprintf("%s %s: %s", f.Kind, path.Base(f.AzureID), f.Advice))...)
		}
		return n, nil
	})
}

// differences counts them in words.
func differences(all []api.DriftFinding) string {
	if len(all) == 0 {
		return "nothing differs"
	}
	return count(len(all), "difference")
}
