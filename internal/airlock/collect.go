package airlock

import (
	"errors"
	"sync"
)

// Collect reads a list to its end, page by page.
func Collect[T any](list func(Page) ([]T, string, error)) ([]T, error) {
	var all []T
	for page := (Page{}); ; {
		rows, next, err := list(page)
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
		if next == "" {
			return all, nil
		}
		page.After = next
	}
}

// Each calls do for 0 to n-1, at most parallel at once, and returns all errors
// joined; the calls that were not begun when one failed are left out.
func Each(n, parallel int, do func(i int) error) error {
	var (
		wait   sync.WaitGroup
		mu     sync.Mutex
		errs   []error
		places = make(chan struct{}, max(parallel, 1))
	)
	failed := func() bool {
		mu.Lock()
		defer mu.Unlock()
		return len(errs) > 0
	}
	for i := range n {
		places <- struct{}{}
		if failed() {
			break
		}
		wait.Go(func() {
			defer func() { <-places }()
			if err := do(i); err != nil {
				mu.Lock()
				errs = append(errs, err)
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}
