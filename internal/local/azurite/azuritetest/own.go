package azuritetest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"

	"github.com/trefoil-tre/trefoil/internal/local/azurite"
)

const (
	// claimName is the container whose creation claims an account: the service lets exactly one caller create it,
	// also across test binaries that share one Azurite.
	claimName = "claimed-by-a-test"
	claimWait = time.Minute // for an account that another test holds
	claimPoll = 50 * time.Millisecond
)

// Own claims a spare account for this test alone and returns its name. The account is empty at the start and is
// emptied and given back at the end. It waits up to a minute for an account and fails the test when none is free.
func Own(t testing.TB, e azurite.Endpoints) string {
	t.Helper()
	deadline := time.Now().Add(claimWait)
	for {
		for account := range e.Accounts {
			if strings.HasPrefix(account, azurite.SparePrefix) && claim(t, e, account) {
				t.Cleanup(func() { giveBack(t, e, account) })
				return account
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("no spare storage account became free")
		}
		<-time.After(claimPoll)
	}
}

func claim(t testing.TB, e azurite.Endpoints, account string) bool {
	t.Helper()
	_, err := blobs(t, e, account).CreateContainer(t.Context(), claimName, nil)
	if err != nil && !bloberror.HasCode(err, bloberror.ContainerAlreadyExists) {
		t.Fatalf("claim of %s: %v", account, err)
	}
	return err == nil
}

// giveBack empties the account and drops the claim last. The test's own context has ended by now.
func giveBack(t testing.TB, e azurite.Endpoints, account string) {
	t.Helper()
	ctx := context.Background()
	client, err := blobs(t, e, account), Empty(ctx, e, account)
	if _, last := client.DeleteContainer(ctx, claimName, nil); err != nil || last != nil {
		t.Errorf("giving %s back: %v", account, errors.Join(err, last))
	}
}

// Empty drops every container, queue and table of an account, but for a claim.
func Empty(ctx context.Context, e azurite.Endpoints, account string) error {
	client, err := azblob.NewClientFromConnectionString(e.ConnectionString(account), nil)
	if err != nil {
		return err
	}
	return errors.Join(dropContainers(ctx, client), dropQueues(ctx, e, account), dropTables(ctx, e, account))
}

func blobs(t testing.TB, e azurite.Endpoints, account string) *azblob.Client {
	t.Helper()
	client, err := azblob.NewClientFromConnectionString(e.ConnectionString(account), nil)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func dropContainers(ctx context.Context, client *azblob.Client) error {
	for pages := client.NewListContainersPager(nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, c := range page.ContainerItems {
			if *c.Name == claimName {
				continue
			}
			if _, err := client.DeleteContainer(ctx, *c.Name, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func dropQueues(ctx context.Context, e azurite.Endpoints, account string) error {
	client, err := azqueue.NewServiceClientFromConnectionString(e.ConnectionString(account), nil)
	if err != nil {
		return err
	}
	for pages := client.NewListQueuesPager(nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, q := range page.Queues {
			if _, err := client.DeleteQueue(ctx, *q.Name, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func dropTables(ctx context.Context, e azurite.Endpoints, account string) error {
	client, err := aztables.NewServiceClientFromConnectionString(e.ConnectionString(account), nil)
	if err != nil {
		return err
	}
	for pages := client.NewListTablesPager(nil); pages.More(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, table := range page.Tables {
			if _, err := client.DeleteTable(ctx, *table.Name, nil); err != nil {
				return err
			}
		}
	}
	return nil
}
