package health

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// rotation asks many accounts in turn, a few each time, those first that did
// not answer the last time: a few hundred workspaces must not make a few
// hundred calls of every question.
type rotation struct {
	mu   sync.Mutex
	next int
	away map[string]error
}

// pick is whom to ask now.
func (r *rotation) pick(accounts []string, most int) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.DeleteFunc(r.away, func(account string, _ error) bool { return !slices.Contains(accounts, account) })
	picked := slices.Sorted(maps.Keys(r.away))
	picked = picked[:min(len(picked), max(most/2, 1))] // the others have their turn, whatever fails
	for i := 0; i < len(accounts) && len(picked) < most; i++ {
		account := accounts[(r.next+i)%len(accounts)]
		if !slices.Contains(picked, account) {
			picked = append(picked, account)
		}
	}
	if len(accounts) > 0 {
		r.next = (r.next + most) % len(accounts)
	}
	return picked
}

// note keeps what an account answered.
func (r *rotation) note(account string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil {
		delete(r.away, account)
		return
	}
	if r.away == nil {
		r.away = map[string]error{}
	}
	r.away[account] = err
}

// failed are the accounts that did not answer when they were asked last.
func (r *rotation) failed() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []error
	for _, account := range slices.Sorted(maps.Keys(r.away)) {
		all = append(all, fmt.Errorf("account %s: %w", account, r.away[account]))
	}
	return errors.Join(all...)
}

// parallel is how many calls one question has under way.
const parallel = 8

// workspaces asks some of the workspaces' accounts, and says which did not
// answer the last time they were asked.
func (m *Monitor) workspaces(ctx context.Context) error {
	accounts, err := m.accounts(ctx)
	if err != nil {
		return fmt.Errorf("workspaces: %w: %w", err, ErrUnknown)
	}
	m.ask(ctx, m.turn.pick(accounts, max(m.Limits.Workspaces, 1)))
	return m.turn.failed()
}

func (m *Monitor) ask(ctx context.Context, accounts []string) {
	_ = airlock.Each(len(accounts), parallel, func(i int) error { // noted one by one
		m.turn.note(accounts[i], m.Ports.Reach(ctx, accounts[i]))
		return nil
	})
}

// accounts are those of all workspaces that have one.
func (m *Monitor) accounts(ctx context.Context) ([]string, error) {
	all, err := airlock.Collect(func(p airlock.Page) ([]airlock.Workspace, string, error) {
		return m.Ports.Workspaces.Workspaces(ctx, p)
	})
	var accounts []string
	for _, w := range all {
		if w.Deployed && w.StorageAccount != "" && !slices.Contains(accounts, w.StorageAccount) {
			accounts = append(accounts, w.StorageAccount)
		}
	}
	return accounts, err
}
