package chaos_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/audit"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/message"
)

// check holds one request against what its story should have made of it.
func (e *errand) check(ctx context.Context) error {
	r, err := e.q.AwaitThat(ctx, func(r airlock.Request) bool { return len(r.Notices) == 0 && len(r.Purges()) == 0 })
	if err != nil {
		return err
	}
	if r.Stage != e.kind.ends {
		return fmt.Errorf("ended as %s: %s; want %s", r.Stage, r.Message, e.kind.ends)
	}
	lines, err := airlock.Collect(func(p airlock.Page) ([]audit.Line, string, error) { return rig.State.Lines(ctx, e.q.Key, p) })
	if err != nil {
		return err
	}
	if err := audit.Verify(lines, r.Head); err != nil {
		return err
	}
	if err := e.told(); err != nil {
		return err
	}
	if r.Stage == airlock.Approved {
		return e.same(ctx)
	}
	there, err := e.q.Containers(ctx)
	if err == nil && strings.Contains(strings.Join(there, " "), "released-") {
		err = fmt.Errorf("something crossed: %v", there)
	}
	return err
}

// told checks that the requester heard of the outcome exactly once, and nobody
// of the same thing twice.
func (e *errand) told() error {
	outcome, seen := 0, map[string]bool{}
	for _, m := range e.q.Mails() {
		if strings.HasPrefix(m.To, "researcher@") && strings.Contains(m.MessageID, "."+string(e.kind.outcome)+".") {
			outcome++
		}
		if seen[m.To+m.MessageID] {
			return fmt.Errorf("%s has a mail twice", m.To)
		}
		seen[m.To+m.MessageID] = true
	}
	if outcome != 1 {
		return fmt.Errorf("the requester was told %d times that it is %s", outcome, e.kind.outcome)
	}
	return nil
}

// cleanedUp waits until nothing is left that nobody owns: no container, no
// poisoned message that is not marked.
func cleanedUp(ctx context.Context, workspaces []string) error {
	queues, err := azqueue.NewServiceClientFromConnectionString(rig.Direct.ConnectionString(rig.Account(stack.StateAccount)), nil)
	if err != nil {
		return err
	}
	return stacktest.Until(ctx, func(ctx context.Context) error {
		for _, queue := range message.Queues {
			left, err := queues.NewQueueClient(queue+"-poison").PeekMessages(ctx, nil)
			if err != nil && !queueerror.HasCode(err, queueerror.QueueNotFound) {
				return err
			}
			if err == nil && len(left.Messages) > 0 {
				return fmt.Errorf("%s has poisoned messages that sweep did not mark", queue)
			}
		}
		for i, workspace := range workspaces {
			if err := owned(ctx, workspace, fmt.Sprintf("ws%d", i+1)); err != nil {
				return err
			}
		}
		return nil
	})
}

// owned checks that every container of a workspace's requests is one that its
// request owns.
func owned(ctx context.Context, workspace, account string) error {
	there, err := rig.ContainersOf(ctx, account, func(c airlock.Container) bool { return c.Key.Workspace == workspace })
	if err != nil {
		return err
	}
	requests, err := airlock.Collect(func(p airlock.Page) ([]airlock.Request, string, error) { return rig.State.Requests(ctx, workspace, p) })
	if err != nil {
		return err
	}
	var mine []string
	for _, r := range requests {
		for _, m := range r.Owns() {
			place := r.Place(m.Kind, m.Number)
			mine = append(mine, place.Account+"/"+place.Container)
		}
	}
	for _, name := range there {
		if !slices.Contains(mine, name) {
			return fmt.Errorf("container %s is nobody's", name)
		}
	}
	return nil
}
