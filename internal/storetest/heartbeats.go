package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/health"
)

var heartbeatRules = []rule{
	{"there are none at first", heartbeatsNone},
	{"what is written is listed, by source and instance", heartbeatsListed},
	{"a row is replaced as a whole", heartbeatReplaced},
	{"instances at once do not overwrite each other", heartbeatsAtOnce},
	{"forgetting takes one row away, and may be repeated", heartbeatForgotten},
}

// beat is a heartbeat with every field set.
func beat(source, instance string) health.Heartbeat {
	return health.Heartbeat{Source: source, Instance: instance, Since: at, At: at.Add(time.Second), FailedAt: at.Add(2 * time.Second),
		Failures: 3, Class: "503", Detail: "said", Counts: map[string]int64{health.CountHints: 4}}
}

func heartbeats(t *testing.T, s Store, want ...health.Heartbeat) {
	t.Helper()
	got, err := s.Heartbeats(t.Context())
	check(t, err)
	equal(t, got, want)
}

func heartbeatsNone(t *testing.T, s Store) { heartbeats(t, s) }

func heartbeatsListed(t *testing.T, s Store) {
	a, b, c := beat("mail", "one"), beat("mail", "two"), beat("sweep", "one")
	for _, h := range []health.Heartbeat{c, b, a} {
		check(t, s.Beat(t.Context(), h))
	}
	heartbeats(t, s, a, b, c)
}

func heartbeatReplaced(t *testing.T, s Store) {
	check(t, s.Beat(t.Context(), beat("mail", "one")))
	less := health.Heartbeat{Source: "mail", Instance: "one", Since: at, At: at.Add(time.Hour)}
	check(t, s.Beat(t.Context(), less))
	heartbeats(t, s, less)
}

func heartbeatsAtOnce(t *testing.T, s Store) {
	var all sync.WaitGroup
	names := []string{"a", "b", "c", "d", "e", "f"}
	var want []health.Heartbeat
	for _, name := range names {
		want = append(want, beat("sweep", name))
		all.Go(func() {
			for range 3 {
				if err := s.Beat(t.Context(), beat("sweep", name)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	heartbeats(t, s, want...)
}

func heartbeatForgotten(t *testing.T, s Store) {
	check(t, s.ForgetHeartbeat(t.Context(), "mail", "one")) // before there is a table
	check(t, s.Beat(t.Context(), beat("mail", "one")))
	check(t, s.Beat(t.Context(), beat("mail", "two")))
	for range 2 {
		check(t, s.ForgetHeartbeat(t.Context(), "mail", "one"))
	}
	heartbeats(t, s, beat("mail", "two"))
}
