package notify

import (
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/mail/compose"
)

// TestEveryEventHasWords proves that no notice of the rulebook fails to be
// composed for anybody it is meant for.
func TestEveryEventHasWords(t *testing.T) {
	t.Parallel()
	roles := map[airlock.Role]compose.Role{airlock.Creator: compose.Requester, airlock.Manager: compose.Reviewer,
		airlock.Owner: compose.Owner, airlock.Admin: compose.Administrator}
	for _, e := range airlock.Events {
		if len(e.Audience()) == 0 {
			t.Errorf("%s is told to nobody", e)
		}
		for _, role := range e.Audience() {
			_, err := compose.Render(compose.Notice{Event: compose.Event(e), Role: roles[role], Link: "https://tre.example/portal",
				When: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
			if err != nil {
				t.Errorf("%s to %s: %v", e, role, err)
			}
		}
	}
}
