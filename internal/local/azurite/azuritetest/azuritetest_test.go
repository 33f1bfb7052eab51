package azuritetest

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
)

func TestOwnGivesEveryTestAnEmptyAccount(t *testing.T) {
	t.Parallel()
	e := Start(t)
	held := map[string]bool{}
	for range 3 {
		account := Own(t, e)
		if held[account] {
			t.Fatalf("%s was given out twice", account)
		}
		held[account] = true
	}
}

func TestGivenBackAccountIsEmpty(t *testing.T) {
	t.Parallel()
	e := Start(t)
	var account string
	t.Run("user", func(t *testing.T) {
		account = Own(t, e)
		fill(t, e.ConnectionString(account))
		if _, err := blobs(t, e, account).CreateContainer(t.Context(), "left-behind", nil); err != nil {
			t.Fatal(err)
		}
	})
	// A claim of this very account must find nothing of its last user; if another test was faster, that is proof too.
	if !claim(t, e, account) {
		return
	}
	t.Cleanup(func() { giveBack(t, e, account) })
	pages := blobs(t, e, account).NewListContainersPager(nil)
	page, err := pages.NextPage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := len(page.ContainerItems); n != 1 {
		t.Errorf("containers = %d, want only the claim", n)
	}
}

func fill(t *testing.T, connection string) {
	t.Helper()
	tables, err := aztables.NewServiceClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tables.CreateTable(t.Context(), TableName(t), nil); err != nil {
		t.Fatal(err)
	}
	queues, err := azqueue.NewServiceClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := queues.CreateQueue(t.Context(), QueuePrefix(t)+"left", nil); err != nil {
		t.Fatal(err)
	}
}
