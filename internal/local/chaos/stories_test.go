package chaos_test

import (
	"bytes"
	"context"
	"fmt"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/defender"
)

// good are some files, with names that events damage.
func good(n int) map[string][]byte {
	files := map[string][]byte{}
	for i := range 1 + n%4 {
		files[fmt.Sprintf("folder %d/f#%d%%20é-%d.txt", n, i, n)] = bytes.Repeat([]byte(fmt.Sprintf("%d/%d\n", n, i)), 1+n*i*10)
	}
	return files
}

func infected(n int) map[string][]byte {
	files := good(n)
	files["game.txt"] = []byte(defender.EICAR)
	return files
}

// stories are the kinds of request.
var stories = []story{
	{"import", airlock.Import, airlock.Approved, airlock.ToldApproved, good, crossing},
	{"export", airlock.Export, airlock.Approved, airlock.ToldApproved, good, crossing},
	{"rejected", airlock.Export, airlock.Rejected, airlock.ToldRejected, good, rejected},
	{"infected", airlock.Import, airlock.Blocked, airlock.ToldBlocked, infected, blocked},
	{"returned", airlock.Import, airlock.Approved, airlock.ToldApproved, good, returned},
	{"cancelled in draft", airlock.Export, airlock.Cancelled, airlock.ToldCancelled, good, cancelled},
	{"cancelled after submit", airlock.Import, airlock.Cancelled, airlock.ToldCancelled, good, cancelledLate},
	{"revoked", airlock.Export, airlock.Revoked, airlock.ToldRevoked, good, revoked},
}

func crossing(ctx context.Context, e *errand) error {
	if err := e.reviewed(ctx); err != nil {
		return err
	}
	return e.approve(ctx)
}

func rejected(ctx context.Context, e *errand) error {
	if err := e.reviewed(ctx); err != nil {
		return err
	}
	err := e.move(ctx, func(ctx context.Context) error { return e.q.Reject(ctx, "heart-manager", "disclosive") },
		airlock.Rejecting, airlock.Rejected)
	if err != nil {
		return err
	}
	return e.await(ctx, airlock.Rejected)
}

func blocked(ctx context.Context, e *errand) error {
	if err := e.submit(ctx); err != nil {
		return err
	}
	return e.await(ctx, airlock.Blocked)
}

func cancelled(ctx context.Context, e *errand) error {
	return e.move(ctx, func(ctx context.Context) error { return e.q.Do(ctx, e.q.By, "cancel", nil) }, airlock.Cancelled)
}

func cancelledLate(ctx context.Context, e *errand) error {
	if err := e.submit(ctx); err != nil {
		return err
	}
	return cancelled(ctx, e)
}

func revoked(ctx context.Context, e *errand) error {
	if err := crossing(ctx, e); err != nil {
		return err
	}
	return e.move(ctx, func(ctx context.Context) error {
		return e.q.Do(ctx, "heart-manager", "revoke", map[string]any{"reason": "wrong"})
	}, airlock.Revoked)
}

// returned goes back once: one more file, the others are kept.
func returned(ctx context.Context, e *errand) error {
	if err := e.reviewed(ctx); err != nil {
		return err
	}
	err := e.move(ctx, func(ctx context.Context) error { return e.q.Return(ctx, "heart-manager", "one is missing") }, airlock.Draft)
	if err != nil {
		return err
	}
	err = e.again(ctx, func(ctx context.Context) error {
		var err error
		e.q.Link, err = e.q.LinkAs(ctx, e.q.By, "link")
		return err
	})
	if err != nil {
		return err
	}
	more := map[string][]byte{"one more.txt": []byte("as asked for\n")}
	if err := e.drop(ctx, more); err != nil {
		return err
	}
	e.files["one more.txt"] = more["one more.txt"]
	return crossing(ctx, e)
}
