package stacktest

import (
	"strings"
	"sync"

	"github.com/trefoil-tre/trefoil/internal/local/defender"
	"github.com/trefoil-tre/trefoil/internal/local/gateway"
)

// Scans are verdicts on demand: by the name of the file that was uploaded.
type Scans struct {
	mu    sync.Mutex
	rules []rule
}

type rule struct {
	match   func(gateway.Blob) bool
	outcome defender.Outcome
	times   int // that are left; below 0: always
}

func newScans() *Scans { return &Scans{} }

// Say has the scanner give an outcome for blobs whose container begins with
// kind and whose name ends with suffix, so many times; 0 means always.
func (s *Scans) Say(kind, suffix string, times int, outcome defender.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if times == 0 {
		times = -1
	}
	s.rules = append(s.rules, rule{times: times, outcome: outcome, match: func(b gateway.Blob) bool {
		return strings.HasPrefix(b.Container, kind) && strings.HasSuffix(b.Name, suffix)
	}})
}

func (s *Scans) decide(b gateway.Blob) (defender.Outcome, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.rules {
		if r.times != 0 && r.match(b) {
			s.rules[i].times--
			return r.outcome, true
		}
	}
	return defender.Outcome{}, false
}
