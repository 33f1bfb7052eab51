package health

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"
)

// Recorder writes the heartbeats of one process: of each source at most one in
// Every, so that the busiest path pays one write in that time. What happened
// meanwhile is in the next one. Writing is best effort and never fails a call.
// A nil Recorder records nothing.
type Recorder struct {
	Store Store
	Now   func() time.Time
	Every time.Duration // least time between two writes of one source; 0 means 15 s
	Log   *slog.Logger  // nil means slog.Default()

	once     sync.Once
	instance string
	mu       sync.Mutex
	rows     map[string]*kept
}

// kept is a heartbeat and when it was written last.
type kept struct {
	Heartbeat
	written time.Time
}

// patience bounds one write: what waits for it is a person's or Event Grid's
// call.
const patience = 2 * time.Second

// Instance names the process.
func (r *Recorder) Instance() string {
	r.once.Do(func() { r.instance = rand.Text()[:16] })
	return r.instance
}

// Well notes that something went well just now. detail and counts say what it
// was: no names, addresses or secrets.
func (r *Recorder) Well(ctx context.Context, source, detail string, counts map[string]int64) {
	r.note(ctx, source, func(h *Heartbeat, now time.Time) {
		if now.Sub(h.At) >= pause {
			h.Busy = now
		}
		h.At, h.Detail, h.Counts, h.Failures = now, detail, counts, 0
	})
}

// Failed notes that something failed just now. class is one word, never the
// error's text.
func (r *Recorder) Failed(ctx context.Context, source, class string) {
	r.note(ctx, source, func(h *Heartbeat, now time.Time) {
		h.FailedAt, h.Class = now, class
		h.Failures++
	})
}

// Note is Well, or Failed when there is an error.
func (r *Recorder) Note(ctx context.Context, source string, err error, class string) {
	if err != nil {
		r.Failed(ctx, source, class)
		return
	}
	r.Well(ctx, source, "", nil)
}

func (r *Recorder) note(ctx context.Context, source string, change func(*Heartbeat, time.Time)) {
	if r == nil {
		return
	}
	now := r.Now().UTC()
	due, ok := r.due(source, now, change)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err := r.Store.Beat(ctx, due); err != nil {
		cmp.Or(r.Log, slog.Default()).WarnContext(ctx, "heartbeat not written", slog.String("source", source), slog.Any("error", err))
	}
}

// due keeps the change and returns the heartbeat if it is time to write it.
// One that could not be written waits its time too: storage that is away must
// not cost every call a try.
func (r *Recorder) due(source string, now time.Time, change func(*Heartbeat, time.Time)) (Heartbeat, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.rows == nil {
		r.rows = map[string]*kept{}
	}
	k := r.rows[source]
	if k == nil {
		k = &kept{Heartbeat: Heartbeat{Source: source, Instance: r.Instance(), Since: now}}
		r.rows[source] = k
	}
	change(&k.Heartbeat, now)
	if !k.written.IsZero() && now.Sub(k.written) < cmp.Or(r.Every, 15*time.Second) {
		return Heartbeat{}, false
	}
	k.written = now
	return k.Clone(), true
}
