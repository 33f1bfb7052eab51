package funchost_test

import (
	"context"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue/queueerror"
)

func (f *fixture) queue(name string) *azqueue.QueueClient {
	f.t.Helper()
	q, err := azqueue.NewQueueClientFromConnectionString(f.host.Settings["AzureWebJobsStorage"], f.prefix+name, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	return q
}

func (f *fixture) createQueue(name string) {
	f.t.Helper()
	if _, err := f.queue(name).Create(f.t.Context(), nil); err != nil {
		f.t.Fatal(err)
	}
}

// put stores messages as they are on the wire, in a queue that may be new.
func (f *fixture) put(name string, wires ...string) {
	f.t.Helper()
	q := f.queue(name)
	if _, err := q.Create(f.t.Context(), nil); err != nil && !queueerror.HasCode(err, queueerror.QueueAlreadyExists) {
		f.t.Fatal(err)
	}
	for _, wire := range wires {
		if _, err := q.EnqueueMessage(f.t.Context(), wire, nil); err != nil {
			f.t.Fatal(err)
		}
	}
}

// count counts hidden messages too; -1 is no queue.
func (f *fixture) count(name string) int {
	f.t.Helper()
	p, err := f.queue(name).GetProperties(f.t.Context(), nil)
	if queueerror.HasCode(err, queueerror.QueueNotFound) {
		return -1
	}
	if err != nil {
		f.t.Fatal(err)
	}
	return int(*p.ApproximateMessagesCount)
}

// visible lists the wire texts of the messages one could receive.
func (f *fixture) visible(name string) []string {
	f.t.Helper()
	most := int32(32)
	resp, err := f.queue(name).PeekMessages(f.t.Context(), &azqueue.PeekMessagesOptions{NumberOfMessages: &most})
	if queueerror.HasCode(err, queueerror.QueueNotFound) {
		return nil
	}
	if err != nil {
		f.t.Fatal(err)
	}
	wires := []string{}
	for _, m := range resp.Messages {
		if m.MessageText == nil {
			wires = append(wires, "")
			continue
		}
		wires = append(wires, *m.MessageText)
	}
	return wires
}

func (f *fixture) dropQueues() {
	ctx := context.Background() // the test's own has ended
	client, err := azqueue.NewServiceClientFromConnectionString(f.host.Settings["AzureWebJobsStorage"], nil)
	if err != nil {
		f.t.Error(err)
		return
	}
	for pages := client.NewListQueuesPager(&azqueue.ListQueuesOptions{Prefix: &f.prefix}); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			f.t.Error(err)
			return
		}
		for _, q := range page.Queues {
			if _, err := client.DeleteQueue(ctx, *q.Name, nil); err != nil {
				f.t.Error(err)
			}
		}
	}
}
