package sweep_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/azfunc"
	"github.com/trefoil-tre/trefoil/internal/message"
	"github.com/trefoil-tre/trefoil/internal/roomtest"
)

// Each row is a sentence: such a poisoned message is, or is not, put back on
// its queue before it is dropped.
func TestPoisonedVerdict(t *testing.T) {
	t.Parallel()
	verdict := message.Verdict{Workspace: roomtest.Here, Request: roomtest.RequestID, Kind: "draft", Turn: 1, Name: "a", ETag: "0x1",
		Result: "Malicious", Detail: "EICAR"}
	tests := []struct {
		name, queue string
		again       int
		away        bool // the queue is
		want        int  // messages put back
		dropped     int
	}{
		{"a verdict", message.QueueVerdict, 0, false, 1, 1},
		{"a verdict that was put back", message.QueueVerdict, 2, false, 1, 1},
		{"a verdict that was put back too often", message.QueueVerdict, 3, false, 0, 1},
		{"a verdict that cannot be put back now", message.QueueVerdict, 0, true, 0, 0},
		{"a hint", message.QueueInspect, 0, false, 0, 1},
	}
	for _, tt := range tests {
		w := roomtest.New(t)
		w.Draft(airlock.Import)
		m := verdict
		m.Again = tt.again
		text, err := json.Marshal(m)
		w.Must(err)
		a := &aside{poison: map[string][]string{tt.queue: {string(text)}}}
		f := room(w, a)
		if tt.away {
			f.Orders = nowhere{}
		}
		_, err = f.Handle(w.Context("sweep"), azfunc.Tick{})
		if sent := w.TakeSent(); len(sent) != tt.want || a.dropped != tt.dropped || (err != nil) != tt.away {
			t.Errorf("%s: put back %v, %d dropped, %v", tt.name, sent, a.dropped, err)
		} else if m.Again++; tt.want > 0 && sent[0].Message != any(m) {
			t.Errorf("%s: put back %+v", tt.name, sent[0].Message)
		}
	}
}

// nowhere is a queue that is away.
type nowhere struct{}

func (nowhere) Send(context.Context, string, any, time.Duration) error { return roomtest.ErrAway }
