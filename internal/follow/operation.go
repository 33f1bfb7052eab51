package follow

import (
	"cmp"
	"context"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
)

// Pauses between two looks at an operation. The first are short, so that what is
// quick is told at once.
const (
	firstPause = 250 * time.Millisecond
	lastPause  = 5 * time.Second
)

// defaultPatience is how long nobody may answer while an operation is watched:
// it goes on meanwhile.
const defaultPatience = 5 * time.Minute

// Operation watches one operation. Get and Now are required.
type Operation struct {
	Get      func(ctx context.Context) (api.Operation, error)
	Now      func() time.Time
	Interval time.Duration        // between two looks at most; 0 means 5 s
	Passing  func(err error) bool // tells errors that may pass; nil: none does
	Patience time.Duration        // how long errors may go on passing; 0 means 5 min
	Troubled func(err error)      // told of the first of such errors; may be nil
}

// Until watches until the operation has ended, or ctx has. tell is called at
// every look, so that it can also say how time passes. It returns what was seen
// last.
func (f Operation) Until(ctx context.Context, tell func(api.Operation)) (api.Operation, error) {
	var last api.Operation
	var trouble time.Time // since when nobody answers
	most := cmp.Or(f.Interval, lastPause)
	for pause := min(firstPause, most); ; pause = min(pause*3/2, most) {
		now, err := f.Get(ctx)
		switch {
		case err == nil:
			last, trouble = now, time.Time{}
			tell(last)
			if last.Status.Ended() {
				return last, nil
			}
		case ctx.Err() != nil || f.Passing == nil || !f.Passing(err):
			return last, err
		case trouble.IsZero():
			trouble = f.Now()
			if f.Troubled != nil {
				f.Troubled(err)
			}
		case f.Now().Sub(trouble) >= cmp.Or(f.Patience, defaultPatience):
			return last, err
		}
		if err := sleep(ctx, pause); err != nil {
			return last, err
		}
	}
}
