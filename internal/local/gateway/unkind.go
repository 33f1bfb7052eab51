package gateway

import (
	"math/rand/v2"
	"net/url"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// Unkind is what Azure does on a bad day. Each share is a probability from 0 to 1, decided under Seed.
type Unkind struct {
	// Seed makes a bad day repeatable.
	Seed uint64
	// LoseEvents is the share of events that never come.
	LoseEvents float64
	// DuplicateEvents is the share of events that come twice, with the same id.
	DuplicateEvents float64
	// QuoteETags is the share of events whose eTag is quoted; Azure's documents show both.
	QuoteETags float64
	// CorruptNames is the share of events whose blob name is cut at '#', unescaped once more, or of which nothing is left but its end.
	CorruptNames float64
	// MaxDelay is the longest that an event may be late; lateness is even between zero and this, which shuffles too.
	MaxDelay time.Duration
	// Faults fail requests; see the operations of this package and the kinds of storageproxy.
	Faults []storageproxy.Fault
}

// mood is an Unkind at work.
type mood struct {
	Unkind
	injector *storageproxy.Injector

	mu     sync.Mutex
	random *rand.Rand
}

func newMood(u Unkind) *mood {
	return &mood{
		Unkind:   u,
		injector: storageproxy.NewInjector(u.Seed, u.Faults...),
		random:   rand.New(rand.NewPCG(u.Seed, 1)),
	}
}

// fate is what becomes of one event.
type fate struct {
	lost, quoted bool
	copies       []time.Duration // one delay for each delivery
	corruption   int             // 0: none
}

func (m *mood) draw() fate {
	m.mu.Lock()
	defer m.mu.Unlock()
	f := fate{
		lost:   m.random.Float64() < m.LoseEvents,
		quoted: m.random.Float64() < m.QuoteETags,
		copies: []time.Duration{m.delay()},
	}
	if m.random.Float64() < m.DuplicateEvents {
		f.copies = append(f.copies, m.delay())
	}
	if m.random.Float64() < m.CorruptNames {
		f.corruption = 1 + m.random.IntN(3)
	}
	return f
}

func (m *mood) delay() time.Duration {
	if m.MaxDelay <= 0 {
		return 0
	}
	return time.Duration(m.random.Int64N(int64(m.MaxDelay)))
}

// damage is a blob name as an event may carry it. A name that a corruption cannot touch loses its beginning.
func damage(name string, corruption int) string {
	damaged := name
	switch corruption {
	case 0:
		return name
	case 1:
		damaged, _, _ = strings.Cut(name, "#")
	case 2:
		if unescaped, err := url.PathUnescape(name); err == nil {
			damaged = unescaped
		}
	}
	if damaged == name {
		damaged = name[len(name)/2:]
	}
	return damaged
}

// replaceAstral replaces every UTF-16 surrogate by U+FFFD, which is how events carry characters beyond the basic
// plane: two replacement characters for one emoji.
// Source: https://github.com/Azure-Samples/azure-event-grid-viewer/issues/9
func replaceAstral(s string) string {
	var b strings.Builder
	for _, r := range s {
		if utf16.RuneLen(r) == 2 {
			b.WriteString("\uFFFD\uFFFD")
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}
