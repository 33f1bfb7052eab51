package transfer

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"
)

// longestPauses bounds a pause, in first pauses: 30 s of 500 ms.
const longestPauses = 60

// Again calls do until it succeeds, fails with other than *Busy, or has failed often
// enough. Between tries it waits as long as the other side asks, or twice as
// long as before, give or take a quarter, so that many do not come at once.
func (p Pace) Again(ctx context.Context, do func() error) error {
	p = p.withDefaults()
	pause := p.Pause
	for try := 1; ; try++ {
		err := do()
		busy, ok := errors.AsType[*Busy](err)
		if !ok || try == p.Tries || ctx.Err() != nil {
			return err
		}
		wait := pause*3/4 + rand.N(pause/2+1)
		if err := sleep(ctx, max(wait, busy.After)); err != nil {
			return err
		}
		pause = min(2*pause, longestPauses*p.Pause)
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
