package health

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
)

// ErrUnknown says that nobody can tell how a part is now, because what would
// tell it is away; that part says so itself.
var ErrUnknown = errors.New("cannot be told now")

// Check is one part of the system that health asks.
type Check struct {
	Service string
	Probe   func(ctx context.Context) error // cheap; nil means well, ErrUnknown that nobody can tell
}

// Queue is what a queue of orders holds.
type Queue struct {
	Name   string
	Depth  int       // messages, about
	Poison int       // messages in its poison queue, about
	Oldest time.Time // when the first message that can be seen was put there; zero when there is none
}

// Queues are the queues of orders.
type Queues interface {
	// RoundTrip puts a message on a queue that no function reads, and takes it.
	RoundTrip(ctx context.Context) error
	// Look tells what a queue holds. One that does not exist holds nothing.
	Look(ctx context.Context, queue string) (Queue, error)
}

// Ports are what a monitor asks.
type Ports struct {
	Store      Store
	Workspaces airlock.Workspaces
	Work       airlock.Work
	Queues     Queues
	Blobs      func(ctx context.Context) error                 // writes and reads a blob in the state account
	Reach      func(ctx context.Context, account string) error // asks a storage account with the rights that the front has
	Others     []Check                                         // further parts, such as the directory
}

// Monitor knows how to ask every part. It is safe for concurrent use.
type Monitor struct {
	Ports    Ports
	Limits   Limits
	Version  string // of the app it runs in
	Names    []string
	Now      func() time.Time
	Recorder *Recorder // of the process: whoever asks it sees that it is there
	// Class makes one word of an error, for administrators; its text may hold
	// addresses.
	Class func(error) string

	mu     sync.Mutex
	listed time.Time // when beats were listed last
	beats  []Heartbeat
	err    error
	turn   rotation
}

// Checks are the parts as the public sees them.
func (m *Monitor) Checks() []Check {
	checks := []Check{
		{"Tables", m.tables}, {"Blobs", m.Ports.Blobs}, {"Queues", m.Ports.Queues.RoundTrip},
		{"Airlock storage", func(ctx context.Context) error { return m.Ports.Reach(ctx, airlock.AirlockAccount) }},
		{"Workspace storage", m.workspaces},
	}
	checks = append(checks, m.Ports.Others...)
	for _, r := range rules {
		checks = append(checks, Check{r.name, func(ctx context.Context) error { return m.judged(ctx, r) }})
	}
	return checks
}

// tables writes a row of this instance's own and reads it back.
func (m *Monitor) tables(ctx context.Context) error {
	now, me := m.Now().UTC(), m.Recorder.Instance()
	m.Recorder.Well(ctx, Front, m.Version, nil)
	if err := m.Ports.Store.Beat(ctx, Heartbeat{Source: Probe, Instance: me, Since: now, At: now}); err != nil {
		return err
	}
	all, err := m.Ports.Store.Heartbeats(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(all, func(h Heartbeat) bool {
		return h.Source == Probe && h.Instance == me && !h.At.Before(now)
	}) {
		return errors.New("the row that was written is not there")
	}
	return nil
}

// judged is one part that heartbeats tell of. Only what is bad is told to the
// public.
func (m *Monitor) judged(ctx context.Context, r rule) error {
	j, err := m.judge(ctx)
	if err != nil {
		return fmt.Errorf("heartbeats: %w: %w", err, ErrUnknown)
	}
	if level, text := r.judge(j); level == Bad {
		return errors.New(text)
	}
	return nil
}

// memory is for how long a listing of the heartbeats serves: the checks of one
// round share it.
const memory = time.Second

func (m *Monitor) judge(ctx context.Context) (judge, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := m.Now().UTC()
	if m.listed.IsZero() || now.Sub(m.listed) >= memory || now.Before(m.listed) {
		m.beats, m.err = m.Ports.Store.Heartbeats(ctx)
		m.listed = now
	}
	return judge{beats: m.beats, now: now, limits: m.Limits, version: m.Version}, m.err
}
