package azorders_test

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/azorders"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
)

type order struct {
	Request string `json:"request"`
	Turn    int    `json:"turn,omitempty"`
}

// bench is a queue of a test's own, the adapter, and the service behind its back.
type bench struct {
	queue   string
	orders  *azorders.Orders
	service *azqueue.ServiceClient
}

func newBench(t *testing.T) bench {
	t.Helper()
	endpoints := azuritetest.Start(t)
	var account string
	for name := range endpoints.Accounts {
		account = max(account, name)
	}
	connection := endpoints.ConnectionString(account)
	orders, err := azorders.New(azorders.Config{ConnectionString: connection})
	if err != nil {
		t.Fatal(err)
	}
	service, err := azqueue.NewServiceClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := bench{queue: azuritetest.QueuePrefix(t) + "orders", orders: orders, service: service}
	t.Cleanup(func() {
		_, _ = service.DeleteQueue(context.Background(), b.queue, nil) // some tests never make it
	})
	return b
}

// put stores text as it is, which is what a wire text is.
func (b bench) put(t *testing.T, wire ...string) {
	t.Helper()
	if _, err := b.service.CreateQueue(t.Context(), b.queue, nil); err != nil {
		t.Fatal(err)
	}
	for _, w := range wire {
		if _, err := b.service.NewQueueClient(b.queue).EnqueueMessage(t.Context(), w, nil); err != nil {
			t.Fatal(err)
		}
	}
}

func (b bench) visible(t *testing.T) []string {
	t.Helper()
	n := int32(32)
	peeked, err := b.service.NewQueueClient(b.queue).PeekMessages(t.Context(), &azqueue.PeekMessagesOptions{NumberOfMessages: &n})
	if err != nil {
		t.Fatal(err)
	}
	var wires []string
	for _, m := range peeked.Messages {
		wires = append(wires, *m.MessageText)
	}
	return wires
}

func TestSentAsTheHostExpects(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, m := range []order{{"r1", 2}, {"a<b>&c/☕", 0}} {
		if err := b.orders.Send(t.Context(), b.queue, m, 0); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, wire := range b.visible(t) {
		text, err := base64.StdEncoding.DecodeString(wire)
		if err != nil {
			t.Fatalf("%q: %v", wire, err)
		}
		got = append(got, string(text))
	}
	want := []string{`{"request":"r1","turn":2}`, `{"request":"a<b>&c/☕"}`}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestDelayed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.orders.Send(t.Context(), b.queue, order{Request: "later"}, time.Hour); err != nil {
		t.Fatal(err)
	}
	if err := b.orders.Send(t.Context(), b.queue, order{Request: "past"}, -time.Hour); err != nil {
		t.Fatal(err)
	}
	if got := b.visible(t); len(got) != 1 {
		t.Errorf("%d messages visible, want the one without delay", len(got))
	}
	if n, err := b.orders.Depth(t.Context(), b.queue); n != 2 || err != nil {
		t.Errorf("Depth = %d, %v; want 2", n, err)
	}
}

func TestNeverTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := b.orders.Send(t.Context(), b.queue, order{Request: strings.Repeat("x", 49<<10)}, 0); !errors.Is(err, azorders.ErrTooLarge) {
		t.Errorf("a large order: %v", err)
	}
	if err := b.orders.Send(t.Context(), b.queue, order{}, 7*24*time.Hour); !errors.Is(err, azorders.ErrTooLate) {
		t.Errorf("a late order: %v", err)
	}
	if err := b.orders.Send(t.Context(), b.queue, func() {}, 0); err == nil {
		t.Error("a function was sent")
	}
	if n, err := b.orders.Depth(t.Context(), b.queue); n != 0 || err != nil {
		t.Errorf("Depth = %d, %v; want 0 of a queue that does not exist", n, err)
	}
}

func TestLargestOrderFits(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	largest := order{Request: strings.Repeat("x", 48<<10-len(`{"request":""}`))}
	if err := b.orders.Send(t.Context(), b.queue, largest, 0); err != nil {
		t.Fatal(err)
	}
}

func TestPoison(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	readable := base64.StdEncoding.EncodeToString([]byte(`{"request":"r1"}`))
	bytes := base64.StdEncoding.EncodeToString([]byte{0xff, 0xfe})
	b.put(t, readable, "not base64 !", bytes)
	taken, err := b.orders.Take(t.Context(), b.queue, 100)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range taken {
		texts = append(texts, p.Text)
		if p.ID == "" || p.DequeueCount != 1 || time.Since(p.Inserted).Abs() > time.Minute {
			t.Errorf("taken %+v", p)
		}
	}
	if diff := cmp.Diff([]string{`{"request":"r1"}`, "not base64 !", bytes}, texts); diff != "" {
		t.Fatalf("texts (-want +got):\n%s", diff)
	}
	if again, err := b.orders.Take(t.Context(), b.queue, 100); len(again) != 0 || err != nil {
		t.Errorf("taken twice: %v, %v", again, err)
	}
	for range 2 { // the second finds it gone
		if err := b.orders.Drop(t.Context(), b.queue, taken[0]); err != nil {
			t.Errorf("Drop: %v", err)
		}
	}
	if n, err := b.orders.Depth(t.Context(), b.queue); n != 2 || err != nil {
		t.Errorf("Depth = %d, %v; want the 2 that were not dropped", n, err)
	}
}

func TestTakeIsBounded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put(t, "YQ==", "Yg==", "Yw==")
	if taken, err := b.orders.Take(t.Context(), b.queue, 2); len(taken) != 2 || err != nil {
		t.Errorf("took %d, %v; want 2", len(taken), err)
	}
}

func TestDropLeavesWhatAnotherHolds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.put(t, "YQ==")
	taken, err := b.orders.Take(t.Context(), b.queue, 1)
	if err != nil || len(taken) != 1 {
		t.Fatal(taken, err)
	}
	// Another taker's receipt replaces ours.
	other := b.service.NewQueueClient(b.queue)
	ours := taken[0]
	if _, err := other.UpdateMessage(t.Context(), ours.ID, ours.Receipt(), "YQ==", nil); err != nil {
		t.Fatal(err)
	}
	if err := b.orders.Drop(t.Context(), b.queue, ours); err != nil {
		t.Errorf("Drop: %v", err)
	}
	if n, err := b.orders.Depth(t.Context(), b.queue); n != 1 || err != nil {
		t.Errorf("Depth = %d, %v; want the message still there", n, err)
	}
}

func TestNoQueueNoPoison(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if taken, err := b.orders.Take(t.Context(), b.queue, 5); len(taken) != 0 || err != nil {
		t.Errorf("Take = %v, %v; want nothing", taken, err)
	}
	if err := b.orders.Drop(t.Context(), b.queue, azorders.Poisoned{ID: "x"}); err != nil {
		t.Errorf("Drop = %v", err)
	}
}
