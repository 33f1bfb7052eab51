package azstore_test

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/trefoil-tre/trefoil/internal/azstore"
	"github.com/trefoil-tre/trefoil/internal/local/azurite/azuritetest"
	"github.com/trefoil-tre/trefoil/internal/storetest"
)

// account holds the tables and containers of these tests, each of its own name.
const account = "state"

// open returns a store on a table and a container that do not exist yet.
func open(t testing.TB, options *aztables.ClientOptions) *azstore.Store {
	t.Helper()
	connection := azuritetest.Start(t).ConnectionString(account)
	if options == nil {
		options = &aztables.ClientOptions{}
	}
	tables, err := aztables.NewServiceClientFromConnectionString(connection, azstore.Options(*options))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := azblob.NewClientFromConnectionString(connection, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &azstore.Store{
		Table:     tables.NewClient(azuritetest.TableName(t)),
		Manifests: blobs.ServiceClient().NewContainerClient("m" + azuritetest.Suffix(t)),
		Packages:  blobs.ServiceClient().NewContainerClient("t" + azuritetest.Suffix(t)),
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Store { return open(t, nil) })
}
