package health

import (
	"testing"
	"time"
)

// A new installation has time to sweep for the first time; one whose engine
// never came up is told of.
func TestNeverRun(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	front := func(since time.Duration) []Heartbeat {
		return []Heartbeat{{Source: Front, Instance: "a", Since: now.Add(-since), At: now}, {Source: Front, Instance: "b", Since: now, At: now}}
	}
	for name, tt := range map[string]struct {
		beats []Heartbeat
		want  Level
	}{
		"installed just now":   {front(0), OK},
		"installed a while":    {front(3 * time.Minute), Warn},
		"installed long since": {front(5 * time.Minute), Bad},
		"nobody knows":         {nil, Bad},
	} {
		j := judge{beats: tt.beats, now: now, limits: Limits{Sweep: 5 * time.Minute, Retain: time.Hour}}
		if got, text := j.engine(); got != tt.want {
			t.Errorf("%s: %s, want %s: %s", name, got, tt.want, text)
		}
	}
}
