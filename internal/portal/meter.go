package portal

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"
)

// Meter counts the calls of persons, of the API and the portal together.
type Meter interface {
	// Take takes one call and tells how long to wait when there is none left.
	// The call goes on after an error.
	Take(ctx context.Context, person string) (time.Duration, error)
}

// take takes a call of who is signed in. When there is none left it answers,
// and tells that nothing is to be done.
func (p *portal) take(w http.ResponseWriter, r *http.Request, s session) bool {
	if p.Meter == nil {
		return true
	}
	wait, err := p.Meter.Take(r.Context(), s.Person.OID)
	if err != nil {
		p.Log.WarnContext(r.Context(), "calls not counted", slog.Any("error", err))
	}
	if wait <= 0 {
		return true
	}
	w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	p.problem(w, r, errBusy)
	return false
}
