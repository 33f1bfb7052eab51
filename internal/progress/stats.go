package progress

import (
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/trefoil-tre/trefoil/internal/console"
)

const (
	// sampleEvery is the least time over which a speed is measured.
	sampleEvery = 500 * time.Millisecond
	// memory of the speed: what is longer ago counts for less than a third.
	memory = 5 * time.Second
)

// stats are the figures of a transfer.
type stats struct {
	files                int
	total                int64
	began                time.Time
	moved, skipped, done atomic.Int64
	now                  func() time.Time

	mu       sync.Mutex
	speed    float64 // bytes a second
	sampled  time.Time
	measured int64 // bytes at that time
}

// bytes are those that are there.
func (s *stats) bytes() int64 { return min(s.moved.Load()+s.skipped.Load(), s.total) }

// measure is the speed now: a mean in which the last seconds count most.
func (s *stats) measure() float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sampled.IsZero() {
		s.sampled = s.began
	}
	now, moved := s.now(), s.moved.Load()
	passed := now.Sub(s.sampled)
	if passed < sampleEvery {
		return s.speed
	}
	fresh := max(0, float64(moved-s.measured)/passed.Seconds())
	keep := math.Exp(-passed.Seconds() / memory.Seconds())
	if s.measured == 0 && s.speed == 0 {
		keep = 0 // there is nothing yet to keep
	}
	s.speed, s.sampled, s.measured = keep*s.speed+(1-keep)*fresh, now, moved
	return s.speed
}

// counts says how much of it is there.
func (s *stats) counts() string {
	return fmt.Sprintf("%d of %s, %s of %s", s.done.Load(), plural(s.files, "file"), console.Size(s.bytes()), console.Size(s.total))
}

// pace says how fast it goes and how long it will take.
func (s *stats) pace() string {
	speed := s.measure()
	return speedText(speed) + ", " + s.left(speed)
}

// left says how long it will take at a speed.
func (s *stats) left(speed float64) string {
	left := s.total - s.bytes()
	switch {
	case left <= 0:
		return "nearly done"
	case speed < 1:
		return "waiting"
	}
	seconds := float64(left) / speed
	if seconds > (99 * time.Hour).Seconds() {
		return "days left"
	}
	return clock(time.Duration(seconds*float64(time.Second))) + " left"
}

// clock is a duration in few columns.
func clock(d time.Duration) string {
	d = d.Round(time.Second)
	if d >= time.Hour {
		return fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
	}
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

func speedText(bytesASecond float64) string { return console.Size(int64(bytesASecond)) + "/s" }
