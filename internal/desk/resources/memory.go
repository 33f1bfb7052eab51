package resources

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// memory is what was read last, by name. Whoever asks while it is read waits
// for that answer. The zero value is ready to use.
type memory[T any] struct {
	mu   sync.Mutex
	kept map[string]*kept[T]
}

type kept[T any] struct {
	mu    sync.Mutex
	at    time.Time
	value T
}

// get is what is remembered under a name, read anew where that is older than
// fresh. An error is not remembered.
func (m *memory[T]) get(ctx context.Context, name string, at time.Time, fresh time.Duration, read func(context.Context) (T, error)) (T, error) {
	m.mu.Lock()
	if m.kept == nil {
		m.kept = map[string]*kept[T]{}
	}
	k := m.kept[name]
	if k == nil {
		k = &kept[T]{}
		m.kept[name] = k
	}
	m.mu.Unlock()
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.at.IsZero() && at.Sub(k.at).Abs() < fresh {
		return k.value, nil
	}
	value, err := read(ctx)
	if err == nil {
		k.value, k.at = value, at
	}
	return value, err
}

// forget has everything read anew.
func (m *memory[T]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = nil
}

func (d *Desk) fresh() time.Duration { return cmp.Or(max(d.Fresh, 0), 15*time.Second) }
