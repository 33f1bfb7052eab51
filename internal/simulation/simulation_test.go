package simulation

import (
	"flag"
	"testing"
)

var (
	seed = flag.Uint64("seed", 0, "play this one seed, with its trace under -v")
	calm = flag.Bool("calm", false, "play it without trouble")
)

func TestCalm(t *testing.T) {
	t.Parallel()
	for s := range uint64(300) {
		r := Run(Config{Seed: s, Calm: true})
		if len(r.Violations) > 0 {
			t.Errorf("%v", r)
			return
		}
	}
}

func TestOne(t *testing.T) {
	if *seed == 0 {
		return
	}
	r := Run(Config{Seed: *seed, Calm: *calm, Trace: func(s string) { t.Log(s) }})
	t.Logf("%v", r)
	if len(r.Violations) > 0 {
		t.Fail()
	}
}
