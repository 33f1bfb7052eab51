package idle_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/trefoil-tre/trefoil/internal/workspace/idle"
)

var (
	start  = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	rules  = idle.DefaultRules
	unused = idle.Machine{WhenIdle: 2 * time.Hour}
	quiet  = idle.Sight{Running: true, CPU: 1, Known: true}
	busy   = idle.Sight{Running: true, CPU: 50, Known: true}
)

func at(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }

// look is one look of a story: minutes after its start, what is seen, what is
// to be done.
type look struct {
	minute int
	sees   idle.Sight
	want   idle.Do
}

// Each story is told in looks.
func TestStories(t *testing.T) {
	t.Parallel()
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	evening := idle.Machine{Schedule: idle.Schedule{Minute: 18 * 60, Zone: london}}
	nobody := idle.Sight{Running: true}
	off := idle.Sight{}
	tests := []struct {
		name    string
		machine idle.Machine
		looks   []look
	}{
		{"nobody uses it", unused, []look{{0, quiet, ""}, {85, quiet, ""}, {90, quiet, idle.Warn}, {95, quiet, ""}, {119, quiet, ""}, {120, quiet, idle.Stop}, {125, off, idle.Forget}, {130, off, ""}}},
		{"it is started again after its evening", evening, []look{{510, busy, idle.Warn}, {540, busy, idle.Stop}, {545, idle.Sight{Running: true, CPU: 50, Known: true, Acted: true}, idle.Forget}, {550, busy, ""}, {540 + 1410, busy, idle.Warn}}},
		{"something is done to it before its evening", evening, []look{{510, busy, idle.Warn}, {520, idle.Sight{Running: true, Acted: true}, ""}, {540, busy, idle.Stop}}},
		{"it is used after the warning", unused, []look{{0, quiet, ""}, {90, quiet, idle.Warn}, {100, busy, idle.Forget}, {185, quiet, ""}, {190, quiet, idle.Warn}, {220, quiet, idle.Stop}}},
		{"it was used in between", unused, []look{{0, quiet, ""}, {60, busy, ""}, {149, quiet, ""}, {150, quiet, idle.Warn}, {180, quiet, idle.Stop}}},
		{"nobody can tell whether it is used", unused, []look{{0, nobody, ""}, {200, nobody, ""}, {400, nobody, ""}}},
		{"looks failed for long", unused, []look{{0, quiet, ""}, {600, quiet, idle.Warn}, {605, quiet, ""}, {630, quiet, idle.Stop}}},
		{"a stop that did not work is tried again", unused, []look{{0, quiet, ""}, {90, quiet, idle.Warn}, {120, quiet, idle.Stop}, {125, quiet, idle.Stop}}},
		{"somebody stopped it before", unused, []look{{0, quiet, ""}, {90, quiet, idle.Warn}, {100, off, idle.Forget}, {105, quiet, ""}, {194, quiet, ""}, {195, quiet, idle.Warn}}},
		{"it may run for ever", idle.Machine{}, []look{{0, quiet, ""}, {6000, quiet, ""}}},
		{"its evening comes", evening, []look{{0, busy, ""}, {509, busy, ""}, {510, busy, idle.Warn}, {539, busy, ""}, {540, busy, idle.Stop}}},
		{"it was started in the evening", evening, []look{{541, busy, ""}, {600, busy, ""}, {540 + 1410, busy, idle.Warn}}},
		{"its evening was missed", evening, []look{{500, busy, ""}, {700, busy, idle.Warn}, {730, busy, idle.Stop}}},
	}
	for _, tt := range tests {
		var w idle.Watch
		for _, l := range tt.looks {
			var do idle.Do
			if w, do = tt.machine.Look(w, l.sees, at(l.minute), rules); do != l.want {
				t.Errorf("%s, minute %d: does %q, want %q (%+v)", tt.name, l.minute, do, l.want, w)
				break
			}
		}
	}
}

func TestExtend(t *testing.T) {
	t.Parallel()
	w, _ := unused.Look(idle.Watch{}, quiet, at(0), rules)
	w, do := unused.Look(w, quiet, at(90), rules)
	if do != idle.Warn || !w.Stop.Equal(at(120)) || w.Cause != idle.Unused {
		t.Fatalf("%q, %+v", do, w)
	}
	w, err := w.Extend(3*time.Hour, at(100), rules)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []look{{101, quiet, idle.Forget}, {249, quiet, ""}, {250, quiet, idle.Warn}, {280, quiet, idle.Stop}} {
		if w, do = unused.Look(w, l.sees, at(l.minute), rules); do != l.want {
			t.Errorf("minute %d: does %q, want %q", l.minute, do, l.want)
		}
	}
	for _, by := range []time.Duration{0, -time.Hour, rules.Longest + time.Minute} {
		if _, err := w.Extend(by, at(0), rules); err == nil {
			t.Errorf("extended by %s", by)
		}
	}
	if again, err := w.Extend(time.Hour, at(100), rules); err != nil || !again.Until.Equal(w.Until) {
		t.Errorf("a shorter extension takes time away: %s, %v", again.Until, err)
	}
}

