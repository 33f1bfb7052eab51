package commands

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/cli"
	"github.com/trefoil-tre/trefoil/internal/client"
	"github.com/trefoil-tre/trefoil/internal/console"
)

// waiting follows a request until the system has done its part.
type waiting struct{ not bool }

func (w *waiting) flags(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&w.not, "no-wait", false, "do not wait until the system has done its part")
}

// passing tells whether the system, not a person, acts next.
func passing(status airlock.Status) bool {
	switch status {
	case airlock.StatusSubmitted, airlock.StatusApprovalInProgress, airlock.StatusRejectionInProg, airlock.StatusBlockingInProgress:
		return true
	case airlock.StatusDraft, airlock.StatusInReview, airlock.StatusApproved, airlock.StatusRejected, airlock.StatusBlockedByScan,
		airlock.StatusCancelled, airlock.StatusFailed, airlock.StatusRevoked:
	}
	return false
}

// Pauses between two looks.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// until shows the request of the answer once it has left its passing status. A
// request that ends blocked or failed is a failure.
func (w *waiting) until(ctx context.Context, c *cli.Context, caller *client.Client, key airlock.Key, answer []byte) error {
	began := c.Now()
	done, last := func() {}, airlock.Status("")
	defer func() { done() }()
	var r api.WithActions
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		if err := json.Unmarshal(answer, &r); err != nil {
			return fmt.Errorf("request: %w", err)
		}
		status := r.Request.Status
		if w.not || !passing(status) {
			break
		}
		if status != last {
			done()
			done, last = c.Screen.Busy(phrase(r.Request)), status
			if !c.Screen.Live {
				c.Say(console.Dim, phrase(r.Request))
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		next, err := caller.Send(ctx, client.Call{Method: http.MethodGet, Path: client.Request(key.Workspace, key.Request)})
		if err != nil {
			return fmt.Errorf("it is under way, but cannot be followed: %w", err)
		}
		answer = next.Body
	}
	done()
	if err := c.Show(answer, func(*console.Screen) { drawRequest(c, r) }); err != nil {
		return err
	}
	return w.judge(c, r.Request, c.Now().Sub(began))
}

// phrase says what is going on.
func phrase(r api.Request) string {
	text := string(r.Status)
	if r.Step != "" {
		text += ", " + r.Step
	}
	if r.WaitsFor != "" {
		text += ": " + r.WaitsFor
	}
	return text
}

func (w *waiting) judge(c *cli.Context, r api.Request, took time.Duration) error {
	switch r.Status {
	case airlock.StatusFailed, airlock.StatusBlockedByScan:
		c.Say(console.Red, "The request is "+string(r.Status)+". "+textOf(r.StatusMessage))
		return cli.Exit(cli.Failed)
	default:
		if !w.not && took >= time.Second {
			c.Say(console.Dim, "It took "+console.Took(took)+".")
		}
	}
	return nil
}
