package transfer

import (
	"context"
	"sync/atomic"
)

// pool holds one buffer for each request that may be under way: who has one may
// make a request.
type pool chan []byte

func newPool(n int) pool {
	p := make(pool, n)
	for range n {
		p <- nil // made when it is first needed, as large as is needed
	}
	return p
}

// lend waits for a buffer and gives so many bytes of it.
func (p pool) lend(ctx context.Context, bytes int64) ([]byte, error) {
	select {
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case buffer := <-p:
		if int64(cap(buffer)) < bytes {
			buffer = make([]byte, bytes)
		}
		return buffer[:bytes], nil
	}
}

// giveBack returns a buffer; nil is none.
func (p pool) giveBack(buffer []byte) {
	if buffer != nil {
		p <- buffer
	}
}

// tally is a meter that can be taken back.
type tally struct {
	Meter
	bytes atomic.Int64
}

// Moved counts.
func (t *tally) Moved(bytes int64) {
	t.bytes.Add(bytes)
	t.Meter.Moved(bytes)
}

// Skipped counts.
func (t *tally) Skipped(bytes int64) {
	t.bytes.Add(bytes)
	t.Meter.Skipped(bytes)
}

// reset takes back all that was counted: the file begins anew.
func (t *tally) reset() { t.Meter.Skipped(-t.bytes.Swap(0)) }
