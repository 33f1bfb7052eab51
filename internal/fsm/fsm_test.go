package fsm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/fsm"
)

type (
	table = fsm.Table[string, string, string, string]
	row   = fsm.Row[string, string, string, string]
)

// lamp is a small whole table: two rows between the same states, a loop, an end.
var lamp = table{
	{From: "off", On: "press", By: []string{"person"}, To: "on", Then: []string{"glow"}},
	{From: "off", On: "timer", By: []string{"clock"}, To: "on"},
	{From: "on", On: "press", By: []string{"person", "clock"}, To: "off"},
	{From: "on", On: "dim", By: []string{"person"}, To: "on"},
	{From: "on", On: "fall", By: []string{"clock"}, To: "broken"},
	{From: "broken", On: "sweep", By: []string{"person"}, To: "broken"},
}

func TestNext(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, from, on string
		want           row
		ok             bool
	}{
		{name: "a move", from: "off", on: "press", want: lamp[0], ok: true},
		{name: "same trigger elsewhere", from: "on", on: "press", want: lamp[2], ok: true},
		{name: "a loop", from: "on", on: "dim", want: lamp[3], ok: true},
		{name: "not from here", from: "off", on: "dim"},
		{name: "unknown trigger", from: "off", on: "shout"},
		{name: "unknown state", from: "melted", on: "press"},
		{name: "nothing at all"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, ok := lamp.Next(tt.from, tt.on)
			if diff := cmp.Diff(tt.want, got); ok != tt.ok || diff != "" {
				t.Errorf("Next(%q, %q) = %v, %t, want %t\n%s", tt.from, tt.on, got, ok, tt.ok, diff)
			}
		})
	}
	if _, ok := (table{}).Next("off", "press"); ok {
		t.Error("an empty table has a move")
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	twice := append(table{{From: "on", On: "press", By: []string{"person"}, To: "on"}}, lamp...)
	tests := []struct {
		name  string
		in    table
		from  string
		roles []string
		want  []string
	}{
		{name: "in the order of the table", in: lamp, from: "on", roles: []string{"person"}, want: []string{"press", "dim"}},
		{name: "another role", in: lamp, from: "on", roles: []string{"clock"}, want: []string{"press", "fall"}},
		{name: "two roles, no trigger twice", in: lamp, from: "on", roles: []string{"clock", "person"}, want: []string{"press", "dim", "fall"}},
		{name: "a trigger with two rows once", in: twice, from: "on", roles: []string{"person"}, want: []string{"press", "dim"}},
		{name: "no role", in: lamp, from: "on"},
		{name: "unknown role", in: lamp, from: "on", roles: []string{"cat"}},
		{name: "unknown state", in: lamp, from: "melted", roles: []string{"person"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, tt.in.Allowed(tt.from, tt.roles...)); diff != "" {
				t.Errorf("Allowed (-want +got)\n%s", diff)
			}
		})
	}
}

func TestReachAndStates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		start string
		want  []string
	}{
		{"off", []string{"off", "on", "broken"}},
		{"on", []string{"on", "off", "broken"}},
		{"broken", []string{"broken"}},
		{"melted", []string{"melted"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, lamp.Reach(tt.start)); diff != "" {
			t.Errorf("Reach(%q) (-want +got)\n%s", tt.start, diff)
		}
	}
	if diff := cmp.Diff([]string{"off", "on", "broken"}, lamp.States()); diff != "" {
		t.Errorf("States (-want +got)\n%s", diff)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	by := []string{"person"}
	tests := []struct {
		name  string
		in    table
		start string
		want  []string // lines of the error; none: nil
	}{
		{name: "whole", in: lamp, start: "off"},
		{name: "empty", start: "off"},
		{name: "two answers", start: "a", in: table{{From: "a", On: "x", By: by, To: "b"}, {From: "a", On: "x", By: by, To: "a"}},
			want: []string{"a on x: two rows"}},
		{name: "the same row twice", start: "a", in: table{{From: "a", On: "x", By: by, To: "b"}, {From: "a", On: "x", By: by, To: "b"}},
			want: []string{"a on x: two rows"}},
		{name: "nobody may", start: "a", in: table{{From: "a", On: "x", To: "b"}}, want: []string{"a on x: nobody may"}},
		{name: "an island", start: "a", in: table{{From: "a", On: "x", By: by, To: "b"}, {From: "c", On: "x", By: by, To: "d"}},
			want: []string{"c: cannot be reached", "d: cannot be reached"}},
		{name: "a way out of nowhere", start: "a", in: table{{From: "a", On: "x", By: by, To: "a"}, {From: "c", On: "x", By: by, To: "a"}},
			want: []string{"c: cannot be reached"}},
		{name: "wrong start", in: lamp, start: "broken", want: []string{"off: cannot be reached", "on: cannot be reached"}},
		{name: "everything at once", start: "a", in: table{{From: "a", On: "x", To: "a"}, {From: "a", On: "x", By: by, To: "a"},
			{From: "b", On: "x", By: by, To: "a"}},
			want: []string{"a on x: nobody may", "a on x: two rows", "b: cannot be reached"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if err := tt.in.Check(tt.start); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("Check (-want +got)\n%s", diff)
			}
		})
	}
}

func TestDraw(t *testing.T) {
	t.Parallel()
	const want = `stateDiagram-v2
    [*] --> off
    off --> on: press
    off --> on: timer
    on --> off: press
    on --> on: dim
    on --> broken: fall
    broken --> broken: sweep
    broken --> [*]
`
	if diff := cmp.Diff(want, lamp.Draw("off")); diff != "" {
		t.Errorf("Draw: a state that only loops is an end (-want +got)\n%s", diff)
	}
}

func TestAdmits(t *testing.T) {
	t.Parallel()
	r := row{By: []string{"owner", "admin"}}
	tests := []struct {
		roles []string
		want  bool
	}{
		{nil, false}, {[]string{"cat"}, false}, {[]string{""}, false},
		{[]string{"admin"}, true}, {[]string{"cat", "owner"}, true},
	}
	for _, tt := range tests {
		if got := r.Admits(tt.roles...); got != tt.want {
			t.Errorf("Admits(%q) = %t, want %t", tt.roles, got, tt.want)
		}
	}
}
