package azstore

import (
	"errors"
	"fmt"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/data/aztables"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/trefoil-tre/trefoil/internal/aztrace"
)

// The names of our table and of our containers, where Config gives no others.
const (
	TableName     = "airlock"
	ManifestsName = "manifests"
	PackagesName  = "templates"
)

// Config says where the state is. Either ConnectionString is set, or Tables
// and Blobs.
type Config struct {
	ConnectionString string                 // with an account key; one machine only
	Tables           string                 // table service; asked with an identity
	Blobs            string                 // blob service; asked with an identity
	Credential       azcore.TokenCredential // that identity; nil means azidentity's default
	Table            string                 // "" means TableName
	Manifests        string                 // "" means ManifestsName
	Packages         string                 // "" means PackagesName
}

// Open returns the store that c names. It does not use the network.
func Open(c Config) (*Store, error) {
	if c.Table == "" {
		c.Table = TableName
	}
	if c.Manifests == "" {
		c.Manifests = ManifestsName
	}
	if c.Packages == "" {
		c.Packages = PackagesName
	}
	if c.ConnectionString != "" {
		return openConnection(c)
	}
	if c.Credential == nil {
		identity, err := azidentity.NewDefaultAzureCredential(nil)
		if err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
		c.Credential = identity
	}
	service, err := aztables.NewServiceClient(c.Tables, c.Credential, tables())
	if err != nil {
		return nil, fmt.Errorf("state: tables: %w", err)
	}
	manifests, err := container.NewClient(c.Blobs+"/"+c.Manifests, c.Credential, blobs())
	if err != nil {
		return nil, fmt.Errorf("state: manifests: %w", err)
	}
	packages, err := container.NewClient(c.Blobs+"/"+c.Packages, c.Credential, blobs())
	if err != nil {
		return nil, fmt.Errorf("state: template packages: %w", err)
	}
	return &Store{Table: service.NewClient(c.Table), Manifests: manifests, Packages: packages}, nil
}

// openConnection never quotes the connection string, which holds the key.
func openConnection(c Config) (*Store, error) {
	service, err := aztables.NewServiceClientFromConnectionString(c.ConnectionString, tables())
	if err != nil {
		return nil, errors.New("state: connection string is malformed")
	}
	manifests, err := container.NewClientFromConnectionString(c.ConnectionString, c.Manifests, blobs())
	if err != nil {
		return nil, errors.New("state: connection string is malformed")
	}
	packages, err := container.NewClientFromConnectionString(c.ConnectionString, c.Packages, blobs())
	if err != nil {
		return nil, errors.New("state: connection string is malformed")
	}
	return &Store{Table: service.NewClient(c.Table), Manifests: manifests, Packages: packages}, nil
}

func tables() *aztables.ClientOptions {
	return Options(aztables.ClientOptions{ClientOptions: aztrace.Options("table")})
}

func blobs() *container.ClientOptions {
	return &container.ClientOptions{ClientOptions: aztrace.Options("blob")}
}
