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

// TestW14: one instance of the engine that dies takes no work along, for orders
// are anybody's, and is nothing to tell while another one sweeps; when the last
// one is gone it is told within the limit, and so is work that nobody takes,
// whatever is said to be running. In AzureTRE the loss of all processes but one is
// told to nobody, and costs four fifths of what can be done at once.
func TestW14(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	swept := func(instance string, ago time.Duration, counts map[string]int64) Heartbeat {
		return Heartbeat{Source: Sweep, Instance: instance, Since: now.Add(-24 * time.Hour), At: now.Add(-ago), Counts: counts}
	}
	limits := Limits{Sweep: 5 * time.Minute, Retain: 2 * time.Hour, Late: 5}
	retained := Heartbeat{Source: Retain, Instance: "a", Since: now.Add(-24 * time.Hour), At: now.Add(-time.Hour / 2)}
	for name, tt := range map[string]struct {
		beats        []Heartbeat
		engine, work Level
	}{
		"both are at work":            {[]Heartbeat{swept("a", time.Minute, nil), swept("b", time.Minute, nil)}, OK, OK},
		"one died":                    {[]Heartbeat{swept("a", 20*time.Hour, nil), swept("b", time.Minute, nil)}, OK, OK},
		"the last one died just now":  {[]Heartbeat{swept("a", 20*time.Hour, nil), swept("b", 3*time.Minute, nil)}, Warn, OK},
		"the last one died":           {[]Heartbeat{swept("a", 20*time.Hour, nil), swept("b", 6*time.Minute, nil)}, Bad, OK},
		"one is left, and is too few": {[]Heartbeat{swept("a", 20*time.Hour, nil), swept("b", time.Minute, map[string]int64{CountOverdue: 9})}, OK, Bad},
	} {
		j := judge{beats: append(tt.beats, retained), now: now, limits: limits}
		if got, text := j.engine(); got != tt.engine {
			t.Errorf("%s: the engine is %s, want %s: %s", name, got, tt.engine, text)
		}
		if got, text := j.work(); got != tt.work {
			t.Errorf("%s: unfinished work is %s, want %s: %s", name, got, tt.work, text)
		}
	}
}
