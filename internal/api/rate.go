package api

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"time"
)

// Meter counts the calls of persons.
type Meter interface {
	// Take takes one call and tells how long to wait when there is none left.
	// The call goes on after an error.
	Take(ctx context.Context, person string) (time.Duration, error)
}

// tooMany means that a person has to wait so long.
type tooMany time.Duration

func (t tooMany) Error() string {
	return fmt.Sprintf("too many calls: try again in %d seconds", t.seconds())
}

// seconds is the wait as Retry-After writes it.
func (t tooMany) seconds() int { return max(1, int(math.Ceil(time.Duration(t).Seconds()))) }

// count takes a call of a person's.
func (a *api) count(ctx context.Context, person string) error {
	if a.Meter == nil {
		return nil
	}
	wait, err := a.Meter.Take(ctx, person)
	if err != nil {
		a.Log.WarnContext(ctx, "calls not counted", slog.Any("error", err))
	}
	if wait > 0 {
		return tooMany(wait)
	}
	return nil
}
