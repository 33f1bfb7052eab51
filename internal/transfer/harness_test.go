package transfer_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/api"
	"github.com/trefoil-tre/trefoil/internal/azlink"
	"github.com/trefoil-tre/trefoil/internal/local/sink"
	"github.com/trefoil-tre/trefoil/internal/transfer"
)

// block is small, so that small files have many.
const block = 1000

// rig is a server, a journal and all that a transfer needs.
type rig struct {
	t       *testing.T
	sink    *sink.Sink
	asked   atomic.Int32 // links
	life    time.Duration
	journal string
	meter   meter
	pace    transfer.Pace
	there   map[string]api.File
}

func newRig(t *testing.T, fault func(sink.Call) sink.Fault) *rig {
	t.Helper()
	s := &sink.Sink{Keep: true, Now: time.Now}
	if fault != nil {
		s.Fault = withCall(fault)
	}
	s.Start()
	t.Cleanup(s.Close)
	return &rig{t: t, sink: s, life: time.Hour, journal: t.TempDir(),
		pace: transfer.Pace{Parallel: 4, Block: block, Tries: 5, Pause: time.Millisecond}}
}

func (r *rig) links() *transfer.Links {
	return &transfer.Links{Now: time.Now, Ask: func(context.Context) (string, error) {
		r.asked.Add(1)
		return r.sink.Link(time.Now().Add(r.life)), nil
	}}
}

func (r *rig) open() *transfer.Journal {
	r.t.Helper()
	j, err := transfer.OpenJournal(r.journal, "place", time.Now())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = j.Close() })
	return j
}

func (r *rig) upload(ctx context.Context, paths ...string) ([]transfer.Sent, error) {
	r.t.Helper()
	plan, err := transfer.Make(paths, false)
	if err != nil {
		r.t.Fatal(err)
	}
	u := transfer.Uploader{Drop: azlink.New(azlink.Config{}), Links: r.links(), Journal: r.open(), Progress: &r.meter,
		There: r.there, Pace: r.pace, Type: func(string, []byte) string { return "text/csv" }}
	return u.Upload(ctx, plan)
}

// meter adds up what a transfer tells, and can end it in the middle.
type meter struct {
	moved, skipped atomic.Int64
	stop           context.CancelFunc
	after          int64 // bytes
	mu             sync.Mutex
	said           []string
}

func (m *meter) Start(int, int64)                  {}
func (m *meter) File(string, int64) transfer.Meter { return m }
func (m *meter) End(bool)                          {}
func (m *meter) Skipped(n int64)                   { m.skipped.Add(n) }
func (m *meter) Say(text string)                   { m.mu.Lock(); m.said = append(m.said, text); m.mu.Unlock() }
func (m *meter) Moved(n int64) {
	if m.moved.Add(n) >= m.after && m.stop != nil {
		m.stop()
	}
}

// interruptAfter returns a context that ends when so many bytes have moved.
func (m *meter) interruptAfter(ctx context.Context, bytes int64) context.Context {
	ctx, m.stop = context.WithCancel(ctx)
	m.after = m.moved.Load() + bytes
	return ctx
}

// random content, the same for the same seed.
func random(seed uint64, n int) []byte {
	content := make([]byte, n)
	source := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	_, _ = source.Read(content) // never fails
	return content
}

func write(t *testing.T, path string, content []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// content is what the server holds of a file.
func (r *rig) content(name string) []byte {
	r.t.Helper()
	b, ok := r.sink.Blob(name)
	if !ok {
		r.t.Fatalf("%s is not there", name)
	}
	var all []byte
	for _, p := range b.Pieces {
		all = append(all, p.Content...)
	}
	return all
}

// noSecret fails when a text holds a link or its signature.
func noSecret(t *testing.T, err error) {
	t.Helper()
	if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "sig=")) {
		t.Errorf("the error holds the link: %v", err)
	}
}

func dropOf(*rig) transfer.Drop { return azlink.New(azlink.Config{}) }
