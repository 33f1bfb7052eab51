package storageproxy_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/google/go-cmp/cmp"

	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/local/storageproxy"
)

const account = "state"

var noRetry = azcore.ClientOptions{Retry: policy.RetryOptions{MaxRetries: -1}}

func serve(t *testing.T, service storageproxy.Service, upstream string, faults ...storageproxy.Fault) string {
	t.Helper()
	handler, err := storageproxy.Faulty(service, upstream, storageproxy.NewInjector(1, faults...))
	if err != nil {
		t.Fatal(err)
	}
	s, err := storageproxy.Serve("127.0.0.1:0", handler)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s.URL
}

func operation(name string) func(storageproxy.Call) bool {
	return func(c storageproxy.Call) bool { return c.Operation == name && c.Account == account }
}

func wantCode(t *testing.T, err error, status int, code string) {
	t.Helper()
	var response *azcore.ResponseError
	if !errors.As(err, &response) || response.StatusCode != status || response.ErrorCode != code {
		t.Errorf("error = %v, want %d %s", err, status, code)
	}
}

func TestTableTransactionsCommitAndTimeOut(t *testing.T) {
	t.Parallel()
	e := azuritetest.Start(t)
	e.Table = serve(t, storageproxy.Table, e.Table,
		storageproxy.Fault{Kind: storageproxy.CommitThenTimeout, Match: operation("Transaction"), Times: 1},
		storageproxy.Fault{Kind: storageproxy.InternalError, Match: operation("Transaction"), Times: 1},
		storageproxy.Fault{Kind: storageproxy.CommitThenDrop, Match: operation("Transaction"), Times: 1},
	)
	service, err := aztables.NewServiceClientFromConnectionString(e.ConnectionString(account), &aztables.ClientOptions{ClientOptions: noRetry})
	if err != nil {
		t.Fatal(err)
	}
	table := service.NewClient(azuritetest.TableName(t))
	if _, err := table.CreateTable(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = table.Delete(t.Context(), nil) })
	add := func(row string) error {
		_, err := table.SubmitTransaction(t.Context(), []aztables.TransactionAction{{
			ActionType: aztables.TransactionTypeAdd, Entity: fmt.Appendf(nil, `{"PartitionKey":"p","RowKey":%q}`, row),
		}}, nil)
		return err
	}
	wantCode(t, add("timed-out"), http.StatusInternalServerError, "OperationTimedOut")
	wantCode(t, add("refused"), http.StatusInternalServerError, "InternalError")
	if err := add("dropped"); err == nil {
		t.Error("the dropped transaction was answered")
	}
	if err := add("plain"); err != nil {
		t.Error(err)
	}
	got := map[string]bool{}
	for _, row := range []string{"timed-out", "refused", "dropped", "plain"} {
		_, err := table.GetEntity(t.Context(), "p", row, nil)
		got[row] = err == nil
	}
	if diff := cmp.Diff(map[string]bool{"timed-out": true, "refused": false, "dropped": true, "plain": true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestQueueFaults(t *testing.T) {
	t.Parallel()
	e := azuritetest.Start(t)
	e.Queue = serve(t, storageproxy.Queue, e.Queue,
		storageproxy.Fault{Kind: storageproxy.ServerBusy, Match: operation("PutMessage"), Times: 1},
		storageproxy.Fault{Kind: storageproxy.CommitThenTimeout, Match: operation("PutMessage"), Times: 1},
		storageproxy.Fault{Kind: storageproxy.PermissionMismatch, Match: operation("GetMessages"), Times: 1},
		storageproxy.Fault{Kind: storageproxy.InternalError, Match: operation("DeleteMessage"), Times: 1},
		storageproxy.Fault{Kind: storageproxy.InternalError, Match: operation("UpdateMessage"), Times: 1},
		storageproxy.Fault{Kind: storageproxy.InternalError, Match: operation("ClearMessages"), Times: 1},
		storageproxy.Fault{Kind: storageproxy.InternalError, Match: operation("PeekMessages"), Times: 1},
	)
	queue, err := azqueue.NewQueueClientFromConnectionString(e.ConnectionString(account), azuritetest.QueuePrefix(t)+"orders",
		&azqueue.ClientOptions{ClientOptions: noRetry})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := queue.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	put := func() error { _, err := queue.EnqueueMessage(t.Context(), "order", nil); return err }
	wantCode(t, put(), http.StatusServiceUnavailable, "ServerBusy")
	wantCode(t, put(), http.StatusInternalServerError, "OperationTimedOut")
	_, err = queue.DequeueMessages(t.Context(), nil)
	wantCode(t, err, http.StatusForbidden, "AuthorizationPermissionMismatch")
	messages, err := queue.DequeueMessages(t.Context(), nil)
	if err != nil || len(messages.Messages) != 1 {
		t.Fatalf("messages = %d, %v, want the one that timed out", len(messages.Messages), err)
	}
	id, receipt := *messages.Messages[0].MessageID, *messages.Messages[0].PopReceipt
	for name, call := range map[string]func() error{
		"delete": func() error { _, err := queue.DeleteMessage(t.Context(), id, receipt, nil); return err },
		"update": func() error { _, err := queue.UpdateMessage(t.Context(), id, receipt, "x", nil); return err },
		"clear":  func() error { _, err := queue.ClearMessages(t.Context(), nil); return err },
		"peek":   func() error { _, err := queue.PeekMessages(t.Context(), nil); return err },
	} {
		t.Run(name, func(t *testing.T) { wantCode(t, call(), http.StatusInternalServerError, "InternalError") })
	}
}

func TestTheSameSeedFailsTheSameCalls(t *testing.T) {
	t.Parallel()
	pattern := func(seed uint64) (failed []bool) {
		in := storageproxy.NewInjector(seed, storageproxy.Fault{Kind: storageproxy.ServerBusy, Probability: 0.5})
		for range 64 {
			_, fails := in.Pick(storageproxy.Call{})
			failed = append(failed, fails)
		}
		return failed
	}
	if diff := cmp.Diff(pattern(1), pattern(1)); diff != "" {
		t.Error(diff)
	}
	if cmp.Equal(pattern(1), pattern(2)) {
		t.Error("two seeds fail the same calls")
	}
}