// Clocks are put forward on 29 March 2026 and back on 25 October in London.
func TestSchedulesFollowTheClocks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		clock, zone string
		from, want  time.Time
	}{
		{"1800", "Europe/London", time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 28, 18, 0, 0, 0, time.UTC)},
		{"1800", "GMT Standard Time", time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 17, 0, 0, 0, time.UTC)},
		{"0130", "Europe/London", time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)}, // there is no 01:30
		{"0130", "Europe/London", time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)},
		{"130", "Arabian Standard Time", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 21, 30, 0, 0, time.UTC)},
		{"0000", "Asia/Kolkata", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 1, 1, 18, 30, 0, 0, time.UTC)},
	}
	for _, tt := range tests {
		s, err := idle.ParseSchedule(tt.clock, tt.zone)
		if err != nil {
			t.Fatal(err)
		}
		m, w := idle.Machine{Schedule: s}, idle.Watch{}
		w, _ = m.Look(w, busy, tt.from, rules)
		w, do := m.Look(w, busy, tt.want.Add(-rules.Warning), rules)
		if do != idle.Warn || !w.Stop.Equal(tt.want) {
			t.Errorf("%s in %s after %s: %q, stop %s, want %s", tt.clock, tt.zone, tt.from, do, w.Stop, tt.want)
		}
	}
	for _, bad := range [][2]string{{"", "UTC"}, {"24:0", "UTC"}, {"2400", "UTC"}, {"1260", "UTC"}, {"18", "UTC"}, {"01+3", "UTC"}, {"+30", "UTC"}, {"-100", "UTC"}, {"1800", ""}, {"1800", "Local"}, {"1800", "Nowhere/Town"}, {"1800", "../etc/passwd"}} {
		if _, err := idle.ParseSchedule(bad[0], bad[1]); err == nil {
			t.Errorf("%q in %q is a schedule", bad[0], bad[1])
		}
	}
}

// Every zone that the first-party templates offer is known.
func TestZonesOfTemplates(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"tre-service-guacamole-linuxvm", "tre-service-guacamole-windowsvm"} {
		text, err := os.ReadFile("../../../infra/templates/" + path + "/template_schema.json")
		if err != nil {
			t.Fatal(err)
		}
		var schema struct {
			AllOf []struct {
				Then struct {
					Properties struct {
						Zone struct {
							Enum []string `json:"enum"`
						} `json:"shutdown_timezone"`
					} `json:"properties"`
				} `json:"then"`
			} `json:"allOf"`
		}
		if err := json.Unmarshal(text, &schema); err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, part := range schema.AllOf {
			for _, zone := range part.Then.Properties.Zone.Enum {
				n++
				if _, err := idle.ParseSchedule("1800", zone); err != nil {
					t.Errorf("%s: %v", path, err)
				}
			}
		}
		if n < 80 {
			t.Errorf("%s: %d zones", path, n)
		}
	}
}

// However looks come, a machine is never stopped but a whole warning after its
// owner was warned, never for being unused while it was in use since, and never before an
// extension is over.
func TestNoStopWithoutWarning(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := idle.Machine{WhenIdle: time.Duration(rapid.IntRange(0, 6).Draw(rt, "hours")) * time.Hour}
		if rapid.Bool().Draw(rt, "scheduled") {
			m.Schedule = idle.Schedule{Minute: rapid.IntRange(0, 1439).Draw(rt, "minute"), Zone: time.UTC}
		}
		var (
			w             idle.Watch
			warned, until time.Time
			used          time.Time
			now           = start
		)
		for range rapid.IntRange(1, 80).Draw(rt, "looks") {
			now = now.Add(time.Duration(rapid.IntRange(0, 120).Draw(rt, "pause")) * time.Minute)
			if rapid.IntRange(0, 9).Draw(rt, "extends") == 0 {
				if more, err := w.Extend(time.Duration(rapid.IntRange(1, 72).Draw(rt, "by"))*time.Hour, now, rules); err == nil {
					w, until = more, more.Until
				}
			}
			s := idle.Sight{Running: rapid.IntRange(0, 5).Draw(rt, "running") > 0, CPU: float64(rapid.IntRange(0, 9).Draw(rt, "cpu")), Known: rapid.IntRange(0, 9).Draw(rt, "known") > 0}
			if s.Running && (!s.Known || s.CPU >= rules.Busy) {
				used = now
			}
			var do idle.Do
			w, do = m.Look(w, s, now, rules)
			switch do {
			case idle.Warn:
				if !warned.IsZero() {
					rt.Fatalf("warned twice of one stop")
				}
				warned = now
			case idle.Forget:
				warned = time.Time{}
				if !s.Running {
					until = time.Time{}
				}
			case idle.Stop:
				if warned.IsZero() || now.Sub(warned) < rules.Warning || now.Before(until) || !s.Running || w.Cause == idle.Unused && used.After(warned) {
					rt.Fatalf("stopped at %s: warned %s, extended until %s, used %s, %+v", now, warned, until, used, w)
				}
			case idle.Nothing:
				if !s.Running {
					until = time.Time{}
				}
			}
		}
	})
}
