package sweep

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/trefoil-tre/trefoil/internal/message"
)

// Orders puts orders on queues.
type Orders interface {
	// Send puts a message on a queue, to be seen after delay.
	Send(ctx context.Context, queue string, message any, delay time.Duration) error
}

// maxAgain is how often a verdict is put back: an hour without storage poisons
// it once, a fault of ours every time.
const maxAgain = 3

// again puts a poisoned verdict back on its queue, before it is dropped. Every
// other message is a hint, and a look makes it good; a verdict is nowhere else,
// and one that names malware late nobody would ask for again.
func (f Function) again(ctx context.Context, queue string, p Poisoned) error {
	if queue != message.QueueVerdict {
		return nil
	}
	var m message.Verdict
	if err := json.Unmarshal([]byte(p.Text), &m); err != nil || m.Again >= maxAgain {
		return nil //nolint:nilerr // what is no verdict is not put back
	}
	m.Again++
	if err := f.Orders.Send(ctx, queue, m, 0); err != nil {
		return fmt.Errorf("verdict: %w", err)
	}
	return nil
}
