package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/simulation"
)

func TestRun(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		code int
		want string
	}{
		{[]string{"-seeds", "3"}, 0, "3 seeds, "},
		{[]string{"--help"}, 0, "soak [-seeds N]"},
		{[]string{"-seeds", "many"}, 2, "invalid value"},
		{[]string{"more"}, 2, ""},
	}
	for _, tt := range tests {
		var out bytes.Buffer
		if code := run(t.Context(), tt.args, &out); code != tt.code || !strings.Contains(out.String(), tt.want) {
			t.Errorf("soak %v: %d, want %d with %q:\n%s", tt.args, code, tt.code, tt.want, &out)
		}
	}
}

func TestTellsHowToReplay(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	s := soak{ends: map[string]int{}}
	for _, seed := range []uint64{9, 7, 8} {
		s.note(simulation.Report{Seed: seed, Violations: []simulation.Violation{{Check: "I1", Detail: "broken"}}})
	}
	if code := s.tell(&out, time.Second); code != 1 || !strings.Contains(out.String(), "-seed=7 -v") {
		t.Errorf("code %d, said:\n%s", code, &out)
	}
}
