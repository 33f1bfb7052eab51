package scenario_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"

	"github.com/trefoil-tre/trefoil/internal/airlock"
	"github.com/trefoil-tre/trefoil/internal/local/eventgrid"
	"github.com/trefoil-tre/trefoil/internal/local/stack"
	"github.com/trefoil-tre/trefoil/internal/local/stacktest"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

// TestPoison: messages that fail again and again leave marks on the request,
// an administrator is told, and once the trouble is over it goes on by itself.
func TestPoison(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	q := x.dropped(researcher, airlock.Import, some())
	_, err := q.Looked(t.Context(), 2)
	x.must(err)
	sealed := airlock.Container{Kind: airlock.SealedFiles, Key: q.Key, Number: 1}.String()
	stop := rig.Troubles.Fail(storageproxy.PermissionMismatch, "", sealed)
	defer stop()
	x.must(q.Submit(t.Context()))
	_, err = q.AwaitThat(t.Context(), func(r airlock.Request) bool { return len(r.Marks) > 1 })
	x.must(err)
	mails, err := q.Told(t.Context(), "admin@tre.example", 1)
	x.must(err)
	if strings.Contains(mails[0].Raw, "notes.txt") {
		t.Error("the administrators are told a file's name")
	}
	stop()
	x.await(q, airlock.InReview)
	x.chained(q)
}

// TestUnreadableMessage: what is no message of ours ends in the poison queue,
// is audited and dropped.
func TestUnreadableMessage(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	queues, err := azqueue.NewServiceClientFromConnectionString(rig.Direct.ConnectionString(rig.Account(stack.StateAccount)), nil)
	x.must(err)
	if _, err := queues.CreateQueue(t.Context(), "airlockadvance", nil); !queueerror.HasCode(err, queueerror.QueueAlreadyExists) {
		x.must(err)
	}
	for _, text := range []string{"bm8gbWVzc2FnZQ==", "e30=", "not base64"} { // "no message" and {}
		_, err := queues.NewQueueClient("airlockadvance").EnqueueMessage(t.Context(), text, nil)
		x.must(err)
	}
	x.must(stacktest.Until(t.Context(), func(context.Context) error {
		found := 0
		for _, line := range x.strange() {
			if strings.HasPrefix(line, "poisoned sweep") {
				found++
			}
		}
		if found < 3 {
			return fmt.Errorf("%d of 3 are audited: %q", found, x.strange())
		}
		return nil
	}))
	left, err := queues.NewQueueClient("airlockadvance-poison").PeekMessages(t.Context(), nil)
	x.must(err)
	for _, m := range left.Messages {
		if strings.Contains(*m.MessageText, "bm8gbWVzc2FnZQ==") {
			t.Error("the message is still in the poison queue")
		}
	}
}

// TestDeadLetter: an event that nobody took comes back as a hint and is
// dropped.
func TestDeadLetter(t *testing.T) {
	t.Parallel()
	x := begin(t, airlock.Policy{})
	refuses := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Aeg-Event-Type") != "SubscriptionValidation" {
			w.WriteHeader(http.StatusBadRequest) // given up at once
			return
		}
		var events []struct {
			Data struct {
				Code string `json:"validationCode"`
			} `json:"data"`
		}
		if decode(r, &events) == nil && len(events) == 1 {
			_, _ = fmt.Fprintf(w, `{"validationResponse":%q}`, events[0].Data.Code)
		}
	}))
	defer refuses.Close()
	state, err := rig.Blobs(rig.Account(stack.StateAccount))
	x.must(err)
	kept := make(chan string, 100)
	x.must(rig.Grid.Subscribe(t.Context(), eventgrid.Subscription{Name: "refuses", Topic: rig.Account(stack.AirlockAccount), Endpoint: refuses.URL,
		Filter: eventgrid.Filter{IncludedEventTypes: []string{created}, SubjectBeginsWith: "/blobServices/default/containers/draft-", SubjectEndsWith: ".dead.txt"},
		DeadLetter: func(ctx context.Context, path string, body []byte) error {
			_, err := state.UploadBuffer(ctx, "deadletters", path, body, nil)
			kept <- path
			return err
		}}))
	q := x.dropped(researcher, airlock.Import, map[string][]byte{"file.dead.txt": []byte("x")})
	var path string
	select {
	case path = <-kept:
	case <-t.Context().Done():
		t.Fatal("no dead letter")
	}
	x.must(stacktest.Until(t.Context(), func(ctx context.Context) error {
		_, err := state.DownloadStream(ctx, "deadletters", path, nil)
		if err == nil {
			return errors.New("the dead letter is still there")
		}
		return nil
	}))
	x.must(q.Submit(t.Context()))
	x.await(q, airlock.InReview)
}
